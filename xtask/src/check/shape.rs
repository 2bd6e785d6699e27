//! Sizes and names of files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::root;

const LONGEST_FILE: usize = 800;
const LONGEST_MAIN: usize = 60;

pub(crate) fn check() -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root().join(folder), &mut files)?;
    }
    let mut broken = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        broken.extend(judge(&shown, &text));
    }
    Ok(broken)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn judge(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let lines = text.lines().count();
    let name = path.rsplit('/').next().unwrap_or_default();
    if lines > LONGEST_FILE {
        broken.push(format!("{path} has {lines} lines; split it by idea ({LONGEST_FILE} at most)"));
    }
    if path.ends_with("src/main.rs") && lines > LONGEST_MAIN {
        broken.push(format!("{path} has {lines} lines ({LONGEST_MAIN} at most)"));
    }
    let stem = name.trim_end_matches(".rs");
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    for word in ["utils", "util", "common", "helpers", "types", "misc"] {
        if stem == word || folder == word {
            broken.push(format!("{path}: “{word}” says nothing about what lives there"));
        }
    }
    if (name == "lib.rs" || name == "mod.rs")
        && !path.contains("/tests/")
        && let Some(line) = beyond_exports(text)
    {
        broken.push(format!("{path}: documentation and exports only, but there is: {line}"));
    }
    broken
}

/// The first line of a `lib.rs` that is neither documentation, nor a module, nor an export.
fn beyond_exports(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| {
        let starts = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "struct ",
            "pub struct ",
            "pub(crate) struct ",
            "enum ",
            "pub enum ",
            "impl ",
            "trait ",
            "pub trait ",
            "const ",
            "static ",
        ];
        starts.iter().any(|start| line.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_belong_is_found() {
        assert!(judge("crates/a/src/lib.rs", "//! Doc.\nmod x;\npub use x::Y;\n").is_empty());
        assert_eq!(judge("crates/a/src/lib.rs", "pub fn f() {}\n").len(), 1);
        assert_eq!(judge("crates/a/src/utils.rs", "").len(), 1);
        assert_eq!(judge("crates/a/src/main.rs", &"\n".repeat(61)).len(), 1);
        assert_eq!(judge("crates/a/src/x.rs", &"\n".repeat(801)).len(), 1);
    }
}
