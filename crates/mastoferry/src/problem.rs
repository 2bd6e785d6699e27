//! What went wrong, as a person reads it: in their language, with their file and line, and what to do.

use std::fmt;
use std::io::Write as _;

use miette::{Diagnostic, LabeledSpan, SourceCode};
use tree::{Files, Origin};

use crate::excerpt::Excerpt;
use crate::words::Words;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Usage or unreadable input.
    Unreadable = 2,
    /// Something would be lost.
    WouldLose = 3,
    /// Rolled back, the old side serves.
    RolledBack = 4,
    /// Stopped, a human must decide.
    Stopped = 5,
    /// The preflight refused.
    Refused = 6,
}

/// Something that went wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Which problem it is, by a name that does not change with the language.
    pub(crate) name: Box<str>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: Option<Box<str>>,
    excerpt: Option<Box<Excerpt>>,
    /// `file:line`.
    pub(crate) place: Option<String>,
    /// What else is wrong, and may be why.
    beside: Vec<Problem>,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl Problem {
    /// A problem whose message is `problem-<id>` of the catalogue; the remedy, where there is one, is
    /// `problem-<id>-remedy`.
    pub(crate) fn new(words: &Words, exit: Exit, name: &str, arguments: &[(&str, &str)]) -> Self {
        let id = format!("problem-{name}");
        let remedy_id = format!("{id}-remedy");
        let remedy = words.has(&remedy_id).then(|| words.tell(&remedy_id, arguments).into());
        let message = words.tell(&id, arguments);
        Self { name: name.into(), message, remedy, excerpt: None, place: None, beside: Vec::new(), exit }
    }

    /// Tells other problems with this one.
    pub(crate) fn beside(mut self, others: Vec<Problem>) -> Self {
        self.beside.extend(others);
        self
    }

    /// Says where it is, and shows nothing of it: values and rendered texts are full of secrets.
    pub(crate) fn in_line(mut self, files: &Files, origin: Option<Origin>) -> Self {
        self.place = origin.map(|origin| files.place(origin));
        self
    }

    /// Shows where it is.
    pub(crate) fn at(mut self, files: &Files, origin: Option<Origin>) -> Self {
        let Some(origin) = origin else { return self };
        self.place = Some(files.place(origin));
        self.excerpt = Excerpt::around(files, origin).map(Box::new);
        self
    }
}

/// Tells a problem on standard error.
pub(crate) fn tell(problem: Problem) {
    // Nobody reads what cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{:?}", miette::Report::new(problem));
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(formatter, "{place}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.remedy.as_ref().map(|remedy| Box::new(remedy) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_deref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let others = self.beside.iter().map(|problem| problem as &dyn Diagnostic);
        (!self.beside.is_empty()).then(|| Box::new(others) as Box<dyn Iterator<Item = &dyn Diagnostic>>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.excerpt.as_deref()?.mark;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, start, length))))
    }
}
