//! Files that only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use camino::{Utf8Path, Utf8PathBuf};

/// Writes a file whole or not at all, readable by its owner only, and on the disk when this returns.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let beside = Utf8PathBuf::from(format!("{path}.partial"));
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    File::open(parent)?.sync_all()
}
