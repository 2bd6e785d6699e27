//! Objects as files below a folder: on this machine's disk, or on NFS.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rustix::fs::OFlags;
use sha2::Digest as _;

use super::error::MediaError;
use super::object::{Access, Content, Entry, Found, Hash, Headers, KeyRange, Mark, PART, Traits};
use super::{naming, place::Place};

/// A file that changed so short a time ago may change again without its times telling: clocks of file systems tick
/// slowly, and those of other machines are not ours.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What a folder's marks shall tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Every change, also of who may read it.
    Source,
    /// Changes of the content: an owner may be set anew.
    Target,
}

/// A folder that is read and written.
#[derive(Debug)]
pub(super) struct FolderStore {
    place: String,
    root: PathBuf,
    role: Role,
    /// Whose the files shall be, where we may say so: whose the folder is.
    owner: Option<(u32, u32)>,
    /// Where files are that have no name of their own yet: below our name, and of this move alone.
    scratch: PathBuf,
    parts: AtomicU64,
}

impl FolderStore {
    pub(super) fn open(root: &Path, role: Role, id: &str) -> Result<Self, MediaError> {
        let place = Place::Folder(root.to_owned()).to_string();
        let metadata =
            std::fs::metadata(root).map_err(|error| told(&place, "read the folder", "", &error))?;
        let owner = rustix::process::geteuid().is_root().then(|| (metadata.uid(), metadata.gid()));
        let scratch = root.join(naming::RESERVED).join(id);
        Ok(Self { place, root: root.to_owned(), role, owner, scratch, parts: AtomicU64::new(0) })
    }

    pub(super) fn name(&self) -> &str {
        &self.place
    }

    /// Tells each file within the range, in the order of their keys; memory is that of the folders above one file.
    pub(super) fn list(
        &self,
        range: &KeyRange,
        tell: &mut dyn FnMut(Found) -> Result<(), MediaError>,
    ) -> Result<(), MediaError> {
        self.list_below("", range, tell)
    }

    fn list_below(
        &self,
        folder: &str,
        range: &KeyRange,
        tell: &mut dyn FnMut(Found) -> Result<(), MediaError>,
    ) -> Result<(), MediaError> {
        let failed = |error: std::io::Error| self.told("read folders", folder, &error);
        let read = match std::fs::read_dir(self.root.join(folder)) {
            // Gone since its own folder was read.
            Err(error) if error.kind() == ErrorKind::NotFound && !folder.is_empty() => return Ok(()),
            read => read.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in read {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let Ok(mut name) = entry.file_name().into_string() else {
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                tell(Found::Unusable { name, why: "is not UTF-8" })?;
                continue;
            };
            if kind.is_dir() {
                // As in a key, so that the order is that of keys.
                name.push('/');
            } else if !kind.is_file() {
                let why = if kind.is_symlink() { "is a symbolic link" } else { "is no file" };
                tell(Found::Unusable { name: join(folder, &name), why })?;
                continue;
            }
            names.push(name);
        }
        names.sort_unstable();
        for name in names {
            let key = join(folder, name.trim_end_matches('/'));
            if naming::is_reserved(&key) {
                continue;
            }
            if name.ends_with('/') {
                if !range.misses_all_below(&key) {
                    self.list_below(&key, range, tell)?;
                }
            } else if range.holds(&key) {
                self.tell_file(key, tell)?;
            }
        }
        Ok(())
    }

    fn tell_file(
        &self,
        key: String,
        tell: &mut dyn FnMut(Found) -> Result<(), MediaError>,
    ) -> Result<(), MediaError> {
        if let Some(why) = naming::unusable(&key) {
            return tell(Found::Unusable { name: key, why });
        }
        match std::fs::symlink_metadata(self.root.join(&key)) {
            Ok(metadata) => {
                tell(Found::Object(Entry { key, size: metadata.len(), mark: self.mark(&metadata) }))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.told("read files", &key, &error)),
        }
    }

    fn mark(&self, metadata: &Metadata) -> Mark {
        let modified = format!("{}.{:09}", metadata.mtime(), metadata.mtime_nsec());
        Mark(match self.role {
            Role::Target => modified,
            Role::Source => format!(
                "{modified}-{}.{:09}-{}-{:o}",
                metadata.ctime(),
                metadata.ctime_nsec(),
                metadata.ino(),
                metadata.mode()
            ),
        })
    }

    /// As [`Self::mark`], or unknown while the file may change without its mark telling.
    fn settled_mark(&self, metadata: &Metadata) -> Mark {
        let changed = Duration::from_secs(metadata.ctime().max(0).unsigned_abs());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if self.role == Role::Source && changed + UNSETTLED >= now {
            Mark::default()
        } else {
            self.mark(metadata)
        }
    }

    /// Opens a file to read: who may read it follows from its mode, as Mastodon sets it, and from where it is.
    pub(super) fn open_file(&self, key: &str) -> Result<(u64, Traits, FileParts), MediaError> {
        let failed = |error: std::io::Error| self.told("read files", key, &error);
        let (file, metadata) = self.opened(key)?;
        let everybody = metadata.mode() & 0o004 != 0 && !naming::is_private(key);
        let traits = Traits {
            headers: Headers::of_mastodon(key),
            access: if everybody { Access::Public } else { Access::Private },
            modified: metadata.modified().map_err(failed)?,
            mark: self.settled_mark(&metadata),
        };
        let parts =
            FileParts { file, key: key.to_owned(), place: self.place.clone(), before: self.mark(&metadata) };
        Ok((metadata.len(), traits, parts))
    }

    fn opened(&self, key: &str) -> Result<(File, Metadata), MediaError> {
        let failed = |error: std::io::Error| self.told("read files", key, &error);
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let file =
            OpenOptions::new().read(true).custom_flags(no_link).open(self.root.join(key)).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(MediaError::Missing { place: self.place.clone(), key: key.to_owned() });
        }
        Ok((file, metadata))
    }

    /// Whether the file is still as it was when it was opened.
    pub(super) fn is_unchanged(&self, parts: &FileParts) -> Result<bool, MediaError> {
        let metadata = parts.file.metadata().map_err(|error| self.told("read files", &parts.key, &error))?;
        Ok(self.mark(&metadata) == parts.before)
    }

    /// Reads all of it and forgets all but the hash.
    pub(super) fn content(&self, key: &str) -> Result<Content, MediaError> {
        let (mut file, metadata) = self.opened(key)?;
        let (mut hasher, mut size) = (sha2::Sha256::new(), 0_u64);
        let mut buffer = vec![0; metadata.len().clamp(1, 1 << 18) as usize];
        loop {
            let read = file.read(&mut buffer).map_err(|error| self.told("read files", key, &error))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            size += read as u64;
        }
        Ok(Content { hash: Hash(hasher.finalize().into()), size, mark: self.mark(&metadata), headers: None })
    }

    pub(super) fn has(&self, key: &str) -> Result<bool, MediaError> {
        match std::fs::symlink_metadata(self.root.join(key)) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(self.told("read files", key, &error)),
        }
    }

    /// Whether nothing is in it, or it is not there.
    pub(super) fn is_empty(&self) -> Result<bool, MediaError> {
        match std::fs::read_dir(&self.root) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(self.told("read folders", "", &error)),
        }
    }

    /// Begins a file under a name of ours; none is ever half there under its own.
    pub(super) fn begin(&self) -> Result<NewFile, MediaError> {
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        let path = self.scratch.join(format!("part-{number}"));
        let create = || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file = match create() {
            Err(error) if error.kind() == ErrorKind::NotFound => self
                .make_folder(&self.root.join(naming::RESERVED), 0o700)
                .and_then(|()| self.make_folder(&self.scratch, 0o700))
                .and_then(|()| create()),
            file => file,
        };
        let file = file.map_err(|error| self.told("write files", naming::RESERVED, &error))?;
        Ok(NewFile { file, path, is_placed: false })
    }

    pub(super) fn append(&self, file: &mut NewFile, key: &str, bytes: &[u8]) -> Result<(), MediaError> {
        file.file.write_all(bytes).map_err(|error| self.told("write files", key, &error))
    }

    /// Gives it its name, its owner, its mode and its time.
    pub(super) fn place(&self, mut file: NewFile, key: &str, traits: &Traits) -> Result<(), MediaError> {
        let failed = |error: std::io::Error| self.told("write files", key, &error);
        // 0666 and 0600 are what Mastodon itself sets, under the usual umask.
        let mode = if traits.access == Access::Public { 0o644 } else { 0o600 };
        file.file.set_permissions(PermissionsExt::from_mode(mode)).map_err(failed)?;
        self.own(&file.path).map_err(failed)?;
        file.file.set_modified(traits.modified).map_err(failed)?;
        let path = self.root.join(key);
        let mut attempts = 0;
        while let Err(error) = std::fs::rename(&file.path, &path) {
            // Folders that a deletion has left empty go, perhaps just now.
            if error.kind() != ErrorKind::NotFound || attempts == 5 {
                return Err(failed(error));
            }
            attempts += 1;
            self.make_folders_of(key).map_err(failed)?;
        }
        file.is_placed = true;
        Ok(())
    }

    fn make_folders_of(&self, key: &str) -> std::io::Result<()> {
        for (at, _) in key.match_indices('/') {
            match self.make_folder(&self.root.join(&key[..at]), 0o755) {
                // The one above has gone meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                made => made?,
            }
        }
        Ok(())
    }

    fn make_folder(&self, path: &Path, mode: u32) -> std::io::Result<()> {
        match std::fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            made => made?,
        }
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode))?;
        self.own(path)
    }

    fn own(&self, path: &Path) -> std::io::Result<()> {
        self.owner.map_or(Ok(()), |(user, group)| std::os::unix::fs::lchown(path, Some(user), Some(group)))
    }

    /// All that was written is on the disk when this returns.
    pub(super) fn sync(&self) -> Result<(), MediaError> {
        let synced = File::open(&self.root).and_then(|folder| Ok(rustix::fs::syncfs(folder)?));
        synced.map_err(|error| self.told("write files", "", &error))
    }

    pub(super) fn delete(&self, key: &str) -> Result<(), MediaError> {
        match std::fs::remove_file(self.root.join(key)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.map_err(|error| self.told("delete files", key, &error))?,
        }
        // Folders that hold nothing any more go as well; one that does stays, and says so.
        let mut folder = key;
        while let Some((above, _)) = folder.rsplit_once('/') {
            if std::fs::remove_dir(self.root.join(above)).is_err() {
                break;
            }
            folder = above;
        }
        Ok(())
    }

    /// Removes what this move has below our name; the name itself where no other move has something there.
    pub(super) fn clear(&self) -> Result<(), MediaError> {
        match std::fs::remove_dir_all(&self.scratch) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(self.told("delete files", naming::RESERVED, &error));
            }
            _ => {}
        }
        let _in_use_or_gone = std::fs::remove_dir(self.root.join(naming::RESERVED));
        Ok(())
    }

    /// Bytes and files for which there is room; more files than can be counted where the file system has no bound.
    pub(super) fn room(&self) -> Result<(u64, u64), MediaError> {
        let room = rustix::fs::statvfs(&self.root);
        let room = room.map_err(|error| self.told("read the folder", "", &error.into()))?;
        let files = if room.f_files == 0 { u64::MAX } else { room.f_favail };
        Ok((room.f_bavail.saturating_mul(room.f_frsize), files))
    }

    fn told(&self, doing: &'static str, key: &str, error: &std::io::Error) -> MediaError {
        told(&self.place, doing, key, error)
    }
}

fn told(place: &str, doing: &'static str, key: &str, error: &std::io::Error) -> MediaError {
    let place = place.to_owned();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => MediaError::Missing { place, key: key.to_owned() },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => MediaError::Denied { place, doing },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => MediaError::Full { place },
        // An NFS server that is gone, a disk that is broken.
        ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => {
            MediaError::Unreachable { place, reason: error.to_string() }
        }
        _ => MediaError::Refused { place, doing, reason: format!("{key}: {error}") },
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct FileParts {
    file: File,
    key: String,
    place: String,
    before: Mark,
}

impl FileParts {
    /// The next part, full unless it is the last; nothing after that.
    pub(super) fn part(&mut self, expected: u64) -> Result<Option<Bytes>, MediaError> {
        let mut part = Vec::with_capacity(expected.min(PART) as usize);
        let read = (&mut self.file).take(PART).read_to_end(&mut part);
        read.map_err(|error| told(&self.place, "read files", &self.key, &error))?;
        Ok((!part.is_empty()).then(|| part.into()))
    }
}

/// A file that has no name of its own yet, and goes if it never gets one.
#[derive(Debug)]
pub(super) struct NewFile {
    file: File,
    path: PathBuf,
    is_placed: bool,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed is removed by the cleanup.
            let _removed = std::fs::remove_file(&self.path);
        }
    }
}
