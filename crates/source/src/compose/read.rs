//! From a Compose project to objects.

use camino::{Utf8Path, Utf8PathBuf};
use compose::{ComposeError, Request};
use installation::Object;
use tree::env_file::{Dialect, differences};
use tree::{Files, Mapping, Node};

use super::{volumes, workload};
use crate::{Document, Form, Note, NoteKind, Role, SourceError, SourceErrorKind, Sourced, Unread};

/// Reads a project: a folder as Compose reads it when run there (`COMPOSE_FILE`, else the default names with their
/// override file), a file as `docker compose -f FILE` reads it, or several files joined by `:`, later ones over
/// earlier. Variables are taken from the environment of this process, as Compose takes them from its own.
pub(crate) fn read_compose(path: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut files = Files::new();
    let is_folder = path.is_dir();
    let named: Vec<Utf8PathBuf> = match path.exists() {
        true if is_folder => Vec::new(),
        true => vec![path.to_owned()],
        false => path.as_str().split(':').map(Utf8PathBuf::from).collect(),
    };
    if let Some(missing) = named.iter().find(|file| !file.exists()) {
        let kind = SourceErrorKind::NoSuchPath(missing.clone());
        return Err(SourceError { kind, origin: None, files });
    }
    let environment = |name: &str| std::env::var(name).ok();
    let request = Request {
        files: &named,
        directory: is_folder.then_some(path),
        profiles: &[],
        environment: &environment,
    };
    match compose::load(&request, &mut files) {
        Ok(project) => Ok(sourced(project, files)),
        Err(error) => {
            let (kind, origin) = told(error);
            Err(SourceError { kind, origin, files })
        }
    }
}

/// Whether a file is a Compose file: `services` at its top, and no Kubernetes object.
pub(crate) fn holds_services(path: &Utf8Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    if !text.contains("services") {
        return false;
    }
    let mut files = Files::new();
    let file = files.add(path.as_str(), text);
    let documents = tree::parse(&files, file).unwrap_or_default();
    documents.first().is_some_and(|document| {
        let services = document.get("services").and_then(Node::as_mapping);
        let described =
            |service: &Node| ["image", "build", "extends"].iter().any(|key| service.get(key).is_some());
        document.get("kind").is_none() && services.is_some_and(|services| services.values().any(described))
    })
}

fn told(error: ComposeError) -> (SourceErrorKind, Option<tree::Origin>) {
    let origin = error.origin;
    (SourceErrorKind::Compose(Box::new(error)), origin)
}

fn sourced(project: compose::Project, files: Files) -> Sourced {
    let mut notes = notes(&project, &files);
    let mut objects = Vec::new();
    for (name, service) in project.node.get("services").and_then(Node::as_mapping).into_iter().flatten() {
        let (made, image) = workload::objects(&project, name, service);
        objects.extend(made);
        if let Some(image) = image {
            let kind = NoteKind::BuiltImage { service: name.clone(), image };
            notes.push(Note { kind, origin: service.get("build").and_then(|build| build.origin) });
        }
    }
    objects.extend(volumes::objects(&project));
    let role = |role| match role {
        compose::Role::Compose => Role::Object,
        compose::Role::EnvFile | compose::Role::ProjectEnv => Role::Settings,
    };
    let documents = project.documents.into_iter();
    let documents = documents.map(|one| Document { file: one.file, role: role(one.role), node: one.node });
    let unread = project.problems.into_iter().map(|problem| {
        let (kind, origin) = told(problem);
        Unread { kind, origin }
    });
    Sourced {
        documents: documents.collect(),
        objects: objects.into_iter().map(Object::new).collect(),
        normalised: Some(project.node),
        overridden: project.overridden,
        interpolated: project.interpolated,
        unread: unread.collect(),
        notes,
        ..Sourced::new(Form::Compose, files)
    }
}

/// Variables that became nothing, and those that not every reader of env files reads alike.
fn notes(project: &compose::Project, files: &Files) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for (name, origin) in &project.unset {
        let note = Note { kind: NoteKind::UnsetVariable { name: name.clone() }, origin: Some(*origin) };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let env_files = project.documents.iter().filter(|document| document.role == compose::Role::EnvFile);
    for document in env_files {
        let found = differences(files, document.file, &[Dialect::Compose, Dialect::Dotenv, Dialect::Kubectl]);
        let Some(first) = found.variables.first() else { continue };
        let names = found.variables.iter().map(|difference| difference.name.clone()).collect();
        notes.push(Note { kind: NoteKind::ReadDifferently { names }, origin: Some(first.origin) });
    }
    for (name, origin) in &project.disabled {
        notes.push(Note { kind: NoteKind::SwitchedOff { service: name.clone() }, origin: *origin });
    }
    notes
}

/// Gives every node that has no place of its own that of what it was made from.
pub(super) fn placed(mut node: Node, origin: Option<tree::Origin>) -> Node {
    node.origin = node.origin.or(origin);
    match &mut node.value {
        tree::Value::Mapping(mapping) => place_all(mapping, node.origin),
        tree::Value::Sequence(items) => {
            for item in items.iter_mut() {
                *item = placed(std::mem::replace(item, Node::mapping()), node.origin);
            }
        }
        _ => {}
    }
    node
}

fn place_all(mapping: &mut Mapping, origin: Option<tree::Origin>) {
    for child in mapping.values_mut() {
        *child = placed(std::mem::replace(child, Node::mapping()), origin);
    }
}
