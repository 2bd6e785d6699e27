//! Names that follow the objects they name.

use std::collections::HashMap;

use tree::patch::Losses;
use tree::{Node, Value};

use crate::config::References;
use crate::error::KustomizeErrorKind;
use crate::field::{self, FieldSpec, Make, Visit, rewrite};
use crate::identity::{Gvk, Id, Object};

/// What a reference is rewritten to.
struct Target {
    id: Id,
    /// The names it had; only these can be referred to.
    former: Vec<crate::identity::Former>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    namespace: Option<Node>,
}

/// All that can be referred to, by the names it had.
struct Targets {
    all: Vec<Target>,
    by_name: HashMap<String, Vec<usize>>,
    /// Every object that has a namespace, by the one it had when it was read.
    at_home: HashMap<String, Vec<Id>>,
}

/// Who refers, and in which field.
struct Referrer<'a> {
    id: &'a Id,
    prefixes: &'a [String],
    suffixes: &'a [String],
    /// The role that a binding names.
    role: Option<&'a Gvk>,
    /// Namespaces that a RoleBinding's subjects name.
    reaches: &'a [String],
    spec: &'a FieldSpec,
    to: &'a Gvk,
}

/// Lets all references follow the objects they name into their new names and namespaces. What cannot be
/// decided is told for each referrer, and left as it was.
pub(crate) fn follow(
    objects: &mut [Object],
    table: &[References],
    losses: &mut Losses,
) -> Vec<(KustomizeErrorKind, Option<tree::Origin>)> {
    let targets = Targets::of(objects);
    let mut by_kind: HashMap<&str, Vec<(&Gvk, &FieldSpec)>> = HashMap::new();
    for references in table {
        for spec in &references.from {
            by_kind.entry(spec.gvk.kind.as_str()).or_default().push((&references.to, spec));
        }
    }
    let mut faults = Vec::new();
    if targets.all.is_empty() {
        return faults;
    }
    for object in objects {
        let (kind, _, _) = object.original();
        let own = by_kind.get(kind).into_iter().chain(by_kind.get("")).flatten();
        let specs: Vec<(&Gvk, &FieldSpec)> =
            own.copied().filter(|(_, spec)| object.is_of(&spec.gvk)).collect();
        if specs.is_empty() {
            continue;
        }
        let id = object.id().clone();
        let reaches = if id.kind == "RoleBinding" { reached(&object.node) } else { Vec::new() };
        let role = role(&object.node);
        let origin = object.origin();
        let Object { node, prefixes, suffixes, .. } = object;
        for (to, spec) in specs {
            let role = role.as_ref().filter(|_| spec.path.ends_with("roleRef/name"));
            let referrer = Referrer { id: &id, prefixes, suffixes, role, reaches: &reaches, spec, to };
            let mut act = |node: &mut Node, losses: &mut Losses| referrer.set(node, &targets, losses);
            let visit = Visit { make: Make::Nothing, origin: None, losses, act: &mut act };
            // The referrer's kind was compared already, as it was when it was read.
            if let Err(kind) = spec.visit_in(&id, node, visit) {
                faults.push((kind, origin));
            }
        }
    }
    faults
}

fn role(binding: &Node) -> Option<Gvk> {
    let text = |member: &str| binding.str_at(&["roleRef", member]).map(str::to_owned);
    Some(Gvk { group: text("apiGroup")?, version: String::new(), kind: text("kind")? })
}

fn reached(binding: &Node) -> Vec<String> {
    let subjects = binding.get("subjects").into_iter().flat_map(Node::items);
    let accounts = subjects.filter(|subject| subject.str_at(&["kind"]) == Some("ServiceAccount"));
    accounts.filter_map(|subject| subject.str_at(&["namespace"])).map(str::to_owned).collect()
}

impl Targets {
    fn of(objects: &[Object]) -> Self {
        let mut targets = Self { all: Vec::new(), by_name: HashMap::new(), at_home: HashMap::new() };
        for object in objects.iter().filter(|object| !object.id().is_cluster_scoped()) {
            let (_, _, home) = object.original();
            targets.at_home.entry(home.to_owned()).or_default().push(object.id().clone());
        }
        for object in objects.iter().filter(|object| !object.former.is_empty()) {
            let place = targets.all.len();
            for former in &object.former {
                let places = targets.by_name.entry(former.name.clone()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
            targets.all.push(Target {
                id: object.id().clone(),
                former: object.former.clone(),
                prefixes: object.prefixes.clone(),
                suffixes: object.suffixes.clone(),
                namespace: object.node.at_keys(&["metadata", "namespace"]).cloned(),
            });
        }
        targets
    }
}

impl Target {
    fn was_of(&self, gvk: &Gvk) -> bool {
        self.former.iter().any(|former| gvk.selects(&self.id.group, &self.id.version, &former.kind))
    }

    fn original_namespace(&self) -> &str {
        self.former.first().map_or("", |former| &former.namespace)
    }
}

impl Referrer<'_> {
    fn set(&self, node: &mut Node, targets: &Targets, losses: &mut Losses) -> Result<(), KustomizeErrorKind> {
        match &mut node.value {
            Value::Null => Ok(()),
            Value::Mapping(_) => self.mapping(node, targets, losses),
            Value::Sequence(items) => {
                for item in items {
                    match item.value {
                        Value::Null => {}
                        Value::Mapping(_) => self.mapping(item, targets, losses)?,
                        Value::Sequence(_) => return Err(self.misshapen()),
                        _ => self.scalar(item, targets)?,
                    }
                }
                Ok(())
            }
            _ => self.scalar(node, targets),
        }
    }

    fn misshapen(&self) -> KustomizeErrorKind {
        KustomizeErrorKind::BadShape { field: self.spec.path.clone(), id: self.id.to_string() }
    }

    fn scalar(&self, node: &mut Node, targets: &Targets) -> Result<(), KustomizeErrorKind> {
        let name = node.as_text().unwrap_or_default();
        let found = self.choose(&name, targets, |_| true, |one, other| one.id.name == other.id.name)?;
        if let Some(target) = found.filter(|target| target.id.name != name) {
            rewrite(node, target.id.name.clone());
        }
        Ok(())
    }

    fn mapping(
        &self,
        node: &mut Node,
        targets: &Targets,
        losses: &mut Losses,
    ) -> Result<(), KustomizeErrorKind> {
        let Some(name) = node.get("name").and_then(Node::as_text) else { return Err(self.misshapen()) };
        let namespace = node.get("namespace").and_then(Node::as_text);
        let before = |target: &Target| Some(target.original_namespace()) == namespace.as_deref();
        let now = |target: &Target| Some(target.id.effective_namespace()) == namespace.as_deref();
        let home = namespace.as_ref().and_then(|namespace| targets.at_home.get(namespace));
        let some_before = home.into_iter().flatten().any(|id| self.may_reach(id));
        let within =
            |target: &Target| namespace.is_none() || if some_before { before(target) } else { now(target) };
        let alike = |one: &Target, other: &Target| {
            one.id.name == other.id.name && one.id.namespace == other.id.namespace
        };
        let Some(target) = self.choose(&name, targets, within, alike)? else { return Ok(()) };
        if target.id.name == name && target.id.namespace.is_empty() {
            return Ok(());
        }
        if let Some(node) = node.get_mut("name").filter(|_| target.id.name != name) {
            rewrite(node, target.id.name.clone());
        }
        if let Some(namespace) = target.namespace.as_ref().filter(|_| !target.id.namespace.is_empty()) {
            field::set(node, "namespace", namespace, losses);
        }
        Ok(())
    }

    /// Whether the two stand where one can refer to the other at all.
    fn may_reach(&self, target: &Id) -> bool {
        self.id.is_cluster_scoped()
            || target.is_cluster_scoped()
            || self.id.effective_namespace() == target.effective_namespace()
            || self.reaches.contains(&target.namespace)
    }

    /// The object meant by a name, chosen as Kustomize chooses.
    fn choose<'t>(
        &self,
        name: &str,
        targets: &'t Targets,
        within: impl Fn(&Target) -> bool,
        alike: impl Fn(&Target, &Target) -> bool,
    ) -> Result<Option<&'t Target>, KustomizeErrorKind> {
        let named = targets.by_name.get(name).into_iter().flatten();
        let mut fitting: Vec<&Target> = named
            .filter_map(|place| targets.all.get(*place))
            .filter(|target| self.may_reach(&target.id) && within(target) && target.was_of(self.to))
            .filter(|target| self.role.is_none_or(|role| target.was_of(role)))
            .filter(|target| self.shares_namespace(target))
            .collect();
        if let [only] = fitting.as_slice() {
            return Ok(Some(only));
        }
        fitting.retain(|target| self.shares_affixes(target, true));
        if fitting.len() > 1 {
            fitting.retain(|target| self.shares_affixes(target, false));
        }
        let Some(first) = fitting.first() else { return Ok(None) };
        if fitting.iter().all(|other| alike(first, other)) {
            return Ok(Some(first));
        }
        Err(KustomizeErrorKind::SeveralMatches { id: format!("{}/{name}", self.to.kind) })
    }

    fn shares_namespace(&self, target: &Target) -> bool {
        self.id.is_cluster_scoped()
            || target.id.is_cluster_scoped()
            || target.id.kind == "ServiceAccount"
            || self.id.effective_namespace() == target.id.effective_namespace()
    }

    fn shares_affixes(&self, target: &Target, lenient: bool) -> bool {
        let same = |one: &[String], other: &[String]| {
            (lenient && (one.is_empty() || other.is_empty())) || same_ending(one, other)
        };
        same(&target.prefixes, self.prefixes) && same(&target.suffixes, self.suffixes)
    }
}

/// Whether the shorter list is the end of the longer one; an empty one only of an empty one.
fn same_ending(one: &[String], other: &[String]) -> bool {
    if one.is_empty() || other.is_empty() {
        return one.is_empty() && other.is_empty();
    }
    one.iter().rev().zip(other.iter().rev()).all(|(one, other)| one == other)
}
