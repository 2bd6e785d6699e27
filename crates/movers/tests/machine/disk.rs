//! Small disks that can be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file system in memory, mounted over a folder and unmounted in the end.
#[derive(Debug)]
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// So many mebibytes over a folder; nothing, and a word about it, where that is not permitted (root may).
    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    pub(crate) fn over(folder: &Path, mebibytes: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=0755"), "tmpfs"]).arg(folder);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|it| it.success());
        if !mounted {
            eprintln!("SKIPPED: a small disk needs the right to mount (root)");
        }
        mounted.then(|| Self(folder.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Somebody else takes what is left: no byte fits on it any more.
    pub(crate) fn fill(&self) {
        let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(self.ballast()) else {
            return;
        };
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }

    /// And gives it back.
    pub(crate) fn free(&self) {
        let _gone = std::fs::remove_file(self.ballast());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _already_gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
