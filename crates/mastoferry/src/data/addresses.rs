//! Where servers are. An address has a password in it: it comes from a file or the environment, and is repeated nowhere.

use std::path::Path;

use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A place that an address was read from.
pub(crate) struct Told {
    /// The address, as it was written there.
    pub(crate) text: String,
    /// The file or the variable.
    pub(crate) place: String,
}

/// The address in a file; where none is named, that in a variable; nothing where that is not set.
pub(crate) fn told(file: Option<&Path>, variable: &str, words: &Words) -> Result<Option<Told>, Problem> {
    let Some(file) = file else {
        let text = std::env::var(variable).ok();
        return Ok(text.map(|text| Told { text, place: variable.to_owned() }));
    };
    let text = String::from_utf8_lossy(&read(file, words)?).into_owned();
    Ok(Some(Told { text, place: file.display().to_string() }))
}

/// As [`told`]; an address that nobody told is a problem, `example` how one looks.
pub(crate) fn needed(
    file: Option<&Path>,
    variable: &str,
    example: &str,
    words: &Words,
) -> Result<Told, Problem> {
    told(file, variable, words)?.ok_or_else(|| nowhere(variable, example, words))
}

pub(crate) fn nowhere(variable: &str, example: &str, words: &Words) -> Problem {
    let details = [("variable", variable), ("example", example)];
    Problem::new(words, Exit::Unreadable, "data-no-address", &details)
}

/// An address that cannot be used: the error says what is wrong with it, and never repeats it.
pub(crate) fn unusable(place: &str, error: &impl std::fmt::Display, words: &Words) -> Problem {
    let details = [("place", place), ("detail", &error.to_string())];
    Problem::new(words, Exit::Unreadable, "data-address", &details)
}

/// What is in a file.
pub(crate) fn read(path: &Path, words: &Words) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|error| {
        let details = [("path", &*path.display().to_string()), ("reason", &error.to_string())];
        Problem::new(words, Exit::Unreadable, "unreadable", &details)
    })
}
