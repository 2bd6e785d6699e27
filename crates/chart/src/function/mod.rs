//! The functions of templates: Go's own, Sprig's and Helm's.
//!
//! Each follows the Go source it stands for, refusals included; the tests compare them with the real `helm`.
//! A chart may name its templates' functions only from here, so [`find`] is asked while templates are read.

mod call;
mod collection;
mod compare;
mod control;
mod encode;
mod kind;
mod known;
mod list;
mod merge;
mod moment;
mod number;
mod path;
mod pattern;
mod random;
mod semantic;
mod text;
mod url;
mod words;

pub(crate) use call::{Answer, Call};
pub(crate) use known::{Function, find};
