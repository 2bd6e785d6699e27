//! `include`: whole projects taken in.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use tree::env_file::Dialect;
use tree::{Node, Value};

use crate::error::{ComposeError, ComposeErrorKind, MissingRole, Result};
use crate::extends::is_gap;
use crate::interpolation::Surroundings;
use crate::load::{Part, Stage};
use crate::paths;
use crate::place::{Place, printed};
use crate::project::Role;
use crate::reading::{EnvFile, Reader};
use crate::volume::clean;

/// How deep includes may be nested.
const MAX_DEPTH: usize = 50;

/// An entry of `include`.
struct Wanted {
    paths: Vec<Node>,
    env_files: Vec<Node>,
    directory: Option<String>,
}

impl Reader<'_> {
    /// Takes in what a project includes.
    pub(crate) fn take_in(
        &mut self,
        project: &mut Node,
        stage: &Stage<'_>,
        included: &[Utf8PathBuf],
    ) -> Result<()> {
        let entries = project.as_mapping_mut().and_then(|mapping| mapping.shift_remove("include"));
        let Some(entries) = entries.filter(|entries| entries.value != Value::Null) else { return Ok(()) };
        if entries.as_sequence().is_none() {
            return Err(ComposeError::wrong("include".to_owned(), "a list", entries.origin));
        }
        for entry in entries.items() {
            let taken = self.one(&wanted(entry)?, entry, stage, included);
            match taken {
                Err(error) if is_gap(&error) => self.problems.push(error),
                Err(error) => return Err(error),
                Ok(part) => import(&part, project, entry)?,
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        wanted: &Wanted,
        entry: &Node,
        stage: &Stage<'_>,
        included: &[Utf8PathBuf],
    ) -> Result<Node> {
        let home = self.home.clone();
        let absolute =
            |path: &str| Utf8PathBuf::from(paths::absolute(path, stage.directory, home.as_deref()));
        let mut files = Vec::new();
        for path in &wanted.paths {
            let text = printed(path).unwrap_or_default();
            if is_remote(&text) {
                return Err(ComposeError::at(ComposeErrorKind::Remote(text), path.origin));
            }
            files.push((absolute(&text), path.clone()));
        }
        let Some((main, _)) = files.first() else {
            let kind = ComposeErrorKind::Missing { attribute: "include.path".to_owned() };
            return Err(ComposeError::at(kind, entry.origin));
        };
        let mut included = included.to_vec();
        if included.contains(main) {
            return Err(ComposeError::at(ComposeErrorKind::IncludeCycle(main.clone()), entry.origin));
        }
        if included.len() > MAX_DEPTH {
            return Err(ComposeError::at(ComposeErrorKind::TooLarge, entry.origin));
        }
        let directory = match &wanted.directory {
            Some(directory) if !directory.is_empty() => absolute(directory),
            _ => main.parent().unwrap_or(Utf8Path::new("/")).to_owned(),
        };
        included.retain(|file| file != main);
        let mut around = stage.around.clone();
        around.add(self.env_around(wanted, &directory, stage, entry)?);
        // As Compose: paths in what is included begin at the parent of a directory that is not there.
        let start =
            if directory.is_dir() { directory.as_path() } else { directory.parent().unwrap_or(&directory) };
        let part =
            Part { files: &files, directory: start, around: &around, missing: Some(MissingRole::Include) };
        self.part(&part, &included)
    }

    fn env_around(
        &mut self,
        wanted: &Wanted,
        directory: &Utf8Path,
        stage: &Stage<'_>,
        entry: &Node,
    ) -> Result<HashMap<String, (String, tree::Origin)>> {
        let mut files: Vec<(Utf8PathBuf, Node)> = Vec::new();
        if wanted.env_files.is_empty() {
            let path = directory.join(".env");
            if path.is_file() {
                files.push((path, entry.clone()));
            }
        }
        for file in &wanted.env_files {
            let text = printed(file).unwrap_or_default();
            let path =
                if text.starts_with('/') { text } else { clean(&format!("{}/{text}", stage.directory)) };
            files.push((path.into(), file.clone()));
        }
        self.environment_of(&files, stage.around)
    }

    /// The variables of `.env` files, later ones over earlier.
    pub(crate) fn environment_of(
        &mut self,
        files: &[(Utf8PathBuf, Node)],
        around: &Surroundings<'_>,
    ) -> Result<HashMap<String, (String, tree::Origin)>> {
        let mut values: HashMap<String, (String, tree::Origin)> = HashMap::new();
        for (path, named) in files {
            let variables = self.env_file(&EnvFile {
                path,
                dialect: Dialect::Compose,
                role: Role::ProjectEnv,
                missing: MissingRole::EnvFile,
                named,
                around,
                lookup: &|name| around.get(name),
                earlier: &|name| values.get(name).map(|(value, _)| value.clone()),
            })?;
            values.extend(variables.into_iter().map(|set| (set.name, (set.value, set.origin))));
        }
        Ok(values)
    }
}

fn wanted(entry: &Node) -> Result<Wanted> {
    let list = |node: Option<&Node>| match node {
        Some(node) if node.as_sequence().is_some() => node.items().cloned().collect(),
        Some(node) if node.as_str().is_some() => vec![node.clone()],
        _ => Vec::new(),
    };
    match &entry.value {
        Value::String(_) => Ok(Wanted { paths: vec![entry.clone()], env_files: Vec::new(), directory: None }),
        Value::Mapping(mapping) => {
            let known = |key: &String| matches!(key.as_str(), "path" | "env_file" | "project_directory");
            if let Some((key, child)) = mapping.iter().find(|(key, _)| !known(key)) {
                let attribute = Place::of(&["include", key]).to_string();
                return Err(ComposeError::at(ComposeErrorKind::Unknown { attribute }, child.origin));
            }
            Ok(Wanted {
                paths: list(mapping.get("path")),
                env_files: list(mapping.get("env_file")),
                directory: entry.str_at(&["project_directory"]).map(str::to_owned),
            })
        }
        _ => Err(ComposeError::wrong("include".to_owned(), "a list of paths or mappings", entry.origin)),
    }
}

/// Whether a path is one that Compose would fetch.
pub(crate) fn is_remote(path: &str) -> bool {
    let schemes = ["oci://", "git://", "http://", "https://", "ssh://", "git@", "github.com/"];
    schemes.iter().any(|scheme| path.starts_with(scheme))
}

/// Puts what was taken in beside what is there. Both may say the same; they must not differ.
fn import(part: &Node, project: &mut Node, entry: &Node) -> Result<()> {
    for section in ["services", "volumes", "networks", "secrets", "configs", "models"] {
        for (name, child) in part.get(section).and_then(Node::as_mapping).into_iter().flatten() {
            let target = project.ensure(&[section]);
            target.origin = target.origin.or(child.origin);
            match target.get(name) {
                Some(known) if known.to_json() != child.to_json() => {
                    let kind = ComposeErrorKind::Conflict { resource: format!("{section}.{name}") };
                    return Err(ComposeError::at(kind, known.origin.or(entry.origin)));
                }
                Some(_) => {}
                None => target.set(name, child.clone()),
            }
        }
    }
    Ok(())
}
