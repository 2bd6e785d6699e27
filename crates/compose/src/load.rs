//! From files to a project.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use tree::{Files, Mapping, Node, Origin, Value};

use crate::canonical::spell_out;
use crate::error::{ComposeError, ComposeErrorKind, MissingRole, Result};
use crate::extends::Base;
use crate::interpolation::{Surroundings, replace};
use crate::merge::{Overridden, merge, note};
use crate::place::{Place, printed};
use crate::project::{Project, Request};
use crate::reading::Reader;
use crate::volume::clean;
use crate::{consistency, decode, defaults, normalize, paths, resolve, schema, unique};

/// The names Compose looks for, in its order.
pub const COMPOSE_NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDE_NAMES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Reads a project.
///
/// # Errors
/// What leaves nothing to look at. What can be read around (an env file or included file that is missing
/// or broken, a reference to nothing) is listed in [`Project::problems`] instead.
pub fn load(request: &Request<'_>, files: &mut Files) -> Result<Project> {
    let mut reader = Reader::new(files, (request.environment)("HOME"));
    let nowhere = Node::from(Value::Null);
    let mut around = Surroundings::new(request.environment);
    let directory = directory(request)?;
    let env = directory.join(".env");
    if env.is_file() {
        match reader.environment_of(&[(env, nowhere.clone())], &around) {
            Ok(variables) => around.add(variables),
            Err(error) => reader.problems.push(error),
        }
    }
    let found = find_files(request, &directory, &around)?;
    // `COMPOSE_FILE` may point elsewhere; the project's directory is then where the first file is.
    let directory = match (request.directory, found.first().and_then(|file| file.parent())) {
        (None, Some(parent)) => parent.to_owned(),
        _ => directory,
    };
    let named: Vec<(Utf8PathBuf, Node)> = found.into_iter().map(|file| (file, nowhere.clone())).collect();
    let name = reader.project_name(&named, &directory, &around)?;
    around.force("COMPOSE_PROJECT_NAME", name.clone());
    let part = Part { files: &named, directory: &directory, around: &around, missing: None };
    let model = reader.part(&part, &[])?;
    if model.as_mapping().is_none_or(Mapping::is_empty) {
        return Err(ComposeError::at(ComposeErrorKind::Empty, model.origin));
    }
    reader.finish(model, name, request, &around)
}

/// What a file takes away from those before it, or puts in their place.
#[derive(Debug, Default)]
pub(crate) struct Resets(Vec<(Place, Option<Origin>)>);

impl Resets {
    /// Removes it.
    pub(crate) fn apply(&self, project: &mut Node, overridden: &mut Overridden) {
        if !self.0.is_empty() {
            self.remove(project, &Place::root(), overridden);
        }
    }

    fn remove(&self, node: &mut Node, place: &Place, overridden: &mut Overridden) {
        let Some(mapping) = node.as_mapping_mut() else { return };
        mapping.retain(|key, child| {
            let place = place.key(key);
            let reset = self.0.iter().find(|(reset, _)| *reset == place);
            if let Some((_, origin)) = reset {
                note(child, &Node::from(Value::Null).at(*origin), overridden);
            } else {
                self.remove(child, &place, overridden);
            }
            reset.is_none()
        });
    }

    /// Notes the tags below a node, and takes out what is tagged `!reset`.
    fn collect(&mut self, node: &mut Node, place: &Place, tags: &HashMap<Origin, String>) {
        let mut stays = |child: &mut Node, place: Place| {
            let tag = child.origin.and_then(|origin| tags.get(&origin)).map(String::as_str);
            if let Some("reset" | "override") = tag {
                self.0.push((place, child.origin));
                return tag != Some("reset");
            }
            self.collect(child, &place, tags);
            true
        };
        match &mut node.value {
            Value::Mapping(mapping) => mapping.retain(|key, child| stays(child, place.key(key))),
            Value::Sequence(items) => items.retain_mut(|child| stays(child, place.key("[]"))),
            _ => {}
        }
    }
}

/// Files that make up a project, or a part of one.
pub(crate) struct Part<'a> {
    /// Each with the node that names it.
    pub(crate) files: &'a [(Utf8PathBuf, Node)],
    pub(crate) directory: &'a Utf8Path,
    pub(crate) around: &'a Surroundings<'a>,
    pub(crate) missing: Option<MissingRole>,
}

/// Where a document is being read.
pub(crate) struct Stage<'a> {
    pub(crate) file: &'a Utf8Path,
    pub(crate) directory: &'a Utf8Path,
    pub(crate) around: &'a Surroundings<'a>,
    /// The files on the way here. `None` for a file that is read for a base to extend only: its own
    /// `extends` and `include` wait, and it is checked as a part of what it becomes.
    pub(crate) included: Option<&'a [Utf8PathBuf]>,
}

impl Reader<'_> {
    /// Reads files one over the other.
    pub(crate) fn part(&mut self, part: &Part<'_>, included: &[Utf8PathBuf]) -> Result<Node> {
        let mut project = Node::mapping();
        let mut included = included.to_vec();
        for (file, named) in part.files {
            let parsed = self.compose(file, part.missing, named)?;
            included.push(file.clone());
            let stage =
                Stage { file, directory: part.directory, around: part.around, included: Some(&included) };
            let mut resets = Resets::default();
            for document in &parsed.documents {
                project = self.document(document, &parsed.tags, project, &stage, &mut resets)?;
            }
        }
        let root = Place::root();
        defaults::fill_in(&mut project, &root);
        defaults::check(&project, &root)?;
        paths::make_absolute(&mut project, &root, part.directory, self.home.as_deref())?;
        normalize::resolve_lists(&mut project, part.around);
        Ok(project)
    }

    /// Lays a document over what was read before it.
    pub(crate) fn document(
        &mut self,
        document: &Node,
        tags: &HashMap<Origin, String>,
        mut project: Node,
        stage: &Stage<'_>,
        resets: &mut Resets,
    ) -> Result<Node> {
        let root = Place::root();
        let mut over = document.clone();
        if over.as_mapping().is_none() {
            return Err(ComposeError::wrong("the file".to_owned(), "a mapping", over.origin));
        }
        if !tags.is_empty() {
            resets.collect(&mut over, &root, tags);
        }
        replace(&mut over, &root, stage.around, &mut self.findings, &mut self.budget)?;
        if let Some(included) = stage.included {
            let base = Base { file: stage.file, directory: stage.directory, around: stage.around, resets };
            self.extend_all(&mut over, &base)?;
            resets.apply(&mut project, &mut self.overridden);
            self.take_in(&mut over, stage, included)?;
        } else {
            resets.apply(&mut project, &mut self.overridden);
        }
        let origin = over.origin;
        let mut merged = merge(project, over, &root, &mut self.overridden)?;
        merged.origin = merged.origin.or(origin);
        unique::enforce(&mut merged, &root, &mut self.overridden)?;
        if stage.included.is_some() {
            schema::check(&merged)?;
            if let Some(mapping) = merged.as_mapping_mut() {
                mapping.shift_remove("version");
            }
        }
        spell_out(&mut merged, &root, &mut self.budget)?;
        unique::enforce(&mut merged, &root, &mut self.overridden)?;
        Ok(merged)
    }

    fn project_name(
        &mut self,
        files: &[(Utf8PathBuf, Node)],
        directory: &Utf8Path,
        around: &Surroundings<'_>,
    ) -> Result<String> {
        let refuse = |origin| ComposeError::at(ComposeErrorKind::ProjectName, origin);
        if let Some(name) = around.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()) {
            return if normalized(&name) == name { Ok(name) } else { Err(refuse(None)) };
        }
        let mut written: Option<Node> = None;
        for (file, named) in files {
            for document in &self.compose(file, None, named)?.documents {
                let name =
                    document.get("name").filter(|name| printed(name).is_some_and(|name| !name.is_empty()));
                written = name.cloned().or(written);
            }
        }
        let name = match written {
            Some(mut name) => {
                let origin = name.origin;
                replace(&mut name, &Place::of(&["name"]), around, &mut self.findings, &mut self.budget)?;
                let name = normalized(&printed(&name).unwrap_or_default());
                return if name.is_empty() { Err(refuse(origin)) } else { Ok(name) };
            }
            None => normalized(directory.file_name().unwrap_or_default()),
        };
        if name.is_empty() { Err(refuse(None)) } else { Ok(name) }
    }

    fn finish(
        mut self,
        mut model: Node,
        name: String,
        request: &Request<'_>,
        around: &Surroundings<'_>,
    ) -> Result<Project> {
        model.set(
            "name",
            Node::from(name.clone()).at(model.get("name").map_or(model.origin, |node| node.origin)),
        );
        normalize::normalize(&mut model, &name, around);
        let mut node = decode::decode(&model)?;
        if node.get("services").is_none() {
            node.set("services", Node::mapping().at(node.origin));
        }
        let disabled = resolve::switch_off(&mut node, &profiles(request, around));
        self.problems.extend(consistency::check(&node, &disabled));
        self.resolve_environment(&mut node, around)?;
        resolve::leave_out_unused(&mut node);
        self.problems.extend(consistency::container_names(&node));
        let mut findings = self.findings;
        findings.unset.dedup();
        // An extended file is read as often as it is named.
        for missing in findings.missing {
            if !self.problems.contains(&missing) {
                self.problems.push(missing);
            }
        }
        Ok(Project {
            name,
            node,
            documents: self.documents,
            overridden: self.overridden,
            interpolated: findings.interpolated,
            unset: findings.unset,
            disabled,
            problems: self.problems,
            unread_env_files: self.unread_env_files,
        })
    }
}

fn profiles(request: &Request<'_>, around: &Surroundings<'_>) -> Vec<String> {
    if !request.profiles.is_empty() {
        return request.profiles.to_vec();
    }
    let listed = around.get("COMPOSE_PROFILES").unwrap_or_default();
    listed.split(',').map(|profile| profile.trim().to_owned()).collect()
}

/// A name as Compose makes it fit.
fn normalized(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let kept: String = name.to_lowercase().chars().filter(fits).collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    let here = std::env::current_dir().ok().and_then(|here| Utf8PathBuf::from_path_buf(here).ok());
    let joined = here.unwrap_or_else(|| "/".into()).join(path);
    clean(joined.as_str()).into()
}

fn directory(request: &Request<'_>) -> Result<Utf8PathBuf> {
    if let Some(directory) = request.directory {
        return Ok(absolute(directory));
    }
    let first = request.files.first().map(|file| absolute(file));
    let parent = first.as_ref().and_then(|file| file.parent());
    Ok(parent.map_or_else(|| absolute(Utf8Path::new("")), Utf8Path::to_owned))
}

fn find_files(
    request: &Request<'_>,
    directory: &Utf8Path,
    around: &Surroundings<'_>,
) -> Result<Vec<Utf8PathBuf>> {
    if !request.files.is_empty() {
        return Ok(request.files.iter().map(|file| absolute(file)).collect());
    }
    if let Some(listed) = around.get("COMPOSE_FILE") {
        let separator = around.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
        let files = listed.split(separator.as_deref().unwrap_or(":"));
        return Ok(files.map(|file| clean(directory.join(file).as_str()).into()).collect());
    }
    let first = |names: [&str; 4]| names.iter().map(|name| directory.join(name)).find(|path| path.is_file());
    let main = first(COMPOSE_NAMES)
        .ok_or_else(|| ComposeError::at(ComposeErrorKind::NoFile(directory.to_owned()), None))?;
    Ok([main].into_iter().chain(first(OVERRIDE_NAMES)).collect())
}
