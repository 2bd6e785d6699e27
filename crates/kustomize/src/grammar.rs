//! What may stand in a kustomization and in the files it names for itself.
//!
//! Kustomize reads these strictly: an unknown field, at any depth, is an error; names of fields are read
//! without regard to case, as Go reads JSON.

use tree::{Mapping, Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::older;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Text,
    Truth,
    Whole,
    /// A mapping of texts.
    Texts,
    List(&'static Shape),
    Record(&'static [(&'static str, Shape)]),
    /// Read by nobody here.
    Any,
}

use Shape::{Any, List, Record, Text, Texts, Truth, Whole};

type Fault = (KustomizeErrorKind, Option<Origin>);

impl Shape {
    /// The value with the fields' own names, nulls left out.
    pub(crate) fn conform(self, field: &str, node: &Node) -> Result<Node, Fault> {
        let mut faults = Vec::new();
        let read = self.read(field, node, &mut faults);
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(read.unwrap_or_else(|| node.clone())),
        }
    }

    /// As [`Shape::conform`], without what is wrong, which is noted.
    pub(crate) fn read(self, field: &str, node: &Node, faults: &mut Vec<Fault>) -> Option<Node> {
        if node.value == Value::Null {
            return None;
        }
        let word = older::truth(node);
        let wanted = match (self, &node.value) {
            (Truth, Value::String(_)) if word.is_some() => {
                return word.map(|truth| Node::from(truth).at(node.origin));
            }
            (Text, Value::String(_)) if word.is_some() => "a text (quote it)",
            (Any, _) | (Text, Value::String(_)) | (Truth, Value::Bool(_)) => return Some(node.clone()),
            (Whole, Value::Number(_)) if node.as_i64().is_some() => return Some(node.clone()),
            (Texts, Value::Mapping(members)) => return Some(texts(field, node, members, faults)),
            (List(shape), Value::Sequence(items)) => {
                let items = items.iter().filter_map(|item| shape.read(field, item, faults)).collect();
                return Some(Node::from(Value::Sequence(items)).at(node.origin));
            }
            (Record(fields), Value::Mapping(members)) => {
                return Some(record(field, fields, node, members, faults));
            }
            (Text, _) => "a text",
            (Truth, _) => "true or false",
            (Whole, _) => "a whole number",
            (Texts, _) => "a mapping of texts",
            (List(Text), _) => "a list of texts",
            (List(_), _) => "a list",
            (Record(_), _) => "a mapping",
        };
        faults.push((KustomizeErrorKind::BadField { field: field.to_owned(), wanted }, node.origin));
        None
    }
}

fn texts(field: &str, node: &Node, members: &Mapping, faults: &mut Vec<Fault>) -> Node {
    let mut read = Mapping::new();
    for (key, value) in members {
        match value.value {
            Value::String(_) if older::truth(value).is_none() => {
                read.insert(key.clone(), value.clone());
            }
            Value::Null => {
                read.insert(key.clone(), Node::from("").at(value.origin));
            }
            _ => {
                let kind = KustomizeErrorKind::BadField {
                    field: format!("{field}.{key}"),
                    wanted: "a text (quote it)",
                };
                faults.push((kind, value.origin));
            }
        }
    }
    Node::from(Value::Mapping(read)).at(node.origin)
}

fn record(
    field: &str,
    fields: &'static [(&'static str, Shape)],
    node: &Node,
    members: &Mapping,
    faults: &mut Vec<Fault>,
) -> Node {
    let mut read = Mapping::new();
    for (key, value) in members {
        let full = if field.is_empty() { key.clone() } else { format!("{field}.{key}") };
        let known = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        let Some((name, shape)) = known else {
            let like = closest(key, fields);
            faults
                .push((KustomizeErrorKind::UnknownField { field: full, like }, value.origin.or(node.origin)));
            continue;
        };
        let full = if field.is_empty() { (*name).to_owned() } else { format!("{field}.{name}") };
        if let Some(value) = shape.read(&full, value, faults) {
            read.insert((*name).to_owned(), value);
        }
    }
    Node::from(Value::Mapping(read)).at(node.origin)
}

/// The field that was probably meant.
fn closest(key: &str, fields: &'static [(&'static str, Shape)]) -> Option<&'static str> {
    if key.len() > 64 {
        return None;
    }
    let ranked = fields.iter().map(|(name, _)| (distance(&key.to_lowercase(), &name.to_lowercase()), *name));
    ranked.min().filter(|(distance, name)| *distance <= 2.max(name.len() / 4)).map(|(_, name)| name)
}

/// How many letters have to be added, taken out or exchanged to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().enumerate() {
        let mut before = row.first().copied().unwrap_or_default();
        if let Some(first) = row.first_mut() {
            *first = place + 1;
        }
        for (column, wanted) in other.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or_default();
            let left = row.get(column).copied().unwrap_or_default();
            let cost = (before + usize::from(letter != *wanted)).min(above + 1).min(left + 1);
            before = above;
            if let Some(cell) = row.get_mut(column + 1) {
                *cell = cost;
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

const SELECTOR: &[(&str, Shape)] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("labelSelector", Text),
    ("annotationSelector", Text),
];

const FIELD_SPECS: Shape =
    List(&Record(&[("group", Text), ("version", Text), ("kind", Text), ("path", Text), ("create", Truth)]));

const OPTIONS: &[(&str, Shape)] =
    &[("labels", Texts), ("annotations", Texts), ("disableNameSuffixHash", Truth), ("immutable", Truth)];

const PATCH: Shape = Record(&[
    ("path", Text),
    ("patch", Text),
    ("target", Record(SELECTOR)),
    ("options", Record(&[("allowNameChange", Truth), ("allowKindChange", Truth)])),
]);

const IMAGE: Shape =
    Record(&[("name", Text), ("newName", Text), ("tagSuffix", Text), ("newTag", Text), ("digest", Text)]);

const FIELD_OPTIONS: Shape =
    Record(&[("delimiter", Text), ("index", Whole), ("encoding", Text), ("create", Truth)]);

const SOURCE: Shape = Record(&[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("fieldPath", Text),
    ("options", FIELD_OPTIONS),
]);

const TARGETS: Shape = List(&Record(&[
    ("select", Record(SELECTOR)),
    ("reject", List(&Record(SELECTOR))),
    ("fieldPaths", List(&Text)),
    ("options", FIELD_OPTIONS),
]));

const META: Shape = Record(&[("name", Text), ("namespace", Text), ("labels", Texts), ("annotations", Texts)]);

/// An entry of `replacements`.
pub(crate) const REPLACEMENT: Shape =
    Record(&[("path", Text), ("source", SOURCE), ("sourceValue", Text), ("targets", TARGETS)]);

/// The members of an entry of `configMapGenerator`.
const CONFIG_MAP: &[(&str, Shape)] = &[
    ("name", Text),
    ("namespace", Text),
    ("behavior", Text),
    ("literals", List(&Text)),
    ("files", List(&Text)),
    ("envs", List(&Text)),
    ("env", Text),
    ("options", Record(OPTIONS)),
];

const SECRET: &[(&str, Shape)] = &[
    ("name", Text),
    ("namespace", Text),
    ("behavior", Text),
    ("literals", List(&Text)),
    ("files", List(&Text)),
    ("envs", List(&Text)),
    ("env", Text),
    ("options", Record(OPTIONS)),
    ("type", Text),
];

const LABEL: Shape = Record(&[
    ("pairs", Texts),
    ("includeSelectors", Truth),
    ("includeTemplates", Truth),
    ("fields", FIELD_SPECS),
]);

const VARIABLE: Shape = Record(&[
    ("name", Text),
    (
        "objref",
        Record(&[
            ("apiVersion", Text),
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("name", Text),
            ("namespace", Text),
        ]),
    ),
    ("fieldref", Record(&[("fieldPath", Text)])),
]);

/// A kustomization.
pub(crate) const KUSTOMIZATION: &[(&str, Shape)] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", META),
    ("openapi", Texts),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", Texts),
    ("labels", List(&LABEL)),
    ("commonAnnotations", Texts),
    ("patchesStrategicMerge", List(&Text)),
    ("patchesJson6902", List(&PATCH)),
    ("patches", List(&PATCH)),
    ("images", List(&IMAGE)),
    ("imageTags", List(&IMAGE)),
    ("replacements", List(&REPLACEMENT)),
    ("replicas", List(&Record(&[("name", Text), ("count", Whole)]))),
    ("vars", List(&VARIABLE)),
    (
        "sortOptions",
        Record(&[
            ("order", Text),
            ("legacySortOptions", Record(&[("orderFirst", List(&Text)), ("orderLast", List(&Text))])),
        ]),
    ),
    ("resources", List(&Text)),
    ("components", List(&Text)),
    ("crds", List(&Text)),
    ("bases", List(&Text)),
    ("configMapGenerator", List(&Record(CONFIG_MAP))),
    ("secretGenerator", List(&Record(SECRET))),
    ("helmGlobals", Any),
    ("helmCharts", List(&Any)),
    ("helmChartInflationGenerator", List(&Any)),
    ("generatorOptions", Record(OPTIONS)),
    ("configurations", List(&Text)),
    ("generators", List(&Text)),
    ("transformers", List(&Text)),
    ("validators", List(&Text)),
    ("buildMetadata", List(&Text)),
];

/// A file named in `configurations`.
pub(crate) const TRANSFORMER_CONFIG: &[(&str, Shape)] = &[
    ("namePrefix", FIELD_SPECS),
    ("nameSuffix", FIELD_SPECS),
    ("namespace", FIELD_SPECS),
    ("commonLabels", FIELD_SPECS),
    ("labels", FIELD_SPECS),
    ("templateLabels", FIELD_SPECS),
    ("commonAnnotations", FIELD_SPECS),
    (
        "nameReference",
        List(&Record(&[("group", Text), ("version", Text), ("kind", Text), ("fieldSpecs", FIELD_SPECS)])),
    ),
    ("varReference", FIELD_SPECS),
    ("images", FIELD_SPECS),
    ("replicas", FIELD_SPECS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_is_told_from_an_unknown_one() {
        let table = [
            ("resource", Some("resources")),
            ("commonlabel", Some("commonLabels")),
            ("patchStrategicMerge", Some("patchesStrategicMerge")),
            ("configMapGenerators", Some("configMapGenerator")),
            ("frobnicate", None),
        ];
        for (key, like) in table {
            assert_eq!(closest(key, KUSTOMIZATION), like, "{key}");
        }
    }
}
