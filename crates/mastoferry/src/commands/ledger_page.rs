//! `LEDGER.md`: what a reviewer reads. What is not carried over as it was comes first, then what differs in effect, then
//! every setting of every file.

use std::fmt::Write as _;

use audit::{Disposition, Item};
use indexmap::IndexMap;
use tree::FileId;

use super::audit::shortened;
use super::convert::ledger_lines;
use crate::prepare::Converted;
use crate::words::Words;

/// The page. No value of a secret is in it: items hold none, and differences tell values that may be secret by whether
/// they are set.
pub(crate) fn markdown<T>(converted: &Converted<T>, words: &Words) -> String {
    let mut text = format!("# {}\n\n", words.word("ledger-title"));
    text.push_str(&ledger_lines(converted, words));
    decided(converted, words, &mut text);
    differences(converted, words, &mut text);
    everything(converted, words, &mut text);
    text
}

fn cell(text: &str, words: &Words) -> String {
    shortened(text, words).replace('|', "\\|")
}

fn heads(words: &Words, names: &[&str]) -> String {
    let heads: Vec<String> = names.iter().map(|name| words.word(&format!("ledger-head-{name}"))).collect();
    format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(names.len()))
}

/// Settings that no longer hold as they were written.
fn decided<T>(converted: &Converted<T>, words: &Words, text: &mut String) {
    let gone = |item: &&Item| matches!(item.disposition, Disposition::Replaced | Disposition::Dropped);
    let mut items = converted.ledger.items.iter().filter(gone).peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = write!(text, "\n## {}\n\n", words.word("ledger-decided"));
    text.push_str(&heads(words, &["source", "path", "disposition", "target", "reason"]));
    for item in items {
        let files = &converted.read.sourced.files;
        let place = item.origin.map(|origin| files.place(origin)).unwrap_or_default();
        let _ = writeln!(text, "| {} | {}", cell(&place, words), row(converted, item, words));
    }
}

/// What containers, jobs, routes and queues get otherwise than before, by component.
fn differences<T>(converted: &Converted<T>, words: &Words, text: &mut String) {
    let mut components: IndexMap<&str, Vec<&audit::Difference>> = IndexMap::new();
    for difference in &converted.differences {
        components.entry(&difference.component).or_default().push(difference);
    }
    if components.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {}\n", words.word("ledger-differences"));
    for (component, differences) in components {
        let _ = write!(text, "\n### {component}\n\n");
        text.push_str(&heads(words, &["field", "before", "after", "reason"]));
        for difference in differences {
            let prefix = format!("{component}/");
            let field = difference.path.strip_prefix(&prefix).unwrap_or(&difference.path);
            let why = difference.explained_by.map(|reason| words.word(reason)).unwrap_or_default();
            let cells = [field, &difference.before, &difference.after, &why].map(|text| cell(text, words));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
}

/// Every setting, file by file in the order they were read.
fn everything<T>(converted: &Converted<T>, words: &Words, text: &mut String) {
    let mut by_file: IndexMap<Option<FileId>, Vec<&Item>> = IndexMap::new();
    for item in &converted.ledger.items {
        by_file.entry(item.origin.map(|origin| origin.file)).or_default().push(item);
    }
    let _ = write!(text, "\n## {}\n", words.word("ledger-everything"));
    for (file, items) in by_file {
        let name = file.map_or("–", |file| converted.read.sourced.files.name(file));
        let _ = write!(text, "\n### {name}\n\n");
        text.push_str(&heads(words, &["line", "path", "disposition", "target", "reason"]));
        for item in items {
            let line = item.origin.map(|origin| origin.line.to_string()).unwrap_or_default();
            let _ = writeln!(text, "| {line} | {}", row(converted, item, words));
        }
    }
}

/// A setting, what became of it, where it stands now, and why.
fn row<T>(converted: &Converted<T>, item: &Item, words: &Words) -> String {
    let mut reason = words.word(item.reason);
    if let Some(later) = item.overridden_at {
        let _ = write!(reason, " ({})", converted.read.sourced.files.place(later));
    }
    let became = words.word(&format!("disposition-{}", item.disposition.name()));
    let whole = |text: &str| text.replace('|', "\\|");
    let target = item.target.as_deref().unwrap_or_default();
    format!("{} | {became} | {} | {} |", whole(&item.path), whole(target), whole(&reason))
}
