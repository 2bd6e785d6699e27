//! Everything that is no part of Mastodon itself, no Service and no route: jobs, schedules, autoscalers, neighbours, and
//! whatever else stands.

use std::collections::{BTreeMap, HashSet};

use installation::Object;
use tree::{Node, Path};

use super::flat::{Flat, each_mapping};
use super::pairs::{Matching, work};
use super::side::Side;
use super::workload::{Workloads, is_bookkeeping, members};
use crate::difference::at;
use crate::{Code, Difference};

/// What kind of object it is, as far as the comparison goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    /// Compared elsewhere, by what containers and users get of it.
    Elsewhere,
    /// Runs and ends.
    Job,
    /// Runs by the clock.
    Schedule,
    /// Changes the number or size of pods.
    Autoscaler,
    /// Keeps pods from being taken away.
    Budget,
    /// A workload beside Mastodon.
    Neighbour,
    /// Anything else.
    Other,
}

impl Sort {
    fn codes(self) -> [Code; 3] {
        match self {
            Self::Job => [Code::JobLost, Code::JobChanged, Code::JobAdded],
            Self::Schedule => [Code::ScheduleLost, Code::ScheduleChanged, Code::ScheduleAdded],
            Self::Autoscaler => [Code::AutoscalerLost, Code::AutoscalerChanged, Code::AutoscalerAdded],
            Self::Budget => {
                [Code::DisruptionBudgetLost, Code::DisruptionBudgetChanged, Code::DisruptionBudgetAdded]
            }
            Self::Elsewhere | Self::Neighbour | Self::Other => {
                [Code::ObjectLost, Code::ObjectChanged, Code::ObjectAdded]
            }
        }
    }
}

fn sort(side: &Side<'_>, index: usize, taken: &HashSet<(String, String)>) -> Sort {
    let object = &side.all.objects[index];
    match object.kind() {
        "Service" | "Ingress" => Sort::Elsewhere,
        "HTTPRoute" | "IngressRoute" | "Route" if side.routes_by(index) => Sort::Elsewhere,
        // They count by what containers get of them.
        "ConfigMap" | "Secret" if taken.contains(&(object.kind().to_owned(), object.name().to_owned())) => {
            Sort::Elsewhere
        }
        "Job" => Sort::Job,
        "CronJob" => Sort::Schedule,
        "HorizontalPodAutoscaler" | "VerticalPodAutoscaler" | "ScaledObject" => Sort::Autoscaler,
        "PodDisruptionBudget" => Sort::Budget,
        _ if side.is_lasting(index) => Sort::Elsewhere,
        _ if object.template().is_some() => Sort::Neighbour,
        _ => Sort::Other,
    }
}

/// ConfigMaps and Secrets that pods refer to.
fn taken(side: &Side<'_>) -> HashSet<(String, String)> {
    let mut taken = HashSet::new();
    for template in side.all.objects.iter().filter_map(Object::template) {
        each_mapping(template, &Path::root(), &mut |node, _| {
            for (key, kind, name) in REFERENCES {
                if let Some(name) = node.get(key).and_then(|reference| reference.str_at(&[name])) {
                    taken.insert(((*kind).to_owned(), name.to_owned()));
                }
            }
        });
    }
    taken
}

/// How pods refer to ConfigMaps, Secrets and claims: key, kind, and the key of the name.
pub(crate) const REFERENCES: &[(&str, &str, &str)] = &[
    ("configMapRef", "ConfigMap", "name"),
    ("configMapKeyRef", "ConfigMap", "name"),
    ("configMap", "ConfigMap", "name"),
    ("secretRef", "Secret", "name"),
    ("secretKeyRef", "Secret", "name"),
    ("secret", "Secret", "secretName"),
    ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
];

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let (old_taken, new_taken) = (taken(before), taken(after));
    let group = |side: &Side<'_>, taken: &HashSet<(String, String)>| {
        let mut groups: BTreeMap<String, (Sort, Vec<usize>)> = BTreeMap::new();
        for index in 0..side.all.objects.len() {
            let sort = sort(side, index, taken);
            // Neighbours keep their name when their kind changes.
            let key = match sort {
                Sort::Elsewhere => continue,
                Sort::Neighbour => String::new(),
                _ => side.all.objects[index].kind().to_owned(),
            };
            groups.entry(key).or_insert_with(|| (sort, Vec::new())).1.push(index);
        }
        groups
    };
    let (mut old, mut new) = (group(before, &old_taken), group(after, &new_taken));
    let mut kinds: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    kinds.sort();
    kinds.dedup();
    for kind in kinds {
        let (old, new) = (old.remove(&kind), new.remove(&kind));
        let Some(sort) = old.as_ref().or(new.as_ref()).map(|(sort, _)| *sort) else { continue };
        let indices = |group: Option<(Sort, Vec<usize>)>| group.map(|(_, own)| own).unwrap_or_default();
        of_kind(sort, before, after, Matching::new(indices(old), indices(new)), found);
    }
}

fn of_kind(
    sort: Sort,
    before: &Side<'_>,
    after: &Side<'_>,
    mut matching: Matching,
    found: &mut Vec<Difference>,
) {
    let name = |side: &Side<'_>, index: usize| side.all.objects[index].name().to_owned();
    let placed = |side: &Side<'_>, index: usize| {
        let namespace = side.all.objects[index].namespace();
        namespace.map(|namespace| format!("{namespace}/{}", name(side, index))).unwrap_or_default()
    };
    matching.by_key(|index| placed(before, index), |index| placed(after, index));
    matching.by_key(|index| name(before, index), |index| name(after, index));
    let about = |side: &Side<'_>, index: usize| match sort {
        Sort::Job | Sort::Schedule | Sort::Neighbour => work(&side.all.objects[index]),
        _ => about(side, &side.all.objects[index]),
    };
    matching.by_key(|index| about(before, index), |index| about(after, index));
    let said = |side: &Side<'_>, index: usize| content(side, &side.all.objects[index]).shown();
    if sort == Sort::Other {
        matching.by_key(|index| said(before, index), |index| said(after, index));
    }
    let [lost, _, added] = sort.codes();
    for (from, to) in &matching.both {
        pair(sort, before, after, (*from, *to), found);
    }
    for index in matching.old {
        let object = &before.all.objects[index];
        let id = object.id().to_string();
        found.push(at(&id).differs(lost, "", shown(before, object), "").from(object.node.origin));
    }
    for index in matching.new {
        let object = &after.all.objects[index];
        let id = object.id().to_string();
        let is_hook = object.node.at_keys(&["metadata", "annotations", "helm.sh/hook"]).is_some();
        let code = if sort == Sort::Job && is_hook { Code::HookAdded } else { added };
        let harmless = sort == Sort::Other && is_passive(object);
        let difference = at(&id).differs(code, "", "", shown(after, object));
        found.push(difference.explained(harmless.then_some("reason-chart-adds")));
    }
}

/// Kinds that do nothing by standing there.
fn is_passive(object: &Object) -> bool {
    matches!(object.kind(), "ConfigMap" | "Secret" | "ServiceAccount" | "Namespace" | "PersistentVolumeClaim")
}

/// The workload or the pods that an object is about; empty where that cannot be said.
fn about(side: &Side<'_>, object: &Object) -> String {
    let spec = object.node.get("spec");
    let reference = ["scaleTargetRef", "targetRef"].iter().find_map(|key| spec?.get(key));
    if let Some(reference) = reference {
        let kind = reference.str_at(&["kind"]).unwrap_or("Deployment");
        return side.workload(kind, reference.str_at(&["name"]).unwrap_or_default());
    }
    let Some(selector) = ["selector", "podSelector"].iter().find_map(|key| spec?.get(key)) else {
        return String::new();
    };
    let found = side.parts_found(selector);
    if found.is_empty() { side.parts(&installation::Labels::read(selector)) } else { found }
}

/// What an object says, without its name, what servers and tools keep on it, and what only names the release.
fn content(side: &Side<'_>, object: &Object) -> Flat {
    // Fields that have another place in the version that is served today mean the same there.
    let node = side.by_parts(&target::as_served(&object.node));
    let mut flat = Flat::read(&node);
    flat.0.retain(|path, _| {
        let key = path.split(['.', '[']).next().unwrap_or_default();
        !matches!(key, "metadata" | "status" | "kind") && path != "apiVersion"
    });
    if object.kind() == "HorizontalPodAutoscaler" {
        flat.or("spec.minReplicas", "1");
    }
    flat
}

/// What a job runs, as it is written; what is sealed does not show.
fn runs(object: &Object) -> String {
    let words = object.containers().flat_map(|container| {
        let keys = ["command", "args"].iter().filter_map(|key| container.get(key));
        keys.flat_map(Node::items).map(|word| word.as_text().unwrap_or_else(|| "•••".to_owned()))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What an object is about, in few words.
fn shown(side: &Side<'_>, object: &Object) -> String {
    let text = |keys: &[&str]| object.node.at_keys(keys).and_then(Node::as_text);
    let words = match object.kind() {
        "CronJob" => vec![text(&["spec", "schedule"]).unwrap_or_default(), runs(object)],
        "Job" => vec![runs(object)],
        "HorizontalPodAutoscaler" => vec![
            about(side, object),
            format!(
                "{}–{}",
                text(&["spec", "minReplicas"]).unwrap_or_else(|| "1".to_owned()),
                text(&["spec", "maxReplicas"]).unwrap_or_default()
            ),
        ],
        _ if object.template().is_some() => {
            object.containers().filter_map(|own| own.get("image")?.as_text()).collect()
        }
        _ => vec![about(side, object)],
    };
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { object.api_version().to_owned() } else { words.join(" ") }
}

fn pair(
    sort: Sort,
    before: &Side<'_>,
    after: &Side<'_>,
    (from, to): (usize, usize),
    found: &mut Vec<Difference>,
) {
    let (old, new) = (&before.all.objects[from], &after.all.objects[to]);
    // What stays as it is needs no second look.
    if old.node == new.node && sort != Sort::Autoscaler && sort != Sort::Neighbour {
        return;
    }
    let id = old.id().to_string();
    if matches!(sort, Sort::Job | Sort::Schedule | Sort::Neighbour) {
        Workloads { name: &id, old: (before, from), new: (after, to), main: Vec::new() }.compare(found);
    }
    let codes = sort.codes();
    let read = |side: &Side<'_>, object: &Object| {
        let mut flat = content(side, object);
        if object.template().is_some() {
            // The pods and how they are replaced are compared by rules of their own.
            let template = object.template_keys().unwrap_or_default().join(".");
            let own = ["spec.selector", "spec.strategy", "spec.updateStrategy", "spec.replicas", &template];
            flat.0.retain(|path, _| !own.iter().any(|own| path.starts_with(own)) && !is_rollout(path));
            job_defaults(&mut flat, object.kind());
        }
        flat
    };
    members(at(&id), "", &read(before, old), &read(after, new), [codes[1]; 3], found);
    if sort == Sort::Other {
        let annotated = [Code::AnnotationLost, Code::AnnotationChanged, Code::AnnotationChanged];
        members(at(&id), "annotation", &noted(old), &noted(new), annotated, found);
    }
}

fn is_rollout(path: &str) -> bool {
    ["revisionHistoryLimit", "minReadySeconds", "progressDeadlineSeconds", "paused", "podManagementPolicy"]
        .iter()
        .any(|field| path.strip_prefix("spec.") == Some(*field))
}

/// What Kubernetes takes where a job says nothing.
fn job_defaults(flat: &mut Flat, kind: &str) {
    let prefix = if kind == "CronJob" { "spec.jobTemplate.spec." } else { "spec." };
    for (key, default) in
        [("backoffLimit", "6"), ("completions", "1"), ("parallelism", "1"), ("suspend", "false")]
    {
        flat.drop_default(&format!("{prefix}{key}"), default);
    }
    for (key, default) in [
        ("concurrencyPolicy", "Allow"),
        ("suspend", "false"),
        ("successfulJobsHistoryLimit", "3"),
        ("failedJobsHistoryLimit", "1"),
    ] {
        flat.drop_default(&format!("spec.{key}"), default);
    }
}

fn noted(object: &Object) -> Flat {
    let mut flat = super::routes::annotations(object);
    flat.0.retain(|key, _| !is_bookkeeping(key));
    flat
}
