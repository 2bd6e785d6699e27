//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use camino::Utf8Path;
use tree::patch::{self, Losses, PatchError};
use tree::{FileId, Node, Origin, Value, schema};

use crate::accumulate::{Named, by_name};
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::identity::{Id, Object, check};
use crate::place::{Place, file_below};
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
    /// The places of the objects, by every name they have or had; made when it is first needed.
    pub(crate) named: Option<Named>,
    /// Some object was deleted.
    pub(crate) deleted: bool,
}

/// What a patch may change beside all else.
#[derive(Debug, Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

impl<'a, 'b> Patching<'a, 'b> {
    pub(crate) fn new(
        reading: &'a mut Reading<'b>,
        losses: &'a mut Losses,
        place: &'a Place,
        file: FileId,
        name: &'a Utf8Path,
    ) -> Self {
        Self { reading, losses, place, file, name, named: None, deleted: false }
    }

    fn fail<T>(&self, kind: KustomizeErrorKind, origin: Option<Origin>) -> Result<T, KustomizeError> {
        Err(self.reading.error(kind, origin, self.name))
    }

    fn check<T>(&self, result: Result<T, KustomizeErrorKind>, node: &Node) -> Result<T, KustomizeError> {
        result.map_err(|kind| self.reading.error(kind, node.origin, self.name))
    }

    /// An entry of `patchesStrategicMerge`: a path, or the patch itself.
    pub(crate) fn strategic(&mut self, objects: &mut [Object], entry: &Node) -> Result<(), KustomizeError> {
        let text = entry.as_str().unwrap_or_default();
        let inline = text.contains('\n') || text.trim_start().starts_with('{');
        let patches = if inline { self.inline(entry)? } else { self.file(text, entry.origin)? };
        if patches.is_empty() {
            let field = "patchesStrategicMerge".to_owned();
            return self.fail(KustomizeErrorKind::BadField { field, wanted: "patches" }, entry.origin);
        }
        patches.into_iter().try_for_each(|document| self.by_identity(objects, document, Allowed::default()))
    }

    /// An entry of `patches`, or of `patchesJson6902`, which knows only one kind.
    pub(crate) fn entry(
        &mut self,
        objects: &mut [Object],
        entry: &Node,
        field: &str,
    ) -> Result<(), KustomizeError> {
        let text = |member: &str| {
            entry.get(member).filter(|node| node.as_str().is_some_and(|s| !s.trim().is_empty()))
        };
        let patches = match (text("path"), text("patch").or(text("jsonOp"))) {
            (Some(path), None) => self.file(path.as_str().unwrap_or_default(), path.origin)?,
            (None, Some(inline)) => self.inline(inline)?,
            _ => {
                let wanted = "a mapping with either path or patch";
                return self
                    .fail(KustomizeErrorKind::BadField { field: field.to_owned(), wanted }, entry.origin);
            }
        };
        let selector = match entry.get("target") {
            Some(target) => Some(self.check(Selector::read(target), target)?),
            None => None,
        };
        let operations_only = field == "patchesJson6902";
        if operations_only && entry.str_at(&["target", "name"]).is_none_or(str::is_empty) {
            let field = format!("{field}.target.name");
            return self.fail(KustomizeErrorKind::BadField { field, wanted: "given" }, entry.origin);
        }
        let Some(first) = patches.first().copied() else { return Ok(()) };
        let node = self.node(first);
        if matches!(node.value, Value::Sequence(_)) {
            if !self.is_written_as_json(first, text("path").is_none().then(|| text("patch")).flatten()) {
                let field = format!("{field}.patch");
                let wanted = "JSON throughout where it begins with [";
                return self.fail(KustomizeErrorKind::BadField { field, wanted }, node.origin);
            }
            let Some(selector) = selector else {
                let field = format!("{field}.target");
                return self.fail(KustomizeErrorKind::BadField { field, wanted: "given" }, entry.origin);
            };
            return self.operations(objects, first, &selector, !operations_only);
        }
        if operations_only {
            let error = PatchError { kind: patch::PatchErrorKind::NotOperations, origin: node.origin };
            return self.fail(KustomizeErrorKind::Patch(error), node.origin);
        }
        let says = |option: &str| {
            entry.at_keys(&["options", option]).is_some_and(|node| node.value == Value::Bool(true))
        };
        let allowed = Allowed { name: says("allowNameChange"), kind: says("allowKindChange") };
        match selector {
            None => patches.into_iter().try_for_each(|document| self.by_identity(objects, document, allowed)),
            Some(_) if patches.len() > 1 => {
                let wanted = "absent where the patch has several documents";
                let field = format!("{field}.target");
                self.fail(KustomizeErrorKind::BadField { field, wanted }, entry.origin)
            }
            Some(selector) => self.by_selector(objects, first, &selector, allowed),
        }
    }

    /// Whether operations that begin like JSON are JSON throughout: Kustomize takes no flow YAML for them.
    fn is_written_as_json(&self, document: usize, inline: Option<&Node>) -> bool {
        let text = match inline.and_then(Node::as_str) {
            Some(text) => text.to_owned(),
            None => self
                .reading
                .documents
                .get(document)
                .map_or_else(String::new, |found| self.reading.text(found.file)),
        };
        let text = text.trim_start_matches('\u{feff}');
        !text.starts_with('[') || serde_json::from_str::<serde_json::Value>(text).is_ok()
    }

    fn node(&self, document: usize) -> Node {
        self.reading.documents.get(document).map_or_else(|| Value::Null.into(), |found| found.node.clone())
    }

    fn file(&mut self, path: &str, asked: Option<Origin>) -> Result<Vec<usize>, KustomizeError> {
        let place =
            file_below(self.place, path).map_err(|kind| self.reading.error(kind, asked, self.name))?;
        self.reading.file(&place, Role::Patch, asked)
    }

    fn inline(&mut self, scalar: &Node) -> Result<Vec<usize>, KustomizeError> {
        self.reading.inline(scalar, self.file, Role::InlinePatch, self.name)
    }

    /// The places of the objects that have or had a name.
    fn named(&mut self, objects: &[Object], name: &str) -> Vec<usize> {
        let named = self.named.get_or_insert_with(|| by_name(objects));
        named.get(name).cloned().unwrap_or_default()
    }

    /// A strategic patch for the object it names.
    fn by_identity(
        &mut self,
        objects: &mut [Object],
        document: usize,
        allowed: Allowed,
    ) -> Result<(), KustomizeError> {
        let patch = self.node(document);
        self.check(check(&patch), &patch)?;
        let id = Id::of(&patch);
        let named = self.named(objects, &id.name);
        let fits = |place: &usize| {
            objects.get(*place).is_some_and(|object| !object.is_gone() && object.answers_to(&id))
        };
        let fitting: Vec<usize> = named.into_iter().filter(fits).collect();
        match fitting.as_slice() {
            [] => self.fail(KustomizeErrorKind::NoMatch { id: id.to_string() }, patch.origin),
            [place] => self.merge(objects, *place, &patch, document, allowed),
            _ => self.fail(KustomizeErrorKind::SeveralMatches { id: id.to_string() }, patch.origin),
        }
    }

    /// The places of the objects that a target selects.
    fn selected(&mut self, objects: &[Object], selector: &Selector) -> Vec<usize> {
        let places = match selector.only_name() {
            Some(name) => self.named(objects, name),
            None => (0..objects.len()).collect(),
        };
        let fits = |place: &usize| {
            objects.get(*place).is_some_and(|object| !object.is_gone() && selector.fits(object))
        };
        places.into_iter().filter(fits).collect()
    }

    fn by_selector(
        &mut self,
        objects: &mut [Object],
        document: usize,
        selector: &Selector,
        allowed: Allowed,
    ) -> Result<(), KustomizeError> {
        let patch = self.node(document);
        self.check(check(&patch), &patch)?;
        for place in self.selected(objects, selector) {
            self.merge(objects, place, &patch, document, allowed)?;
        }
        if allowed.name || allowed.kind {
            let mut seen = std::collections::HashSet::new();
            let present = objects.iter().filter(|object| !object.is_gone());
            let twice = present.map(Object::id).find(|id| !seen.insert(id.key()));
            if let Some(id) = twice {
                return self.fail(KustomizeErrorKind::Duplicate { id: id.to_string() }, patch.origin);
            }
        }
        Ok(())
    }

    fn merge(
        &mut self,
        objects: &mut [Object],
        place: usize,
        patch: &Node,
        document: usize,
        allowed: Allowed,
    ) -> Result<(), KustomizeError> {
        let Some(object) = objects.get_mut(place) else { return Ok(()) };
        if allowed.name || allowed.kind {
            object.remember();
        }
        let id = object.id().clone();
        let kind = if schema::is_built_in(&id.api_version(), &id.kind) { id.kind.as_str() } else { "" };
        let base = std::mem::replace(&mut object.node, Value::Null.into());
        let change = without_identity(patch, allowed);
        match patch::strategic_merge_as_kustomize(base.clone(), &change, kind, self.losses) {
            Err(error) => {
                object.node = base;
                let origin = error.origin;
                return self.fail(KustomizeErrorKind::Patch(error), origin.or(patch.origin));
            }
            Ok(Some(node)) => {
                object.node = node;
                object.settle();
                let name = object.id().name.clone();
                if name != id.name
                    && let Some(named) = &mut self.named
                {
                    named.entry(name).or_default().push(place);
                }
            }
            Ok(None) => {
                object.delete();
                self.deleted = true;
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
        remember: bool,
    ) -> Result<(), KustomizeError> {
        let mut operations = self.node(document);
        crate::older::reread(&mut operations);
        for place in self.selected(objects, selector) {
            let Some(object) = objects.get_mut(place) else { continue };
            let id = object.id().clone();
            if remember {
                object.remember();
            }
            let base = object.node.clone();
            object.node = match patch::json_patch_noting(base, &operations, self.losses) {
                Ok(node) => node,
                Err(error) => {
                    let origin = error.origin;
                    return self.fail(KustomizeErrorKind::Patch(error), origin.or(operations.origin));
                }
            };
            object.settle();
            let name = object.id().name.clone();
            if let Some(named) = &mut self.named {
                let places = named.entry(name).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            let checked = objects.get(place).map_or(Ok(()), |object| check(&object.node));
            self.check(checked, &operations)?;
            self.reading.applied(document, &id.to_string());
        }
        Ok(())
    }
}

/// A patch without what only says which object it is for, and what it may not change.
fn without_identity(patch: &Node, allowed: Allowed) -> Node {
    let mut change = patch.clone();
    if let Value::Mapping(members) = &mut change.value {
        members.shift_remove("apiVersion");
        if !allowed.kind {
            members.shift_remove("kind");
        }
        if let Some(Value::Mapping(metadata)) = members.get_mut("metadata").map(|node| &mut node.value) {
            if !allowed.name {
                metadata.shift_remove("name");
            }
            metadata.shift_remove("namespace");
        }
    }
    change
}
