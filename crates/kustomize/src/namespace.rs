//! `namespace`: one namespace for all objects.

use std::collections::HashSet;

use tree::Node;
use tree::patch::Losses;

use crate::error::KustomizeErrorKind;
use crate::field::{self, FieldSpec, Make, Visit};
use crate::identity::Object;

/// Which subjects of role bindings get the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those called `default`.
    Default,
    /// All service accounts.
    Accounts,
    None,
}

/// A namespace to set, and how.
pub(crate) struct Change<'a> {
    pub(crate) namespace: &'a Node,
    /// Only where there is none.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
    pub(crate) specs: &'a [FieldSpec],
}

impl Change<'_> {
    /// Sets the namespace of all objects that can have one.
    pub(crate) fn apply(
        &self,
        objects: &mut [Object],
        losses: &mut Losses,
    ) -> Result<(), KustomizeErrorKind> {
        for object in objects.iter_mut() {
            object.remember();
            self.object(object, losses)?;
            object.settle();
        }
        let mut seen = HashSet::new();
        match objects.iter().find(|object| !seen.insert(object.id().key())) {
            Some(object) => Err(KustomizeErrorKind::Duplicate { id: object.id().to_string() }),
            None => Ok(()),
        }
    }

    fn object(&self, object: &mut Object, losses: &mut Losses) -> Result<(), KustomizeErrorKind> {
        let id = object.id().clone();
        if !id.is_cluster_scoped()
            && let Some(metadata) = object.node.get_mut("metadata")
            && !(self.unset_only && metadata.str_at(&["namespace"]).is_some_and(|text| !text.is_empty()))
        {
            field::set(metadata, "namespace", self.namespace, losses);
        }
        let binds = matches!(id.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if binds {
            self.subjects(&mut object.node, losses);
        }
        for spec in self.specs {
            let skipped = match spec.path.as_str() {
                "metadata/namespace" => true,
                "metadata/name" => id.api_version() != "v1",
                "subjects/namespace" => binds && spec.gvk.kind == id.kind,
                _ => false,
            };
            if skipped {
                continue;
            }
            let mut act = |node: &mut Node, losses: &mut Losses| {
                if !(self.unset_only && node.as_text().is_some_and(|text| !text.is_empty())) {
                    field::put(node, self.namespace, losses);
                }
                Ok(())
            };
            let visit = Visit { make: Make::Text, origin: self.namespace.origin, losses, act: &mut act };
            spec.visit(&id, &mut object.node, visit)?;
        }
        Ok(())
    }

    fn subjects(&self, object: &mut Node, losses: &mut Losses) {
        let subjects = object.get_mut("subjects").and_then(Node::as_sequence_mut);
        for subject in subjects.into_iter().flatten() {
            let meant = match self.subjects {
                Subjects::Default => subject.str_at(&["name"]) == Some("default"),
                Subjects::Accounts => subject.str_at(&["kind"]) == Some("ServiceAccount"),
                Subjects::None => false,
            };
            let set = subject.str_at(&["namespace"]).is_some_and(|text| !text.is_empty());
            if meant && !(self.unset_only && set) {
                field::set(subject, "namespace", self.namespace, losses);
            }
        }
    }
}
