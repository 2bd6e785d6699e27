//! The objects that stand once Helm has rendered, patched and supplemented: the same form as manifests have.

use installation::{Installation, Object};

use super::model::HelmTarget;
use super::part::choose;
use crate::{GreenObject, Stage, Target, TargetError};

impl HelmTarget {
    /// What shall stand, as objects: those that the chart renders of the values, with the patches made to them, and
    /// the supplements. Jobs that the chart would run by itself are withheld, as those of the source are: they change
    /// the database that the old side still uses.
    ///
    /// # Errors
    /// If a patch does not fit what the chart renders, or two components share a pod.
    pub fn as_objects(
        &self,
        installation: &Installation,
        rendered: &[Object],
    ) -> Result<Target, TargetError> {
        let parts = choose(installation)?;
        let mut green = Vec::new();
        for object in rendered {
            let object = self.patched(object)?;
            let part = parts.iter().find(|(_, label)| {
                object.kind() == "Deployment" && object.name() == self.naming.object(label)
            });
            green.push(GreenObject {
                stage: if object.kind() == "Job" { Stage::Withheld } else { Stage::Dark },
                supplement: false,
                from: part.map(|(component, _)| component.object),
                component: part.map(|(_, label)| label.clone()).unwrap_or_default(),
                object,
            });
        }
        for patch in &self.patches {
            let own = Object::new(patch.node.clone());
            if !rendered.iter().any(|object| object.id() == own.id()) {
                let reason = "the chart does not render it".to_owned();
                return Err(TargetError::PatchDoesNotFit { object: own.id().to_string(), reason });
            }
        }
        green.extend(self.supplements.iter().cloned());
        Ok(Target {
            naming: self.naming.clone(),
            green,
            switched: self.switched.clone(),
            kept: self.kept.clone(),
            removed: self.removed.clone(),
            notes: self.notes.clone(),
        })
    }

    /// An object of the chart with its patches, as Kustomize applies them.
    fn patched(&self, object: &Object) -> Result<Object, TargetError> {
        let id = object.id();
        let unfit = |reason: String| TargetError::PatchDoesNotFit { object: id.to_string(), reason };
        let mut node = object.node.clone();
        for patch in &self.patches {
            if Object::new(patch.node.clone()).id() != id {
                continue;
            }
            let mut losses = tree::patch::Losses::new();
            let merged =
                tree::patch::strategic_merge_as_kustomize(node, &patch.node, object.kind(), &mut losses);
            let merged = merged.map_err(|error| unfit(error.to_string()))?;
            node = merged.ok_or_else(|| unfit("it deletes the object".to_owned()))?;
        }
        Ok(Object::new(node))
    }
}
