//! The transformers of a kustomization, in Kustomize's order.

use tree::{Node, Origin};

use crate::accumulate::{Building, Gathered, Here};
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::grammar::REPLACEMENT;
use crate::identity::Object;
use crate::namespace::{self, Subjects};
use crate::naming::{self, End};
use crate::patching::Patching;
use crate::trail::Step;
use crate::{image, label, replacement};

impl Building<'_> {
    /// Applies all that a kustomization says, in Kustomize's order.
    pub(crate) fn transform(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        self.patch(gathered, here)?;
        self.rename(gathered, here)?;
        self.mark(gathered, here)?;
        self.patch_operations(gathered, here)?;
        self.tune(gathered, here)?;
        self.replace(gathered, here)?;
        self.plugged_transformers(gathered, here)
    }

    /// Ends a step: drops what was deleted, and notes on the objects what changed them.
    pub(crate) fn stepped(&mut self, gathered: &mut Gathered, here: &Here, kind: &str) {
        let file = here.name.file_name().unwrap_or_default();
        let step = self.tracking.then(|| Step::built_in(&here.trail, file, kind));
        self.stepped_by(gathered, step);
    }

    pub(crate) fn stepped_by(&mut self, gathered: &mut Gathered, step: Option<Step>) {
        if let Some(step) = step {
            for object in gathered.change() {
                match &object.source {
                    None => object.source = Some(step.clone()),
                    Some(_) => object.changes.push(step.clone()),
                }
            }
        }
        if std::mem::take(&mut self.deleted) {
            gathered.change().retain(|object| !object.is_gone());
        }
    }

    /// What is wrong with a field of this kustomization, at its place.
    pub(crate) fn settle(
        &mut self,
        result: Result<(), KustomizeErrorKind>,
        origin: Option<Origin>,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        let result = result.map_err(|kind| self.reading.error(kind, origin, &here.name));
        self.tolerate(result).map(|_| ())
    }

    fn patch(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let strategic = here.says.list("patchesStrategicMerge");
        let mut named = None;
        for entry in strategic {
            let done = self.one_patch(gathered, here, &mut named, |patching, objects| {
                patching.strategic(objects, entry)
            });
            self.tolerate(done)?;
        }
        if !strategic.is_empty() {
            self.stepped(gathered, here, "PatchStrategicMergeTransformer");
            named = None;
        }
        for entry in here.says.list("patches") {
            let done = self.one_patch(gathered, here, &mut named, |patching, objects| {
                patching.entry(objects, entry, "patches")
            });
            self.tolerate(done)?;
            let before = gathered.objects.len();
            self.stepped(gathered, here, "PatchTransformer");
            if gathered.objects.len() != before {
                named = None;
            }
        }
        Ok(())
    }

    /// Runs one patch with the index that the last one left.
    pub(crate) fn one_patch(
        &mut self,
        gathered: &mut Gathered,
        here: &Here,
        named: &mut Option<crate::accumulate::Named>,
        run: impl FnOnce(&mut Patching<'_, '_>, &mut [Object]) -> Result<(), KustomizeError>,
    ) -> Result<(), KustomizeError> {
        let mut patching =
            Patching::new(&mut self.reading, &mut self.losses, &here.place, here.file, &here.name);
        patching.named = named.take();
        let done = run(&mut patching, gathered.change());
        *named = patching.named;
        self.deleted |= patching.deleted;
        done
    }

    fn patch_operations(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let mut named = None;
        for entry in here.says.list("patchesJson6902") {
            let done = self.one_patch(gathered, here, &mut named, |patching, objects| {
                patching.entry(objects, entry, "patchesJson6902")
            });
            self.tolerate(done)?;
            self.stepped(gathered, here, "PatchJson6902Transformer");
        }
        Ok(())
    }

    fn rename(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let config = std::rc::Rc::clone(&gathered.config);
        if let Some(namespace) = here.says.text("namespace") {
            let change = namespace::Change {
                namespace,
                unset_only: false,
                subjects: Subjects::Default,
                specs: &config.namespace,
            };
            let done = change.apply(gathered.change(), &mut self.losses);
            self.settle(done, namespace.origin, here)?;
            self.stepped(gathered, here, "NamespaceTransformer");
        }
        for (field, end, specs, kind) in [
            ("namePrefix", End::Prefix, &config.name_prefix, "PrefixTransformer"),
            ("nameSuffix", End::Suffix, &config.name_suffix, "SuffixTransformer"),
        ] {
            if let Some(node) = here.says.text(field) {
                let text = node.as_str().unwrap_or_default();
                let done = naming::affix(gathered.change(), end, text, specs, &mut self.losses);
                self.settle(done, node.origin, here)?;
                self.stepped(gathered, here, kind);
            }
        }
        Ok(())
    }

    fn mark(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let config = std::rc::Rc::clone(&gathered.config);
        let labels = here.says.list("labels");
        for entry in labels {
            if let Some(pairs) = filled(entry.get("pairs")) {
                let done = label::fields(entry, &config)
                    .and_then(|specs| label::spread(gathered.change(), pairs, &specs, &mut self.losses));
                self.settle(done, entry.origin, here)?;
            }
            self.stepped(gathered, here, "LabelTransformer");
        }
        let common = here.says.filled("commonLabels");
        if let Some(pairs) = common {
            let done = label::spread(gathered.change(), pairs, &config.common_labels, &mut self.losses);
            self.settle(done, pairs.origin, here)?;
        }
        if common.is_some() || !labels.is_empty() {
            self.stepped(gathered, here, "LabelTransformer");
        }
        if let Some(pairs) = here.says.filled("commonAnnotations") {
            let done = label::spread(gathered.change(), pairs, &config.common_annotations, &mut self.losses);
            self.settle(done, pairs.origin, here)?;
            self.stepped(gathered, here, "AnnotationsTransformer");
        }
        Ok(())
    }

    fn tune(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let config = std::rc::Rc::clone(&gathered.config);
        for entry in here.says.list("replicas") {
            let done = image::scale(gathered.change(), entry, &config.replicas, &mut self.losses);
            self.settle(done, entry.origin, here)?;
            self.stepped(gathered, here, "ReplicaCountTransformer");
        }
        for entry in here.says.list("images").iter().chain(here.says.list("imageTags")) {
            let done = image::change(gathered.change(), entry, &config.images, &mut self.losses);
            self.settle(done, entry.origin, here)?;
            self.stepped(gathered, here, "ImageTagTransformer");
        }
        Ok(())
    }

    fn replace(&mut self, gathered: &mut Gathered, here: &Here) -> Result<(), KustomizeError> {
        let entries = here.says.list("replacements");
        for entry in entries {
            self.replacement(gathered, entry, here)?;
        }
        if !entries.is_empty() {
            self.stepped(gathered, here, "ReplacementTransformer");
        }
        Ok(())
    }

    /// An entry of `replacements`: the replacement itself, or a file of them.
    pub(crate) fn replacement(
        &mut self,
        gathered: &mut Gathered,
        entry: &Node,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        let mut all = Vec::new();
        let path = entry.get("path").filter(|path| path.as_str().is_some_and(|text| !text.is_empty()));
        match path {
            Some(_) if entry.get("source").is_some() || filled(entry.get("targets")).is_some() => {
                let field = "replacements.path".to_owned();
                let wanted = "absent beside a replacement";
                let wrong = Err(KustomizeErrorKind::BadField { field, wanted });
                return self.settle(wrong, entry.origin, here);
            }
            Some(path) => {
                for node in self.settings_file(path, here)? {
                    let items = match node.as_sequence() {
                        Some(items) => items.to_vec(),
                        None => vec![node],
                    };
                    for item in items {
                        let read = REPLACEMENT
                            .conform("replacements", &item)
                            .map_err(|(kind, origin)| self.reading.error(kind, origin, &here.name));
                        all.extend(self.tolerate(read)?);
                    }
                }
            }
            None => all.push(entry.clone()),
        }
        for one in &all {
            let done = replacement::replace(gathered.change(), one, &mut self.losses);
            self.settle(done, one.origin.or(entry.origin), here)?;
        }
        Ok(())
    }
}

fn filled(node: Option<&Node>) -> Option<&Node> {
    node.filter(|node| {
        !node.as_mapping().is_some_and(tree::Mapping::is_empty)
            && !node.as_sequence().is_some_and(<[Node]>::is_empty)
    })
}
