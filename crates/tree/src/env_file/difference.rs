//! Where the readers of env files part.

use std::collections::BTreeMap;

use super::{Dialect, EnvFileError, Variable, parse};
use crate::{FileId, Files, Origin};

/// A variable that not every dialect reads alike. Its values are not told: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The variable.
    pub name: String,
    /// Where it is set.
    pub origin: Origin,
    /// The dialects in groups that agree, those that do not set it at all among them.
    pub groups: Vec<Vec<Dialect>>,
}

/// What the dialects make of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// Variables read differently, in the order they are set.
    pub variables: Vec<Difference>,
    /// Dialects that refuse the file, and why. They have no part in the groups.
    pub refused: Vec<(Dialect, EnvFileError)>,
}

/// Compares what some dialects make of a file in an empty environment.
#[must_use]
pub fn differences(files: &Files, file: FileId, dialects: &[Dialect]) -> Differences {
    let mut found = Differences::default();
    let mut readings = Vec::new();
    for dialect in dialects {
        match parse(files, file, *dialect, &|_| None) {
            Ok(variables) => readings.push((*dialect, by_name(variables))),
            Err(error) => found.refused.push((*dialect, error)),
        }
    }
    let mut origins: BTreeMap<&str, Origin> = BTreeMap::new();
    for (name, variable) in readings.iter().flat_map(|(_, variables)| variables) {
        origins.entry(name).or_insert(variable.origin);
    }
    for (name, origin) in origins {
        let mut groups: Vec<(Option<&str>, Vec<Dialect>)> = Vec::new();
        for (dialect, variables) in &readings {
            let value = variables.get(name).map(|variable| variable.value.as_str());
            match groups.iter_mut().find(|(other, _)| *other == value) {
                Some((_, group)) => group.push(*dialect),
                None => groups.push((value, vec![*dialect])),
            }
        }
        if groups.len() > 1 {
            let groups = groups.into_iter().map(|(_, group)| group).collect();
            found.variables.push(Difference { name: name.to_owned(), origin, groups });
        }
    }
    found.variables.sort_by_key(|difference| difference.origin.offset);
    found
}

fn by_name(variables: Vec<Variable>) -> BTreeMap<String, Variable> {
    variables.into_iter().map(|variable| (variable.name.clone(), variable)).collect()
}
