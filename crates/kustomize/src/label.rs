//! Labels and annotations for all objects.

use tree::patch::Losses;
use tree::{Node, Value};

use crate::config::{self, Config};
use crate::error::KustomizeErrorKind;
use crate::field::{self, FieldSpec, Make, Visit};
use crate::identity::{Gvk, Object};

/// The fields that an entry of `labels` is for.
pub(crate) fn fields(entry: &Node, config: &Config) -> Result<Vec<FieldSpec>, KustomizeErrorKind> {
    let mut specs = entry.get("fields").map(config::specs).unwrap_or_default();
    config::join(&mut specs, &config.labels)?;
    let says = |member: &str| entry.get(member).is_some_and(|node| node.value == Value::Bool(true));
    if says("includeSelectors") {
        config::join(&mut specs, &config.common_labels)?;
        return Ok(specs);
    }
    if says("includeTemplates") {
        config::join(&mut specs, &config.template_labels)?;
    }
    config::join(&mut specs, &[FieldSpec::new(Gvk::default(), "metadata/labels", true)])?;
    Ok(specs)
}

/// Sets pairs in the mappings at some fields of all objects.
pub(crate) fn spread(
    objects: &mut [Object],
    pairs: &Node,
    specs: &[FieldSpec],
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    for object in objects {
        let id = object.id().clone();
        for spec in specs {
            let mut act = |holder: &mut Node, losses: &mut Losses| {
                if holder.as_mapping().is_none() {
                    return Err(KustomizeErrorKind::BadShape {
                        field: spec.path.clone(),
                        id: id.to_string(),
                    });
                }
                for (key, value) in pairs.as_mapping().into_iter().flatten() {
                    field::set(holder, key, value, losses);
                }
                Ok(())
            };
            let visit = Visit { make: Make::Mapping, origin: pairs.origin, losses, act: &mut act };
            spec.visit(&id, &mut object.node, visit)?;
        }
    }
    Ok(())
}
