//! From a directory to its objects.

use camino::{Utf8Path, Utf8PathBuf};
use tree::patch::{self, Losses};
use tree::{FileId, Files, Node, Origin};

use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::identity::{Object, check};
use crate::kustomization::Kustomization;
use crate::patching::Patching;
use crate::place::{Place, is_remote, normal};
use crate::reading::{Document, Reading, Role};
use crate::{image, label, namespace, order};

/// What a directory was built to.
///
/// A leaf of a document whose origin no object has any more was a directive of the build, a patch's
/// identity, or is listed in `overridden`.
#[derive(Debug, Clone)]
pub struct Build {
    /// The objects, in the order `kustomize build` puts them out.
    pub objects: Vec<Node>,
    /// Every document that was read, once each.
    pub documents: Vec<Document>,
    /// Leaves that were replaced or deleted: the leaf's origin, and the origin of what did it.
    pub overridden: Vec<(Origin, Origin)>,
}

/// Builds a directory as `kustomize build` does.
///
/// # Errors
/// If anything in it is wrong, missing or not supported: the first such thing, with its place.
pub fn build(dir: &Utf8Path, files: &mut Files) -> Result<Build, KustomizeError> {
    let name = normal(dir);
    let real = dir.canonicalize_utf8().map_err(|_| KustomizeError {
        kind: KustomizeErrorKind::MissingFile { path: dir.to_owned() },
        origin: None,
        file: dir.to_owned(),
    })?;
    let mut building = Building { reading: Reading::new(files), losses: Losses::new() };
    let place = Place { real, name };
    let (mut objects, unsorted) = building.directory(&place, None, &[])?;
    namespace::follow(&mut objects, &mut building.losses)
        .map_err(|kind| building.reading.error(kind, None, &place.name))?;
    building.drop_local(&mut objects);
    if !unsorted {
        objects.sort_by_cached_key(|object| order::key(&object.id()));
    }
    Ok(Build {
        objects: objects.into_iter().map(|object| object.node).collect(),
        documents: building.reading.documents,
        overridden: building.losses,
    })
}

/// A file named in a kustomization, which must stand in its directory or below.
pub(crate) fn file_below(root: &Place, path: &str) -> Result<Place, KustomizeErrorKind> {
    let place = root.resolve(path);
    let real = match place.real.canonicalize_utf8() {
        Ok(real) => real,
        Err(_) if is_remote(path) => return Err(KustomizeErrorKind::Remote { url: path.to_owned() }),
        Err(_) => return Err(KustomizeErrorKind::MissingFile { path: place.name }),
    };
    if !real.starts_with(&root.real) {
        return Err(KustomizeErrorKind::OutsideRoot { path: place.name });
    }
    Ok(Place { real, name: place.name })
}

struct Building<'a> {
    reading: Reading<'a>,
    losses: Losses,
}

impl Building<'_> {
    /// The objects of a directory, and whether they stay in the order read.
    fn directory(
        &mut self,
        place: &Place,
        asked: Option<Origin>,
        above: &[Utf8PathBuf],
    ) -> Result<(Vec<Object>, bool), KustomizeError> {
        let file_place = self.kustomization_file(place, asked)?;
        let documents = self.reading.file(&file_place, Role::Kustomization, asked)?;
        let found = documents.first().and_then(|first| self.reading.documents.get(*first));
        let Some(document) = found.filter(|_| documents.len() == 1) else {
            let kind = KustomizeErrorKind::NotKustomization("it must have one document".to_owned());
            return Err(self.reading.error(kind, None, &file_place.name));
        };
        let file = document.file;
        let kustomization = Kustomization::read(&document.node, &self.reading, &file_place.name)?;
        let mut above = above.to_vec();
        above.push(place.real.clone());
        let mut objects = Vec::new();
        for entry in &kustomization.resources {
            self.resource(&mut objects, entry, place, &above, &file_place.name)?;
        }
        self.change(&mut objects, &kustomization, place, file, &file_place.name)?;
        Ok((objects, kustomization.unsorted))
    }

    fn kustomization_file(&self, place: &Place, asked: Option<Origin>) -> Result<Place, KustomizeError> {
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let mut found = names.iter().map(|name| place.resolve(name)).filter(|file| file.real.is_file());
        let path = place.name.clone();
        match (found.next(), found.next()) {
            (Some(file), None) => Ok(file),
            (None, _) => {
                Err(self.reading.error(KustomizeErrorKind::NoKustomization { path }, asked, &place.name))
            }
            (Some(_), Some(_)) => Err(self.reading.error(
                KustomizeErrorKind::SeveralKustomizations { path },
                asked,
                &place.name,
            )),
        }
    }

    /// An entry of `resources`: a file, or a directory to build.
    fn resource(
        &mut self,
        objects: &mut Vec<Object>,
        entry: &Node,
        place: &Place,
        above: &[Utf8PathBuf],
        file: &Utf8Path,
    ) -> Result<(), KustomizeError> {
        let Some(path) = entry.as_str() else {
            let kind =
                KustomizeErrorKind::BadField { field: "resources".to_owned(), wanted: "a list of paths" };
            return Err(self.reading.error(kind, entry.origin, file));
        };
        let found = place.resolve(path);
        if !found.real.is_dir() {
            let found =
                file_below(place, path).map_err(|kind| self.reading.error(kind, entry.origin, file))?;
            let documents = self.reading.file(&found, Role::Resource, entry.origin)?;
            let nodes = documents.iter().filter_map(|document| self.reading.documents.get(*document));
            let nodes = nodes.map(|document| document.node.clone()).collect();
            return self.add(objects, inlined(nodes), &found.name);
        }
        let real = found.real.canonicalize_utf8().map_err(|error| {
            self.reading.error(KustomizeErrorKind::Unreadable(error.to_string()), entry.origin, file)
        })?;
        if above.iter().any(|root| root.starts_with(&real)) {
            let kind = KustomizeErrorKind::Cycle { path: found.name };
            return Err(self.reading.error(kind, entry.origin, file));
        }
        let nested = Place { real, name: found.name };
        for object in self.directory(&nested, entry.origin, above)?.0 {
            self.append(objects, object, &nested.name)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        objects: &mut Vec<Object>,
        nodes: Vec<Node>,
        file: &Utf8Path,
    ) -> Result<(), KustomizeError> {
        for node in nodes {
            check(&node).map_err(|kind| self.reading.error(kind, node.origin, file))?;
            self.append(objects, Object { node, former: Vec::new() }, file)?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        objects: &mut Vec<Object>,
        object: Object,
        file: &Utf8Path,
    ) -> Result<(), KustomizeError> {
        let id = object.id();
        if objects.iter().any(|other| other.id().same(&id)) {
            let kind = KustomizeErrorKind::Duplicate { id: id.to_string() };
            return Err(self.reading.error(kind, object.node.origin, file));
        }
        objects.push(object);
        Ok(())
    }

    /// Applies all that a kustomization says, in Kustomize's order.
    fn change(
        &mut self,
        objects: &mut Vec<Object>,
        says: &Kustomization,
        place: &Place,
        file: FileId,
        name: &Utf8Path,
    ) -> Result<(), KustomizeError> {
        let mut patching =
            Patching { reading: &mut self.reading, losses: &mut self.losses, place, file, name };
        for entry in &says.strategic_patches {
            patching.strategic(objects, entry)?;
        }
        for entry in &says.patches {
            patching.entry(objects, entry, "patches")?;
        }
        if let Some(new) = &says.namespace {
            namespace::set(objects, new, patching.losses);
            let clash = objects.iter().enumerate().find(|(place, object)| {
                objects.iter().take(*place).any(|other| other.id().same(&object.id()))
            });
            if let Some((_, object)) = clash {
                let kind = KustomizeErrorKind::Duplicate { id: object.id().to_string() };
                return Err(patching.reading.error(kind, new.origin, name));
            }
        }
        for entry in &says.labels {
            label::label(objects, entry, patching.losses)
                .map_err(|kind| patching.reading.error(kind, entry.origin, name))?;
        }
        if let Some(pairs) = &says.common_labels {
            label::common(objects, pairs, patching.losses);
        }
        if let Some(pairs) = &says.common_annotations {
            label::annotate(objects, pairs, patching.losses);
        }
        for entry in &says.json_patches {
            patching.entry(objects, entry, "patchesJson6902")?;
        }
        for entry in &says.replicas {
            image::scale(objects, entry, patching.losses)
                .map_err(|kind| patching.reading.error(kind, entry.origin, name))?;
        }
        for entry in &says.images {
            image::change(objects, entry, patching.losses)
                .map_err(|kind| patching.reading.error(kind, entry.origin, name))?;
        }
        Ok(())
    }

    /// Objects that are for tools only are not put out.
    fn drop_local(&mut self, objects: &mut Vec<Object>) {
        objects.retain(|object| {
            let mark = object.node.at_keys(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
            let local = mark.filter(|mark| mark.as_text().as_deref() != Some("false"));
            if let Some(mark) = local {
                patch::note_lost(&mut self.losses, &object.node, mark.origin);
                self.losses.extend(mark.origin.map(|origin| (origin, origin)));
            }
            local.is_none()
        });
    }
}

/// Replaces lists of objects by their items, which come after all else of the file.
fn inlined(nodes: Vec<Node>) -> Vec<Node> {
    let mut queue = std::collections::VecDeque::from(nodes);
    let mut objects = Vec::new();
    while let Some(node) = queue.pop_front() {
        let list = node.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        match node.get("items") {
            Some(items) if list => queue.extend(items.items().cloned()),
            _ => objects.push(node),
        }
    }
    objects
}
