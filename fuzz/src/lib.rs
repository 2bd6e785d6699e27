//! What the fuzz targets share: a folder made of a text, read as a source.

use std::fs;
use std::path::{Path, PathBuf};

use installation::Installation;
use source::{SourceRef, Sourced};

/// Writes a text as files: a line `#### path` begins the next one, `first` takes what stands before. Paths that leave the
/// folder are left out: what is tested is reading, not this.
#[must_use]
pub fn folder(text: &str, first: &str) -> PathBuf {
    let root = Path::new("/dev/shm").join(format!("mastoferry-fuzz-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let mut name = first.to_owned();
    let mut content = String::new();
    let mut files = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("#### ") {
            Some(next) => {
                files.push((std::mem::replace(&mut name, next.trim().to_owned()), std::mem::take(&mut content)));
            }
            None => content.push_str(line),
        }
    }
    files.push((name, content));
    for (name, content) in files.into_iter().take(12) {
        let fits = !name.is_empty() && name.len() < 60 && !name.contains("..") && !name.starts_with('/');
        if fits && !name.contains('\0') {
            let path = root.join(name);
            if let Some(parent) = path.parent() {
                let _ = fs::create_dir_all(parent);
            }
            let _ = fs::write(path, content);
        }
    }
    let _ = fs::create_dir_all(&root);
    root
}

/// Reads a text as a source of a kind: nothing panics, every leaf of every object has its place, and what can be understood
/// is understood.
pub fn read(kind: &str, text: &str, first: &str) {
    let root = folder(text, first);
    let Ok(reference) = format!("{kind}:{}", root.display()).parse::<SourceRef>() else { return };
    let Ok(sourced) = source::read(&reference) else { return };
    check(&sourced);
}

/// What holds for everything that was read.
pub fn check(sourced: &Sourced) {
    for object in &sourced.objects {
        for leaf in object.node.leaves() {
            assert!(leaf.node.origin.is_some(), "{} {} has no place", object.id(), leaf.path);
        }
    }
    let _ = format!("{sourced:?}");
    if let Ok(installation) = Installation::understand(sourced.objects.clone(), None) {
        let _ = format!("{installation:?}");
    }
}
