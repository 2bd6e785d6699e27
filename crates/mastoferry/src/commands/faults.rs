//! The faults of a rehearsal: listed, read, and held against the plan.

use std::fmt::Write as _;

use plan::Plan;
use rehearsal::Fault;
use rehearsal::fault::{Entry, catalogue};
use serde_json::json;

use crate::cli::Output;
use crate::explain;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Every fault there is, with what it does.
pub(crate) fn list(output: Output, words: &Words) -> String {
    match output {
        Output::Json => as_json(words),
        Output::Markdown => as_markdown(words),
        Output::Text => as_text(words),
    }
}

fn description(entry: &Entry, words: &Words) -> String {
    words.word(&format!("fault-{}", entry.effect))
}

fn as_json(words: &Words) -> String {
    let all: Vec<_> = catalogue()
        .map(|entry| {
            json!({"id": entry.id, "example": entry.example, "description": description(entry, words)})
        })
        .collect();
    serde_json::to_string_pretty(&json!({ "faults": all })).map(|text| text + "\n").unwrap_or_default()
}

fn as_markdown(words: &Words) -> String {
    let mut text =
        format!("| {} | {} |\n| --- | --- |\n", words.word("faults-fault"), words.word("faults-what"));
    for (examples, description) in grouped(words) {
        let examples = examples.iter().map(|example| format!("`{example}`")).collect::<Vec<_>>().join("<br>");
        let _ = writeln!(text, "| {examples} | {description} |");
    }
    let _ = writeln!(text, "\n{}", words.word("faults-when"));
    text
}

fn as_text(words: &Words) -> String {
    let mut text = String::new();
    for (examples, description) in grouped(words) {
        let _ = writeln!(text, "{}\n    {description}", examples.join("\n"));
    }
    let _ = writeln!(text, "\n{}", words.word("faults-when"));
    text
}

/// What is the same for several components is said once.
fn grouped(words: &Words) -> Vec<(Vec<&'static str>, String)> {
    let mut groups: Vec<(&str, Vec<&'static str>, String)> = Vec::new();
    for entry in catalogue() {
        match groups.iter_mut().find(|(effect, ..)| *effect == entry.effect) {
            Some((_, examples, _)) => examples.push(entry.example),
            None => groups.push((entry.effect, vec![entry.example], description(entry, words))),
        }
    }
    groups.into_iter().map(|(_, examples, description)| (examples, description)).collect()
}

/// Reads the faults that were asked for.
pub(crate) fn read(given: &[String], words: &Words) -> Result<Vec<Fault>, Problem> {
    given.iter().map(|text| Fault::parse(text).map_err(|error| explain::fault(words, &error))).collect()
}

/// Refuses a fault that waits for a step which the plan does not have: it would never come.
pub(crate) fn fit(faults: &[Fault], plan: &Plan, words: &Words) -> Result<(), Problem> {
    let known = |step: &str| plan.steps.iter().any(|own| own.id.0 == step);
    match faults.iter().filter_map(Fault::step).find(|step| !known(step)) {
        None => Ok(()),
        Some(step) => {
            let steps: Vec<&str> = plan.steps.iter().map(|own| own.id.0.as_str()).collect();
            let arguments = [("step", step), ("steps", &*steps.join(", "))];
            Err(Problem::new(words, Exit::Unreadable, "fault-step", &arguments))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn every_fault_is_described_in_both_languages() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for entry in catalogue() {
                let id = format!("fault-{}", entry.effect);
                assert_ne!(words.word(&id), id, "{}", entry.id);
            }
            for output in [Output::Text, Output::Json, Output::Markdown] {
                let listed = list(output, &words);
                assert!(catalogue().all(|entry| listed.contains(entry.example)), "{listed}");
            }
        }
        let (english, japanese) = (Words::new(Language::En), Words::new(Language::Ja));
        assert!(catalogue().all(|entry| description(entry, &english) != description(entry, &japanese)));
    }
}
