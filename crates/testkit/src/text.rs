//! Scenarios as lines: where each stands, how deep it is indented, and the blocks under it.

use thiserror::Error;

/// Why a scenario cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{file}:{line}: {kind}")]
pub struct ScenarioError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub kind: ScenarioErrorKind,
}

/// What is wrong with a line of a scenario.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ScenarioErrorKind {
    /// Nothing is said at all, or nothing happens.
    #[error("a scenario has a title and at least one `when`")]
    Incomplete,
    /// A line at the margin that begins no part.
    #[error("{0:?} begins no part; the parts are given, when, then, finally")]
    UnknownPart(String),
    /// A part stands where it cannot.
    #[error("`{0}` cannot stand here")]
    Misplaced(String),
    /// A sentence nobody understands.
    #[error("{0:?} is not understood; docs/scenarios.md lists the sentences")]
    UnknownSentence(String),
    /// A word that stands for no kind of object.
    #[error("{0:?} is no kind; a custom one is told with `kind WORD is GROUP/VERSION KIND (PLURAL)`")]
    UnknownKind(String),
    /// A part of a sentence cannot be read.
    #[error("{given:?} cannot be read as {wanted}")]
    Unreadable {
        /// What stands there.
        given: String,
        /// What should.
        wanted: &'static str,
    },
    /// A sentence that ends with a colon, and nothing under it; or the other way about.
    #[error("{0}")]
    Block(&'static str),
    /// The YAML under a sentence.
    #[error("the YAML is not well formed: {0}")]
    Yaml(String),
}

/// A line with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) indent: usize,
    pub(crate) text: &'a str,
}

/// A sentence and the more deeply indented lines under it.
#[derive(Debug, Clone)]
pub(crate) struct Sentence<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) block: Vec<Line<'a>>,
}

/// All lines of a text; remarks (`#`) and what is empty are left out.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let numbered = text.lines().enumerate().map(|(index, whole)| {
        let text = whole.trim_end();
        let bare = text.trim_start_matches(' ');
        Line { number: index + 1, indent: text.len() - bare.len(), text: bare }
    });
    numbered.filter(|line| !line.text.is_empty() && !line.text.starts_with('#')).collect()
}

/// Lines as sentences: each line at the least indentation, with what stands under it.
pub(crate) fn sentences<'a>(lines: &[Line<'a>]) -> Vec<Sentence<'a>> {
    let margin = lines.first().map_or(0, |line| line.indent);
    let mut sentences: Vec<Sentence<'a>> = Vec::new();
    for line in lines {
        match sentences.last_mut() {
            Some(last) if line.indent > margin => last.block.push(*line),
            _ => sentences.push(Sentence { number: line.number, text: line.text, block: Vec::new() }),
        }
    }
    sentences
}

impl Sentence<'_> {
    /// The block as a text of its own, its margin taken off.
    pub(crate) fn text_under(&self) -> String {
        let margin = self.block.iter().map(|line| line.indent).min().unwrap_or(0);
        let mut text = String::new();
        for line in &self.block {
            text.push_str(&" ".repeat(line.indent - margin));
            text.push_str(line.text);
            text.push('\n');
        }
        text
    }

    /// The YAML documents under a sentence, as JSON.
    pub(crate) fn yaml(&self) -> Result<Vec<serde_json::Value>, ScenarioErrorKind> {
        let mut files = tree::Files::new();
        let file = files.add("block", self.text_under());
        let nodes = tree::parse(&files, file).map_err(|error| ScenarioErrorKind::Yaml(error.to_string()))?;
        Ok(nodes.iter().map(tree::Node::to_json).collect())
    }
}
