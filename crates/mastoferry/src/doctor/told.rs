//! What was found, for people and for programs.

use fluent_bundle::FluentValue;
use serde_json::{Value, json};
use voyage::preflight::{Finding, Grade};

use super::Tried;
use crate::cli::Output;
use crate::data::findings::{self, is_refused};
use crate::problem::Exit;
use crate::words::Words;

/// All of it.
pub(crate) fn told(found: &[Finding], output: Output, words: &Words) -> String {
    match output {
        Output::Json => pretty(&as_json(found, words)),
        Output::Markdown => markdown(found, words),
        Output::Text => text(&sorted(found), words) + &verdict(found, words) + "\n",
    }
}

/// What is worth reading before the first change: everything that is not well.
pub(crate) fn in_short(found: &[Finding], words: &Words) -> String {
    let worth = sorted(found).into_iter().filter(|finding| finding.grade != Grade::Ok).collect::<Vec<_>>();
    text(&worth, words) + &verdict(found, words)
}

/// All of it with every change, for a dry run; and the exit code.
pub(crate) fn told_with(found: &[Finding], tried: &[Tried], output: Output, words: &Words) -> (String, Exit) {
    let refused = is_refused(found) || tried.iter().any(|tried| tried.refusal.is_some());
    let exit = if refused { Exit::Refused } else { Exit::Done };
    if output == Output::Json {
        let mut value = as_json(found, words);
        let changes = tried.iter().map(|tried| {
            let accepted = tried.refusal.is_none();
            json!({"step": tried.step, "change": tried.change, "accepted": accepted, "detail": tried.refusal})
        });
        value["changes"] = changes.collect::<Vec<Value>>().into();
        return (pretty(&value), exit);
    }
    let is_markdown = output == Output::Markdown;
    let heading = words.word("dry-run-changes");
    let mut text = if is_markdown { format!("## {heading}\n\n") } else { format!("{heading}\n") };
    for tried in tried {
        let line = match &tried.refusal {
            None => format!("{}: {}", tried.step, tried.change),
            Some(why) => format!("{}: {} — {why}", tried.step, tried.change),
        };
        let mark = if tried.refusal.is_none() { "✓" } else { "✕" };
        text += &if is_markdown { format!("- {mark} {line}\n") } else { format!("  {mark} {line}\n") };
    }
    (told(found, output, words) + "\n" + &text + &words.word("dry-run-nothing") + "\n", exit)
}

/// The worst first; in the order of the checks among equals.
fn sorted(found: &[Finding]) -> Vec<&Finding> {
    let mut all: Vec<&Finding> = found.iter().collect();
    all.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
    all
}

fn text(found: &[&Finding], words: &Words) -> String {
    let mut text = String::new();
    for (place, finding) in found.iter().enumerate() {
        text += &format!("{} {}\n", findings::mark(finding.grade), message(finding, words));
        // What helps against several is said once, after the last of them.
        let next = found.get(place + 1).and_then(|next| remedy(next, words));
        if let Some(remedy) = remedy(finding, words).filter(|own| next.as_ref() != Some(own)) {
            text += &format!("    {}\n", remedy.replace('\n', "\n    "));
        }
    }
    text
}

fn markdown(found: &[Finding], words: &Words) -> String {
    let mut text = format!("# {}\n\n{}\n\n", words.word("doctor-title"), verdict(found, words));
    for finding in sorted(found) {
        let grade = words.word(&format!("doctor-grade-{}", finding.grade.name()));
        text += &format!("- **{grade}** {}\n", message(finding, words));
        if let Some(remedy) = remedy(finding, words) {
            text += &format!("  {}\n", remedy.replace('\n', "\n  "));
        }
    }
    text
}

fn as_json(found: &[Finding], words: &Words) -> Value {
    let findings = found.iter().map(|finding| {
        let details: serde_json::Map<String, Value> =
            finding.details.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "check": finding.check(), "id": finding.id, "grade": finding.grade.name(), "details": details,
            "message": message(finding, words), "remedy": remedy(finding, words),
        })
    });
    let verdict = if is_refused(found) { "refused" } else { "ready" };
    json!({"verdict": verdict, "findings": findings.collect::<Vec<_>>()})
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}

fn verdict(found: &[Finding], words: &Words) -> String {
    let count = |grade: Grade| found.iter().filter(|finding| finding.grade == grade).count();
    let id = if is_refused(found) { "doctor-refused" } else { "doctor-ready" };
    let numbers = [
        ("refused", FluentValue::from(count(Grade::Refused))),
        ("warnings", FluentValue::from(count(Grade::Warning))),
        ("unchecked", FluentValue::from(count(Grade::Unchecked))),
    ];
    words.say(id, &numbers)
}

/// Details as texts: reasons in the reader's language, as far as they are known.
fn details<'a>(finding: &'a Finding, words: &Words) -> Vec<(&'a str, FluentValue<'a>)> {
    let details = finding.details.iter();
    details
        .map(|(name, value)| {
            let value = match *name {
                "what" => words.reason(value),
                "failure" => words.find(&format!("failure-{value}"), &[]).unwrap_or_else(|| value.clone()),
                _ => value.clone(),
            };
            (*name, FluentValue::from(value))
        })
        .collect()
}

/// The store that a mover looked at before it moves it, if it was one that found this.
fn moved_store(finding: &Finding) -> Option<&str> {
    let is_of_a_mover = matches!(finding.check(), "postgres" | "redis" | "media");
    let store = finding.details.iter().find(|(name, _)| is_of_a_mover && *name == "store");
    store.map(|(_, store)| store.as_str())
}

fn message(finding: &Finding, words: &Words) -> String {
    if let Some(store) = moved_store(finding) {
        let store = words.word(&format!("moved-store-{store}"));
        return words.pair(&store, &findings::message(finding, words));
    }
    words.say(&format!("doctor-{}", finding.id), &details(finding, words))
}

fn remedy(finding: &Finding, words: &Words) -> Option<String> {
    if moved_store(finding).is_some() {
        // What is well there says which command to begin with: the plan begins it.
        return findings::remedy(finding, words).filter(|_| finding.grade != Grade::Ok);
    }
    words.find(&format!("doctor-{}-remedy", finding.id), &details(finding, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    /// Every finding that is told: its grade, its id, and all that varies in it.
    const IDS: &str = include_str!("ids.txt");

    fn known() -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
        IDS.lines().filter_map(|line| {
            let mut parts = line.split_whitespace();
            Some((parts.next()?, parts.next()?, parts.collect()))
        })
    }

    #[test]
    fn every_finding_has_its_words_and_what_is_not_well_has_a_remedy() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for (grade, id, details) in known() {
                let arguments: Vec<(&str, FluentValue<'_>)> =
                    details.into_iter().map(|name| (name, "X".into())).collect();
                let message = words.find(&format!("doctor-{id}"), &arguments);
                let message = message.unwrap_or_else(|| panic!("doctor-{id} is not in the catalogue"));
                assert!(!message.contains('$'), "{id}: {message}");
                let remedy = words.find(&format!("doctor-{id}-remedy"), &arguments);
                assert_eq!(remedy.is_some(), grade != "ok", "{id}: a remedy");
                assert!(!remedy.unwrap_or_default().contains('$'), "{id}");
            }
        }
    }

    /// What the preflight and the doctor may find, as their sources have it.
    #[test]
    fn no_finding_is_forgotten() {
        let root = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        let known: Vec<&str> = known().map(|(_, id, _)| id).collect();
        let mut seen = 0;
        for folder in ["src/doctor", "../voyage/src/preflight"] {
            for entry in root.join(folder).read_dir_utf8().expect("a folder") {
                let text = std::fs::read_to_string(entry.expect("a file").path()).expect("text");
                for call in ["ok(\"", "warning(\"", "refused(\"", "unchecked(\"", "Finding::new(Grade::"] {
                    for rest in text.split(call).skip(1) {
                        let rest = if call.ends_with('"') {
                            Some(rest)
                        } else {
                            rest.split_once(", \"").map(|it| it.1)
                        };
                        let id = rest.and_then(|rest| rest.split('"').next()).unwrap_or_default();
                        if id.contains('-') && id.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
                            assert!(known.contains(&id), "{id} has no words");
                            seen += 1;
                        }
                    }
                }
            }
        }
        assert!(seen > 60, "only {seen} were found");
    }

    #[test]
    fn the_worst_comes_first_and_decides() {
        let found = [
            Finding::new(Grade::Ok, "rights-held"),
            Finding::new(Grade::Refused, "clock-off").with("seconds", "40"),
            Finding::new(Grade::Warning, "clock-differs").with("seconds", "6"),
        ];
        assert!(is_refused(&found));
        let text = told(&found, Output::Text, &Words::new(Language::En));
        let marks: Vec<char> =
            text.lines().filter_map(|line| line.chars().next()).filter(|c| *c != ' ').collect();
        assert_eq!(marks[..3], ['✕', '!', '✓'], "{text}");
    }
}
