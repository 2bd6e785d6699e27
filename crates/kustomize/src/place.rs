//! Where a directory really is, and what its user calls it.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::error::KustomizeErrorKind;

/// A directory that is being built.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Without symbolic links.
    pub(crate) real: Utf8PathBuf,
    /// As the user would write it.
    pub(crate) name: Utf8PathBuf,
}

impl Place {
    /// A path written in this directory: where it is, and what the user would call it.
    pub(crate) fn resolve(&self, path: &str) -> Self {
        Self { real: normal(&self.real.join(path)), name: normal(&self.name.join(path)) }
    }
}

/// A file named in a kustomization, which must stand in its directory or below.
pub(crate) fn file_below(root: &Place, path: &str) -> Result<Place, KustomizeErrorKind> {
    let place = root.resolve(path);
    let real = match place.real.canonicalize_utf8() {
        Ok(real) => real,
        Err(_) if is_remote(path) => return Err(KustomizeErrorKind::Remote { url: path.to_owned() }),
        Err(_) => return Err(KustomizeErrorKind::MissingFile { path: place.name }),
    };
    if !real.starts_with(&root.real) {
        return Err(KustomizeErrorKind::OutsideRoot { path: place.name });
    }
    Ok(Place { real, name: place.name })
}

/// Removes `.` and, where there is something to go back from, `..`.
pub(crate) fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut parts: Vec<Utf8Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Utf8Component::CurDir, _) => {}
            (Utf8Component::ParentDir, Some(Utf8Component::Normal(_))) => {
                parts.pop();
            }
            (Utf8Component::ParentDir, Some(Utf8Component::RootDir)) => {}
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}

/// Whether a path that is not there was meant for the network.
pub(crate) fn is_remote(path: &str) -> bool {
    let begins = ["git::", "git@", "github.com/", "github.com:", "gh:"];
    path.contains("://") || path.contains("?ref=") || begins.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_user_would_write_them() {
        let table = [
            ("k8s/overlays/production", "../../base/x.yaml", "k8s/base/x.yaml"),
            (".", "./a/../b.yaml", "b.yaml"),
            ("", "../base", "../base"),
            ("../up", "../../base", "../../base"),
            ("/a", "../../b", "/b"),
        ];
        for (directory, path, expected) in table {
            assert_eq!(normal(&Utf8Path::new(directory).join(path)), expected, "{directory} {path}");
        }
    }
}
