//! Paths with slashes.

use super::{Answer, Call, Function};
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "base" | "osBase" => |call| change(call, |path| base(path).to_owned()),
        "dir" | "osDir" => |call| change(call, dir),
        "clean" | "osClean" => |call| change(call, clean),
        "ext" | "osExt" => |call| {
            change(call, |path| {
                let name = path.rsplit('/').next().unwrap_or_default();
                name.rfind('.').map_or("", |at| &name[at..]).to_owned()
            })
        },
        "isAbs" | "osIsAbs" => |call| {
            call.exactly(1)?;
            Ok(Value::Bool(call.text(0)?.starts_with('/')))
        },
        _ => return None,
    })
}

fn change(call: &mut Call<'_>, change: impl Fn(&str) -> String) -> Answer {
    call.exactly(1)?;
    let text = change(&call.text(0)?);
    call.made(text)
}

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

/// Go's `path.Clean`.
fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_rooted => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
