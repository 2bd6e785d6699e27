//! Whether the namespace is what the plan was made for.

use plan::Plan;

use super::Facts;
use super::finding::{Finding, or_well, refused};

pub(super) fn judge(_: &Plan, facts: &Facts) -> Vec<Finding> {
    let drift = facts.drift.iter().map(|what| refused("standing-differs").with("what", what));
    or_well(drift.collect(), "standing-holds")
}
