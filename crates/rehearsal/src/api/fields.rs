//! Who owns which field: `metadata.managedFields`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use tree::schema::{ListKind, apply_keys};

use super::object;
use super::registry::Kind;
use super::verbs::Part;

/// A set of fields, as `fieldsV1` writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// Whether this place itself is in the set.
    owned: bool,
    /// By `f:NAME`, `k:{KEYS}` or `v:VALUE`.
    below: BTreeMap<String, Fields>,
}

/// How the lists and mappings of a kind are owned, at one place of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ownership<'a> {
    kind: &'a Kind,
    /// The place above and the field that leads from there to here; none at the top.
    from: Option<(&'a Ownership<'a>, &'a str)>,
}

impl<'a> Ownership<'a> {
    /// From the top of an object.
    pub(crate) fn of(kind: &'a Kind) -> Self {
        Self { kind, from: None }
    }

    /// One field down.
    pub(crate) fn enter<'b>(&'b self, field: &'b str) -> Ownership<'b> {
        Ownership { kind: self.kind, from: Some((self, field)) }
    }

    fn path(&self) -> Vec<&str> {
        let mut path = Vec::new();
        let mut place = self;
        while let Some((above, field)) = place.from {
            path.push(field);
            place = above;
        }
        path.reverse();
        path
    }

    /// How the list here is owned.
    pub(crate) fn list(&self) -> ListKind {
        apply_keys(if self.kind.is_custom() { "" } else { &self.kind.kind }, &self.path())
    }

    /// Whether the mapping here is owned as a whole.
    pub(crate) fn is_atomic(&self) -> bool {
        const WHOLE: &[&str] = &[
            "selector",
            "nodeSelector",
            "labelSelector",
            "podSelector",
            "namespaceSelector",
            "secretKeyRef",
            "configMapKeyRef",
            "fieldRef",
            "resourceFieldRef",
            "targetRef",
            "claimRef",
        ];
        let Some((_, field)) = self.from else { return false };
        WHOLE.contains(&field) && !self.kind.is_custom() && self.path().first() != Some(&"metadata")
    }
}

/// The name of a list's element in a set.
pub(crate) fn element(item: &Value, list: ListKind) -> Option<String> {
    match list {
        ListKind::Atomic => None,
        ListKind::Set => Some(format!("v:{item}")),
        ListKind::Map(keys) => {
            let mut sorted = BTreeMap::new();
            for key in keys {
                match item.get(*key) {
                    Some(value) => sorted.insert(*key, value.clone()),
                    None if *key == "protocol" => sorted.insert(*key, "TCP".into()),
                    None => None,
                };
            }
            let keys: Map<String, Value> =
                sorted.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            Some(format!("k:{}", Value::Object(keys)))
        }
    }
}

impl Fields {
    fn leaf() -> Self {
        Self { owned: true, below: BTreeMap::new() }
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        !self.owned && self.below.is_empty()
    }

    /// What lies below, by element.
    pub(crate) fn below(&self) -> &BTreeMap<String, Fields> {
        &self.below
    }

    /// Every field of a value.
    pub(crate) fn of(value: &Value, at: &Ownership) -> Self {
        match value {
            Value::Object(members) if !members.is_empty() && !at.is_atomic() => Self {
                owned: false,
                below: members
                    .iter()
                    .map(|(key, child)| (format!("f:{key}"), Self::of(child, &at.enter(key))))
                    .collect(),
            },
            Value::Array(items) if !items.is_empty() => match at.list() {
                ListKind::Atomic => Self::leaf(),
                list => Self {
                    owned: false,
                    below: items
                        .iter()
                        .filter_map(|item| Some((element(item, list)?, Self::of_element(item, list, at))))
                        .collect(),
                },
            },
            _ => Self::leaf(),
        }
    }

    fn of_element(item: &Value, list: ListKind, at: &Ownership) -> Self {
        let mut fields = if list == ListKind::Set { Self::default() } else { Self::of(item, at) };
        fields.owned = true;
        fields
    }

    /// The fields of `new` that `old` does not have, or has with another value.
    pub(crate) fn changed(old: Option<&Value>, new: &Value, at: &Ownership) -> Self {
        let mut fields = Self::default();
        match (old, new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(before)), Value::Object(after)) if !after.is_empty() && !at.is_atomic() => {
                for (key, child) in after {
                    fields.add(format!("f:{key}"), Self::changed(before.get(key), child, &at.enter(key)));
                }
            }
            (Some(Value::Array(before)), Value::Array(after)) if !after.is_empty() => match at.list() {
                ListKind::Atomic => fields = Self::leaf(),
                list => {
                    let before: BTreeMap<_, _> =
                        before.iter().filter_map(|item| Some((element(item, list)?, item))).collect();
                    for item in after {
                        let Some(name) = element(item, list) else { continue };
                        let change = match before.get(&name) {
                            None => Self::of_element(item, list, at),
                            Some(_) if list == ListKind::Set => Self::default(),
                            Some(was) => Self::changed(Some(was), item, at),
                        };
                        fields.add(name, change);
                    }
                }
            },
            (_, new) => fields = Self::of(new, at),
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
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "selfLink",
            ] {
                metadata.below.remove(&format!("f:{name}"));
            }
            metadata.owned = false;
        }
        self.below.retain(|_, fields| !fields.is_empty());
        self
    }

    /// The same set without one top-level member, or with nothing else.
    pub(crate) fn of_part(mut self, part: Part) -> Self {
        match part {
            Part::Main => {
                self.below.remove("f:status");
            }
            Part::Status => self.below.retain(|name, _| name == "f:status"),
            Part::Whole => {}
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
        if self.owned {
            paths.push(at.to_owned());
        }
        for (name, fields) in &self.below {
            let step = match name.split_once(':') {
                Some(("f", field)) => format!(".{field}"),
                Some(("k", keys)) => {
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    let keys: Vec<_> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("[{}]", keys.join(","))
                }
                Some((_, value)) => format!("[={value}]"),
                None => name.clone(),
            };
            fields.collect_paths(&format!("{at}{step}"), paths);
        }
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
    let order = |claim: &Claim| (claim.operation.clone(), claim.manager.clone(), claim.subresource.clone());
    claims.sort_by_cached_key(order);
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

/// Notes a write that is not an apply: what it changed belongs to the writer from now on, and what it took
/// away to nobody.
pub(crate) fn track(
    kind: &Kind,
    old: Option<&Value>,
    new: &mut Value,
    manager: Option<&str>,
    part: Part,
    now: SystemTime,
) {
    let at = Ownership::of(kind);
    let asked = object::take(new, &["metadata", "managedFields"]);
    let is_reset = asked.as_ref().and_then(Value::as_array).is_some_and(|entries| {
        entries.is_empty() || (entries.len() == 1 && entries[0].as_object().is_some_and(Map::is_empty))
    });
    let mut claims = match old {
        // Writing an empty list is how people take all claims away.
        Some(old) if !is_reset => claims(old),
        _ => Vec::new(),
    };
    let changed = Fields::changed(old, new, &at).without_identity();
    let all = Fields::of(new, &at).without_identity();
    for claim in &mut claims {
        claim.fields.subtract(&changed);
        claim.fields.intersect(&all);
    }
    if let Some(manager) = manager.filter(|_| !changed.is_empty()) {
        let subresource = if part == Part::Status { "status" } else { "" };
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
