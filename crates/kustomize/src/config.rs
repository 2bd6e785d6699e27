//! Which fields the transformers change: Kustomize's own tables, and what `configurations` add to them.

use std::rc::Rc;

use tree::{Node, Value};

use crate::defaults;
use crate::error::KustomizeErrorKind;
use crate::field::FieldSpec;
use crate::grammar::{Shape, TRANSFORMER_CONFIG};
use crate::identity::Gvk;
use crate::order;

/// The fields of every transformer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<References>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

/// The fields that hold names of objects of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct References {
    /// The kind named.
    pub(crate) to: Gvk,
    pub(crate) from: Vec<FieldSpec>,
}

impl Config {
    /// Kustomize's own.
    pub(crate) fn own() -> Rc<Self> {
        thread_local! {
            static OWN: Rc<Config> = Rc::new(defaults::config());
        }
        OWN.with(Rc::clone)
    }

    /// What a file named in `configurations` says.
    pub(crate) fn read(node: &Node) -> Result<Self, (KustomizeErrorKind, Option<tree::Origin>)> {
        let node = Shape::Record(TRANSFORMER_CONFIG).conform("configurations", node)?;
        let specs = |field: &str| node.get(field).map(specs).unwrap_or_default();
        let references = node.get("nameReference").into_iter().flat_map(Node::items).map(|entry| {
            References { to: gvk(entry), from: entry.get("fieldSpecs").map(self::specs).unwrap_or_default() }
        });
        let mut read = Self {
            name_prefix: specs("namePrefix"),
            name_suffix: specs("nameSuffix"),
            namespace: specs("namespace"),
            common_labels: specs("commonLabels"),
            labels: specs("labels"),
            template_labels: specs("templateLabels"),
            common_annotations: specs("commonAnnotations"),
            name_reference: references.collect(),
            var_reference: specs("varReference"),
            images: specs("images"),
            replicas: specs("replicas"),
        };
        read.sort();
        Ok(read)
    }

    /// This and another; what both say is said once.
    pub(crate) fn merge(self: &Rc<Self>, other: &Rc<Self>) -> Result<Rc<Self>, KustomizeErrorKind> {
        if Rc::ptr_eq(self, other) || **other == Self::default() {
            return Ok(Rc::clone(self));
        }
        if **self == Self::default() {
            return Ok(Rc::clone(other));
        }
        let mut merged = (**self).clone();
        join(&mut merged.name_prefix, &other.name_prefix)?;
        join(&mut merged.name_suffix, &other.name_suffix)?;
        join(&mut merged.namespace, &other.namespace)?;
        join(&mut merged.common_labels, &other.common_labels)?;
        join(&mut merged.labels, &other.labels)?;
        join(&mut merged.template_labels, &other.template_labels)?;
        join(&mut merged.common_annotations, &other.common_annotations)?;
        join(&mut merged.var_reference, &other.var_reference)?;
        join(&mut merged.images, &other.images)?;
        join(&mut merged.replicas, &other.replicas)?;
        for references in &other.name_reference {
            merged.refer(references)?;
        }
        merged.sort();
        Ok(Rc::new(merged))
    }

    /// Adds references to a kind.
    pub(crate) fn refer(&mut self, references: &References) -> Result<(), KustomizeErrorKind> {
        match self.name_reference.iter_mut().find(|known| known.to == references.to) {
            Some(known) => join(&mut known.from, &references.from),
            None => {
                self.name_reference.push(references.clone());
                Ok(())
            }
        }
    }

    fn sort(&mut self) {
        for list in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            list.sort_by_cached_key(|spec| order::of_gvk(&spec.gvk));
        }
        self.name_reference.sort_by_cached_key(|references| order::of_gvk(&references.to));
    }
}

/// Adds fields that are not there yet.
pub(crate) fn join(into: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), KustomizeErrorKind> {
    for spec in more {
        match into.iter().find(|known| known.covers(spec)) {
            Some(known) if known.create != spec.create => {
                return Err(KustomizeErrorKind::BadField {
                    field: spec.path.clone(),
                    wanted: "created by all that name it, or by none",
                });
            }
            Some(_) => {}
            None => into.push(spec.clone()),
        }
    }
    Ok(())
}

/// Field specs as they are written in configurations and in `labels.fields`.
pub(crate) fn specs(list: &Node) -> Vec<FieldSpec> {
    list.items()
        .map(|entry| {
            let create = entry.get("create").is_some_and(|node| node.value == Value::Bool(true));
            FieldSpec::new(gvk(entry), entry.str_at(&["path"]).unwrap_or_default(), create)
        })
        .collect()
}

/// The group, version and kind that an entry names.
pub(crate) fn gvk(entry: &Node) -> Gvk {
    let text = |member: &str| entry.str_at(&[member]).unwrap_or_default().to_owned();
    Gvk { group: text("group"), version: text("version"), kind: text("kind") }
}
