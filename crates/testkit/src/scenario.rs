//! A scenario as a text: what stands, what is done, what was seen.

use crate::deed::{self, Expectation, Step};
use crate::fixtures::{self, Given};
use crate::kinds::Kinds;
use crate::text::{Line, ScenarioError, ScenarioErrorKind, Sentence, lines, sentences};

/// A scenario, read.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The name of its file, without the ending.
    pub name: String,
    /// Its first line.
    pub title: String,
    pub(crate) given: Vec<Given>,
    pub(crate) acts: Vec<Act>,
    pub(crate) kinds: Kinds,
    /// The objects at the end, as they were blessed.
    pub(crate) finally: String,
    /// Where the objects at the end are in the text, by line; none where there are none yet.
    finally_at: Option<(usize, usize)>,
    text: String,
}

/// Something done, and what a watcher sees until all is at rest again.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) steps: Vec<Step>,
    /// The record as it was blessed.
    pub(crate) then: String,
    /// The lines of the text that `then` takes up, after the steps; empty where there is none yet.
    lines: (usize, usize),
}

impl Act {
    /// Whether a whole namespace goes: what in it goes first, nobody promises.
    pub(crate) fn ends_a_namespace(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(&step.deed, deed::Deed::Delete(target) if target.kind.word == "namespace"))
    }
}

/// A part of the text: its word, and its lines.
struct Part<'a> {
    number: usize,
    word: &'a str,
    lines: Vec<Line<'a>>,
    ends: usize,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// With file and line, at the first thing that is not understood.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let fail = |line: usize, kind| ScenarioError { file: file.to_owned(), line, kind };
        let all = lines(text);
        let begin = all.iter().position(|line| line.indent == 0 && is_part(line.text)).unwrap_or(all.len());
        let (head, body) = all.split_at(begin);
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".scenario").to_owned();
        let title = head.first().map(|line| line.text.to_owned()).unwrap_or_default();
        let mut scenario = Self {
            name,
            title,
            given: Vec::new(),
            acts: Vec::new(),
            kinds: Kinds::default(),
            finally: String::new(),
            finally_at: None,
            text: text.to_owned(),
        };
        for part in parts(body).map_err(|(line, kind)| fail(line, kind))? {
            scenario.take(&part).map_err(|(line, kind)| fail(line, kind))?;
        }
        if head.is_empty() || scenario.acts.is_empty() {
            return Err(fail(1, ScenarioErrorKind::Incomplete));
        }
        Ok(scenario)
    }

    fn take(&mut self, part: &Part<'_>) -> Result<(), (usize, ScenarioErrorKind)> {
        let misplaced = || (part.number, ScenarioErrorKind::Misplaced(part.word.to_owned()));
        match part.word {
            "given" if self.acts.is_empty() => {
                for sentence in sentences(&part.lines) {
                    let given = fixtures::read(&sentence, &mut self.kinds);
                    self.given.extend(given.map_err(|kind| (sentence.number, kind))?);
                }
            }
            "when" if self.finally_at.is_none() => {
                let steps = steps(&sentences(&part.lines), &self.kinds)?;
                self.acts.push(Act { steps, then: String::new(), lines: (part.ends, part.ends) });
            }
            "then" if self.finally_at.is_none() => {
                let act =
                    self.acts.last_mut().filter(|act| act.lines.0 == act.lines.1).ok_or_else(misplaced)?;
                act.then = shown(part);
                act.lines = (part.number - 1, part.ends);
            }
            "finally" if self.finally_at.is_none() => {
                self.finally = shown(part);
                self.finally_at = Some((part.number - 1, part.ends));
            }
            _ => return Err(misplaced()),
        }
        Ok(())
    }

    /// Whether it needs the node and its world for itself: faults and voyages concern everything in them.
    pub(crate) fn is_solo(&self) -> bool {
        self.acts.iter().flat_map(|act| &act.steps).any(|step| {
            matches!(step.deed, deed::Deed::Fault(_) | deed::Deed::UsersArrive | deed::Deed::Sail { .. })
        })
    }

    /// The text with another record in it.
    pub(crate) fn blessed(&self, thens: &[String], finally: &str) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut text = String::new();
        let mut at = 0;
        for (act, then) in self.acts.iter().zip(thens) {
            let (from, until) = act.lines;
            text.push_str(&trimmed(&lines, at, from));
            text.push_str("then\n");
            text.push_str(&indented(then));
            text.push('\n');
            at = until;
        }
        let from = self.finally_at.map_or(lines.len(), |(from, _)| from);
        text.push_str(&trimmed(&lines, at, from));
        text.push_str("finally\n");
        text.push_str(&indented(finally));
        text
    }
}

/// Some lines of a text without the empty ones before and after.
fn trimmed(lines: &[&str], from: usize, until: usize) -> String {
    let joined = lines.get(from..until).unwrap_or_default().join("\n");
    let joined = joined.trim_matches('\n').trim_end();
    if joined.is_empty() { String::new() } else { format!("{joined}\n") }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

fn is_part(word: &str) -> bool {
    matches!(word, "given" | "when" | "then" | "finally")
}

/// A record as a text, its margin taken off.
fn shown(part: &Part<'_>) -> String {
    let lines = part.lines.iter();
    lines.map(|line| format!("{}{}\n", " ".repeat(line.indent.saturating_sub(2)), line.text)).collect()
}

fn parts<'a>(body: &[Line<'a>]) -> Result<Vec<Part<'a>>, (usize, ScenarioErrorKind)> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for line in body {
        match parts.last_mut() {
            Some(part) if line.indent > 0 => {
                part.ends = line.number;
                part.lines.push(*line);
            }
            _ if is_part(line.text) && line.indent == 0 => {
                parts.push(Part {
                    number: line.number,
                    word: line.text,
                    lines: Vec::new(),
                    ends: line.number,
                });
            }
            _ => return Err((line.number, ScenarioErrorKind::UnknownPart(line.text.to_owned()))),
        }
    }
    Ok(parts)
}

fn steps(sentences: &[Sentence<'_>], kinds: &Kinds) -> Result<Vec<Step>, (usize, ScenarioErrorKind)> {
    let mut steps: Vec<Step> = Vec::new();
    for sentence in sentences {
        if let Some(wanted) = sentence.text.strip_prefix("expect ") {
            let last = steps.last_mut().filter(|step| step.expects.is_none());
            let last = last.ok_or((sentence.number, ScenarioErrorKind::Misplaced("expect".to_owned())))?;
            last.expects = Some(Expectation { wanted: wanted.to_owned() });
            continue;
        }
        steps.push(deed::read(sentence, kinds).map_err(|kind| (sentence.number, kind))?);
    }
    Ok(steps)
}
