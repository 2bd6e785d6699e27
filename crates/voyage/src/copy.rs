//! A copy of a voyage's state in the cluster, next to its Lease: from it, another machine can take over.
//!
//! It is a Secret, since plans hold settings that may be private; values of Secrets are in none of it, for the locker keeps
//! none. One holds what never changes (the plan and how it was asked for), the other what does: the journal and the notes
//! that undoing needs, written before every effect they speak of. Each write names the version it read, so that a process
//! that was taken over from cannot write any more, and stops.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{Cluster, Kind, ObjectRef, Propagation, Selector};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::{Locker, StepError};

/// On every copy: which half of a voyage's state it is.
const LABEL: &str = "mastoferry.dev/state";
/// The voyage that a copy is of.
const VOYAGE: &str = "mastoferry.dev/voyage";
/// How far it has come: `under-way`, or its outcome.
const PHASE: &str = "mastoferry.dev/phase";
/// The key that holds it.
const KEY: &str = "state.json.gz";
/// What a Secret may hold, less what its metadata takes.
const LARGEST: usize = 1_000_000;
/// What a copy may unpack to: no state is as large.
const UNPACKED: u64 = 64 << 20;
/// The folders that undoing needs.
const FOLDERS: [&str; 3] = ["found", "backup", "removed"];
/// In a state's folder: the name under which this machine holds the Lease, where it took over.
const HOLDER: &str = "holder";

/// A voyage's state as text: names of files, and what is in them.
pub type Files = BTreeMap<String, String>;

/// A copy as it was found in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCopy {
    /// The Lease it stands next to.
    pub lease: String,
    /// The voyage's own name.
    pub voyage: String,
    /// `under-way`, `stopped`, `failed`, `completed` or `rolled-back`.
    pub phase: String,
    /// Every file.
    pub files: Files,
}

impl StateCopy {
    /// Whether there is something to go on with.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.phase.as_str(), "completed" | "rolled-back")
    }
}

/// Who keeps the copy.
#[derive(Debug)]
pub struct Copyist {
    cluster: Cluster,
    lease: String,
    directory: PathBuf,
    beside: Files,
    written: Mutex<Written>,
}

/// What stands in the cluster, as far as this process knows.
#[derive(Debug, Default)]
struct Written {
    version: Option<String>,
    content: Vec<u8>,
}

impl Copyist {
    /// Keeps a copy next to a Lease of the state in a folder, with some files beside that never change.
    #[must_use]
    pub fn new(cluster: Cluster, lease: &str, directory: &Path, beside: Files) -> Self {
        let (lease, directory) = (lease.to_owned(), directory.to_owned());
        Self { cluster, lease, directory, beside, written: Mutex::default() }
    }

    /// Takes the place for a voyage: its own copy, one that has come to its end, or none.
    ///
    /// # Errors
    /// When another voyage is under way, another machine went further with this one, or the API server refuses.
    pub(crate) async fn begin(&self, voyage: &str) -> Result<(), StepError> {
        let place = ObjectRef::new(Kind::secret(), &state_name(&self.lease));
        if let Some(stands) = self.cluster.get(&place).await? {
            let found = read(&stands)?;
            if found.voyage != voyage && found.is_open() {
                return Err(StepError::Overtaken(format!("{} is under way in this namespace", found.voyage)));
            }
            let known = std::fs::read_to_string(self.directory.join("journal")).unwrap_or_default();
            let is_ahead =
                found.files.get("journal").is_some_and(|theirs| !known.starts_with(theirs.as_str()));
            if found.voyage == voyage && is_ahead {
                return Err(StepError::Overtaken("another machine has gone on with it since".to_owned()));
            }
            self.remember(&stands, Vec::new());
        }
        let plan = secret(&self.lease, "plan", voyage, "", &packed(&self.beside)?);
        self.cluster.apply(&plan, true).await?;
        Ok(())
    }

    /// Writes the state as it is on disk now.
    ///
    /// # Errors
    /// When it is too large, somebody else wrote it since, or the API server refuses.
    pub(crate) async fn keep(&self, voyage: &str, phase: &str) -> Result<(), StepError> {
        let content = packed(&self.files()?)?;
        let wanted = secret(&self.lease, "state", voyage, phase, &content);
        let (version, is_known) = {
            let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            (written.version.clone(), written.content == content)
        };
        if is_known && phase == UNDER_WAY {
            return Ok(());
        }
        let Some(version) = version else {
            let made = self.cluster.create(&wanted).await?;
            self.remember(&made, content);
            return Ok(());
        };
        let place = ObjectRef::of(&wanted)?;
        let mut patch = wanted.clone();
        patch["metadata"]["resourceVersion"] = json!(version);
        match self.cluster.patch_merge(&place, &patch).await {
            Ok(stands) => self.remember(&stands, content),
            Err(error) if error.code() == Some(409) => {
                // A write whose answer was lost meets itself.
                let stands = self.cluster.need(&place).await?;
                if stands["data"] != wanted["data"] {
                    return Err(StepError::Overtaken("another machine has taken over".to_owned()));
                }
                self.remember(&stands, content);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Removes the copy.
    ///
    /// # Errors
    /// When the API server refuses.
    pub(crate) async fn drop_it(&self) -> Result<(), StepError> {
        for name in [state_name(&self.lease), plan_name(&self.lease)] {
            if let Some(found) = self.cluster.get(&ObjectRef::new(Kind::secret(), &name)).await? {
                self.cluster.delete(&found, Propagation::Background).await?;
            }
        }
        Ok(())
    }

    fn remember(&self, stands: &Value, content: Vec<u8>) {
        let version = stands["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Written { version, content };
    }

    fn files(&self) -> Result<Files, StepError> {
        let mut files = Files::new();
        let mut add = |name: String| {
            let path = self.directory.join(&name);
            let text = std::fs::read_to_string(&path).map_err(|source| kept("read", &path, source))?;
            files.insert(name, text);
            Ok::<(), StepError>(())
        };
        add("journal".to_owned())?;
        for folder in FOLDERS {
            let path = self.directory.join(folder);
            for entry in std::fs::read_dir(&path).map_err(|source| kept("read", &path, source))? {
                let name = entry.map_err(|source| kept("read", &path, source))?.file_name();
                // A draft is not yet what it will be.
                if let Some(name) = name.to_str().filter(|name| name.ends_with(".json")) {
                    add(format!("{folder}/{name}"))?;
                }
            }
        }
        Ok(files)
    }
}

/// What a copy says while its voyage has no outcome.
pub(crate) const UNDER_WAY: &str = "under-way";

/// Every copy in a namespace.
///
/// # Errors
/// When the API server refuses, or one cannot be read.
pub async fn copies(cluster: &Cluster) -> Result<Vec<StateCopy>, StepError> {
    let labels = BTreeMap::from([(LABEL.to_owned(), "state".to_owned())]);
    let mut found = Vec::new();
    for stands in cluster.list(&Kind::secret(), Some(&Selector::labels(&labels))).await? {
        let mut own = read(&stands)?;
        let plan = ObjectRef::new(Kind::secret(), &plan_name(&own.lease));
        if let Some(plan) = cluster.get(&plan).await? {
            own.files.extend(read(&plan)?.files);
        }
        found.push(own);
    }
    Ok(found)
}

/// Lays a copy out in a folder, under a new name for the Lease: the machine it was taken from cannot renew that any more.
///
/// # Errors
/// When the folder cannot be written.
pub fn unpack(found: &StateCopy, directory: &Path) -> Result<(), StepError> {
    Locker::open(directory)?;
    let nanos =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let own = blake3::hash(format!("{} {nanos} {}", found.voyage, std::process::id()).as_bytes()).to_hex();
    let holder = format!("{}-{}", found.voyage, own.get(..8).unwrap_or_default());
    for (name, text) in found.files.iter().chain([(&HOLDER.to_owned(), &holder)]) {
        // Names come from the cluster: none may lead elsewhere.
        let is_plain = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        let path = directory.join(name);
        if !is_plain || Path::new(name).is_absolute() {
            let source = std::io::Error::from(std::io::ErrorKind::InvalidInput);
            return Err(kept("write", &path, source));
        }
        crate::locker::write_bytes(&path, text.as_bytes()).map_err(|source| kept("write", &path, source))?;
    }
    Ok(())
}

/// The name under which this machine holds the Lease of a voyage that it took over.
pub(crate) fn taken_as(directory: &Path) -> Option<String> {
    std::fs::read_to_string(directory.join(HOLDER)).ok()
}

fn state_name(lease: &str) -> String {
    format!("{lease}-state")
}

fn plan_name(lease: &str) -> String {
    format!("{lease}-plan")
}

fn secret(lease: &str, half: &str, voyage: &str, phase: &str, content: &[u8]) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "mastoferry.dev/state",
        "metadata": {
            "name": if half == "state" { state_name(lease) } else { plan_name(lease) },
            "labels": {LABEL: half, "app.kubernetes.io/managed-by": "mastoferry"},
            "annotations": {VOYAGE: voyage, PHASE: phase},
        },
        "data": {KEY: STANDARD.encode(content)},
    })
}

fn packed(files: &Files) -> Result<Vec<u8>, StepError> {
    let failed = |source| kept("pack", Path::new(KEY), source);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut encoder, files).map_err(|error| failed(error.into()))?;
    encoder.flush().map_err(failed)?;
    let content = encoder.finish().map_err(failed)?;
    if content.len() > LARGEST {
        let why = format!("it has {} bytes, and a Secret takes {LARGEST}", content.len());
        return Err(StepError::Copy(why));
    }
    Ok(content)
}

fn read(stands: &Value) -> Result<StateCopy, StepError> {
    let text = |pointer: &str| stands.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = text("/metadata/name");
    let unreadable = |why: String| StepError::Copy(format!("Secret/{name} cannot be read: {why}"));
    let annotation =
        |key: &str| stands["metadata"]["annotations"][key].as_str().unwrap_or_default().to_owned();
    let bytes = STANDARD.decode(stands["data"][KEY].as_str().unwrap_or_default());
    let bytes = bytes.map_err(|error| unreadable(error.to_string()))?;
    let decoder = GzDecoder::new(bytes.as_slice()).take(UNPACKED);
    let files = serde_json::from_reader(decoder).map_err(|error| unreadable(error.to_string()))?;
    let lease = name.strip_suffix("-state").or_else(|| name.strip_suffix("-plan")).unwrap_or(name);
    Ok(StateCopy { lease: lease.to_owned(), voyage: annotation(VOYAGE), phase: annotation(PHASE), files })
}

fn kept(doing: &'static str, path: &Path, source: std::io::Error) -> StepError {
    StepError::Kept { doing, path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> StateCopy {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (lease, voyage) = ("mastoferry-social".to_owned(), "mastoferry-1".to_owned());
        StateCopy { lease, voyage, phase: UNDER_WAY.to_owned(), files }
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let wanted = found(&[("journal", "line\n"), ("found/blue.json", "{}")]);
        let content = packed(&wanted.files).unwrap();
        let stands = secret(&wanted.lease, "state", &wanted.voyage, UNDER_WAY, &content);
        assert_eq!(read(&stands).unwrap(), wanted);
    }

    #[test]
    fn a_copy_cannot_write_outside_its_folder() {
        let folder = std::env::temp_dir().join(format!("mastoferry-unpack-{}", std::process::id()));
        for name in ["../escaped.json", "/etc/escaped.json", "found/../../escaped.json"] {
            assert!(unpack(&found(&[(name, "{}")]), &folder).is_err(), "{name}");
        }
        assert!(!folder.parent().unwrap().join("escaped.json").exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_secret_cannot_hold_is_refused() {
        let mut noise = String::new();
        for number in 0..200_000_u32 {
            noise.push_str(&blake3::hash(&number.to_le_bytes()).to_hex()[..16]);
        }
        let files = Files::from([("journal".to_owned(), noise)]);
        assert!(matches!(packed(&files), Err(StepError::Copy(_))));
    }
}
