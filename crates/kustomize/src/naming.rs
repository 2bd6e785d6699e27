//! `namePrefix` and `nameSuffix`.

use tree::patch::Losses;
use tree::{Node, Value};

use crate::error::KustomizeErrorKind;
use crate::field::{FieldSpec, Make, Visit, rewrite};
use crate::identity::Object;

/// Which end of a name is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Adds to the names of all objects but those whose names are not free.
pub(crate) fn affix(
    objects: &mut [Object],
    end: End,
    text: &str,
    specs: &[FieldSpec],
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    for object in objects {
        let (kind, _, _) = object.original();
        let group = &object.id().group;
        let fixed = matches!(kind, "CustomResourceDefinition" | "Namespace")
            || (kind == "APIService" && group == "apiregistration.k8s.io");
        if fixed {
            continue;
        }
        for spec in specs.iter().filter(|spec| object.is_of(&spec.gvk)).collect::<Vec<_>>() {
            if spec.path == "metadata/name" {
                let affixes = match end {
                    End::Prefix => &mut object.prefixes,
                    End::Suffix => &mut object.suffixes,
                };
                if !text.is_empty() {
                    affixes.push(text.to_owned());
                    object.remember();
                }
            }
            let id = object.id().clone();
            let origin = object.node.origin;
            let mut act = |node: &mut Node, _: &mut Losses| {
                let old = node.as_text().unwrap_or_default();
                if !matches!(node.value, Value::Mapping(_) | Value::Sequence(_)) {
                    let new = match end {
                        End::Prefix => format!("{text}{old}"),
                        End::Suffix => format!("{old}{text}"),
                    };
                    rewrite(node, new);
                }
                Ok(())
            };
            let visit = Visit { make: Make::Text, origin, losses, act: &mut act };
            spec.visit(&id, &mut object.node, visit)?;
        }
        object.settle();
    }
    Ok(())
}
