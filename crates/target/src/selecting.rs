//! Selectors of pods, and the same for the pods of green.

use std::collections::BTreeSet;

use installation::{Installation, Object, asks_for_labels, finds_labels};
use tree::{Node, Value};

use crate::Naming;
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};

/// The label that tells components apart.
const COMPONENT: &str = "app.kubernetes.io/component";

/// Rewrites selectors of blue's pods.
pub(crate) struct Selecting<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) naming: &'a Naming,
    /// Where the object with the selectors lives.
    pub(crate) namespace: Option<&'a str>,
    /// What the object is called on the new side, with the path where a selector is alone.
    pub(crate) target: String,
}

impl Selecting<'_> {
    /// The labels of components whose pods a `LabelSelector` finds. An empty one finds everything, on either side, and
    /// counts as none.
    pub(crate) fn found(&self, selector: &Node) -> BTreeSet<String> {
        if !asks_for_labels(selector) {
            return BTreeSet::new();
        }
        let components = self.installation.components.iter();
        let found = components.filter(|component| {
            self.installation.workload(component).namespace() == self.namespace
                && finds_labels(selector, &component.labels)
        });
        found.map(|component| component_label(self.installation, component)).collect()
    }

    /// Whether a `LabelSelector` finds pods that are none of Mastodon's.
    pub(crate) fn finds_neighbours(&self, selector: &Node) -> bool {
        let own = |index| self.installation.components.iter().any(|component| component.object == index);
        let neighbour = |(index, object): (usize, &Object)| {
            object.template().is_some()
                && !own(index)
                && object.namespace() == self.namespace
                && finds_labels(selector, &object.pod_labels())
        };
        self.installation.objects.iter().enumerate().any(neighbour)
    }

    /// Makes a `LabelSelector` find green's pods in the place of blue's; which components it finds. Unchanged, and
    /// nothing found, where it finds none of Mastodon's.
    pub(crate) fn translate(&self, selector: &mut Node, notes: &mut Vec<Note>) -> BTreeSet<String> {
        let found = self.found(selector);
        if found.is_empty() {
            return found;
        }
        for leaf in selector.leaves() {
            if let Some(origin) = leaf.node.origin {
                let target = self.target.clone();
                let (change, reason) = (Change::Translated, Reason::ChartLabels);
                notes.push(Note { origin, change, reason, target });
            }
        }
        let mut new = Node::mapping().at(selector.origin);
        if let (1, Some(only)) = (found.len(), found.first()) {
            new.set("matchLabels", crate::manifests::labels_node(&self.naming.selector(only)));
        } else {
            let mut shared = self.naming.selector("");
            shared.0.retain(|key, _| key.ends_with("/name") || key.ends_with("/instance"));
            new.set("matchLabels", crate::manifests::labels_node(&shared));
            let mut one_of = Node::mapping();
            one_of.set("key", COMPONENT);
            one_of.set("operator", "In");
            one_of.set("values", Value::Sequence(found.iter().map(|label| label.as_str().into()).collect()));
            new.set("matchExpressions", Value::Sequence(vec![one_of]));
        }
        *selector = new;
        found
    }

    /// The same for every selector somewhere below.
    pub(crate) fn translate_below(&self, node: &mut Node, notes: &mut Vec<Note>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        match &mut node.value {
            Value::Sequence(items) => {
                found.extend(items.iter_mut().flat_map(|item| self.translate_below(item, notes)));
            }
            Value::Mapping(mapping) => {
                for child in mapping.values_mut() {
                    found.extend(if asks_for_labels(child) {
                        self.translate(child, notes)
                    } else {
                        self.translate_below(child, notes)
                    });
                }
            }
            _ => {}
        }
        found
    }
}
