//! Mounts in short syntax: `[SOURCE:]TARGET[:OPTIONS]`.

use tree::{Node, Origin};

/// Spells a mount out; `None` if the text is none.
pub(crate) fn parse(text: &str, origin: Option<Origin>) -> Option<Node> {
    let mut mount = Node::mapping().at(origin);
    let mut set = |keys: &[&str], value: Node| *mount.ensure(keys) = value.at(origin);
    let length = text.len();
    if length == 0 {
        return None;
    }
    if length <= 2 {
        set(&["type"], "volume".into());
        set(&["target"], clean_target(text).into());
        return Some(mount);
    }
    let sections = sections(text)?;
    let (source, target) = match &sections[..] {
        [target] => ("", target.as_str()),
        [source, target, ..] => (source.as_str(), target.as_str()),
        [] => return None,
    };
    if sections.len() > 3 {
        return None;
    }
    let is_bind = is_file_path(source);
    set(&["type"], if is_bind { "bind" } else { "volume" }.into());
    if !source.is_empty() {
        set(&["source"], source.into());
    }
    if !target.is_empty() {
        set(&["target"], clean_target(target).into());
    }
    for option in sections.get(2).map(String::as_str).unwrap_or_default().split(',') {
        match option {
            "ro" => set(&["read_only"], true.into()),
            "rw" => set(&["read_only"], false.into()),
            "nocopy" => set(&["volume", "nocopy"], true.into()),
            "z" | "Z" => set(&["bind", "selinux"], option.into()),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                set(&["bind", "propagation"], option.into());
            }
            _ => {}
        }
    }
    if is_bind {
        set(&["bind", "create_host_path"], true.into());
    } else {
        mount.ensure(&["volume"]);
    }
    for child in mount.as_mapping_mut()?.values_mut() {
        child.origin = origin;
    }
    Some(mount)
}

/// The parts between colons. A letter and a colon at the start of one is a Windows drive.
fn sections(text: &str) -> Option<Vec<String>> {
    let mut sections = vec![String::new()];
    for c in text.chars() {
        let section = sections.last_mut()?;
        let mut letters = section.chars();
        let is_drive = letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
        if c == ':' && !is_drive {
            sections.push(String::new());
        } else {
            section.push(c);
        }
    }
    (!sections.iter().any(String::is_empty)).then_some(sections)
}

fn is_file_path(source: &str) -> bool {
    let mut letters = source.chars();
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || (letters.next().is_some_and(char::is_alphabetic) && letters.next() == Some(':'))
}

/// A path as Go's `path.Clean` leaves it.
pub(crate) fn clean_target(path: &str) -> String {
    if path.is_empty() { String::new() } else { clean(path) }
}

/// Removes `.`, `..` and doubled slashes from a path without asking the file system.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
