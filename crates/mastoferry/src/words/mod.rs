//! What people read: one catalogue per language, amounts as people write them, the words for each step.
//!
//! Every text that a person meets at run time is a message of `locales/*.ftl`. A message that a
//! language lacks is said in English; one that English lacks is said as its id, so that a gap shows
//! and nothing fails.

mod amounts;
mod catalogue;
mod reasons;
mod steps;

pub(crate) use catalogue::{Language, Words};
pub(crate) use steps::Aspect;
#[cfg(test)]
pub(crate) use steps::action_name;
