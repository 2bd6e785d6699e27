//! What is kept beside the journal: backups of objects, numbers found before they were changed.
//!
//! Each file is written whole and synced under another name first, readable by its owner alone. Secrets
//! are kept in the backup alone, encrypted, and only where there is somebody to encrypt them for.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use cluster::ObjectRef;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::StepError;
use crate::backup::{FILE, Recipient, Unkept, seal};

/// A directory of small files.
#[derive(Debug, Clone)]
pub struct Locker {
    directory: PathBuf,
    recipient: Option<Recipient>,
}

impl Locker {
    /// Opens the directory, or makes it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(directory: &Path) -> Result<Self, StepError> {
        for part in ["backup", "removed", "found"] {
            let path = directory.join(part);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| failed("make", &path, source))?;
        }
        Ok(Self { directory: directory.to_owned(), recipient: None })
    }

    /// The object as it stood before the voyage touched it.
    pub(crate) fn backup(&self, place: &ObjectRef) -> Result<Option<Value>, StepError> {
        self.read(&file("backup", place))
    }

    /// Keeps an object as it stands, unless it is kept already: then it may have been touched since. Secrets are
    /// encrypted.
    pub(crate) fn back_up(&self, object: &Value) -> Result<(), StepError> {
        match &self.recipient {
            Some(recipient) if object["kind"] == "Secret" => self.keep_secret(recipient, object),
            _ => self.keep_object("backup", object),
        }
    }

    /// Keeps Secrets in the backup from now on, encrypted for somebody.
    pub(crate) fn encrypt_for(&mut self, recipient: Recipient) {
        self.recipient = Some(recipient);
    }

    /// Whether Secrets are kept.
    pub(crate) fn keeps_secrets(&self) -> bool {
        self.recipient.is_some()
    }

    /// Whether the backup has its manifest.
    pub(crate) fn is_sealed(&self) -> bool {
        self.directory.join("backup").join(FILE).is_file()
    }

    /// Writes the backup's manifest, over one that there was: what is kept may have become more.
    pub(crate) fn seal(&self, namespace: &str, unkept: Vec<Unkept>) -> Result<(), StepError> {
        let folder = self.directory.join("backup");
        let path = folder.join(FILE);
        let manifest = seal(&folder, namespace, self.recipient.as_ref(), unkept);
        let written = manifest.and_then(|manifest| write_whole(&path, &manifest));
        written.map_err(|source| failed("keep", &path, source))
    }

    fn keep_secret(&self, recipient: &Recipient, object: &Value) -> Result<(), StepError> {
        let name = file("backup", &ObjectRef::of(object)?);
        let path = self.directory.join(format!("{}.age", name.display()));
        if path.exists() {
            return Ok(());
        }
        let written = serde_json::to_vec(&without_managers(object))
            .map_err(std::io::Error::from)
            .and_then(|bytes| recipient.encrypt(&bytes))
            .and_then(|encrypted| write_bytes(&path, &encrypted));
        written.map_err(|source| failed("keep", &path, source))
    }

    /// The object as it stood when it was removed.
    pub(crate) fn removed(&self, place: &ObjectRef) -> Result<Option<Value>, StepError> {
        self.read(&file("removed", place))
    }

    /// Keeps an object that is about to be removed.
    pub(crate) fn remove(&self, object: &Value) -> Result<(), StepError> {
        self.keep_object("removed", object)
    }

    /// What a step found before it changed it.
    pub(crate) fn found<T: DeserializeOwned>(&self, step: &str) -> Result<Option<T>, StepError> {
        self.read(&PathBuf::from("found").join(format!("{step}.json")))
    }

    /// Keeps what a step found. Kept once: found again, it may have been changed by the step itself.
    pub(crate) fn note<T: Serialize>(&self, step: &str, found: &T) -> Result<(), StepError> {
        self.keep(&PathBuf::from("found").join(format!("{step}.json")), found)
    }

    fn keep_object(&self, part: &str, object: &Value) -> Result<(), StepError> {
        let place = ObjectRef::of(object)?;
        if place.kind.kind == "Secret" {
            return Err(StepError::Irremovable(place.to_string(), "secret values are kept nowhere"));
        }
        self.keep(&file(part, &place), &without_managers(object))
    }

    fn read<T: DeserializeOwned>(&self, name: &Path) -> Result<Option<T>, StepError> {
        let path = self.directory.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|error| failed("read", &path, error.into()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, error)),
        }
    }

    fn keep<T: Serialize>(&self, name: &Path, content: &T) -> Result<(), StepError> {
        let path = self.directory.join(name);
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, content).map_err(|source| failed("keep", &path, source))
    }
}

fn without_managers(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

fn write_whole<T: Serialize>(path: &Path, content: &T) -> std::io::Result<()> {
    write_bytes(path, &serde_json::to_vec_pretty(content)?)
}

/// Writes a file whole or not at all, for its owner alone.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn file(part: &str, place: &ObjectRef) -> PathBuf {
    // The group tells kinds of the same name apart; names may not hold a slash.
    let group = place.kind.api_version.split_once('/').map_or("core", |(group, _)| group);
    PathBuf::from(part).join(format!("{}.{group}-{}.json", place.kind.kind, place.name))
}

fn failed(doing: &'static str, path: &Path, source: std::io::Error) -> StepError {
    StepError::Kept { doing, path: path.display().to_string(), source }
}
