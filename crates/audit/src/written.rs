//! What a writer wrote, as an installation to compare with.

use std::collections::{BTreeSet, HashSet};

use installation::{Installation, InstallationErrorKind, Object};
use target::helm::{HelmTarget, Why};
use target::{GreenObject, Target};

use crate::comparison;
use crate::difference::at;
use crate::hints::Hints;
use crate::{Code, Difference};

/// Compares two installations: what every container, job, route and queue effectively gets. Secrets that `after` refers
/// to and does not hold are taken to stay as they stand `before`; so are the ConfigMaps and claims its pods refer to.
#[must_use]
pub fn compare_installations(before: &Installation, after: &Installation) -> Vec<Difference> {
    comparison::compare(before, after)
}

/// The objects of `before` that stay where they stand although a target does not hold them: Secrets and what makes
/// them, which no target writes down, and the ConfigMaps and claims that its pods go on referring to.
#[must_use]
pub fn standing(before: &Installation, target: &[Object]) -> Vec<Object> {
    comparison::standing(before, target).into_iter().map(|index| before.objects[index].clone()).collect()
}

/// Compares what stands with what shall stand as manifests.
#[must_use]
pub fn compare(before: &Installation, target: &Target) -> Vec<Difference> {
    let mut objects: Vec<Object> = target
        .green
        .iter()
        .map(|made| made.object.clone())
        .chain(target.switched.iter().map(|switched| switched.object.clone()))
        .chain(target.kept.iter().map(|index| before.objects[*index].clone()))
        .collect();
    // A ConfigMap that others read too stays for them beside its copy.
    let removed: HashSet<usize> = target.removed.iter().copied().collect();
    let shared = comparison::standing(before, &objects).into_iter().filter(|index| !removed.contains(index));
    objects.extend(shared.map(|index| before.objects[index].clone()).collect::<Vec<_>>());
    let mut differences = against(before, objects, &Hints::new(&target.notes), Vec::new());
    explain_copies(&target.green, &target.kept, &mut differences);
    differences
}

/// Policies and monitors that look after Mastodon's pods and others' stay, and have a copy for the new pods beside them.
fn explain_copies(made: &[GreenObject], kept: &[usize], differences: &mut [Difference]) {
    let copies = made.iter().filter(|made| made.from.is_some_and(|from| kept.contains(&from)));
    let copies: BTreeSet<String> = copies.map(|made| made.object.id().to_string()).collect();
    for difference in differences.iter_mut().filter(|own| own.field.is_empty() && own.before.is_empty()) {
        if difference.explained_by.is_none() && copies.contains(&difference.component) {
            difference.explained_by = Some("reason-chart-labels");
        }
    }
}

/// Compares what stands with what shall stand: what the chart renders, patched, beside supplements and what is kept.
/// `rendered` is what the chart made of the values, or [`HelmTarget::rendered`] where it is not at hand.
#[must_use]
pub fn compare_helm(before: &Installation, target: &HelmTarget, rendered: &[Object]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut objects = Vec::new();
    let stands = |object: &&Object| !is_empty_shell(object, target) && !is_test(object);
    for object in rendered.iter().filter(stands) {
        match patched(object, target) {
            Ok(object) => objects.push(object),
            Err(reason) => {
                let id = object.id().to_string();
                differences.push(at(&id).differs(Code::PatchFails, "", reason, ""));
            }
        }
    }
    objects.extend(target.supplements.iter().map(|made| made.object.clone()));
    objects.extend(target.switched.iter().map(|switched| switched.object.clone()));
    objects.extend(target.kept.iter().map(|index| before.objects[*index].clone()));
    let mut differences = against(before, objects, &Hints::new(&target.notes), differences);
    explain_copies(&target.supplements, &target.kept, &mut differences);
    differences
}

fn against(
    before: &Installation,
    objects: Vec<Object>,
    hints: &Hints,
    mut differences: Vec<Difference>,
) -> Vec<Difference> {
    match understand(before, objects) {
        Some(after) => differences.extend(comparison::compare(before, &after)),
        None => differences.push(not_recognised(before)),
    }
    hints.explain(&mut differences);
    differences
}

/// No Mastodon is found in what shall stand.
#[must_use]
pub fn not_recognised(before: &Installation) -> Difference {
    at("installation").differs(Code::NotRecognised, "", before.domain.as_str(), "")
}

/// The Mastodon among objects that is the one of `before`, where there are several.
fn understand(before: &Installation, objects: Vec<Object>) -> Option<Installation> {
    match Installation::understand(objects.clone(), None) {
        Ok(after) => Some(after),
        Err(error) => match error.kind {
            InstallationErrorKind::SeveralMastodons { .. } => {
                Installation::understand(objects, Some(&before.domain)).ok()
            }
            _ => None,
        },
    }
}

/// Whether an object only stands because the chart cannot leave it out: a Deployment of no pods for a component that
/// there is none of.
fn is_empty_shell(object: &Object, target: &HelmTarget) -> bool {
    let not_there = |component: &str| {
        let path = format!("mastodon.{component}.replicas");
        target.comments.iter().any(|comment| comment.why == Why::NotThere && comment.path == path)
    };
    let mut empty = ["web", "streaming"].into_iter().filter(|component| not_there(component));
    object.kind() == "Deployment" && empty.any(|component| object.name() == target.naming.object(component))
}

/// Whether an object is only made for `helm test`.
fn is_test(object: &Object) -> bool {
    let hook = object.node.str_at(&["metadata", "annotations", "helm.sh/hook"]);
    hook.is_some_and(|hook| hook.split(',').all(|event| event.trim().starts_with("test")))
}

/// An object of the chart with its patches, as Kustomize applies them.
fn patched(object: &Object, target: &HelmTarget) -> Result<Object, String> {
    let mut node = object.node.clone();
    for patch in &target.patches {
        let own = Object::new(patch.node.clone());
        if own.id() == object.id() {
            let merged = tree::patch::strategic_merge_as_kustomize(
                node,
                &patch.node,
                object.kind(),
                &mut tree::patch::Losses::new(),
            )
            .map_err(|error| error.to_string())?;
            node = merged.ok_or_else(|| "the patch deletes the object".to_owned())?;
        }
    }
    Ok(Object::new(node))
}
