//! Relative paths made absolute.

use camino::Utf8Path;
use tree::{Node, Value};

use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::place::Place;
use crate::volume::clean;

#[derive(Clone, Copy)]
enum Meaning {
    /// A path.
    Path,
    /// A path unless it is a URL or names a service.
    Context,
    Mount,
    DriverOptions,
}

const MEANINGS: &[(&str, Meaning)] = &[
    ("services.*.build.context", Meaning::Context),
    ("services.*.build.additional_contexts.*", Meaning::Context),
    ("services.*.build.ssh.*", Meaning::Path),
    ("services.*.env_file.*.path", Meaning::Path),
    ("services.*.label_file.*", Meaning::Path),
    ("services.*.extends.file", Meaning::Path),
    ("services.*.develop.watch.*.path", Meaning::Path),
    ("services.*.volumes.*", Meaning::Mount),
    ("configs.*.file", Meaning::Path),
    ("secrets.*.file", Meaning::Path),
    ("volumes.*", Meaning::DriverOptions),
];

/// Makes every path below a node absolute.
pub(crate) fn make_absolute(
    node: &mut Node,
    place: &Place,
    directory: &Utf8Path,
    home: Option<&str>,
) -> Result<()> {
    let Some(meaning) = place.find(MEANINGS) else {
        return match &mut node.value {
            Value::Mapping(mapping) => mapping
                .iter_mut()
                .try_for_each(|(key, child)| make_absolute(child, &place.key(key), directory, home)),
            Value::Sequence(items) => {
                items.iter_mut().try_for_each(|child| make_absolute(child, &place.key("[]"), directory, home))
            }
            _ => Ok(()),
        };
    };
    match meaning {
        Meaning::Path => to_absolute(node, directory, home),
        Meaning::Context if node.as_str().is_some_and(is_elsewhere) => {}
        Meaning::Context => to_absolute(node, directory, home),
        Meaning::Mount if node.str_at(&["type"]) == Some("bind") => {
            let Some(source) = node.get_mut("source") else {
                let attribute = place.key("source").to_string();
                return Err(ComposeError::at(ComposeErrorKind::Missing { attribute }, node.origin));
            };
            to_absolute(source, directory, home);
        }
        Meaning::DriverOptions => {
            let is_bind = node.str_at(&["driver"]) == Some("local")
                && node.str_at(&["driver_opts", "o"]) == Some("bind");
            if let (true, Some(device)) =
                (is_bind, node.get_mut("driver_opts").and_then(|options| options.get_mut("device")))
            {
                to_absolute(device, directory, home);
            }
        }
        Meaning::Mount => {}
    }
    Ok(())
}

fn is_elsewhere(context: &str) -> bool {
    let remote = ["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
    context.contains("://") || remote.iter().any(|prefix| context.starts_with(prefix))
}

fn to_absolute(node: &mut Node, directory: &Utf8Path, home: Option<&str>) {
    if let Value::String(text) = &mut node.value
        && !text.is_empty()
    {
        *text = absolute(text, directory, home);
    }
}

/// A path as Compose makes it absolute: `~` is the home directory, Windows paths stay.
pub(crate) fn absolute(path: &str, directory: &Utf8Path, home: Option<&str>) -> String {
    let expanded = match (path.strip_prefix('~'), home) {
        (Some(rest), Some(home)) => clean(&format!("{home}/{rest}")),
        _ => path.to_owned(),
    };
    let mut letters = expanded.chars();
    let is_drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && matches!(letters.next(), Some('\\' | '/'));
    if expanded.starts_with('/') || is_drive || expanded.starts_with("\\\\") {
        return expanded;
    }
    clean(&format!("{directory}/{expanded}"))
}
