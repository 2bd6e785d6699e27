//! What was fetched before: archives by their digest, indexes by their address.

use std::fs;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A folder of the user's for what can be fetched again. Without one, or where it cannot be written, everything is
/// fetched each time.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: Option<Utf8PathBuf>,
}

impl Cache {
    /// `mastoferry/charts` below `XDG_CACHE_HOME`, or `.cache` at home.
    pub(super) fn of_user() -> Self {
        let path =
            |name: &str| std::env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute());
        let base = path("XDG_CACHE_HOME").or_else(|| path("HOME").map(|home| home.join(".cache")));
        Self { folder: base.map(|base| base.join("mastoferry/charts")) }
    }

    /// An archive of a digest, if it is there and whole.
    pub(super) fn archive(&self, digest: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(self.archive_path(digest)?).ok()?;
        (HEXLOWER.encode(&Sha256::digest(&bytes)) == digest).then_some(bytes)
    }

    /// Keeps an archive whose digest was checked.
    pub(super) fn keep_archive(&self, digest: &str, bytes: &[u8]) {
        if let Some(path) = self.archive_path(digest) {
            keep(&path, bytes);
        }
    }

    /// The index that an address gave last.
    pub(super) fn index(&self, address: &str) -> Option<Vec<u8>> {
        fs::read(self.index_path(address)?).ok()
    }

    /// Keeps the index of an address.
    pub(super) fn keep_index(&self, address: &str, bytes: &[u8]) {
        if let Some(path) = self.index_path(address) {
            keep(&path, bytes);
        }
    }

    fn archive_path(&self, digest: &str) -> Option<Utf8PathBuf> {
        // It becomes the name of a file, and comes from somebody else's index.
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then_some(())?;
        Some(self.folder.as_ref()?.join("archives").join(format!("{digest}.tgz")))
    }

    fn index_path(&self, address: &str) -> Option<Utf8PathBuf> {
        let name = HEXLOWER.encode(&Sha256::digest(address.as_bytes()));
        Some(self.folder.as_ref()?.join("indexes").join(format!("{name}.yaml")))
    }
}

/// Writes a file whole or not at all. A cache that cannot be written is none; nothing else is wrong then.
fn keep(path: &Utf8Path, bytes: &[u8]) {
    let Some(parent) = path.parent() else { return };
    let beside = parent.join(format!(".{}.partial", std::process::id()));
    let written = fs::create_dir_all(parent)
        .and_then(|()| fs::File::create(&beside))
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
}
