//! What one's own maintenance page says and shows, as the command line has it.

use std::fs;

use camino::Utf8Path;
use data_encoding::BASE64;
use plan::PageOptions;

use crate::cli::MannerArgs;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A ConfigMap holds 1 MiB, and the picture stands in it twice, a third longer than it is.
const LARGEST_LOGO: usize = 256 << 10;

/// Pictures that a browser shows without asking another server, by the name's end.
const PICTURES: [(&str, &str); 6] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
];

/// Reads what the options name.
///
/// # Errors
/// If a file cannot be read, or is no picture that fits.
pub(crate) fn options(arguments: &MannerArgs, words: &Words) -> Result<PageOptions, Problem> {
    let text = arguments.page_text.as_deref().map(|text| text_of(text, words)).transpose()?;
    let logo = arguments.page_logo.as_deref().map(|path| logo(path, words)).transpose()?;
    Ok(PageOptions { image: arguments.page_image.clone(), text, logo })
}

fn text_of(text: &str, words: &Words) -> Result<String, Problem> {
    match text.strip_prefix('@') {
        None => Ok(text.to_owned()),
        Some(path) => fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string(), words)),
    }
}

fn logo(path: &Utf8Path, words: &Words) -> Result<String, Problem> {
    let refused = |id: &str| Problem::new(words, Exit::Unreadable, id, &[("path", path.as_str())]);
    let ending = path.extension().unwrap_or_default().to_lowercase();
    let kind = PICTURES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| kind);
    let kind = kind.ok_or_else(|| refused("page-logo-kind"))?;
    let bytes = fs::read(path).map_err(|error| unreadable(path.as_str(), &error.to_string(), words))?;
    if bytes.len() > LARGEST_LOGO {
        return Err(refused("page-logo-large"));
    }
    Ok(format!("data:{kind};base64,{}", BASE64.encode(&bytes)))
}

fn unreadable(path: &str, reason: &str, words: &Words) -> Problem {
    Problem::new(words, Exit::Unreadable, "page-file", &[("path", path), ("reason", reason)])
}
