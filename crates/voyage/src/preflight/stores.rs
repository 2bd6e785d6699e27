//! Whether the stores can be reached from inside, where the new side will reach them from.
//!
//! Asked in a pod of web that serves today, by the settings it has. Addresses are told, passwords within them are not.

use plan::Plan;

use super::Facts;
use super::finding::{Finding, ok, refused, unchecked, warning};

pub(super) fn judge(_: &Plan, facts: &Facts) -> Vec<Finding> {
    let lines = facts.reach.as_deref().unwrap_or_default().lines();
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut found = Vec::new();
    for line in words {
        let &[store, came, ref address @ ..] = line.as_slice() else { continue };
        let Some(store) =
            ["postgres", "redis", "elasticsearch", "s3", "smtp"].into_iter().find(|it| *it == store)
        else {
            continue;
        };
        let told = |finding: Finding| finding.with("store", store).with("address", address.join(" "));
        match came {
            "reached" => found.push(told(ok("stores-reached"))),
            // Without these two nothing of Mastodon works; without the others something is missing.
            "unreached" if matches!(store, "postgres" | "redis") => {
                found.push(told(refused("stores-unreached")))
            }
            "unreached" => found.push(told(warning("stores-without"))),
            _ => {}
        }
    }
    if found.is_empty() { vec![unchecked("stores-unknown")] } else { found }
}
