//! What runs and ends, and stores that are made anew in the cluster.

use installation::{Installation, NeighbourPart, Role};
use tree::{Node, Origin, Value};

use super::assemble::{Workload, beside, made_at, note, slug, start, text};
use super::database::Database;
use super::volumes::claim;
use super::workload::job;
use crate::{Change, Note, Reason};

/// The Job that migrates the database, as web's pods would: run by a person, where the source has none of its own.
pub(super) fn migration(workloads: &[Workload<'_>], raised: &[Node]) -> Option<Node> {
    if workloads.iter().any(|workload| workload.component.role == Role::Migration) {
        return None;
    }
    let (web, node) =
        workloads.iter().zip(raised).find(|(workload, _)| workload.component.role == Role::Web)?;
    let words = ["bundle", "exec", "rails", "db:migrate"].map(ToOwned::to_owned);
    let pod = pod_with_command(node, &words, web.place())?;
    Some(made_at(job("db-migrate", pod, web.place()), web.place()))
}

/// A pod like a workload's, that runs a command and ends.
fn pod_with_command(workload: &Node, words: &[String], place: Option<Origin>) -> Option<Node> {
    let template = workload.at_keys(&["spec", "template", "spec"])?;
    let mut pod = template.clone();
    let mut container = pod.get("containers")?.items().next()?.clone();
    if let Some(members) = container.as_mapping_mut() {
        members.retain(|key, _| !matches!(key.as_str(), "ports" | "readinessProbe" | "args"));
    }
    let words = words.iter().map(|word| text(word.as_str(), place)).collect();
    container.set("command", Value::Sequence(words));
    pod.set("containers", Value::Sequence(vec![container]));
    Some(pod)
}

/// CronJobs for what Ofelia starts in the containers of Mastodon (`ofelia.job-exec.<name>.schedule` and `.command`,
/// its documentation, "Docker labels configurations").
pub(super) fn schedules(
    project: &Node,
    workloads: &[Workload<'_>],
    raised: &[Node],
    notes: &mut Vec<Note>,
) -> Vec<Node> {
    let mut made = Vec::new();
    for (workload, node) in workloads.iter().zip(raised) {
        let labels = project.at_keys(&["services", workload.object.name(), "labels"]);
        let Some(labels) = labels.and_then(Node::as_mapping) else { continue };
        for (label, schedule) in labels {
            let name = label.strip_prefix("ofelia.job-exec.").and_then(|rest| rest.strip_suffix(".schedule"));
            let Some(name) = name else { continue };
            let Some(command) = labels.get(&format!("ofelia.job-exec.{name}.command")) else { continue };
            let (Some(when), Some(what)) = (schedule.as_text(), command.as_text()) else { continue };
            let place = beside(schedule.origin);
            let Some(mut pod) = pod_with_command(node, &words(&what), place) else { continue };
            pod.set("restartPolicy", "Never");
            let name = slug(name);
            let mut cron = start("batch/v1", "CronJob", &name, place);
            cron.ensure(&["spec"]).set("schedule", text(standard(&when), place));
            cron.ensure(&["spec"]).set("concurrencyPolicy", "Forbid");
            *cron.ensure(&["spec", "jobTemplate", "spec", "template", "spec"]) = pod;
            made.push(made_at(cron, place));
            for origin in [schedule.origin, command.origin] {
                let target = format!("CronJob/{name}");
                note(notes, origin, Change::Translated, Reason::VariableForm, target);
            }
        }
    }
    made
}

fn words(command: &str) -> Vec<String> {
    if command.contains(['"', '\'', '\\', '$', ';', '|', '&']) {
        return ["/bin/sh", "-c", command].map(ToOwned::to_owned).to_vec();
    }
    command.split_whitespace().map(ToOwned::to_owned).collect()
}

/// A schedule in the five fields that Kubernetes takes; Ofelia's has seconds before them.
fn standard(schedule: &str) -> String {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    match fields.as_slice() {
        [_, rest @ ..] if rest.len() == 5 => rest.join(" "),
        _ => schedule.trim().to_owned(),
    }
}

/// A store that is made anew.
pub(super) struct Store<'a> {
    /// The name by which settings find it.
    pub(super) name: &'a str,
    /// The service that it was.
    pub(super) service: &'a str,
    pub(super) port: u16,
}

impl Store<'_> {
    /// PostgreSQL as CloudNativePG's `Cluster`, all else as a StatefulSet with the service's own container.
    pub(super) fn objects(
        &self,
        installation: &Installation,
        workloads: &[Workload<'_>],
        part: NeighbourPart,
        size: &str,
        is_concealed: bool,
    ) -> Vec<Node> {
        let mut found = installation.objects.iter();
        let found = found.find(|object| object.kind() == "Deployment" && object.name() == self.service);
        let Some(object) = found else { return Vec::new() };
        let place = beside(object.node.origin);
        let Some(container) = object.containers().next() else { return Vec::new() };
        match part {
            NeighbourPart::Database => {
                let database = Database::read(self.name, workloads);
                vec![database.cluster(container, is_concealed.then_some(self.name), size, place)]
            }
            _ => self.stateful_set(object, container, size, place),
        }
    }

    fn stateful_set(
        &self,
        object: &installation::Object,
        container: &Node,
        size: &str,
        place: Option<Origin>,
    ) -> Vec<Node> {
        let label = "mastoferry.dev/raised";
        let mut own = container.clone();
        if let Some(members) = own.as_mapping_mut() {
            members.retain(|key, _| !matches!(key.as_str(), "ports" | "volumeMounts" | "envFrom"));
        }
        own.set("name", slug(self.name));
        let mut port = Node::mapping();
        port.set("name", "tcp");
        port.set("containerPort", i64::from(self.port));
        own.set("ports", Value::Sequence(vec![port]));
        let data = container.get("volumeMounts").and_then(|mounts| mounts.items().next());
        let mut set = start("apps/v1", "StatefulSet", self.name, place);
        let spec = set.ensure(&["spec"]);
        spec.set("serviceName", self.name);
        spec.set("replicas", 1);
        *spec.ensure(&["selector", "matchLabels", label]) = self.name.into();
        *spec.ensure(&["template", "metadata", "labels", label]) = self.name.into();
        if let Some(path) = data.and_then(|mount| mount.get("mountPath")) {
            let mut mount = Node::mapping();
            mount.set("name", "data");
            mount.set("mountPath", Node::from(path.as_text().unwrap_or_default()).at(beside(path.origin)));
            own.set("volumeMounts", Value::Sequence(vec![mount]));
            let mut template = claim("data", size, false, place);
            if let Some(members) = template.as_mapping_mut() {
                members.retain(|key, _| !matches!(key.as_str(), "apiVersion" | "kind"));
            }
            spec.set("volumeClaimTemplates", Value::Sequence(vec![template]));
        }
        let pod = spec.ensure(&["template", "spec"]);
        pod.set("containers", Value::Sequence(vec![own]));
        let mut service = start("v1", "Service", self.name, place);
        let mut entry = Node::mapping();
        entry.set("name", "tcp");
        entry.set("port", i64::from(self.port));
        entry.set("targetPort", i64::from(self.port));
        service.ensure(&["spec"]).set("ports", Value::Sequence(vec![entry]));
        *service.ensure(&["spec", "selector", label]) = self.name.into();
        let origin = object.node.origin;
        vec![made_at(set, beside(origin)), made_at(service, beside(origin))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_with_seconds_lose_them() {
        assert_eq!(standard("0 30 4 * * *"), "30 4 * * *");
        assert_eq!(standard("30 4 * * *"), "30 4 * * *");
        assert_eq!(standard("@daily"), "@daily");
    }
}
