//! Where secrets may be written: nowhere that is handed on.

use std::process::{Command, Stdio};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::commands::vacant;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Refuses a folder that holds anything, that the written folder holds or is held by, and that Git would take in.
pub(crate) fn allowed(folder: &Utf8Path, out: Option<&Utf8Path>, words: &Words) -> Result<(), Problem> {
    vacant(folder, words)?;
    let refused =
        |id: &str, arguments: &[(&str, &str)]| Err(Problem::new(words, Exit::Unreadable, id, arguments));
    let place = resolved(folder);
    if let Some(out) = out {
        let other = resolved(out);
        if place.starts_with(&other) || other.starts_with(&place) {
            return refused("secrets-inside", &[("path", folder.as_str()), ("out", out.as_str())]);
        }
    }
    match work_tree(&place) {
        Some(tree) if !is_ignored(&place, tree) => refused("secrets-in-git", &[("path", folder.as_str())]),
        _ => Ok(()),
    }
}

/// A path without links, `.` and `..`, whether it exists or not.
fn resolved(path: &Utf8Path) -> Utf8PathBuf {
    let absolute = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let mut place = Utf8PathBuf::new();
    for component in absolute.components() {
        match component {
            Utf8Component::ParentDir => {
                place.pop();
            }
            Utf8Component::CurDir => {}
            _ => place.push(component),
        }
        // Links are followed as they are met, so that `..` leads out of what they lead to.
        if let Ok(real) = place.canonicalize_utf8() {
            place = real;
        }
    }
    place
}

/// The Git work tree that a path is in.
fn work_tree(place: &Utf8Path) -> Option<&Utf8Path> {
    place.ancestors().find(|above| above.join(".git").exists())
}

/// Whether Git passes over what is written there. Where Git cannot be asked it would take it in.
fn is_ignored(place: &Utf8Path, tree: &Utf8Path) -> bool {
    let mut git = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.args(["-C", tree.as_str(), "check-ignore", "--quiet", "--", place.join("secret.yaml").as_str()]);
    let status = git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_links_lead_where_the_system_leads() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8").canonicalize_utf8().expect("a place");
        std::fs::create_dir_all(root.join("a/b")).expect("made");
        std::os::unix::fs::symlink(root.join("a/b"), root.join("link")).expect("linked");
        assert_eq!(resolved(&root.join("link/../new/x")), root.join("a/new/x"));
        assert_eq!(resolved(&root.join("none/../a/./b")), root.join("a/b"));
    }
}
