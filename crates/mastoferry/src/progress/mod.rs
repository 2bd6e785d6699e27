//! What a person sees while a voyage is under way, on standard error.

mod display;
mod tally;

pub(crate) use display::Progress;
