//! Which forms a folder holds.

use camino::{Utf8Path, Utf8PathBuf};

use crate::compose::holds_services;
use crate::detect::KUSTOMIZATIONS;
use crate::folder::manifests_below;
use crate::{Form, Note, NoteKind};

/// The names Docker Compose looks for, in its order.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The forms that a folder holds at its top, each with the file that says so, in the order in which they are
/// preferred: a kustomization, a Compose file, a Helm chart or its values.
pub(crate) fn forms_in(folder: &Utf8Path) -> Vec<(Form, Utf8PathBuf)> {
    let first = |names: &[&str]| names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let kustomize = first(&KUSTOMIZATIONS).map(|path| (Form::Kustomize, path));
    let compose = first(&COMPOSE).or_else(|| only_compose_file(folder)).map(|path| (Form::Compose, path));
    let helm = first(&["Chart.yaml", "values.yaml", "values.yml"]).map(|path| (Form::HelmValues, path));
    kustomize.into_iter().chain(compose).chain(helm).collect()
}

/// The one file of a folder that is a Compose file under a name of its owner's own (`docker-compose.prod.yml`,
/// `mastodon.yml`), where it is the only YAML there.
fn only_compose_file(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().ok()?.filter_map(Result::ok);
    let mut files = entries.map(camino::Utf8DirEntry::into_path).filter(|path| {
        path.is_file() && matches!(path.extension(), Some("yaml" | "yml")) && !is_hidden(path)
    });
    match (files.next(), files.next()) {
        (Some(only), None) => holds_services(&only).then_some(only),
        _ => None,
    }
}

/// Whether Compose looks for a file of this name.
pub(crate) fn has_default_name(file: &Utf8Path) -> bool {
    file.file_name().is_some_and(|name| COMPOSE.contains(&name))
}

fn is_hidden(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| name.starts_with('.'))
}

/// What the folder holds beside the form that was read.
pub(crate) fn also_here(folder: &Utf8Path, read: Form) -> Vec<Note> {
    let others = forms_in(folder).into_iter().filter(|(form, _)| *form != read);
    others
        .filter_map(|(form, path)| {
            let form = match form {
                Form::Kustomize => "kustomize",
                Form::Compose => "compose",
                Form::HelmValues => "helm",
                Form::Manifests | Form::Live => return None,
            };
            Some(Note { kind: NoteKind::AlsoHere { path: path.into_string(), form }, origin: None })
        })
        .collect()
}

/// The folders below one that hold a kustomization which none of the others is below: the trees a repository
/// holds. `base` beside `overlays` counts, as only its owner knows which of them is applied.
pub(crate) fn kustomizations_below(folder: &Utf8Path) -> Vec<String> {
    let Ok(files) = manifests_below(folder) else { return Vec::new() };
    let named =
        files.iter().filter(|file| file.file_name().is_some_and(|name| KUSTOMIZATIONS.contains(&name)));
    named.filter_map(|file| file.parent()).map(|folder| folder.to_string()).collect()
}
