//! A kustomization file, read but not yet obeyed.

use camino::Utf8Path;
use tree::{Node, Value};

use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::reading::Reading;

/// The fields of a kustomization that are obeyed, as they were written.
#[derive(Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) resources: Vec<Node>,
    pub(crate) strategic_patches: Vec<Node>,
    pub(crate) patches: Vec<Node>,
    pub(crate) json_patches: Vec<Node>,
    pub(crate) namespace: Option<Node>,
    pub(crate) labels: Vec<Node>,
    pub(crate) common_labels: Option<Node>,
    pub(crate) common_annotations: Option<Node>,
    pub(crate) replicas: Vec<Node>,
    pub(crate) images: Vec<Node>,
    /// Objects stay in the order they were read in.
    pub(crate) unsorted: bool,
}

impl Kustomization {
    pub(crate) fn read(node: &Node, reading: &Reading<'_>, file: &Utf8Path) -> Result<Self, KustomizeError> {
        let fail = |kind, node: &Node| reading.error(kind, node.origin, file);
        let Some(fields) = node.as_mapping() else {
            let kind = KustomizeErrorKind::NotKustomization("it is not a mapping".to_owned());
            return Err(fail(kind, node));
        };
        let mut read = Self::default();
        for (field, value) in fields {
            read.field(field, value).map_err(|kind| fail(kind, value))?;
        }
        // Kustomize reads the former name of `resources` after the present one.
        let mut bases = fields
            .get("bases")
            .map(|node| list("bases", node))
            .transpose()
            .map_err(|kind| fail(kind, fields.get("bases").unwrap_or(node)))?;
        read.resources.append(&mut bases.take().unwrap_or_default());
        Ok(read)
    }

    fn field(&mut self, field: &str, value: &Node) -> Result<(), KustomizeErrorKind> {
        if is_empty(value) {
            return Ok(());
        }
        match field {
            "apiVersion" => expect(field, value, "kustomize.config.k8s.io/v1beta1")?,
            "kind" => expect(field, value, "Kustomization")?,
            "metadata" | "bases" => {}
            "resources" => self.resources = list(field, value)?,
            "patchesStrategicMerge" => self.strategic_patches = list(field, value)?,
            "patches" => self.patches = list(field, value)?,
            "patchesJson6902" => self.json_patches = list(field, value)?,
            "namespace" => self.namespace = Some(scalar(field, value)?),
            "labels" => self.labels = list(field, value)?,
            "commonLabels" => self.common_labels = Some(texts(field, value)?),
            "commonAnnotations" => self.common_annotations = Some(texts(field, value)?),
            "replicas" => self.replicas = list(field, value)?,
            "images" => self.images = list(field, value)?,
            "sortOptions" => {
                known(field, value, &["order"])?;
                self.unsorted = match value.str_at(&["order"]) {
                    Some("fifo") => true,
                    Some("legacy") => false,
                    _ => {
                        let field = "sortOptions.order".to_owned();
                        return Err(KustomizeErrorKind::BadField { field, wanted: "fifo or legacy" });
                    }
                };
            }
            _ => return Err(KustomizeErrorKind::Unsupported { field: field.to_owned() }),
        }
        Ok(())
    }
}

/// Whether a field says nothing, so that it does not matter what it is.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Secret(secret) => secret.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn expect(field: &str, value: &Node, wanted: &str) -> Result<(), KustomizeErrorKind> {
    if value.as_str() == Some(wanted) {
        return Ok(());
    }
    let found = value.as_text().unwrap_or_default();
    Err(KustomizeErrorKind::NotKustomization(format!("its {field} is {found:?}, not {wanted:?}")))
}

fn list(field: &str, value: &Node) -> Result<Vec<Node>, KustomizeErrorKind> {
    match &value.value {
        Value::Null => Ok(Vec::new()),
        Value::Sequence(items) => Ok(items.clone()),
        _ => Err(KustomizeErrorKind::BadField { field: field.to_owned(), wanted: "a list" }),
    }
}

fn scalar(field: &str, value: &Node) -> Result<Node, KustomizeErrorKind> {
    match &value.value {
        Value::String(_) => Ok(value.clone()),
        _ => Err(KustomizeErrorKind::BadField { field: field.to_owned(), wanted: "a text" }),
    }
}

/// A mapping of texts.
pub(crate) fn texts(field: &str, value: &Node) -> Result<Node, KustomizeErrorKind> {
    let wanted = "a mapping of texts";
    let fine = value.as_mapping().is_some_and(|members| members.values().all(|node| node.as_str().is_some()));
    if fine {
        return Ok(value.clone());
    }
    Err(KustomizeErrorKind::BadField { field: field.to_owned(), wanted })
}

/// Refuses members of an entry that this build does not obey.
pub(crate) fn known(field: &str, entry: &Node, members: &[&str]) -> Result<(), KustomizeErrorKind> {
    let Some(found) = entry.as_mapping() else {
        return Err(KustomizeErrorKind::BadField { field: field.to_owned(), wanted: "a mapping" });
    };
    match found.iter().find(|(key, value)| !members.contains(&key.as_str()) && !is_empty(value)) {
        Some((key, _)) => Err(KustomizeErrorKind::Unsupported { field: format!("{field}.{key}") }),
        None => Ok(()),
    }
}
