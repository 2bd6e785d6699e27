//! The ledger in the report: numbers for all, a table of what was not simply carried or kept.

use maud::{Markup, html};

use super::facts::word_or_name;
use crate::summary::Summary;
use crate::words::Words;

/// A ledger entry as the report lists it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Item {
    /// File and line.
    pub source: String,
    /// The leaf's path in its document.
    pub path: String,
    /// What became of it.
    pub disposition: String,
    /// Where it went.
    pub target: String,
    /// Why.
    pub reason: String,
}

/// Dispositions, those first that a person should look at first.
const BY_CONCERN: [&str; 9] = [
    "unaccounted",
    "dropped",
    "replaced",
    "supplemented",
    "translated",
    "defaulted",
    "inert",
    "kept",
    "carried",
];

/// Dispositions by which nothing changes; their items are not listed one by one.
const UNCHANGED: [&str; 2] = ["carried", "kept"];

/// The ledger in numbers, the largest share first; what is missing comes last, even at zero.
pub(super) fn counts(summary: &Summary) -> Vec<(&'static str, u64)> {
    let mut counts: Vec<_> = BY_CONCERN
        .into_iter()
        .filter(|name| *name != "unaccounted")
        .map(|name| (name, summary.ledger_count(name)))
        .filter(|(_, count)| *count > 0)
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.push(("unaccounted", summary.ledger_count("unaccounted")));
    counts
}

/// The section on the ledger.
pub(super) fn section(summary: &Summary, items: &[Item], words: &Words) -> Markup {
    let counts = counts(summary);
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    html! {
        section {
            h2 { (words.word("report-ledger")) }
            p { (words.say("report-ledger-lead", &[("leaves", summary.ledger_count("leaves").into())])) }
            table.ledger {
                thead {
                    tr {
                        th scope="col" { (words.word("report-ledger-disposition")) }
                        th.share aria-hidden="true" {}
                        th.number scope="col" { (words.word("report-ledger-count")) }
                    }
                }
                tbody {
                    @for (name, count) in counts {
                        tr.alarm[name == "unaccounted" && count > 0] {
                            th scope="row" {
                                (word_or_name("disposition", name, words))
                                small { (words.word(&format!("disposition-{name}-note"))) }
                            }
                            td.share aria-hidden="true" {
                                @if count > 0 {
                                    span style=(format!("width:{:.1}%", count as f64 * 100.0 / most as f64)) {}
                                }
                            }
                            td.number { (words.number(count)) }
                        }
                    }
                }
            }
            (listing(items, words))
        }
    }
}

fn listing(items: &[Item], words: &Words) -> Markup {
    let groups: Vec<(String, Vec<&Item>)> = BY_CONCERN
        .into_iter()
        .filter(|name| !UNCHANGED.contains(name))
        .map(|name| {
            let group: Vec<_> = items.iter().filter(|item| item.disposition == name).collect();
            (word_or_name("disposition", name, words), group)
        })
        .filter(|(_, group)| !group.is_empty())
        .collect();
    let columns =
        ["report-ledger-source", "report-ledger-path", "report-ledger-target", "report-ledger-reason"]
            .map(|id| words.word(id));
    html! {
        @for (disposition, group) in &groups {
            details {
                summary {
                    (words.say(
                        "report-ledger-items",
                        &[("disposition", disposition.as_str().into()), ("count", group.len().into())],
                    ))
                }
                table.items {
                    thead { tr { @for column in &columns { th scope="col" { (column) } } } }
                    tbody {
                        @for item in group {
                            tr {
                                td data-label=(columns[0]) { code { (item.source) } }
                                td data-label=(columns[1]) { code { (item.path) } }
                                td data-label=(columns[2]) { code { (item.target) } }
                                td data-label=(columns[3]) { (item.reason) }
                            }
                        }
                    }
                }
            }
        }
        @if !groups.is_empty() {
            p.note { (words.word("report-ledger-items-lead")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;

    #[test]
    fn the_numbers_are_ordered_by_size_and_end_with_what_is_missing() {
        let counts = counts(&sample::completed());
        assert_eq!(counts.first(), Some(&("carried", 402)));
        assert_eq!(counts.last(), Some(&("unaccounted", 0)));
    }
}
