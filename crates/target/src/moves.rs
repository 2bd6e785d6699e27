//! What is special where a release of a chart is moved: where leaves stand in what is written, so that others can be said
//! to stand with them, and what of the old release must outlive it.

use std::collections::{BTreeSet, HashMap};

use installation::{Installation, Object};
use tree::{Node, Origin, Value};

use crate::Target;
use crate::helm::HelmTarget;

/// Where leaves stand in what shall be.
#[derive(Debug, Clone, Default)]
pub struct Standing(HashMap<Origin, Vec<Stands>>);

#[derive(Debug, Clone)]
struct Stands {
    /// `Kind/name path`, or `values.yaml key`.
    label: String,
    value: Value,
    is_kept: bool,
}

impl Standing {
    /// The first place where a leaf stands; what is written comes before what is kept.
    #[must_use]
    pub fn place(&self, origin: Origin) -> Option<&str> {
        self.0.get(&origin)?.first().map(|stands| stands.label.as_str())
    }

    /// Whether a leaf stands unchanged in what is written.
    #[must_use]
    pub fn carries(&self, origin: Origin, leaf: &Node) -> bool {
        let places = self.0.get(&origin);
        // A standard label repeats what must stand elsewhere too.
        let counts = |stands: &Stands| !stands.is_kept && !stands.label.contains("[\"app.kubernetes.io/");
        places.into_iter().flatten().any(|stands| counts(stands) && stands.value == leaf.value)
    }

    fn add(&mut self, label: &str, object: &Object, is_kept: bool) {
        for leaf in object.node.leaves() {
            if let Some(origin) = leaf.node.origin {
                let (label, value) = (format!("{label} {}", leaf.path), leaf.node.value.clone());
                self.0.entry(origin).or_default().push(Stands { label, value, is_kept });
            }
        }
    }

    fn add_object(&mut self, object: &Object, is_kept: bool) {
        self.add(&object.id().to_string(), object, is_kept);
    }
}

/// Where leaves stand in manifests, in switched Services and in what is kept.
#[must_use]
pub fn standing(installation: &Installation, target: &Target) -> Standing {
    let mut standing = Standing::default();
    for made in &target.green {
        standing.add_object(&made.object, false);
    }
    for switched in &target.switched {
        standing.add_object(&switched.object, true);
    }
    kept(&mut standing, installation, &target.kept);
    standing
}

/// Where leaves stand in values, patches, supplements, in what the chart takes by itself, and in what is kept.
#[must_use]
pub fn standing_helm(installation: &Installation, target: &HelmTarget) -> Standing {
    let mut standing = Standing::default();
    standing.add("values.yaml", &Object::new(target.values.clone()), false);
    for patch in &target.patches {
        standing.add_object(&Object::new(patch.node.clone()), false);
    }
    for object in target.supplements.iter().map(|made| &made.object).chain(&target.rendered) {
        standing.add_object(object, false);
    }
    for switched in &target.switched {
        standing.add_object(&switched.object, true);
    }
    kept(&mut standing, installation, &target.kept);
    standing
}

fn kept(standing: &mut Standing, installation: &Installation, kept: &[usize]) {
    for object in kept.iter().map(|index| &installation.objects[*index]) {
        standing.add_object(object, true);
    }
}

/// What of an old release must outlive it, and what goes with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leaving<'a> {
    /// Objects that the new side or its users depend on, claims first.
    pub stay: Vec<&'a Object>,
    /// Objects that nothing depends on once the new side serves.
    pub go: Vec<&'a Object>,
}

/// Parts what Helm or a controller owns in an installation into what must stay and what may go; `kept`, `switched` and
/// `removed` as a target says them, `owned` telling what the old release holds.
#[must_use]
pub fn leaving<'a>(
    installation: &'a Installation,
    kept: &[usize],
    switched: impl Iterator<Item = usize>,
    removed: &[usize],
    owned: impl Fn(&Object) -> bool,
) -> Leaving<'a> {
    let stay: BTreeSet<usize> = kept.iter().copied().chain(switched).collect();
    let object = |index: &usize| &installation.objects[*index];
    let mut leaving = Leaving {
        stay: stay.iter().map(object).filter(|object| owned(object) && !is_hook(object)).collect(),
        go: removed
            .iter()
            .filter(|index| !stay.contains(index))
            .map(object)
            .filter(|object| owned(object) && !is_hook(object))
            .collect(),
    };
    leaving.stay.sort_by_key(|object| object.kind() != "PersistentVolumeClaim");
    leaving
}

/// Hooks do not belong to what a release holds: Helm makes and deletes them by themselves.
fn is_hook(object: &Object) -> bool {
    object.node.at_keys(&["metadata", "annotations", "helm.sh/hook"]).is_some()
}
