//! From a directory to its objects.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use tree::patch::{self, Losses};
use tree::{Files, Node, Origin, Value};

use crate::accumulate::{Building, Gathered, Here};
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::field::rewrite;
use crate::identity::Object;
use crate::order::Order;
use crate::place::{Place, normal};
use crate::reading::{Document, Reading};
use crate::trail::Metadata;
use crate::{hash, reference, variables};

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
    run(dir, files, None).map(|(build, _)| build)
}

/// Builds what can be built of a directory, and tells what could not be read or obeyed.
///
/// A resource that is missing or broken, a file that a generator does not find, a misspelt field, a patch
/// whose target is gone: each is left out and told. What stands beside them is built as if they had never
/// been named, so the result is for looking at, not for applying.
///
/// # Errors
/// If there is nothing to build: no kustomization, or one that cannot be read at all; or too much.
pub fn build_with_gaps(
    dir: &Utf8Path,
    files: &mut Files,
) -> Result<(Build, Vec<KustomizeError>), KustomizeError> {
    run(dir, files, Some(Vec::new()))
}

fn run(
    dir: &Utf8Path,
    files: &mut Files,
    gaps: Option<Vec<KustomizeError>>,
) -> Result<(Build, Vec<KustomizeError>), KustomizeError> {
    let name = normal(dir);
    let real = dir.canonicalize_utf8().map_err(|_| KustomizeError {
        kind: KustomizeErrorKind::MissingFile { path: dir.to_owned() },
        origin: None,
        file: dir.to_owned(),
    })?;
    let mut building = Building {
        reading: Reading::new(files),
        losses: Losses::new(),
        gaps,
        tracking: false,
        added: 0,
        deleted: false,
        noted: HashSet::new(),
    };
    let here = building.enter(Place { real, name }, None, &Utf8PathBuf::new(), &[])?;
    let metadata = building.metadata(&here)?;
    building.tracking = metadata.origins.is_some() || metadata.transformers.is_some();
    let gathered = building.accumulate(&here, Gathered::default())?;
    let objects = building.finish(gathered, &here, metadata)?;
    let build = Build {
        objects: objects.into_iter().map(|object| object.node).collect(),
        documents: building.reading.documents,
        overridden: building.losses,
    };
    Ok((build, building.gaps.unwrap_or_default()))
}

impl Building<'_> {
    /// What `buildMetadata` asks for.
    fn metadata(&mut self, here: &Here) -> Result<Metadata, KustomizeError> {
        let mut metadata = Metadata::default();
        for entry in here.says.list("buildMetadata") {
            match entry.as_str() {
                Some("originAnnotations") => metadata.origins = entry.origin,
                Some("transformerAnnotations") => metadata.transformers = entry.origin,
                Some("managedByLabel") => metadata.managed_by = entry.origin,
                _ => {
                    let field = "buildMetadata".to_owned();
                    let wanted = "originAnnotations, transformerAnnotations or managedByLabel";
                    let wrong = Err(KustomizeErrorKind::BadField { field, wanted });
                    self.settle(wrong, entry.origin, here)?;
                }
            }
        }
        Ok(metadata)
    }

    /// What is done once, after all directories.
    fn finish(
        &mut self,
        mut gathered: Gathered,
        here: &Here,
        metadata: Metadata,
    ) -> Result<Vec<Object>, KustomizeError> {
        let config = std::rc::Rc::clone(&gathered.config);
        let declared = std::mem::take(&mut gathered.variables);
        let objects = gathered.change();
        for object in objects.iter_mut().filter(|object| object.hashed) {
            add_hash(object);
        }
        let mut faults = reference::follow(objects, &config.name_reference, &mut self.losses);
        faults.extend(variables::resolve(objects, &declared, &config.var_reference, &mut self.losses));
        for (kind, origin) in faults {
            self.settle(Err(kind), origin, here)?;
        }
        self.drop_local(objects);
        let order = Order::read(here.says.get("sortOptions"));
        let order = order.map_err(|kind| {
            let origin = here.says.get("sortOptions").and_then(|options| options.origin);
            self.reading.error(kind, origin, &here.name)
        });
        if let Some(order) = self.tolerate(order)? {
            order.apply(objects);
            let mut seen = HashSet::new();
            let twice = objects.iter().find(|object| !seen.insert(object.id().key()));
            if let Some(object) = twice.filter(|_| order != Order::AsRead) {
                let kind = KustomizeErrorKind::Duplicate { id: object.id().to_string() };
                self.settle(Err(kind), object.origin(), here)?;
            }
        }
        metadata.write(objects, &mut self.losses);
        self.drop_empty_annotations(objects);
        Ok(std::mem::take(objects))
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

    /// Kustomize writes no annotations where there are none in them.
    fn drop_empty_annotations(&mut self, objects: &mut [Object]) {
        for object in objects {
            let Some(metadata) = object.node.get_mut("metadata").and_then(Node::as_mapping_mut) else {
                continue;
            };
            let empty = metadata.get("annotations").is_some_and(|node| match &node.value {
                Value::Null => true,
                Value::Mapping(members) => members.is_empty(),
                _ => false,
            });
            if empty && let Some(gone) = metadata.shift_remove("annotations") {
                self.losses.extend(gone.origin.map(|origin| (origin, origin)));
            }
        }
    }
}

/// Adds the hash of what it holds to an object's name.
fn add_hash(object: &mut Object) {
    let suffix = hash::suffix(&object.node);
    let name = object.id().name.clone();
    object.remember();
    let metadata = object.node.ensure(&["metadata"]);
    if let Some(node) = metadata.get_mut("name") {
        rewrite(node, format!("{name}-{suffix}"));
    }
    object.settle();
}
