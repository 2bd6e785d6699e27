//! Applying the patches of a kustomization.

use camino::Utf8Path;
use tree::patch::{self, Losses, PatchError};
use tree::{FileId, Node, Origin, Value, schema};

use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::identity::{Id, Object, check};
use crate::kustomization::known;
use crate::place::Place;
use crate::reading::{Reading, Role};
use crate::selector::Selector;

/// The patches of one kustomization, being applied.
pub(crate) struct Patching<'a, 'b> {
    pub(crate) reading: &'a mut Reading<'b>,
    pub(crate) losses: &'a mut Losses,
    pub(crate) place: &'a Place,
    /// The kustomization.
    pub(crate) file: FileId,
    pub(crate) name: &'a Utf8Path,
}

impl Patching<'_, '_> {
    fn fail<T>(&self, kind: KustomizeErrorKind, origin: Option<Origin>) -> Result<T, KustomizeError> {
        Err(self.reading.error(kind, origin, self.name))
    }

    fn check<T>(&self, result: Result<T, KustomizeErrorKind>, node: &Node) -> Result<T, KustomizeError> {
        result.map_err(|kind| self.reading.error(kind, node.origin, self.name))
    }

    /// An entry of `patchesStrategicMerge`: a path, or the patch itself.
    pub(crate) fn strategic(
        &mut self,
        objects: &mut Vec<Object>,
        entry: &Node,
    ) -> Result<(), KustomizeError> {
        let Some(text) = entry.as_str() else {
            let field = "patchesStrategicMerge".to_owned();
            return self
                .fail(KustomizeErrorKind::BadField { field, wanted: "a list of texts" }, entry.origin);
        };
        let patches = if text.contains('\n') { self.inline(entry)? } else { self.file(text, entry.origin)? };
        if patches.is_empty() {
            let field = "patchesStrategicMerge".to_owned();
            return self.fail(KustomizeErrorKind::BadField { field, wanted: "patches" }, entry.origin);
        }
        patches.into_iter().try_for_each(|document| self.by_identity(objects, document))
    }

    /// An entry of `patches`, or of `patchesJson6902`, which knows only one kind.
    pub(crate) fn entry(
        &mut self,
        objects: &mut Vec<Object>,
        entry: &Node,
        field: &str,
    ) -> Result<(), KustomizeError> {
        self.check(known(field, entry, &["path", "patch", "target"]), entry)?;
        let text = |member: &str| {
            entry.get(member).filter(|node| node.as_str().is_some_and(|s| !s.trim().is_empty()))
        };
        let patches = match (text("path"), text("patch")) {
            (Some(path), None) => self.file(path.as_str().unwrap_or_default(), path.origin)?,
            (None, Some(inline)) => self.inline(inline)?,
            _ => {
                let wanted = "a mapping with either path or patch";
                return self
                    .fail(KustomizeErrorKind::BadField { field: field.to_owned(), wanted }, entry.origin);
            }
        };
        let selector = match entry.get("target").filter(|target| target.value != Value::Null) {
            Some(target) => Some(self.check(Selector::read(target), target)?),
            None => None,
        };
        let Some(first) = patches.first().copied() else { return Ok(()) };
        let node = self.node(first);
        if matches!(node.value, Value::Sequence(_)) {
            let Some(selector) = selector else {
                let field = format!("{field}.target");
                return self.fail(KustomizeErrorKind::BadField { field, wanted: "given" }, entry.origin);
            };
            return self.operations(objects, first, &selector);
        }
        if field == "patchesJson6902" {
            let error = PatchError { kind: patch::PatchErrorKind::NotOperations, origin: node.origin };
            return self.fail(KustomizeErrorKind::Patch(error), node.origin);
        }
        match selector {
            None => patches.into_iter().try_for_each(|document| self.by_identity(objects, document)),
            Some(_) if patches.len() > 1 => {
                let wanted = "absent where the patch has several documents";
                let field = format!("{field}.target");
                self.fail(KustomizeErrorKind::BadField { field, wanted }, entry.origin)
            }
            Some(selector) => self.by_selector(objects, first, &selector),
        }
    }

    fn node(&self, document: usize) -> Node {
        self.reading.documents.get(document).map_or_else(|| Value::Null.into(), |found| found.node.clone())
    }

    fn file(&mut self, path: &str, asked: Option<Origin>) -> Result<Vec<usize>, KustomizeError> {
        let place = crate::build::file_below(self.place, path)
            .map_err(|kind| self.reading.error(kind, asked, self.name))?;
        self.reading.file(&place, Role::Patch, asked)
    }

    fn inline(&mut self, scalar: &Node) -> Result<Vec<usize>, KustomizeError> {
        self.reading.inline(scalar, self.file, self.name)
    }

    /// A strategic patch for the object it names.
    fn by_identity(&mut self, objects: &mut Vec<Object>, document: usize) -> Result<(), KustomizeError> {
        let patch = self.node(document);
        self.check(check(&patch), &patch)?;
        let id = Id::of(&patch);
        let mut fitting = objects.iter().enumerate().filter(|(_, object)| object.answers_to(&id));
        let (found, other) = (fitting.next().map(|(place, _)| place), fitting.next().is_some());
        match found {
            None => self.fail(KustomizeErrorKind::NoMatch { id: id.to_string() }, patch.origin),
            Some(_) if other => {
                self.fail(KustomizeErrorKind::SeveralMatches { id: id.to_string() }, patch.origin)
            }
            Some(place) => self.merge(objects, place, &patch, document),
        }
    }

    fn by_selector(
        &mut self,
        objects: &mut Vec<Object>,
        document: usize,
        selector: &Selector,
    ) -> Result<(), KustomizeError> {
        let patch = self.node(document);
        self.check(check(&patch), &patch)?;
        let fitting: Vec<usize> =
            (0..objects.len()).filter(|place| selector.fits(&objects[*place])).collect();
        // From the last to the first, because a patch may delete the object.
        fitting.into_iter().rev().try_for_each(|place| self.merge(objects, place, &patch, document))
    }

    fn merge(
        &mut self,
        objects: &mut Vec<Object>,
        place: usize,
        patch: &Node,
        document: usize,
    ) -> Result<(), KustomizeError> {
        let object = &mut objects[place];
        let id = object.id();
        let kind = if schema::is_built_in(&id.api_version(), &id.kind) { id.kind.as_str() } else { "" };
        let base = std::mem::replace(&mut object.node, Value::Null.into());
        let change = without_identity(patch);
        match patch::strategic_merge_as_kustomize(base, &change, kind, self.losses) {
            Err(error) => {
                let origin = error.origin;
                return self.fail(KustomizeErrorKind::Patch(error), origin.or(patch.origin));
            }
            Ok(Some(node)) => object.node = node,
            Ok(None) => {
                objects.remove(place);
            }
        }
        self.reading.applied(document, &id.to_string());
        Ok(())
    }

    fn operations(
        &mut self,
        objects: &mut [Object],
        document: usize,
        selector: &Selector,
    ) -> Result<(), KustomizeError> {
        let operations = self.node(document);
        for object in objects.iter_mut().filter(|object| selector.fits(object)) {
            let id = object.id();
            object.remember();
            let base = std::mem::replace(&mut object.node, Value::Null.into());
            object.node = match patch::json_patch_noting(base, &operations, self.losses) {
                Ok(node) => node,
                Err(error) => {
                    let origin = error.origin;
                    return self.fail(KustomizeErrorKind::Patch(error), origin.or(operations.origin));
                }
            };
            self.check(check(&object.node), &operations)?;
            self.reading.applied(document, &id.to_string());
        }
        Ok(())
    }
}

/// A patch without what only says which object it is for: Kustomize lets no patch change that.
fn without_identity(patch: &Node) -> Node {
    let mut change = patch.clone();
    if let Value::Mapping(members) = &mut change.value {
        members.shift_remove("apiVersion");
        members.shift_remove("kind");
        if let Some(Value::Mapping(metadata)) = members.get_mut("metadata").map(|node| &mut node.value) {
            metadata.shift_remove("name");
            metadata.shift_remove("namespace");
        }
    }
    change
}
