//! Env files of plain lines: nothing is unquoted or replaced.
//!
//! kubectl (`pkg/util/env_file.go`) and Kustomize (`api/kv/kv.go`) share the code's ancestor with `docker run
//! --env-file` (docker/cli `pkg/kvfile`); they part on names, on names that stand alone, and on repetition.

use std::collections::HashSet;

use super::{Dialect, EnvFileError, EnvFileErrorKind, Places, Source, Variable, is_space};
use crate::{Value, scalar};

/// The longest line that Go's `bufio.Scanner` hands on, its end included.
const MAX_LINE: usize = 64 * 1024;

pub(super) fn parse(
    source: &Source<'_>,
    dialect: Dialect,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Variable>, EnvFileError> {
    let mut places = Places::new(source);
    let mut seen = HashSet::new();
    let mut variables = Vec::new();
    let mut next = 0;
    for whole in source.text.split_inclusive('\n') {
        let start = next;
        next += whole.len();
        let mut refuse = |kind| EnvFileError { kind, origin: places.origin(start, start) };
        if whole.len() > MAX_LINE || (whole.len() == MAX_LINE && !whole.ends_with('\n')) {
            return Err(refuse(EnvFileErrorKind::LongLine));
        }
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let trimmed = line.trim_start_matches(is_space);
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (name, value) = match trimmed.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (trimmed, None),
        };
        if !is_name(dialect, name) {
            return Err(refuse(EnvFileErrorKind::Name));
        }
        // Kustomize passes over a line that begins with its `=`.
        if name.is_empty() {
            continue;
        }
        if dialect != Dialect::ComposeRaw && !seen.insert(name.to_owned()) {
            return Err(refuse(EnvFileErrorKind::Twice { name: name.to_owned() }));
        }
        let value = match (value, dialect) {
            (Some(value), _) => value.to_owned(),
            (None, Dialect::Kustomize) => String::new(),
            (None, Dialect::ComposeRaw) => match lookup(name) {
                Some(value) => value,
                None => continue,
            },
            (None, _) => lookup(name).unwrap_or_default(),
        };
        let start = start + line.len() - trimmed.len();
        let origin = places.origin(start, start + trimmed.len());
        variables.push(Variable {
            name: name.to_owned(),
            value,
            origin,
            used: Vec::new(),
            unset: Vec::new(),
        });
    }
    Ok(variables)
}

fn is_name(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::ComposeRaw => !name.is_empty() && !name.contains([' ', '\t']),
        // Kustomize checks nothing, and then stumbles over names that YAML takes for something else than text.
        Dialect::Kustomize => name.is_empty() || matches!(scalar::resolve(name), Value::String(_)),
        _ => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            // As Kubernetes: not a path to anywhere.
            !name.is_empty()
                && name.chars().all(allowed)
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name != "."
                && !name.starts_with("..")
        }
    }
}
