//! What a backup holds, with hashes, and what it does not.

use std::path::Path;

use cluster::ObjectRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Recipient;

/// The manifest's file, in the backup's folder.
pub(crate) const FILE: &str = "manifest.json";
/// The form that this program writes and reads.
pub(super) const FORMAT: u32 = 1;
/// How the files of encrypted objects end.
pub(super) const ENCRYPTED: &str = "age";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub format: u32,
    /// The namespace it was made of.
    pub namespace: String,
    /// For whom Secrets are encrypted, where any are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The objects that are kept.
    pub kept: Vec<Kept>,
    /// Those that are not.
    pub unkept: Vec<Unkept>,
}

/// An object that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// An object that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unkept {
    /// `kind/name`.
    pub object: String,
    /// Why not.
    pub reason: String,
}

impl Unkept {
    pub(crate) fn new(place: &ObjectRef, reason: impl Into<String>) -> Self {
        Self { object: place.to_string(), reason: reason.into() }
    }
}

/// Describes what stands in a backup's folder now.
pub(crate) fn seal(
    folder: &Path,
    namespace: &str,
    recipient: Option<&Recipient>,
    unkept: Vec<Unkept>,
) -> std::io::Result<Manifest> {
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if file == FILE || !is_object(&file) {
            continue;
        }
        kept.push(Kept { sha256: hash(&std::fs::read(entry.path())?), file });
    }
    kept.sort_by(|one, other| one.file.cmp(&other.file));
    let encrypted = kept.iter().any(|kept| kept.file.ends_with(ENCRYPTED));
    let recipient = recipient.filter(|_| encrypted).map(ToString::to_string);
    Ok(Manifest { format: FORMAT, namespace: namespace.to_owned(), recipient, kept, unkept })
}

/// Drafts of a process that died are none.
pub(super) fn is_object(file: &str) -> bool {
    file.ends_with(".json") || file.ends_with(".json.age")
}

pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
