//! Which files of a folder are read, and what their bytes mean as text.

use camino::{Utf8Path, Utf8PathBuf};

use crate::SourceErrorKind;

/// The most files that are read: a repository of every site its owner ever had stays below it.
pub(crate) const MAX_FILES: usize = 10_000;
/// The largest file that is read. The API server takes no object above 3 MiB; a dump of a whole namespace has
/// some hundred of them.
pub(crate) const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 64;
/// How a file begins that git-crypt has encrypted.
const GIT_CRYPT: &[u8] = b"\0GITCRYPT\0";

/// A file with its text.
pub(crate) struct TextFile {
    /// As its user would write it.
    pub(crate) path: Utf8PathBuf,
    /// Its text.
    pub(crate) text: String,
}

/// A file whose text could not be had.
pub(crate) struct NoText {
    /// Why.
    pub(crate) kind: SourceErrorKind,
    /// The text up to where it ceases to be text, where there is a place to show.
    pub(crate) until: Option<String>,
}

impl From<SourceErrorKind> for NoText {
    fn from(kind: SourceErrorKind) -> Self {
        Self { kind, until: None }
    }
}

/// The manifests of a folder and of the folders in it, sorted, as `kubectl apply -R -f` finds them (`.yaml`,
/// `.yml`, `.json`), but for what is hidden: no owner means `.git` or `.github`. Links to folders are not followed,
/// as kubectl does not follow them, so that no folder leads back to itself.
pub(crate) fn manifests_below(root: &Utf8Path) -> Result<Vec<Utf8PathBuf>, SourceErrorKind> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let unreadable = |error: std::io::Error| SourceErrorKind::Unreadable {
            path: folder.clone(),
            reason: error.to_string(),
        };
        for entry in folder.read_dir_utf8().map_err(unreadable)? {
            // A name that is not UTF-8 is an error of its entry alone, and no manifest's.
            let Ok(entry) = entry else { continue };
            if entry.file_name().starts_with('.') || entry.file_name() == "node_modules" {
                continue;
            }
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.into_path();
            if kind.is_dir() && depth < MAX_DEPTH {
                open.push((path, depth + 1));
            } else if !kind.is_dir() && is_manifest_name(&path) && !leads_to_a_folder(&path) {
                found.push(path);
            }
            if found.len() > MAX_FILES {
                return Err(SourceErrorKind::TooManyFiles { path: root.to_owned(), limit: MAX_FILES });
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_manifest_name(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yaml" | "yml" | "json"))
}

fn leads_to_a_folder(path: &Utf8Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Reads a file as text: UTF-8, or UTF-16 with a byte order mark, as YAML allows both.
pub(crate) fn read_text(path: &Utf8Path) -> Result<TextFile, NoText> {
    let unreadable = |error: std::io::Error| SourceErrorKind::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let metadata = path.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let reason = "it is no regular file".to_owned();
        return Err(SourceErrorKind::Unreadable { path: path.to_owned(), reason }.into());
    }
    if metadata.len() > MAX_BYTES {
        let (bytes, limit) = (metadata.len(), MAX_BYTES);
        return Err(SourceErrorKind::TooLarge { path: path.to_owned(), bytes, limit }.into());
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Ok(TextFile { path: path.to_owned(), text: decoded(path, bytes)? })
}

fn decoded(path: &Utf8Path, bytes: Vec<u8>) -> Result<String, NoText> {
    let not_text = || NoText::from(SourceErrorKind::NotText(path.to_owned()));
    match bytes.as_slice() {
        rest if rest.starts_with(GIT_CRYPT) => Err(SourceErrorKind::GitCrypt(path.to_owned()).into()),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).ok_or_else(not_text),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).ok_or_else(not_text),
        _ => String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let until = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            NoText { kind: SourceErrorKind::NotText(path.to_owned()), until: Some(until) }
        }),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let units: Vec<u16> = pairs.filter_map(|pair| pair.try_into().ok()).map(unit).collect();
    String::from_utf16(&units).ok()
}

/// A path without `.` and without `..` after a name: as its user would write it.
pub(crate) fn tidy(path: &Utf8Path) -> Utf8PathBuf {
    let mut tidied = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir if tidied.file_name().is_some() => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}
