//! Labels and annotations for all objects.

use tree::patch::Losses;
use tree::{Node, Value};

use crate::error::KustomizeErrorKind;
use crate::field::{self, Field};
use crate::identity::Object;
use crate::kustomization::{known, texts};

const fn at(path: &'static [&'static str], kind: &'static str, group: Option<&'static str>) -> Field {
    Field { path, kind: Some(kind), group, version: None, create: true }
}

const fn found(path: &'static [&'static str], kind: &'static str, group: &'static str) -> Field {
    Field { path, kind: Some(kind), group: Some(group), version: None, create: false }
}

const fn core(path: &'static [&'static str], kind: &'static str) -> Field {
    Field { path, kind: Some(kind), group: None, version: Some("v1"), create: true }
}

const LABELS: Field =
    Field { path: &["metadata", "labels"], kind: None, group: None, version: None, create: true };

const TEMPLATE_LABELS: &[&str] = &["spec", "template", "metadata", "labels"];
const MATCH_LABELS: &[&str] = &["spec", "selector", "matchLabels"];

/// Labels of what a kind makes.
const TEMPLATES: [Field; 9] = [
    core(TEMPLATE_LABELS, "ReplicationController"),
    at(TEMPLATE_LABELS, "Deployment", None),
    at(TEMPLATE_LABELS, "ReplicaSet", None),
    at(TEMPLATE_LABELS, "DaemonSet", None),
    at(TEMPLATE_LABELS, "StatefulSet", Some("apps")),
    at(&["spec", "volumeClaimTemplates[]", "metadata", "labels"], "StatefulSet", Some("apps")),
    at(TEMPLATE_LABELS, "Job", Some("batch")),
    at(&["spec", "jobTemplate", "metadata", "labels"], "CronJob", Some("batch")),
    at(&["spec", "jobTemplate", "spec", "template", "metadata", "labels"], "CronJob", Some("batch")),
];

/// Labels by which a kind selects.
const SELECTORS: [Field; 12] = [
    core(&["spec", "selector"], "Service"),
    core(&["spec", "selector"], "ReplicationController"),
    at(MATCH_LABELS, "Deployment", None),
    at(MATCH_LABELS, "ReplicaSet", None),
    at(MATCH_LABELS, "DaemonSet", None),
    at(MATCH_LABELS, "StatefulSet", Some("apps")),
    found(MATCH_LABELS, "Job", "batch"),
    found(&["spec", "jobTemplate", "spec", "selector", "matchLabels"], "CronJob", "batch"),
    found(MATCH_LABELS, "PodDisruptionBudget", "policy"),
    found(&["spec", "podSelector", "matchLabels"], "NetworkPolicy", "networking.k8s.io"),
    found(&["spec", "ingress", "from", "podSelector", "matchLabels"], "NetworkPolicy", "networking.k8s.io"),
    found(&["spec", "egress", "to", "podSelector", "matchLabels"], "NetworkPolicy", "networking.k8s.io"),
];

const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Labels by which the pods of a Deployment or StatefulSet look at each other.
const NEIGHBOURS: [&[&str]; 5] = [
    &[
        "spec",
        "template",
        "spec",
        "affinity",
        "podAffinity",
        PREFERRED,
        "podAffinityTerm",
        "labelSelector",
        "matchLabels",
    ],
    &["spec", "template", "spec", "affinity", "podAffinity", REQUIRED, "labelSelector", "matchLabels"],
    &[
        "spec",
        "template",
        "spec",
        "affinity",
        "podAntiAffinity",
        PREFERRED,
        "podAffinityTerm",
        "labelSelector",
        "matchLabels",
    ],
    &["spec", "template", "spec", "affinity", "podAntiAffinity", REQUIRED, "labelSelector", "matchLabels"],
    &["spec", "template", "spec", "topologySpreadConstraints", "labelSelector", "matchLabels"],
];

const TEMPLATE_ANNOTATIONS: &[&str] = &["spec", "template", "metadata", "annotations"];

const ANNOTATIONS: [Field; 9] = [
    Field { path: &["metadata", "annotations"], kind: None, group: None, version: None, create: true },
    core(TEMPLATE_ANNOTATIONS, "ReplicationController"),
    at(TEMPLATE_ANNOTATIONS, "Deployment", None),
    at(TEMPLATE_ANNOTATIONS, "ReplicaSet", None),
    at(TEMPLATE_ANNOTATIONS, "DaemonSet", None),
    at(TEMPLATE_ANNOTATIONS, "StatefulSet", None),
    at(TEMPLATE_ANNOTATIONS, "Job", Some("batch")),
    at(&["spec", "jobTemplate", "metadata", "annotations"], "CronJob", Some("batch")),
    at(&["spec", "jobTemplate", "spec", "template", "metadata", "annotations"], "CronJob", Some("batch")),
];

/// How far labels reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Objects,
    Templates,
    Selectors,
}

/// An entry of `labels`.
pub(crate) fn label(
    objects: &mut [Object],
    entry: &Node,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    known("labels", entry, &["pairs", "includeSelectors", "includeTemplates"])?;
    let Some(pairs) = entry.get("pairs") else { return Ok(()) };
    let pairs = texts("labels.pairs", pairs)?;
    let says = |member: &str| entry.get(member).is_some_and(|node| node.value == Value::Bool(true));
    let reach = if says("includeSelectors") {
        Reach::Selectors
    } else if says("includeTemplates") {
        Reach::Templates
    } else {
        Reach::Objects
    };
    spread(objects, &pairs, reach, losses);
    Ok(())
}

/// `commonLabels`.
pub(crate) fn common(objects: &mut [Object], pairs: &Node, losses: &mut Losses) {
    spread(objects, pairs, Reach::Selectors, losses);
}

/// `commonAnnotations`.
pub(crate) fn annotate(objects: &mut [Object], pairs: &Node, losses: &mut Losses) {
    for object in objects {
        for field in &ANNOTATIONS {
            put(object, field, pairs, losses);
        }
    }
}

fn spread(objects: &mut [Object], pairs: &Node, reach: Reach, losses: &mut Losses) {
    for object in objects {
        put(object, &LABELS, pairs, losses);
        if reach == Reach::Objects {
            continue;
        }
        for field in &TEMPLATES {
            put(object, field, pairs, losses);
        }
        if reach == Reach::Templates {
            continue;
        }
        for field in &SELECTORS {
            put(object, field, pairs, losses);
        }
        for path in NEIGHBOURS {
            for kind in ["Deployment", "StatefulSet"] {
                put(object, &found(path, kind, "apps"), pairs, losses);
            }
        }
    }
}

fn put(object: &mut Object, field: &Field, pairs: &Node, losses: &mut Losses) {
    if !field.of(&object.id()) {
        return;
    }
    field.visit(&mut object.node, pairs.origin, &mut |holder| {
        for (key, value) in pairs.as_mapping().into_iter().flatten() {
            field::set(holder, key, value, losses);
        }
    });
}
