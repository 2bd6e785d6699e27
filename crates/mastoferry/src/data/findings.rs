//! What a mover has found before anything is touched, for people and for programs.

use fluent_bundle::FluentValue;
use movers::{Finding, Grade};
use serde_json::{Value, json};

use super::size::size;
use crate::problem::Exit;
use crate::words::Words;

/// Whether anything keeps what is planned from beginning.
pub(crate) fn is_refused(found: &[Finding]) -> bool {
    found.iter().any(|finding| finding.grade == Grade::Refused)
}

/// The exit code that the findings come to.
pub(crate) fn exit(found: &[Finding]) -> Exit {
    if is_refused(found) { Exit::Refused } else { Exit::Done }
}

/// The findings, the worst first, each with its remedy: messages `data-ID` and `data-ID-remedy` of the catalogue.
pub(crate) fn text(found: &[Finding], words: &Words) -> String {
    let mut sorted: Vec<&Finding> = found.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
    sorted.into_iter().map(|finding| lines(finding, message(finding, words), words)).collect()
}

/// The sign before a finding.
pub(crate) fn mark(grade: Grade) -> char {
    match grade {
        Grade::Ok => '✓',
        Grade::Warning => '!',
        Grade::Unchecked => '?',
        Grade::Refused => '✕',
    }
}

/// A finding's sign, what is said of it, and its remedy.
pub(crate) fn lines(finding: &Finding, told: String, words: &Words) -> String {
    let remedy = remedy(finding, words).map(|remedy| format!("  → {remedy}\n")).unwrap_or_default();
    format!("{} {told}\n{remedy}", mark(finding.grade))
}

/// The findings in the order of the checks.
pub(crate) fn json(found: &[Finding], words: &Words) -> Value {
    let each = found.iter().map(|finding| {
        let details = finding.details.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        json!({
            "id": finding.id, "grade": finding.grade.name(), "details": details.collect::<serde_json::Map<_, _>>(),
            "message": message(finding, words), "remedy": remedy(finding, words),
        })
    });
    each.collect()
}

/// Numbers of bytes in the unit that suits them; all else as it was found.
fn details<'a>(finding: &'a Finding, words: &Words) -> Vec<(&'a str, FluentValue<'a>)> {
    let shown = |(name, value): &'a (&'static str, String)| {
        let bytes = value.parse().ok().filter(|_| matches!(*name, "bytes" | "free-bytes"));
        (*name, bytes.map_or_else(|| value.as_str().into(), |bytes| size(bytes, words).into()))
    };
    finding.details.iter().map(shown).collect()
}

pub(crate) fn message(finding: &Finding, words: &Words) -> String {
    words.say(&format!("data-{}", finding.id), &details(finding, words))
}

pub(crate) fn remedy(finding: &Finding, words: &Words) -> Option<String> {
    words.find(&format!("data-{}-remedy", finding.id), &details(finding, words))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::words::Language;

    /// The texts of all files below a folder.
    fn sources(folder: &Utf8Path) -> Vec<String> {
        let entries =
            folder.read_dir_utf8().expect("a folder").map(|entry| entry.expect("a file").into_path());
        let texts = entries.map(|path| {
            if path.is_dir() { sources(&path) } else { vec![std::fs::read_to_string(&path).expect("text")] }
        });
        texts.flatten().collect()
    }

    #[test]
    fn every_finding_of_the_movers_has_its_words_in_both_languages() {
        let movers = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../movers/src");
        let words = [Language::En, Language::Ja].map(Words::new);
        let mut seen = 0;
        for text in sources(&movers) {
            for call in
                ["ok(\"", "warning(\"", "refused(\"", "unchecked(\"", "Grade::Ok, \"", "Grade::Refused, \""]
            {
                for rest in text.split(call).skip(1) {
                    let id = rest.split('"').next().unwrap_or_default();
                    let is_id = ["postgres-", "redis-", "media-"].iter().any(|store| id.starts_with(store));
                    for words in words.iter().filter(|_| is_id) {
                        assert!(words.has(&format!("data-{id}")), "{id} has no words");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 100, "only {seen} were found");
    }
}
