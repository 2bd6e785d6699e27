//! Places as they are told on the command line. Keys to them never are: they come from the environment or a file.

use std::path::Path;

use movers::media::{Bucket, Place, PlaceError};
use tree::Files;
use tree::env_file::{Dialect, parse};

use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A folder, `env:`, `env:PREFIX`, or `file:PATH`.
///
/// # Errors
/// When there is no such place, or a setting is missing; no value is repeated.
pub(crate) fn place(text: &str, words: &Words) -> Result<Place, Problem> {
    let unusable = |error: PlaceError| {
        let reason = error.to_string();
        Problem::new(words, Exit::Unreadable, "media-place", &[("reason", &reason)])
    };
    if let Some(prefix) = text.strip_prefix("env:") {
        let setting = |name: &str| std::env::var(format!("{prefix}{name}")).ok();
        return Bucket::read(setting).map(Place::Bucket).map_err(unusable);
    }
    if let Some(path) = text.strip_prefix("file:") {
        let settings = settings(path, words)?;
        let setting =
            |name: &str| settings.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        return Bucket::read(setting).map(Place::Bucket).map_err(unusable);
    }
    if text.contains("://") {
        // Not repeated: there may be a key in it.
        return Err(Problem::new(words, Exit::Unreadable, "media-place-url", &[]));
    }
    Place::folder(Path::new(text)).map_err(unusable)
}

/// What a file such as `.env.production` sets, as Mastodon reads it.
fn settings(path: &str, words: &Words) -> Result<Vec<(String, String)>, Problem> {
    let unreadable = |reason: &str| {
        Problem::new(words, Exit::Unreadable, "unreadable", &[("path", path), ("reason", reason)])
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    let mut files = Files::new();
    let file = files.add(path, text);
    let variables = parse(&files, file, Dialect::Dotenv, &|name| std::env::var(name).ok());
    let variables = variables.map_err(|error| unreadable(&error.to_string()))?;
    Ok(variables.into_iter().map(|variable| (variable.name, variable.value)).collect())
}
