//! What is told after a run, and before one: the HTML report, the terminal's summary, Markdown, the runbook.

mod facts;
mod ledger;
mod markdown;
mod page;
mod release;
mod runbook;
mod runbook_concerns;
mod sections;
mod terminal;
mod timeline;
mod verdict;

pub(crate) use facts::measured;
pub(crate) use ledger::Item;
pub(crate) use markdown::markdown;
pub(crate) use page::html;
pub(crate) use runbook::runbook;
pub(crate) use terminal::{Colour, terminal};
pub(crate) use verdict::json;
