//! The message catalogue: both languages say the same things, and every message that code asks for is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::run::{output, root};

pub(crate) fn check() -> Result<Vec<String>, String> {
    let locales = root().join("crates/mastoferry/locales");
    let read = |name: &str| {
        let path = locales.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (english, japanese) = (read("en.ftl")?, read("ja.ftl")?);
    let mut broken = differences(&english, &japanese);
    let ids = ids(&english);
    let mut code = String::new();
    collect(&root().join("crates/mastoferry/src"), &mut code)?;
    for id in asked_for(&code) {
        if !ids.contains(id.as_str()) {
            broken.push(format!("message {id} is asked for and not in the catalogue"));
        }
    }
    broken.extend(machine_paths()?);
    Ok(broken)
}

fn collect(folder: &Path, code: &mut String) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            collect(&path, code)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            // Tests ask for what is not there, too.
            code.push_str(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
        }
    }
    Ok(())
}

/// The ids of a catalogue.
fn ids(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|line| line.split_once('=')).map(|(id, _)| id.trim()).collect()
}

fn differences(english: &str, japanese: &str) -> Vec<String> {
    let (english, japanese) = (ids(english), ids(japanese));
    let missing = |from: &BTreeSet<&str>, other: &BTreeSet<&str>, language: &str| -> Vec<String> {
        other.difference(from).map(|id| format!("message {id} is missing in {language}")).collect()
    };
    let mut broken = missing(&english, &japanese, "English");
    broken.extend(missing(&japanese, &english, "Japanese"));
    broken
}

/// The literal ids in `say("…"`, `word("…"` and `Problem::new(…, "…"`.
fn asked_for(code: &str) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    let folded: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    for (opening, prefix) in [
        (".say(\"", ""),
        (".say( \"", ""),
        (".word(\"", ""),
        (".tell(\"", ""),
        (".tell( \"", ""),
        ("problem(\"", "problem-"),
        ("problem( \"", "problem-"),
    ] {
        for part in folded.split(opening).skip(1) {
            if let Some((id, _)) = part.split_once('"') {
                asked.insert(format!("{prefix}{id}"));
            }
        }
    }
    asked.retain(|id| !id.contains(['{', ' ']));
    asked
}

/// Paths of the machine that someone worked on have no business in the repository.
fn machine_paths() -> Result<Vec<String>, String> {
    let mut command = std::process::Command::new("git");
    let files = output({
        command.args(["ls-files"]).current_dir(root());
        command
    })?;
    let mut broken = Vec::new();
    for file in files.lines().filter(|file| !file.ends_with(".lock")) {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        for folder in ["work", "root", "farm"].map(|name| format!("/{name}/")) {
            let found = text.match_indices(&folder).any(|(at, _)| {
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}'))
            });
            if found {
                broken.push(format!("{file} names {folder}, a path of one machine"));
            }
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_held_against_each_other() {
        let broken = differences("a = 1\nb = 2\n", "a = 一\nc = 三\n");
        assert_eq!(broken, ["message c is missing in English", "message b is missing in Japanese"]);
    }

    #[test]
    fn literal_ids_are_found_in_code() {
        let code = "words.say(\"one\", &[]); words.say(\n    \"two\", x); problem(\"three\", y); words.say(&format!(\"f-{x}\"), &[])";
        let asked: Vec<String> = asked_for(code).into_iter().collect();
        assert_eq!(asked, ["one", "problem-three", "two"]);
    }
}
