//! Go's `text/template`: reading templates and running them.

mod ast;
mod field;
mod lex;
mod parse;
mod run;
mod set;
mod stack;

pub(crate) use run::{Fault, FaultKind, Limits, Run, Scope};
pub(crate) use set::{Source, Template, TemplateSet};
pub(crate) use stack::Stack;
