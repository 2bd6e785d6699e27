//! Versions of Kubernetes' own kinds that are served today.

use tree::{Node, Value};

use crate::note::{Change, Note, Reason};

/// Kinds that green has copies of, versions that were served once, and what serves them now: removed in Kubernetes
/// 1.16, 1.22, 1.25 and 1.26 (the deprecated API migration guide of Kubernetes' documentation).
const MOVED: [(&str, &[&str], &str); 8] = [
    ("Deployment", &["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"], "apps/v1"),
    ("StatefulSet", &["apps/v1beta1", "apps/v1beta2"], "apps/v1"),
    ("DaemonSet", &["extensions/v1beta1", "apps/v1beta2"], "apps/v1"),
    ("ReplicaSet", &["extensions/v1beta1", "apps/v1beta2"], "apps/v1"),
    ("CronJob", &["batch/v2alpha1", "batch/v1beta1"], "batch/v1"),
    ("HorizontalPodAutoscaler", &["autoscaling/v2beta1", "autoscaling/v2beta2"], "autoscaling/v2"),
    ("PodDisruptionBudget", &["policy/v1beta1"], "policy/v1"),
    ("NetworkPolicy", &["extensions/v1beta1"], "networking.k8s.io/v1"),
];

/// Writes an object for the version that is served today, and what it refers to as well. `id` is what the object is
/// called on the new side.
pub(crate) fn raise(node: &mut Node, id: &str, notes: &mut Vec<Note>) {
    let old = node.str_at(&["apiVersion"]).map(ToOwned::to_owned).unwrap_or_default();
    raise_at(node, id, notes);
    for keys in [["spec", "scaleTargetRef"], ["spec", "targetRef"]] {
        if let Some(reference) = keys.iter().try_fold(&mut *node, |node, key| node.get_mut(key)) {
            raise_at(reference, &format!("{id} {}", keys.join(".")), notes);
        }
    }
    if old == "autoscaling/v2beta1"
        && let Some(metrics) = node.get_mut("spec").and_then(|spec| spec.get_mut("metrics"))
    {
        for metric in metrics.as_sequence_mut().into_iter().flatten() {
            nest_target(metric, &format!("{id} spec.metrics"), notes);
        }
    }
    if matches!(old.as_str(), "extensions/v1beta1" | "apps/v1beta1")
        && let Some(rollback) = node.get_mut("spec").and_then(Node::as_mapping_mut)
        && let Some(rollback) = rollback.shift_remove("rollbackTo")
    {
        for origin in rollback.leaves().iter().filter_map(|leaf| leaf.node.origin) {
            let target = format!("{id} spec.rollbackTo");
            notes.push(Note { origin, change: Change::Inert, reason: Reason::CurrentApi, target });
        }
    }
}

/// An object as the version of its kind says it that is served today: the same meaning, every leaf with its place. What no
/// version is known to have taken the place of comes back as it is.
#[must_use]
pub fn as_served(node: &Node) -> Node {
    let mut node = node.clone();
    raise(&mut node, "", &mut Vec::new());
    node
}

fn raise_at(node: &mut Node, target: &str, notes: &mut Vec<Note>) {
    let kind = node.str_at(&["kind"]).unwrap_or_default();
    let Some((_, old, new)) = MOVED.iter().find(|(known, _, _)| *known == kind) else { return };
    let Some(version) =
        node.get_mut("apiVersion").filter(|own| own.as_str().is_some_and(|text| old.contains(&text)))
    else {
        return;
    };
    note(version, &format!("{target} apiVersion"), notes);
    version.value = Value::String((*new).to_owned());
}

/// In `v2beta1` a metric's source holds the numbers itself; since `v2beta2` a `target` in it does.
fn nest_target(metric: &mut Node, target: &str, notes: &mut Vec<Note>) {
    const NUMBERS: [(&str, &str, &str); 4] = [
        ("targetAverageUtilization", "Utilization", "averageUtilization"),
        ("targetAverageValue", "AverageValue", "averageValue"),
        ("targetValue", "Value", "value"),
        ("averageValue", "AverageValue", "averageValue"),
    ];
    for source in ["resource", "pods", "object", "external", "containerResource"] {
        let Some(source) = metric.get_mut(source) else { continue };
        let Some(members) = source.as_mapping_mut() else { continue };
        let mut nested = Node::mapping();
        for (old, kind, new) in NUMBERS {
            let Some(number) = members.shift_remove(old) else { continue };
            note(&number, &format!("{target} target.{new}"), notes);
            if nested.get("type").is_none() {
                nested.set("type", Node::from(kind).at(number.origin));
            }
            nested.set(new, number);
        }
        let described = members.shift_remove("target");
        if let Some(name) = members.shift_remove("metricName") {
            let mut identity = Node::mapping();
            note(&name, &format!("{target} metric.name"), notes);
            identity.set("name", name);
            if let Some(selector) =
                members.shift_remove("metricSelector").or_else(|| members.shift_remove("selector"))
            {
                identity.set("selector", selector);
            }
            members.insert("metric".to_owned(), identity);
        }
        // Of a metric of an object, `target` said which object.
        if let Some(described) = described {
            members.insert("describedObject".to_owned(), described);
        }
        if nested.as_mapping().is_some_and(|own| !own.is_empty()) {
            members.insert("target".to_owned(), nested);
        }
    }
}

fn note(node: &Node, target: &str, notes: &mut Vec<Note>) {
    if let Some(origin) = node.origin {
        let (change, reason) = (Change::Translated, Reason::CurrentApi);
        notes.push(Note { origin, change, reason, target: target.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use tree::Files;

    use super::*;

    fn read(text: &str) -> Node {
        let mut files = Files::new();
        let file = files.add("old.yaml", text);
        tree::parse(&files, file).expect("YAML").remove(0)
    }

    /// Whether `old` becomes `new`, with so many notes.
    fn assert_raised(old: &str, new: &str, notes: usize) {
        let (mut node, mut written) = (read(old), Vec::new());
        raise(&mut node, "Kind/name", &mut written);
        assert_eq!(node.to_json(), read(new).to_json(), "{old}");
        assert_eq!(written.len(), notes, "{old}");
    }

    #[test]
    fn what_is_served_no_more_is_written_for_its_successor() {
        let ingress = "{apiVersion: extensions/v1beta1, kind: Ingress}";
        let table = [
            (
                "{apiVersion: extensions/v1beta1, kind: Deployment, spec: {rollbackTo: {revision: 2}}}",
                "{apiVersion: apps/v1, kind: Deployment, spec: {}}",
                2,
            ),
            ("{apiVersion: batch/v1beta1, kind: CronJob}", "{apiVersion: batch/v1, kind: CronJob}", 1),
            ("{apiVersion: apps/v1, kind: Deployment}", "{apiVersion: apps/v1, kind: Deployment}", 0),
            // It stays as it stands: no copy is made of it.
            (ingress, ingress, 0),
        ];
        for (old, new, notes) in table {
            assert_raised(old, new, notes);
        }
    }

    #[test]
    fn the_numbers_of_an_autoscaler_move_into_their_target() {
        let old = "
apiVersion: autoscaling/v2beta1
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: extensions/v1beta1, kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, targetAverageUtilization: 60}}
  - {type: Pods, pods: {metricName: busy, targetAverageValue: 5}}
";
        let new = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}
  - {type: Pods, pods: {metric: {name: busy}, target: {type: AverageValue, averageValue: 5}}}
";
        assert_raised(old, new, 5);
    }
}
