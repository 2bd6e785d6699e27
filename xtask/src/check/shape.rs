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
        && let Some(statement) = beyond_exports(text)
    {
        broken.push(format!("{path}: documentation and exports only, but there is: {statement}"));
    }
    broken
}

/// The first statement of a `lib.rs` that is neither `mod name;` nor `use …;`.
fn beyond_exports(text: &str) -> Option<String> {
    let is_attribute =
        |line: &&str| (line.starts_with("#[") || line.starts_with("#![")) && line.ends_with(']');
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//") && !is_attribute(line));
    let code = lines.collect::<Vec<_>>().join(" ");
    let mut statements: Vec<&str> = code.split(';').map(str::trim).collect();
    // What follows the last semicolon is a statement only if it is something.
    let rest = statements.pop().filter(|rest| !rest.is_empty());
    let beyond = statements.into_iter().find(|statement| !is_export(statement)).or(rest)?;
    Some(beyond.chars().take(60).collect())
}

fn is_export(statement: &str) -> bool {
    let bare = match statement.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')').map_or(rest, |(_, rest)| rest),
        Some(rest) => rest,
        None => statement,
    };
    let bare = bare.trim_start();
    bare.starts_with("use ") || (bare.starts_with("mod ") && !bare.contains('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_belong_is_found() {
        assert!(judge("crates/a/src/lib.rs", "//! Doc.\nmod x;\npub use x::Y;\n").is_empty());
        let exports = "#![deny(x)]\n#[cfg(test)]\nmod tests;\npub(crate) use x::{\n    Y,\n    Z,\n};\n";
        assert!(judge("crates/a/src/b/mod.rs", exports).is_empty());
        for code in [
            "pub fn f() {}\n",
            "mod x;\nunsafe fn f() {}\n",
            "mod x;\npub(super) const A: u8 = 1;\n",
            "mod x { use y; }\n",
        ] {
            assert_eq!(judge("crates/a/src/lib.rs", code).len(), 1, "{code}");
        }
        assert_eq!(judge("crates/a/src/utils.rs", "").len(), 1);
        assert_eq!(judge("crates/a/src/main.rs", &"\n".repeat(61)).len(), 1);
        assert_eq!(judge("crates/a/src/x.rs", &"\n".repeat(801)).len(), 1);
    }
}
