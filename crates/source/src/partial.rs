//! A Kustomize tree that cannot be built: the objects its kustomizations name are still read, as written and
//! unpatched, so that there is something to look at beside what is wrong.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use tree::{Files, Node};

use crate::detect::KUSTOMIZATIONS;
use crate::manifests::Reader;
use crate::{SourceError, Sourced, Unread};

/// How many kustomizations are followed.
const MAX_DIRECTORIES: usize = 1_000;

/// Reads what the build of a directory would have begun with.
///
/// # Errors
/// The build's own error, where nothing could be read beside it.
pub(crate) fn read_unbuilt(directory: &Utf8Path, error: SourceError) -> Result<Sourced, SourceError> {
    let SourceError { kind, origin, files } = error;
    let mut walk = Walk { reader: Reader::over(files), seen: BTreeSet::new() };
    walk.directory(directory);
    let mut sourced = walk.reader.into_sourced();
    if sourced.objects.is_empty() {
        return Err(SourceError { kind, origin, files: sourced.files });
    }
    // The same thing found again while walking is not told twice.
    sourced.unread.retain(|unread| origin.is_none() || unread.origin != origin);
    sourced.unread.insert(0, Unread { kind, origin });
    Ok(sourced)
}

struct Walk {
    reader: Reader,
    seen: BTreeSet<Utf8PathBuf>,
}

impl Walk {
    fn directory(&mut self, directory: &Utf8Path) {
        let Ok(real) = directory.canonicalize_utf8() else { return };
        if self.seen.len() == MAX_DIRECTORIES || !self.seen.insert(real) {
            return;
        }
        let names = KUSTOMIZATIONS.iter().map(|name| directory.join(name));
        let Some(file) = names.into_iter().find(|file| file.is_file()) else { return };
        for entry in entries(&file) {
            let path = crate::folder::tidy(&directory.join(entry));
            if path.is_dir() {
                self.directory(&path);
            } else if path.is_file() {
                self.reader.file(&path);
            }
        }
    }
}

/// What a kustomization names under `resources`, `bases` and `components`, local or not.
fn entries(file: &Utf8Path) -> Vec<String> {
    let Ok(text) = crate::folder::read_text(file) else { return Vec::new() };
    let mut files = Files::new();
    let id = files.add(file.as_str(), text.text);
    let Ok(documents) = tree::parse(&files, id) else { return Vec::new() };
    let lists = documents
        .iter()
        .flat_map(|document| ["resources", "bases", "components"].map(|field| document.get(field)));
    lists.flatten().flat_map(Node::items).filter_map(Node::as_str).map(str::to_owned).collect()
}
