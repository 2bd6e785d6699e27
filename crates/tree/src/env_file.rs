//! Env files: documents whose every variable knows its line.
//!
//! The same text means different things to different tools. Each [`Dialect`] reads as its tool does, oddities
//! included; [`differences`] tells where they part.

mod compose;
mod difference;
mod dotenv;
mod lines;

pub use difference::{Difference, Differences, differences};

use std::fmt;

use crate::{FileId, Files, Origin};

/// The most bytes the values of one file may become, variables expanded. The kernel takes 128 KiB for one variable.
pub const MAX_EXPANDED: usize = 16 * 1024 * 1024;

/// Whose rules a file is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Docker Compose v2: a service's `env_file`, and the project's `.env`, which are one grammar
    /// (compose-go 2.9.1, `dotenv/parser.go`).
    Compose,
    /// Docker Compose v2, `env_file` with `format: raw`: what `docker run --env-file` reads (docker/cli `kvfile`).
    ComposeRaw,
    /// The Ruby gem dotenv 2.8, by which Mastodon reads `.env.production`. What version 3 changes: a line
    /// with a name alone sets it to nothing where 2.8 ignores it, and `\n` in double quotes stays as it is unless
    /// `DOTENV_LINEBREAK_MODE` is `legacy`.
    Dotenv,
    /// `kubectl create configmap --from-env-file`, and `secret` likewise.
    Kubectl,
    /// `envs` of a Kustomize generator, which checks no names and asks no environment.
    Kustomize,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Compose, Self::ComposeRaw, Self::Dotenv, Self::Kubectl, Self::Kustomize];
}

/// An assignment in an env file. A later one of the same name takes the place of an earlier.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value, quotes removed and variables replaced. May be secret; `Debug` does not show it.
    pub value: String,
    /// From the name to the end of the value.
    pub origin: Origin,
    /// The variables its value was made with.
    pub used: Vec<String>,
    /// Those of them that were not set, and became nothing.
    pub unset: Vec<String>,
}

impl fmt::Debug for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Variable").field("name", &self.name).field("origin", &self.origin).finish()
    }
}

/// An env file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct EnvFileError {
    /// What is wrong.
    pub kind: EnvFileErrorKind,
    /// Where.
    pub origin: Origin,
}

/// What can be wrong with an env file. Values are never quoted: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvFileErrorKind {
    /// A line without a name, or with one that the tool does not take.
    #[error("this line does not begin with a valid variable name")]
    Name,
    /// A quote that is not closed.
    #[error("the quoted value of {name} does not end")]
    Unterminated {
        /// The variable.
        name: String,
    },
    /// A malformed `${…}`.
    #[error("the value of {name} has a ${{ without a valid variable after it")]
    Expression {
        /// The variable.
        name: String,
    },
    /// `${NAME?word}` of a variable that is not set.
    #[error("{name} needs the variable {required}, which is not set")]
    Required {
        /// The variable being set.
        name: String,
        /// The variable it needs.
        required: String,
    },
    /// `export NAME` of a variable that has no value (dotenv).
    #[error("a variable is exported that has no value")]
    ExportUnset,
    /// A command to run, whose output would be the value (dotenv). Nothing is run to read a file.
    #[error("the value of {name} is the output of a command")]
    Command {
        /// The variable.
        name: String,
    },
    /// A name that is already set (kubectl, Kustomize).
    #[error("{name} is set twice")]
    Twice {
        /// The variable.
        name: String,
    },
    /// A line of 64 KiB or more, at which kubectl and Kustomize stop reading without a word.
    #[error("a line of 64 KiB or more")]
    LongLine,
    /// More than [`MAX_EXPANDED`], or far too much work.
    #[error("the values are too large")]
    TooLarge,
}

/// Reads an env file. `lookup` is the environment around it: it comes before what the file itself sets
/// when values are interpolated, and gives a name that stands alone its value.
///
/// For [`Dialect::Dotenv`] a variable that `lookup` knows already is returned all the same: the tool does
/// not override it, and whoever sets the environment must not.
///
/// # Errors
/// The first thing the tool would refuse, and what is too large.
pub fn parse(
    files: &Files,
    file: FileId,
    dialect: Dialect,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Variable>, EnvFileError> {
    parse_after(files, file, dialect, lookup, &|_| None)
}

/// As [`parse`], with variables set `earlier`: the last to be asked when values are interpolated.
///
/// # Errors
/// As [`parse`].
pub fn parse_after(
    files: &Files,
    file: FileId,
    dialect: Dialect,
    lookup: &dyn Fn(&str) -> Option<String>,
    earlier: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Variable>, EnvFileError> {
    let whole = files.text(file);
    let text = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
    let source = Source { file, text, skipped: whole.len() - text.len() };
    match dialect {
        Dialect::Compose => compose::parse(&source, lookup, earlier),
        Dialect::Dotenv => dotenv::parse(&source, lookup, earlier),
        Dialect::ComposeRaw | Dialect::Kubectl | Dialect::Kustomize => lines::parse(&source, dialect, lookup),
    }
}

/// A text whose places can be told.
struct Source<'a> {
    file: FileId,
    text: &'a str,
    /// Bytes of the file before the text: its byte order mark.
    skipped: usize,
}

/// Finds lines and columns of places asked for in rising order.
struct Places<'a> {
    source: &'a Source<'a>,
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Places<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        Self { source, at: 0, line: 1, line_start: 0 }
    }

    /// The place of a part of the text.
    fn origin(&mut self, start: usize, end: usize) -> Origin {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let text = self.source.text;
        for (at, _) in text.get(self.at..start).unwrap_or_default().match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + at + 1;
        }
        self.at = self.at.max(start);
        let column = text.get(self.line_start..start).unwrap_or_default().chars().count() + 1;
        Origin {
            file: self.source.file,
            line: number(self.line),
            column: number(column),
            offset: number(self.source.skipped + start),
            length: number(end.saturating_sub(start)),
        }
    }
}

/// Whitespace as Go's `unicode.IsSpace` knows it.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
        || (!c.is_ascii() && c.is_whitespace())
}
