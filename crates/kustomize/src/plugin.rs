//! `generators`, `transformers` and `validators`: those that Kustomize has built in.

use tree::{Node, Value};

use crate::accumulate::{Building, Gathered, Here};
use crate::config;
use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::field::FieldSpec;
use crate::generator::Generated;
use crate::identity::Object;
use crate::namespace::{self, Subjects};
use crate::naming::{self, End};
use crate::reading::Role;
use crate::trail::Step;
use crate::{image, label};

impl Building<'_> {
    pub(crate) fn plugged_generators(
        &mut self,
        gathered: &mut Gathered,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        for object in self.configured("generators", here)? {
            let what = match object.id().kind.as_str() {
                "ConfigMapGenerator" => Some(Generated::ConfigMap),
                "SecretGenerator" => Some(Generated::Secret),
                _ => None,
            };
            let made = match what.filter(|_| is_built_in(&object)) {
                Some(what) => {
                    let entry = generator_entry(&object.node);
                    let source = described(&object, here);
                    self.generated(gathered, what, &entry, None, here, source)
                }
                None => Err(self.foreign(&object, here)),
            };
            self.tolerate(made)?;
        }
        Ok(())
    }

    pub(crate) fn plugged_transformers(
        &mut self,
        gathered: &mut Gathered,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        for object in self.configured("transformers", here)? {
            let done = if is_built_in(&object) {
                self.plugged(gathered, &object, here)
            } else {
                Err(self.foreign(&object, here))
            };
            self.tolerate(done)?;
            let step = self.tracking.then(|| described(&object, here));
            self.stepped_by(gathered, step);
        }
        for object in self.configured("validators", here)? {
            let error = self.foreign(&object, here);
            self.tolerate(Err::<(), _>(error))?;
        }
        Ok(())
    }

    /// The objects that configure plugins: inline, in files, or built from directories.
    fn configured(&mut self, field: &str, here: &Here) -> Result<Vec<Object>, KustomizeError> {
        let mut found = Gathered::default();
        let before = self.reading.documents.len();
        for entry in here.says.list(field) {
            let text = entry.as_str().unwrap_or_default();
            let added = if text.contains('\n') || text.trim_start().starts_with('{') {
                self.reading.inline(entry, here.file, Role::Kustomization, &here.name).and_then(|documents| {
                    for document in documents {
                        let node = self.reading.documents.get(document).map(|document| &document.node);
                        let object = node.map(|node| Object::new(node.clone()));
                        if let Some(object) = object {
                            self.append(&mut found, object, &here.name)?;
                        }
                    }
                    Ok(())
                })
            } else {
                self.resource(&mut found, entry, here)
            };
            self.tolerate(added)?;
        }
        // They are no objects of the deployment, they say what to build.
        for document in self.reading.documents.iter_mut().skip(before) {
            if document.role == Role::Resource {
                document.role = Role::Kustomization;
            }
        }
        Ok(found.objects)
    }

    fn foreign(&self, object: &Object, here: &Here) -> KustomizeError {
        let kind = KustomizeErrorKind::Plugin { kind: object.id().kind.clone() };
        self.reading.error(kind, object.origin(), &here.name)
    }

    fn plugged(
        &mut self,
        gathered: &mut Gathered,
        object: &Object,
        here: &Here,
    ) -> Result<(), KustomizeError> {
        let node = &object.node;
        let specs = node.get("fieldSpecs").map(config::specs).unwrap_or_default();
        let losses = &mut self.losses;
        let done = match object.id().kind.as_str() {
            "PrefixTransformer" => affix(gathered, End::Prefix, node.str_at(&["prefix"]), &specs, losses),
            "SuffixTransformer" => affix(gathered, End::Suffix, node.str_at(&["suffix"]), &specs, losses),
            "PrefixSuffixTransformer" => {
                affix(gathered, End::Prefix, node.str_at(&["prefix"]), &specs, losses)
                    .and_then(|()| affix(gathered, End::Suffix, node.str_at(&["suffix"]), &specs, losses))
            }
            "NamespaceTransformer" => set_namespace(gathered, node, &specs, losses),
            "LabelTransformer" => spread(gathered, node.get("labels"), &specs, losses),
            "AnnotationsTransformer" => spread(gathered, node.get("annotations"), &specs, losses),
            "ImageTagTransformer" => match node.get("imageTag") {
                Some(entry) => image::change(gathered.change(), entry, &specs, losses),
                None => Ok(()),
            },
            "ReplicaCountTransformer" => match node.get("replica") {
                Some(entry) => image::scale(gathered.change(), entry, &specs, losses),
                None => Ok(()),
            },
            "PatchTransformer" => {
                return self.one_patch(gathered, here, &mut None, |patching, objects| {
                    patching.entry(objects, node, "patches")
                });
            }
            "PatchJson6902Transformer" => {
                return self.one_patch(gathered, here, &mut None, |patching, objects| {
                    patching.entry(objects, node, "patchesJson6902")
                });
            }
            "PatchStrategicMergeTransformer" => {
                let paths = node.get("paths").into_iter().flat_map(Node::items);
                for entry in paths.chain(node.get("patches")) {
                    self.one_patch(gathered, here, &mut None, |patching, objects| {
                        patching.strategic(objects, entry)
                    })?;
                }
                return Ok(());
            }
            "ReplacementTransformer" => {
                for entry in node.get("replacements").into_iter().flat_map(Node::items) {
                    self.replacement(gathered, entry, here)?;
                }
                return Ok(());
            }
            _ => return Err(self.foreign(object, here)),
        };
        done.map_err(|kind| self.reading.error(kind, node.origin, &here.name))
    }
}

fn is_built_in(object: &Object) -> bool {
    object.id().group.is_empty() && object.id().version == "builtin"
}

/// A plugin as `buildMetadata` names it.
fn described(object: &Object, here: &Here) -> Step {
    let id = object.id();
    let configured_in = match &object.source {
        Some(Step::Read(path)) => path.clone(),
        _ => here.trail.join(here.name.file_name().unwrap_or_default()),
    };
    let by = [id.api_version(), id.kind.clone(), id.name.clone(), id.namespace.clone()];
    Step::Built { configured_in, by }
}

/// A generator's configuration in the form that it has in a kustomization.
fn generator_entry(node: &Node) -> Node {
    let mut entry = node.clone();
    for member in ["name", "namespace"] {
        let own = entry.get(member).is_some();
        if let Some(value) = node.at_keys(&["metadata", member]).filter(|_| !own) {
            entry.set(member, value.clone());
        }
    }
    entry
}

type Done = Result<(), KustomizeErrorKind>;

fn affix(
    gathered: &mut Gathered,
    end: End,
    text: Option<&str>,
    specs: &[FieldSpec],
    losses: &mut tree::patch::Losses,
) -> Done {
    naming::affix(gathered.change(), end, text.unwrap_or_default(), specs, losses)
}

fn spread(
    gathered: &mut Gathered,
    pairs: Option<&Node>,
    specs: &[FieldSpec],
    losses: &mut tree::patch::Losses,
) -> Done {
    match pairs {
        Some(pairs) => label::spread(gathered.change(), pairs, specs, losses),
        None => Ok(()),
    }
}

fn set_namespace(
    gathered: &mut Gathered,
    node: &Node,
    specs: &[FieldSpec],
    losses: &mut tree::patch::Losses,
) -> Done {
    let Some(namespace) = node.at_keys(&["metadata", "namespace"]) else { return Ok(()) };
    let subjects = match node.str_at(&["setRoleBindingSubjects"]) {
        None | Some("" | "defaultOnly") => Subjects::Default,
        Some("allServiceAccounts") => Subjects::Accounts,
        Some("none") => Subjects::None,
        Some(_) => {
            let field = "setRoleBindingSubjects".to_owned();
            let wanted = "defaultOnly, allServiceAccounts or none";
            return Err(KustomizeErrorKind::BadField { field, wanted });
        }
    };
    let unset_only = node.get("unsetOnly").is_some_and(|node| node.value == Value::Bool(true));
    namespace::Change { namespace, unset_only, subjects, specs }.apply(gathered.change(), losses)
}
