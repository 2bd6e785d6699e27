//! Reading a backup, and refusing one that is not as it was written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::{ENCRYPTED, FILE, FORMAT, hash, is_object};
use super::{BackupError, Identity, Manifest};

/// A backup whose every file is as it was written.
#[derive(Debug)]
pub struct Backup {
    manifest: Manifest,
    objects: Vec<Value>,
}

impl Backup {
    /// Reads the backup in a folder, or beside a journal in it. Secrets need the identity.
    ///
    /// # Errors
    /// When there is none, it is damaged, or the identity is missing or another one.
    pub fn read(folder: &Path, identity: Option<&Identity>) -> Result<Self, BackupError> {
        let beside = folder.join("backup");
        let folder = if beside.join(FILE).is_file() { beside } else { folder.to_owned() };
        let none = || BackupError::None(folder.display().to_string());
        let text = std::fs::read(folder.join(FILE)).map_err(|_| none())?;
        let damaged = |what: String| BackupError::Damaged(vec![what]);
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| damaged(format!("{FILE}: {error}")))?;
        if manifest.format != FORMAT {
            return Err(BackupError::Format { found: manifest.format, expected: FORMAT });
        }
        let files = whole(&folder, &manifest)?;
        let mut objects = Vec::new();
        for (name, bytes) in files {
            let bytes = if name.ends_with(ENCRYPTED) { open(&manifest, identity, &bytes)? } else { bytes };
            let object =
                serde_json::from_slice(&bytes).map_err(|error| damaged(format!("{name}: {error}")))?;
            objects.push(object);
        }
        Ok(Self { manifest, objects })
    }

    /// What it holds and does not hold.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The objects as they stood.
    #[must_use]
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }
}

/// Every file that the manifest names, unchanged; and no other.
fn whole(folder: &Path, manifest: &Manifest) -> Result<Vec<(String, Vec<u8>)>, BackupError> {
    let (mut files, mut damage) = (Vec::new(), Vec::new());
    for kept in &manifest.kept {
        // A manifest that somebody else wrote must not lead out of the folder.
        let is_name = Path::new(&kept.file).file_name().is_some_and(|name| name == kept.file.as_str());
        match std::fs::read(folder.join(&kept.file)) {
            Ok(_) if !is_name => damage.push(format!("{} is no file's name", kept.file)),
            Ok(bytes) if hash(&bytes) == kept.sha256 => files.push((kept.file.clone(), bytes)),
            Ok(_) => damage.push(format!("{} was changed", kept.file)),
            Err(error) => damage.push(format!("{}: {error}", kept.file)),
        }
    }
    let known: BTreeSet<&str> = manifest.kept.iter().map(|kept| kept.file.as_str()).collect();
    for name in names(folder)? {
        if name != FILE && is_object(&name) && !known.contains(name.as_str()) {
            damage.push(format!("{name} is not in the manifest"));
        }
    }
    if damage.is_empty() { Ok(files) } else { Err(BackupError::Damaged(damage)) }
}

fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let failed = |source| BackupError::File {
        doing: "list",
        path: PathBuf::from(folder).display().to_string(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn open(manifest: &Manifest, identity: Option<&Identity>, bytes: &[u8]) -> Result<Vec<u8>, BackupError> {
    let recipient = || manifest.recipient.clone().unwrap_or_default();
    let identity = identity.ok_or_else(|| BackupError::Locked(recipient()))?;
    identity.decrypt(bytes).ok_or_else(|| BackupError::OtherIdentity(recipient()))
}
