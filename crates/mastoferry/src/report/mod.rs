//! What is told after a run, and before one: the HTML report, the terminal's summary, Markdown, the runbook.

mod facts;
mod ledger;
mod page;
mod sections;
mod short;
mod timeline;

pub(crate) use ledger::Item;
pub(crate) use page::html;
pub(crate) use short::{markdown, terminal};
