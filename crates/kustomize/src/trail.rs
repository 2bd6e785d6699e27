//! `buildMetadata`: what Kustomize writes on objects about where they come from.

use camino::{Utf8Path, Utf8PathBuf};
use tree::patch::{self, Losses};
use tree::{Node, Origin};

use crate::field;
use crate::identity::Object;
use crate::place::normal;

/// Where an object comes from, or what changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was read from this file, named from the directory that is built.
    Read(Utf8PathBuf),
    /// It was made or changed by what a kustomization says.
    Built {
        /// The kustomization.
        configured_in: Utf8PathBuf,
        /// The apiVersion, kind, name and namespace of what did it.
        by: [String; 4],
    },
}

impl Step {
    /// A field of a kustomization at work.
    pub(crate) fn built_in(trail: &Utf8Path, kustomization: &str, kind: &str) -> Self {
        let configured_in = normal(&trail.join(kustomization));
        Self::Built {
            configured_in,
            by: ["builtin".to_owned(), kind.to_owned(), String::new(), String::new()],
        }
    }

    /// As YAML, each line after the first indented by `indent`.
    fn yaml(&self, indent: &str) -> String {
        match self {
            Self::Read(path) => format!("path: {path}\n"),
            Self::Built { configured_in, by } => {
                let mut text = format!("configuredIn: {configured_in}\n{indent}configuredBy:\n");
                for (key, value) in ["apiVersion", "kind", "name", "namespace"].iter().zip(by) {
                    if !value.is_empty() {
                        text.push_str(&format!("{indent}  {key}: {value}\n"));
                    }
                }
                text
            }
        }
    }
}

/// What is to be written on the objects, each with the entry that asks for it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Metadata {
    pub(crate) origins: Option<Origin>,
    pub(crate) transformers: Option<Origin>,
    pub(crate) managed_by: Option<Origin>,
}

impl Metadata {
    pub(crate) fn write(&self, objects: &mut [Object], losses: &mut Losses) {
        for object in objects {
            if let Some(asked) = self.managed_by {
                let value = Node::from("kustomize-v5.8.1").at(Some(asked));
                self.put(object, "labels", "app.kubernetes.io/managed-by", &value, losses);
            }
            if let (Some(asked), Some(source)) = (self.origins, &object.source) {
                let value = Node::from(source.yaml("")).at(Some(asked));
                self.put(object, "annotations", "config.kubernetes.io/origin", &value, losses);
            }
            if let Some(asked) = self.transformers
                && !object.changes.is_empty()
            {
                let text: String =
                    object.changes.iter().map(|step| format!("- {}", step.yaml("  "))).collect();
                let value = Node::from(text).at(Some(asked));
                self.put(object, "annotations", "alpha.config.kubernetes.io/transformations", &value, losses);
            }
        }
    }

    fn put(&self, object: &mut Object, holder: &str, key: &str, value: &Node, losses: &mut Losses) {
        let metadata = object.node.ensure(&["metadata"]);
        if metadata.get(holder).is_none_or(|node| node.as_mapping().is_none()) {
            if let Some(old) = metadata.get(holder) {
                patch::note_lost(losses, old, value.origin);
            }
            metadata.set(holder, Node::mapping().at(value.origin));
        }
        if let Some(holder) = metadata.get_mut(holder) {
            field::set(holder, key, value, losses);
        }
    }
}
