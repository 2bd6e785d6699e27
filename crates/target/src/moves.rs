//! What is special where a release of a chart is moved: where leaves stand in what is written, so that others can be said
//! to stand with them, and what of the old release must outlive it.

use std::collections::{BTreeSet, HashMap};

use installation::{Installation, Object};
use tree::Origin;

use crate::Target;
use crate::helm::HelmTarget;

/// Where leaves stand in what shall be, by their origins: `Kind/name path`, or `values.yaml key`.
pub type Standing = HashMap<Origin, String>;

/// Where leaves stand in manifests, in switched Services and in what is kept.
#[must_use]
pub fn standing(installation: &Installation, target: &Target) -> Standing {
    let mut standing = Standing::new();
    for made in &target.green {
        add(&mut standing, &made.object.id().to_string(), &made.object);
    }
    for switched in &target.switched {
        add(&mut standing, &switched.object.id().to_string(), &switched.object);
    }
    kept(&mut standing, installation, &target.kept);
    standing
}

/// Where leaves stand in values, patches, supplements, in what the chart takes by itself, and in what is kept.
#[must_use]
pub fn standing_helm(installation: &Installation, target: &HelmTarget) -> Standing {
    let mut standing = Standing::new();
    add(&mut standing, "values.yaml", &Object::new(target.values.clone()));
    for patch in &target.patches {
        let object = Object::new(patch.node.clone());
        add(&mut standing, &object.id().to_string(), &object);
    }
    let made = target.supplements.iter().map(|made| &made.object).chain(&target.rendered);
    for object in made.chain(target.switched.iter().map(|switched| &switched.object)) {
        add(&mut standing, &object.id().to_string(), object);
    }
    kept(&mut standing, installation, &target.kept);
    standing
}

fn kept(standing: &mut Standing, installation: &Installation, kept: &[usize]) {
    for object in kept.iter().map(|index| &installation.objects[*index]) {
        add(standing, &object.id().to_string(), object);
    }
}

/// Those who come first say where; what is written says it before what is kept.
fn add(standing: &mut Standing, label: &str, object: &Object) {
    for leaf in object.node.leaves() {
        if let Some(origin) = leaf.node.origin {
            standing.entry(origin).or_insert_with(|| format!("{label} {}", leaf.path));
        }
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
