//! Whether the place is right, and nobody else is at work in it.

use plan::Plan;

use super::Facts;
use super::finding::{Finding, or_well, refused, unchecked, warning};

/// Seconds by which two clocks may differ before leases and times mislead, and before they are of no use.
const CLOCKS_DIFFER: u64 = 5;
const CLOCKS_MISLEAD: u64 = 30;

pub(super) fn judge(_: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(tenure) = facts.tenure.as_ref().filter(|tenure| tenure.left.is_some()) {
        let held = refused("operator-held").with("holder", &tenure.holder).with("until", &tenure.until);
        found.push(held);
    }
    for copy in facts.copies.iter().filter(|copy| copy.is_open()) {
        found.push(refused("operator-unfinished").with("voyage", &copy.voyage).with("lease", &copy.lease));
    }
    let mut found = or_well(found, "operator-alone");
    match facts.server.as_ref().and_then(|server| server.ahead_s) {
        None => found.push(unchecked("clock-unknown")),
        Some(ahead) => {
            let seconds = ahead.unsigned_abs();
            let told = |finding: Finding| finding.with("seconds", seconds.to_string());
            match seconds {
                _ if seconds >= CLOCKS_MISLEAD => found.push(told(refused("clock-off"))),
                _ if seconds >= CLOCKS_DIFFER => found.push(told(warning("clock-differs"))),
                _ => found.push(super::finding::ok("clock-agrees")),
            }
        }
    }
    found
}
