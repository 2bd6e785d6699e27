//! What went wrong, as a person reads it: in their language, with their file and line, and what to do.

use std::fmt;

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
    message: String,
    remedy: Option<String>,
    excerpt: Option<Box<Excerpt>>,
    place: Option<String>,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl Problem {
    /// A problem whose message is `problem-<id>` of the catalogue; the remedy, where there is one, is
    /// `problem-<id>-remedy`.
    pub(crate) fn new(words: &Words, exit: Exit, id: &str, arguments: &[(&str, &str)]) -> Self {
        let id = format!("problem-{id}");
        let remedy_id = format!("{id}-remedy");
        let remedy = words.has(&remedy_id).then(|| words.tell(&remedy_id, arguments));
        Self { message: words.tell(&id, arguments), remedy, excerpt: None, place: None, exit }
    }

    /// Shows where it is.
    pub(crate) fn at(mut self, files: &Files, origin: Option<Origin>) -> Self {
        let Some(origin) = origin else { return self };
        self.place = Some(files.place(origin));
        self.excerpt = Excerpt::around(files, origin).map(Box::new);
        self
    }
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

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.excerpt.as_deref()?.mark;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, start, length))))
    }
}
