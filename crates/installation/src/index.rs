//! Finding objects by name, and pods by label, in one step.

use std::collections::HashMap;

use crate::provided::{Provided, provided_secrets};
use crate::{Labels, Object};

/// The objects of an installation, looked up rather than searched: reading stays linear in their number.
pub(crate) struct Index<'a> {
    pub(crate) objects: &'a [Object],
    by_name: HashMap<(&'a str, &'a str), Vec<usize>>,
    by_label: HashMap<(String, String), Vec<usize>>,
    provided: HashMap<String, Vec<(usize, Provided)>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(objects: &'a [Object]) -> Self {
        let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_label: HashMap<_, Vec<usize>> = HashMap::new();
        let mut provided: HashMap<_, Vec<(usize, Provided)>> = HashMap::new();
        for (index, object) in objects.iter().enumerate() {
            by_name.entry((object.kind(), object.name())).or_default().push(index);
            for label in object.pod_labels().0 {
                by_label.entry(label).or_default().push(index);
            }
            for (name, secret) in provided_secrets(object) {
                provided.entry(name).or_default().push((index, secret));
            }
        }
        Self { objects, by_name, by_label, provided }
    }

    /// The object of this kind and name that is meant from within a namespace: the one in it, else one where either
    /// side leaves the namespace to whoever applies it.
    pub(crate) fn find(&self, namespace: Option<&str>, kind: &str, name: &str) -> Option<usize> {
        let candidates = self.by_name.get(&(kind, name))?;
        self.nearest(namespace, candidates.iter().copied())
    }

    /// The same, the object itself.
    pub(crate) fn object(&self, namespace: Option<&str>, kind: &str, name: &str) -> Option<&'a Object> {
        self.find(namespace, kind, name).map(|index| &self.objects[index])
    }

    /// What makes a Secret of this name.
    pub(crate) fn provider(&self, namespace: Option<&str>, secret: &str) -> Option<(usize, &Provided)> {
        let candidates = self.provided.get(secret)?;
        let index = self.nearest(namespace, candidates.iter().map(|(index, _)| *index))?;
        candidates.iter().find(|(own, _)| *own == index).map(|(own, provided)| (*own, provided))
    }

    /// Every Secret that some object makes, by name, with the object.
    pub(crate) fn all_provided(&self) -> Vec<(&str, usize, &Provided)> {
        let mut all: Vec<_> = self
            .provided
            .iter()
            .flat_map(|(name, made)| made.iter().map(|(index, made)| (name.as_str(), *index, made)))
            .collect();
        all.sort_by_key(|(name, index, _)| (*index, *name));
        all
    }

    fn nearest(
        &self,
        namespace: Option<&str>,
        candidates: impl Iterator<Item = usize> + Clone,
    ) -> Option<usize> {
        let own = |index: &usize| self.objects[*index].namespace();
        let unsaid = |index: &usize| namespace.is_none() || own(index).is_none();
        candidates.clone().find(|index| own(index) == namespace).or_else(|| candidates.clone().find(unsaid))
    }

    /// The workloads whose pods a selector finds from within a namespace, in the order read.
    pub(crate) fn selected(&self, namespace: Option<&str>, selector: &Labels) -> Vec<usize> {
        let rarest = selector
            .0
            .iter()
            .map(|(key, value)| {
                self.by_label.get(&(key.clone(), value.clone())).map_or(&[][..], Vec::as_slice)
            })
            .min_by_key(|found| found.len());
        let fits = |index: &usize| {
            let object = &self.objects[*index];
            let near = object.namespace() == namespace || namespace.is_none() || object.namespace().is_none();
            near && selector.select(&object.pod_labels())
        };
        rarest.unwrap_or_default().iter().copied().filter(fits).collect()
    }

    /// The workloads behind a Service.
    pub(crate) fn behind(&self, service: &Object) -> Vec<usize> {
        let selector = service.node.at_keys(&["spec", "selector"]).map(Labels::read).unwrap_or_default();
        self.selected(service.namespace(), &selector)
    }
}
