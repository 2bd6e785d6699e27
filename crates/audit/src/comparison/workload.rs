//! A workload before and after: how many pods, how they are replaced, where they run, and their containers.

use std::collections::BTreeSet;

use installation::{Object, Role};
use tree::Node;

use super::container::{Seen, whole};
use super::environment::Got;
use super::flat::{Flat, Leaf, keys};
use super::pairs::containers;
use super::side::Side;
use super::{container, environment};
use crate::difference::{At, at};
use crate::{Code, Difference};

/// Fields of a pod that are compared by rules of their own, container by container.
const OWN_RULES: [&str; 6] =
    ["containers", "initContainers", "volumes", "securityContext", "serviceAccountName", "serviceAccount"];
/// Fields that say where pods may run.
const SCHEDULING: [&str; 8] = [
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "priorityClassName",
    "runtimeClassName",
    "nodeName",
    "schedulerName",
];
/// What Kubernetes takes where a pod says nothing.
const POD_DEFAULTS: [(&str, &str); 12] = [
    ("restartPolicy", "Always"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("enableServiceLinks", "true"),
    ("automountServiceAccountToken", "true"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
    ("hostIPC", "false"),
    ("shareProcessNamespace", "false"),
    ("setHostnameAsFQDN", "false"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("priorityClassName", ""),
];
/// The default grace period, in seconds.
const GRACE_PERIOD: &str = "30";

/// A workload of either side, by index, and the containers of Mastodon's parts that are paired.
pub(crate) struct Workloads<'a, 's> {
    pub(crate) name: &'a str,
    pub(crate) old: (&'a Side<'s>, usize),
    pub(crate) new: (&'a Side<'s>, usize),
    /// Containers, before and after, with the part that they play.
    pub(crate) main: Vec<(usize, usize)>,
}

impl<'a, 's> Workloads<'a, 's> {
    fn object(&self, (side, index): (&'a Side<'s>, usize)) -> &'s Object {
        &side.all.objects[index]
    }

    pub(crate) fn compare(&self, found: &mut Vec<Difference>) {
        let (old, new) = (self.object(self.old), self.object(self.new));
        let here = at(self.name);
        if old.kind() != new.kind() {
            let origin = old.node.get("kind").and_then(|kind| kind.origin);
            found.push(here.differs(Code::KindChanged, "kind", old.kind(), new.kind()).from(origin));
        }
        self.replicas(old, new, found);
        strategy(here, old, new, self.schedules(), found);
        rollout(here, old, new, found);
        let empty = Node::mapping();
        let pod = |object: &'s Object| object.template().and_then(|template| template.get("spec"));
        let (old_pod, new_pod) = (pod(old).unwrap_or(&empty), pod(new).unwrap_or(&empty));
        self.pods(here, old_pod, new_pod, found);
        annotations(here, old, new, found);
        for list in ["initContainers", "containers"] {
            self.containers(list, old_pod, new_pod, found);
        }
    }

    /// Whether this is a worker of the queue `scheduler`, before and after.
    fn schedules(&self) -> bool {
        [self.old, self.new].into_iter().all(|(side, index)| {
            let components = side.components_in(index).iter().map(|own| &side.all.components[*own].role);
            let mut workers = components.filter(|role| matches!(role, Role::Sidekiq(own) if own.schedules()));
            workers.next().is_some()
        })
    }

    fn replicas(&self, old: &Object, new: &Object, found: &mut Vec<Difference>) {
        let lasts = |object: &Object| !matches!(object.kind(), "Job" | "CronJob" | "Pod" | "DaemonSet");
        let scaled = |(side, index): (&Side<'s>, usize)| side.is_scaled(index);
        let written = |object: &Object| object.node.at_keys(&["spec", "replicas"]).is_some();
        // Where an autoscaler decides, a number that is not written is not 1.
        let same_hand = scaled(self.old) == scaled(self.new);
        let left_alone = same_hand && scaled(self.old) && !written(old) && !written(new);
        if !lasts(old) || !lasts(new) || left_alone || old.replicas() == new.replicas() {
            return;
        }
        let one_scheduler = self.schedules() && new.replicas() == 1;
        let origin = old.node.at_keys(&["spec", "replicas"]).and_then(|node| node.origin);
        let (from, to) = (old.replicas().to_string(), new.replicas().to_string());
        let difference = at(self.name).differs(Code::ReplicasChanged, "replicas", from, to);
        found.push(difference.explained(one_scheduler.then_some("reason-one-scheduler")).from(origin));
    }

    fn pods(&self, here: At<'_>, old: &Node, new: &Node, found: &mut Vec<Difference>) {
        for key in keys(Some(old), Some(new)) {
            if OWN_RULES.contains(&key) || key == "terminationGracePeriodSeconds" {
                continue;
            }
            let read = |side: &Side<'_>, pod: &Node| {
                let node = pod.get(key).map(|node| side.by_parts(node));
                let mut flat = Flat::of(node.as_ref());
                for (_, default) in POD_DEFAULTS.iter().filter(|(own, _)| *own == key) {
                    flat.drop_default("", default);
                }
                flat
            };
            let (before, after) = (read(self.old.0, old), read(self.new.0, new));
            let codes = if SCHEDULING.contains(&key) {
                [Code::SchedulingLost, Code::SchedulingChanged, Code::SchedulingChanged]
            } else {
                [Code::PodFieldLost, Code::PodFieldChanged, Code::PodFieldChanged]
            };
            whole(here, key, &before, &after, codes, found);
        }
        grace_period(here, old, new, found);
        let account = |pod: &Node| {
            let named = pod.str_at(&["serviceAccountName"]).or_else(|| pod.str_at(&["serviceAccount"]));
            named.filter(|name| !name.is_empty()).unwrap_or("default").to_owned()
        };
        let (from, to) = (account(old), account(new));
        if from != to {
            let origin = old.get("serviceAccountName").and_then(|node| node.origin);
            let field = "serviceAccountName";
            found.push(here.differs(Code::ServiceAccountChanged, field, from, to).from(origin));
        }
    }

    fn containers(&self, list: &str, old_pod: &Node, new_pod: &Node, found: &mut Vec<Difference>) {
        let items = |pod: &'_ Node| -> Vec<Node> {
            pod.get(list).into_iter().flat_map(Node::items).cloned().collect()
        };
        let (old_list, new_list) = (items(old_pod), items(new_pod));
        let (old_refs, new_refs) = (old_list.iter().collect::<Vec<_>>(), new_list.iter().collect::<Vec<_>>());
        let main = if list == "containers" { self.main.as_slice() } else { &[] };
        let matching = containers(&old_refs, &new_refs, main);
        for (before, after) in &matching.both {
            let (old, new) = (old_refs[*before], new_refs[*after]);
            self.container((list, *before, old, old_pod), (*after, new, new_pod), found);
        }
        let (lost, added) = match list {
            "initContainers" => (Code::InitContainerLost, Code::InitContainerAdded),
            _ => (Code::SidecarLost, Code::SidecarAdded),
        };
        let image = |node: &Node| node.str_at(&["image"]).unwrap_or_default().to_owned();
        let called = |node: &Node| node.str_at(&["name"]).unwrap_or_default().to_owned();
        for index in matching.old {
            let node = old_refs[index];
            let here = At { component: self.name, container: &called(node) };
            found.push(here.differs(lost, "container", image(node), "").from(node.origin));
        }
        for index in matching.new {
            let node = new_refs[index];
            // A part of Mastodon that came into the pod is told as a component.
            if list == "containers" && self.new.0.plays_part(self.new.1, index) {
                continue;
            }
            let here = At { component: self.name, container: &called(node) };
            found.push(here.differs(added, "container", "", image(node)));
        }
    }

    fn container(
        &self,
        (list, before, old, old_pod): (&str, usize, &Node, &Node),
        (after, new, new_pod): (usize, &Node, &Node),
        found: &mut Vec<Difference>,
    ) {
        let called = old.str_at(&["name"]).or_else(|| new.str_at(&["name"])).unwrap_or_default();
        let here = At { component: self.name, container: called };
        let role = |(side, index): (&'a Side<'s>, usize), container: usize| {
            (list == "containers").then(|| side.role_of(index, container)).flatten()
        };
        let (old_role, new_role) = (role(self.old, before), role(self.new, after));
        let (old_object, new_object) = (self.object(self.old), self.object(self.new));
        let seen = Seen {
            container: old,
            pod: old_pod,
            workload: &old_object.node,
            role: old_role,
            side: self.old.0,
        };
        let will = Seen {
            container: new,
            pod: new_pod,
            workload: &new_object.node,
            role: new_role,
            side: self.new.0,
        };
        container::compare(here, &seen, &will, found);
        let old_environment = self.old.0.environments.of(old_object, old);
        let new_environment = self.new.0.environments.of(new_object, new);
        let got = Got { environment: &old_environment, container: old, side: self.old.0 };
        let will_get = Got { environment: &new_environment, container: new, side: self.new.0 };
        environment::compare(here, old_role, &got, &will_get, found);
    }
}

fn grace_period(here: At<'_>, old: &Node, new: &Node, found: &mut Vec<Difference>) {
    let field = "terminationGracePeriodSeconds";
    let text = |pod: &Node| pod.get(field).and_then(Node::as_text).filter(|text| !text.is_empty());
    let (from, to) = (text(old), text(new));
    let effective = |text: &Option<String>| text.clone().unwrap_or_else(|| GRACE_PERIOD.to_owned());
    if effective(&from) != effective(&to) {
        let code = if to.is_none() { Code::GracePeriodLost } else { Code::GracePeriodChanged };
        let origin = old.get(field).and_then(|node| node.origin);
        found.push(here.differs(code, field, effective(&from), effective(&to)).from(origin));
    }
}

fn strategy(here: At<'_>, old: &Object, new: &Object, schedules: bool, found: &mut Vec<Difference>) {
    let read = |object: &Object| {
        let key = if object.kind() == "Deployment" { "strategy" } else { "updateStrategy" };
        let mut flat = Flat::of(object.node.at_keys(&["spec", key]));
        if matches!(object.kind(), "Deployment" | "StatefulSet" | "DaemonSet") {
            flat.or("type", "RollingUpdate");
        }
        if object.kind() == "Deployment"
            && flat.0.get("type").is_some_and(|kind| kind.shown == "RollingUpdate")
        {
            flat.or("rollingUpdate.maxSurge", "25%");
            flat.or("rollingUpdate.maxUnavailable", "25%");
        }
        flat
    };
    let (before, after) = (read(old), read(new));
    if before == after || old.kind() != new.kind() {
        return;
    }
    let recreates = after.0.get("type").is_some_and(|kind| kind.shown == "Recreate");
    let (from, to) = before.differing(&after);
    let difference = here.differs(Code::StrategyChanged, "strategy", from.shown(), to.shown());
    let explained = (schedules && recreates).then_some("reason-one-scheduler");
    found.push(difference.explained(explained).from(before.origins()));
}

fn rollout(here: At<'_>, old: &Object, new: &Object, found: &mut Vec<Difference>) {
    const FIELDS: [(&str, &str); 5] = [
        ("revisionHistoryLimit", "10"),
        ("minReadySeconds", "0"),
        ("progressDeadlineSeconds", "600"),
        ("paused", "false"),
        ("podManagementPolicy", "OrderedReady"),
    ];
    for (field, default) in FIELDS {
        let read = |object: &Object| {
            object.node.at_keys(&["spec", field]).map_or_else(|| Leaf::said(default, None), Leaf::read)
        };
        let (from, to) = (read(old), read(new));
        if from != to {
            let origin = from.origin;
            found.push(here.differs(Code::RolloutChanged, field, from.shown, to.shown).from(origin));
        }
    }
}

/// Annotations of pods: meshes, injectors and monitors act by them.
fn annotations(here: At<'_>, old: &Object, new: &Object, found: &mut Vec<Difference>) {
    let read = |object: &Object| {
        let mut flat = Flat::default();
        let annotations =
            object.template().and_then(|template| template.at_keys(&["metadata", "annotations"]));
        for (key, value) in annotations.and_then(Node::as_mapping).into_iter().flatten() {
            if !is_bookkeeping(key) {
                flat.0.insert(key.clone(), Leaf::read(value));
            }
        }
        flat
    };
    let codes = [Code::AnnotationLost, Code::AnnotationChanged, Code::AnnotationChanged];
    members(here, "annotation", &read(old), &read(new), codes, found);
}

/// One difference for each member.
pub(crate) fn members(
    here: At<'_>,
    what: &str,
    old: &Flat,
    new: &Flat,
    [lost, changed, added]: [Code; 3],
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = old.0.keys().chain(new.0.keys()).collect();
    for name in names {
        let (from, to) = (old.0.get(name), new.0.get(name));
        if from == to {
            continue;
        }
        let code = match (from, to) {
            (Some(_), None) => lost,
            (None, Some(_)) => added,
            _ => changed,
        };
        let text = |leaf: Option<&Leaf>| leaf.map(|leaf| leaf.shown.clone()).unwrap_or_default();
        let difference = here.differs(code, format!("{what} {name}").trim_start(), text(from), text(to));
        found.push(difference.from(from.and_then(|leaf| leaf.origin)));
    }
}

/// Annotations that only make pods anew when something changes, or that tools keep for themselves.
pub(crate) fn is_bookkeeping(key: &str) -> bool {
    key.starts_with("checksum/")
        || key.starts_with("rollme")
        || key.starts_with("meta.helm.sh/")
        || key.starts_with("helm.sh/")
        || key.starts_with("deployment.kubernetes.io/")
        || key.starts_with("config.kubernetes.io/")
        || key.starts_with("internal.config.kubernetes.io/")
        || matches!(
            key,
            "kubectl.kubernetes.io/restartedAt"
                | "kubectl.kubernetes.io/last-applied-configuration"
                | "kubectl.kubernetes.io/default-container"
                | "revision"
        )
}
