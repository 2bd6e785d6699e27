//! Who owns which field: `metadata.managedFields`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::object;
use super::registry::Kind;
use super::scale;
use super::schema::{List, Shape, of_kind, zero};
use super::verbs::Part;

/// A set of fields, as `fieldsV1` writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// Whether this place itself is in the set.
    owned: bool,
    /// By `f:NAME`, `k:{KEYS}` or `v:VALUE`.
    below: BTreeMap<String, Fields>,
}

/// The name of a list's element in a set.
pub(crate) fn element(item: &Value, list: &List) -> Option<String> {
    match list {
        List::Atomic => None,
        List::Set => Some(format!("v:{item}")),
        List::Map(keys) => {
            let mut sorted = BTreeMap::new();
            for (key, default) in keys {
                if let Some(value) = item.get(*key).or(default.as_ref()) {
                    sorted.insert((*key).to_owned(), value.clone());
                }
            }
            Some(format!("k:{}", Value::Object(sorted.into_iter().collect())))
        }
    }
}

impl Fields {
    fn leaf() -> Self {
        Self { owned: true, below: BTreeMap::new() }
    }

    /// One field, by the names that lead to it.
    fn path(names: &[&str]) -> Self {
        names.iter().rev().fold(Self::leaf(), |below, name| Self {
            owned: false,
            below: BTreeMap::from([(format!("f:{name}"), below)]),
        })
    }

    /// Whether a field is in the set.
    fn has(&self, names: &[&str]) -> bool {
        let found = names.iter().try_fold(self, |at, name| at.below.get(&format!("f:{name}")));
        found.is_some_and(|found| found.owned)
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        !self.owned && self.below.is_empty()
    }

    /// What lies below, by element.
    pub(crate) fn below(&self) -> &BTreeMap<String, Fields> {
        &self.below
    }

    /// Every field that a value states: its leaves, and the elements of lists that are told apart.
    pub(crate) fn stated(value: &Value, at: Shape) -> Self {
        Self::of(value, at, false)
    }

    /// Every place of a value, the mappings on the way too.
    pub(crate) fn places(value: &Value, at: Shape) -> Self {
        Self::of(value, at, true)
    }

    fn of(value: &Value, at: Shape, inner: bool) -> Self {
        match value {
            Value::Object(members) if !members.is_empty() && !at.is_atomic() => Self {
                owned: inner,
                below: members
                    .iter()
                    .map(|(key, child)| (format!("f:{key}"), Self::of(child, at.enter(key), inner)))
                    .collect(),
            },
            Value::Array(items) if !items.is_empty() => match at.list() {
                List::Atomic => Self::leaf(),
                list => Self {
                    owned: inner,
                    below: items
                        .iter()
                        .filter_map(|item| {
                            Some((element(item, &list)?, Self::of_element(item, &list, at, inner)))
                        })
                        .collect(),
                },
            },
            _ => Self::leaf(),
        }
    }

    fn of_element(item: &Value, list: &List, at: Shape, inner: bool) -> Self {
        let mut fields = if *list == List::Set { Self::default() } else { Self::of(item, at.item(), inner) };
        fields.owned = true;
        fields
    }

    /// The fields of `new` that `old` does not have, or has with another value.
    pub(crate) fn changed(old: Option<&Value>, new: &Value, at: Shape) -> Self {
        let mut fields = Self::default();
        match (old, new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(before)), Value::Object(after)) if !after.is_empty() && !at.is_atomic() => {
                for (key, child) in after {
                    fields.add(format!("f:{key}"), Self::changed(before.get(key), child, at.enter(key)));
                }
            }
            (Some(Value::Array(before)), Value::Array(after)) if !after.is_empty() => match at.list() {
                List::Atomic => fields = Self::leaf(),
                list => {
                    let before: BTreeMap<_, _> =
                        before.iter().filter_map(|item| Some((element(item, &list)?, item))).collect();
                    for item in after {
                        let Some(name) = element(item, &list) else { continue };
                        let change = match before.get(&name) {
                            None => Self::of_element(item, &list, at, true),
                            Some(_) if list == List::Set => Self::default(),
                            Some(was) => Self::changed(Some(was), item, at.item()),
                        };
                        fields.add(name, change);
                    }
                }
            },
            (before, new) => {
                fields = Self::of(new, at, true);
                // What stood there empty is not new itself.
                fields.owned &= before.is_none() || fields.below.is_empty();
            }
        }
        fields
    }

    fn add(&mut self, name: String, fields: Self) {
        if !fields.is_empty() {
            self.below.insert(name, fields);
        }
    }

    /// Adds another set.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.owned |= other.owned;
        for (name, fields) in &other.below {
            self.below.entry(name.clone()).or_default().unite(fields);
        }
    }

    /// Takes another set out.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.owned &= !other.owned;
        self.below.retain(|name, fields| {
            if let Some(other) = other.below.get(name) {
                fields.subtract(other);
            }
            !fields.is_empty()
        });
    }

    /// Keeps only what is in the other set too.
    pub(crate) fn intersect(&mut self, other: &Self) {
        self.owned &= other.owned;
        self.below.retain(|name, fields| {
            other.below.get(name).is_some_and(|other| {
                fields.intersect(other);
                !fields.is_empty()
            })
        });
    }

    /// Takes out what nobody owns: the object's identity, and what the server itself writes.
    pub(crate) fn without_identity(mut self) -> Self {
        self.below.remove("f:apiVersion");
        self.below.remove("f:kind");
        if let Some(metadata) = self.below.get_mut("f:metadata") {
            for name in [
                "name",
                "namespace",
                "uid",
                "resourceVersion",
                "generation",
                "creationTimestamp",
                "managedFields",
                "selfLink",
            ] {
                metadata.below.remove(&format!("f:{name}"));
            }
            metadata.owned = false;
        }
        self.below.retain(|_, fields| !fields.is_empty());
        self
    }

    /// The same set without what a write to that part cannot touch.
    pub(crate) fn of_part(mut self, part: Part, kind: &Kind) -> Self {
        match part {
            Part::Main | Part::Scale if kind.status => {
                self.below.remove("f:status");
            }
            Part::Status => {
                self.below.remove("f:spec");
                let touches = kind.is_core("Pod") || kind.is_core("Node");
                if !touches {
                    self.below.remove("f:metadata");
                }
            }
            Part::Main | Part::Scale | Part::Whole => {}
        }
        self
    }

    /// As `fieldsV1`.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = Map::new();
        if self.owned && !self.below.is_empty() {
            members.insert(".".to_owned(), json!({}));
        }
        members.extend(self.below.iter().map(|(name, fields)| (name.clone(), fields.to_json())));
        Value::Object(members)
    }

    /// From `fieldsV1`.
    pub(crate) fn from_json(json: &Value) -> Self {
        let Some(members) = json.as_object() else { return Self::default() };
        let below = members.iter().filter(|(name, _)| *name != ".");
        Self {
            owned: members.is_empty() || members.contains_key("."),
            below: below.map(|(name, fields)| (name.clone(), Self::from_json(fields))).collect(),
        }
    }

    /// Each field's path as conflicts show it.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, at: &str, paths: &mut Vec<String>) {
        // First what is owned here, then what lies further down.
        for (name, fields) in &self.below {
            if fields.owned {
                paths.push(format!("{at}{}", shown(name)));
            }
        }
        for (name, fields) in &self.below {
            fields.collect_paths(&format!("{at}{}", shown(name)), paths);
        }
    }
}

/// One step of a path as conflicts show it.
pub(crate) fn shown(name: &str) -> String {
    match name.split_once(':') {
        Some(("f", field)) => format!(".{field}"),
        Some(("k", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let keys: Vec<_> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("[{}]", keys.join(","))
        }
        Some((_, value)) => format!("[={value}]"),
        None => name.to_owned(),
    }
}

/// One manager's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) manager: String,
    /// `Apply` or `Update`.
    pub(crate) operation: String,
    pub(crate) subresource: String,
    pub(crate) api_version: String,
    pub(crate) time: String,
    pub(crate) fields: Fields,
}

impl Claim {
    /// Whether the claim is that of this manager, made this way.
    pub(crate) fn is_by(&self, manager: &str, operation: &str, subresource: &str) -> bool {
        self.manager == manager && self.operation == operation && self.subresource == subresource
    }
}

/// The claims on an object.
pub(crate) fn claims(object: &Value) -> Vec<Claim> {
    let owned = |entry: &Value, key: &str| object::text(entry, &[key]).unwrap_or_default().to_owned();
    object::items(object, &["metadata", "managedFields"])
        .iter()
        .map(|entry| Claim {
            manager: owned(entry, "manager"),
            operation: owned(entry, "operation"),
            subresource: owned(entry, "subresource"),
            api_version: owned(entry, "apiVersion"),
            time: owned(entry, "time"),
            fields: Fields::from_json(entry.get("fieldsV1").unwrap_or(&Value::Null)),
        })
        .collect()
}

/// Writes the claims down, in an order that does not depend on who came last.
pub(crate) fn set_claims(object: &mut Value, claims: &mut [Claim]) {
    claims.sort_by(|one, other| {
        let order = |claim: &Claim| {
            (claim.operation.clone(), claim.time.clone(), claim.manager.clone(), claim.api_version.clone())
        };
        order(one).cmp(&order(other)).then_with(|| one.subresource.cmp(&other.subresource))
    });
    let entries: Vec<Value> = claims
        .iter()
        .filter(|claim| !claim.fields.is_empty())
        .map(|claim| {
            let mut entry = json!({
                "manager": claim.manager,
                "operation": claim.operation,
                "apiVersion": claim.api_version,
                "time": claim.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": claim.fields.to_json(),
            });
            if !claim.subresource.is_empty() {
                entry["subresource"] = claim.subresource.as_str().into();
            }
            entry
        })
        .collect();
    let entries = (!entries.is_empty()).then_some(Value::Array(entries));
    object::put_or_take(object, &["metadata", "managedFields"], entries);
}

/// The claim on all that stood there unclaimed when somebody applied for the first time (`before-first-apply`).
pub(crate) fn before_first_apply(kind: &Kind, live: &Value, part: Part, now: SystemTime) -> Option<Claim> {
    let empty = nothing(kind);
    let fields = Fields::changed(Some(&empty), live, Shape::of(kind)).without_identity().of_part(part, kind);
    (!fields.is_empty()).then(|| Claim {
        manager: "before-first-apply".to_owned(),
        operation: "Update".to_owned(),
        subresource: part.name().to_owned(),
        api_version: kind.api_version(),
        time: object::timestamp(now),
        fields,
    })
}

/// An object of a kind before anything is said of it.
fn nothing(kind: &Kind) -> Value {
    of_kind(kind).map_or_else(|| json!({"metadata": {}}), zero)
}

/// Notes a write that is not an apply: what it changed belongs to the writer from now on, and what it took
/// away to nobody. What the object had to begin with (`old`) is nobody's.
///
/// Where nobody holds anything, nothing is noted until somebody applies (`skipNonAppliedManager`). A `Scale` is looked at by
/// itself: of the object it sees the replicas alone, and no replicas at all is no field of it (`omitempty`).
pub(crate) fn track(
    kind: &Kind,
    old: Option<&Value>,
    new: &mut Value,
    manager: Option<&str>,
    part: Part,
    now: SystemTime,
) {
    let at = Shape::of(kind);
    let asked = object::take(new, &["metadata", "managedFields"]);
    let is_reset = asked.as_ref().and_then(Value::as_array).is_some_and(|entries| {
        entries.is_empty() || (entries.len() == 1 && entries[0].as_object().is_some_and(Map::is_empty))
    });
    let mut claims = match old {
        // Writing an empty list is how people take all claims away.
        Some(old) if !is_reset => claims(old),
        _ => Vec::new(),
    };
    let empty;
    let before = match old {
        Some(old) => old,
        None => {
            empty = nothing(kind);
            &empty
        }
    };
    let mut changed = Fields::changed(Some(before), new, at).without_identity().of_part(part, kind);
    if old.is_some() {
        let mut all = Fields::places(new, at);
        let mut held = claims.iter().any(|claim| !claim.fields.is_empty());
        if part == Part::Scale {
            let path = scale::wanted(kind);
            let replicas = Fields::path(&path);
            held = claims.iter().any(|claim| claim.fields.has(&path));
            if object::int(new, &path) == Some(0) {
                changed.subtract(&replicas);
                all.subtract(&replicas);
            }
        }
        if !held {
            return set_claims(new, &mut claims);
        }
        for claim in &mut claims {
            claim.fields.subtract(&changed);
            claim.fields.intersect(&all);
        }
    }
    if let Some(manager) = manager.filter(|_| !changed.is_empty() && !is_reset) {
        let subresource = part.name();
        let own = claims.iter().position(|claim| claim.is_by(manager, "Update", subresource));
        let own = own.unwrap_or_else(|| {
            claims.push(Claim {
                manager: manager.to_owned(),
                operation: "Update".to_owned(),
                subresource: subresource.to_owned(),
                api_version: kind.api_version(),
                time: String::new(),
                fields: Fields::default(),
            });
            claims.len() - 1
        });
        claims[own].fields.unite(&changed);
        claims[own].time = object::timestamp(now);
    }
    set_claims(new, &mut claims);
}
