//! A kustomization file, read but not yet obeyed.

use tree::{Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::grammar::{KUSTOMIZATION, Shape};

/// A kustomization, its fields under their own names.
#[derive(Debug)]
pub(crate) struct Kustomization {
    fields: Node,
    pub(crate) is_component: bool,
}

type Fault = (KustomizeErrorKind, Option<Origin>);

impl Kustomization {
    /// Reads one. What is wrong with single fields is noted; without them it can still be obeyed.
    pub(crate) fn read(node: &Node, faults: &mut Vec<Fault>) -> Result<Self, Fault> {
        let none = |reason: &str| (KustomizeErrorKind::NotKustomization(reason.to_owned()), node.origin);
        if node.as_mapping().is_none() {
            return Err(none("it is not a mapping"));
        }
        let fields = Shape::Record(KUSTOMIZATION).read("", node, faults);
        let fields = fields.unwrap_or_else(|| Value::Null.into());
        let text = |field: &str| fields.str_at(&[field]).unwrap_or_default();
        let is_component = match text("kind") {
            "" | "Kustomization" => false,
            "Component" => true,
            other => return Err(none(&format!("its kind is {other:?}"))),
        };
        let wanted = match is_component {
            true => "kustomize.config.k8s.io/v1alpha1",
            false => "kustomize.config.k8s.io/v1beta1",
        };
        let version = text("apiVersion");
        if !version.is_empty() && version != wanted {
            return Err(none(&format!("its apiVersion is {version:?}, not {wanted:?}")));
        }
        let says_something = |(key, value): (&String, &Node)| {
            !matches!(key.as_str(), "apiVersion" | "kind") && !is_empty(value)
        };
        if faults.is_empty() && !fields.as_mapping().is_some_and(|fields| fields.iter().any(says_something)) {
            return Err(none("it says nothing"));
        }
        Ok(Self { fields, is_component })
    }

    pub(crate) fn get(&self, field: &str) -> Option<&Node> {
        self.fields.get(field)
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, field: &str) -> Option<&Node> {
        self.get(field).filter(|node| node.as_str().is_some_and(|text| !text.is_empty()))
    }

    /// A mapping or text that says something.
    pub(crate) fn filled(&self, field: &str) -> Option<&Node> {
        self.get(field).filter(|node| !is_empty(node))
    }

    /// The entries of a list.
    pub(crate) fn list(&self, field: &str) -> &[Node] {
        self.get(field).and_then(Node::as_sequence).unwrap_or_default()
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Secret(_) => false,
    }
}
