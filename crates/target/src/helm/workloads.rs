//! What workloads say beside their environment, as values.

use installation::{Role, SidekiqCommand, command_line};
use tree::{Node, Origin, Value};

use super::desired::queue_text;
use super::model::Why;
use super::part::Part;
use super::values::Values;
use crate::naming::SERVES;
use crate::note::{Change, Note, Reason};

/// Fields of a pod that each component, and each worker, has a place for.
const SCHEDULING: [&str; 4] = ["nodeSelector", "affinity", "topologySpreadConstraints", "tolerations"];

/// Writes values for all parts.
pub(crate) fn give(values: &mut Values, parts: &[Part<'_>], notes: &mut Vec<Note>) {
    images(values, parts, notes);
    shared(values, parts);
    for part in parts.iter().filter(|part| part.worker.is_none()) {
        own(values, part);
    }
    for (label, path) in [("web", "mastodon.web"), ("streaming", "mastodon.streaming")] {
        if !parts.iter().any(|part| part.label == label) {
            values.decide(&format!("{path}.replicas"), 0, Why::NotThere);
        }
    }
    let workers: Vec<&Part<'_>> = parts.iter().filter(|part| part.worker.is_some()).collect();
    sidekiq(values, &workers);
    give_workers(values, &workers, notes);
}

/// Repository, tag with digest, and tag alone. The chart writes `image.tag` into a label, where a digest would be
/// refused by the API server: digests go to the components.
fn images(values: &mut Values, parts: &[Part<'_>], notes: &mut Vec<Note>) {
    for part in parts {
        let Some(image) = part.container().and_then(|container| container.get("image")) else { continue };
        let Some((repository, tag)) = image.as_str().and_then(split_image) else { continue };
        let at = |text: &str| Node::from(text).at(image.origin);
        if part.label == "web" {
            values.set("image.repository", at(repository));
            values.set("image.tag", at(tag.split('@').next().unwrap_or(tag)));
            if tag.contains('@') {
                values.set("mastodon.web.image.tag", at(tag));
            }
        } else if part.label == "streaming" {
            values.set("mastodon.streaming.image.repository", at(repository));
            if Some(tag) != values.text("image.tag").and_then(|node| node.as_text()).as_deref() {
                values.set("mastodon.streaming.image.tag", at(tag));
            }
        }
        if let Some(origin) = image.origin {
            let target = "values.yaml image".to_owned();
            notes.push(Note { origin, change: Change::Translated, reason: Reason::ImageParts, target });
        }
    }
}

/// `repository` and `tag[@digest]`; `None` where there is no tag, since the chart always writes one.
fn split_image(image: &str) -> Option<(&str, &str)> {
    let name_end = image.find('@').unwrap_or(image.len());
    let colon = image[..name_end].rfind(':').filter(|at| !image[*at..name_end].contains('/'))?;
    Some((&image[..colon], &image[colon + 1..]))
}

/// What all components share: what they agree on is written, the rest is left to patches.
fn shared(values: &mut Values, parts: &[Part<'_>]) {
    let pod_field = |part: &Part<'_>, key: &str| part.pod().and_then(|pod| pod.get(key)).cloned();
    let account = parts.first().and_then(|part| pod_field(part, "serviceAccountName"));
    values.decide("serviceAccount.create", false, Why::KubernetesDefault);
    if let Some(account) = account.filter(|name| name.as_str() != Some("default")) {
        values.set("serviceAccount.name", account);
    }
    for key in ["imagePullSecrets", "hostAliases"] {
        if let Some(value) = agreed(parts, |part| pod_field(part, key)) {
            values.set(key, value);
        }
    }
    let policy = |part: &Part<'_>| part.container().and_then(|own| own.get("imagePullPolicy")).cloned();
    if let Some(policy) = agreed(parts, policy) {
        values.set("image.pullPolicy", policy);
    }
    let limit = |part: &Part<'_>| part.draft.at_keys(&["spec", "revisionHistoryLimit"]).cloned();
    match agreed(parts, limit) {
        Some(limit) => values.set("mastodon.revisionHistoryLimit", limit),
        None => values.decide("mastodon.revisionHistoryLimit", Value::Null, Why::KubernetesDefault),
    }
    values.decide("podSecurityContext", Value::Null, Why::KubernetesDefault);
}

/// The value that all parts have, if they do.
fn agreed(parts: &[Part<'_>], field: impl Fn(&Part<'_>) -> Option<Node>) -> Option<Node> {
    let first = field(parts.first()?)?;
    let same = |part: &Part<'_>| field(part).is_some_and(|other| other.to_json() == first.to_json());
    parts.iter().all(same).then_some(first)
}

fn own(values: &mut Values, part: &Part<'_>) {
    let path = |key: &str| format!("{}.{key}", part.path);
    if let Some(replicas) = part.draft.at_keys(&["spec", "replicas"]) {
        values.set(&path("replicas"), replicas.clone());
    }
    let pod = part.pod();
    for key in SCHEDULING {
        if let Some(value) = pod.and_then(|pod| pod.get(key)) {
            values.set(&path(key), value.clone());
        }
    }
    for (key, value) in own_fields(part) {
        values.set(&path(key), value);
    }
    if let Some(resources) = part.container().and_then(|container| container.get("resources")) {
        values.set(&path("resources"), resources.clone());
    }
    strategy(values, part.path, part.draft.at_keys(&["spec", "strategy"]), false);
    if let Some(serves) = part.draft.at_keys(&["spec", "template", "metadata", "labels", SERVES]) {
        let keys: Vec<&str> = part.path.split('.').chain(["podLabels", SERVES]).collect();
        *values.given.ensure(&keys) = serves.clone();
        values.comments.push(super::model::Comment { path: path("podLabels"), why: Why::Overlap });
    }
    port(values, part);
}

/// Labels, annotations and security contexts, which workers have no places of their own for.
fn own_fields(part: &Part<'_>) -> Vec<(&'static str, Node)> {
    let mut fields = Vec::new();
    let mut add = |key, value: Option<&Node>| fields.extend(value.map(|value| (key, value.clone())));
    let metadata = part.draft.get("metadata");
    add("labels", metadata.and_then(|own| own.get("labels")));
    add("annotations", metadata.and_then(|own| own.get("annotations")));
    let template = part.draft.at_keys(&["spec", "template", "metadata"]);
    add("podAnnotations", template.and_then(|own| own.get("annotations")));
    add("podSecurityContext", part.pod().and_then(|pod| pod.get("securityContext")));
    add("securityContext", part.container().and_then(|own| own.get("securityContext")));
    let labels = template.and_then(|own| own.get("labels")).and_then(Node::as_mapping);
    let kept: tree::Mapping = labels
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.origin.is_some())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !kept.is_empty() {
        fields.push(("podLabels", Value::Mapping(kept).into()));
    }
    fields
}

/// `updateStrategy`. Helm merges what is given into the chart's own: what it would add is taken away with null.
fn strategy(values: &mut Values, path: &str, wanted: Option<&Node>, recreates: bool) {
    let path = format!("{path}.updateStrategy");
    let Some(wanted) = wanted else {
        let why = Why::KubernetesDefault;
        if recreates {
            values.decide(&format!("{path}.type"), "RollingUpdate", why);
        } else {
            values.decide(&path, Value::Null, why);
        }
        return;
    };
    let kind = wanted.get("type").cloned().unwrap_or_else(|| "RollingUpdate".into());
    let rolls = kind.as_str() == Some("RollingUpdate");
    values.set(&format!("{path}.type"), kind);
    let says_nothing =
        !["maxSurge", "maxUnavailable"].iter().any(|key| wanted.at_keys(&["rollingUpdate", key]).is_some());
    if says_nothing && !recreates {
        values.decide(&format!("{path}.rollingUpdate"), Value::Null, Why::KubernetesDefault);
        return;
    }
    for key in ["maxSurge", "maxUnavailable"] {
        match wanted.at_keys(&["rollingUpdate", key]) {
            Some(value) => values.set(&format!("{path}.rollingUpdate.{key}"), value.clone()),
            None if rolls && !recreates => {
                values.decide(&format!("{path}.rollingUpdate.{key}"), Value::Null, Why::KubernetesDefault);
            }
            None => {}
        }
    }
}

fn port(values: &mut Values, part: &Part<'_>) {
    let Some(container) = part.container() else { return };
    let number = i64::from(part.component.port(container));
    let mut declared = container.get("ports").into_iter().flat_map(Node::items);
    let own = declared.find_map(|port| port.get("containerPort").filter(|own| own.as_i64() == Some(number)));
    values.set(&format!("{}.port", part.path), own.cloned().unwrap_or_else(|| number.into()));
}

/// What the chart has one place for, however many workers there are: written where they agree.
fn sidekiq(values: &mut Values, workers: &[&Part<'_>]) {
    let Some(first) = workers.first() else { return };
    for (key, value) in own_fields(first) {
        let same = |part: &&Part<'_>| {
            let field = own_fields(part).into_iter().find(|(own, _)| *own == key);
            field.is_some_and(|(_, other)| other.to_json() == value.to_json())
        };
        if workers.iter().all(same) {
            values.set(&format!("mastodon.sidekiq.{key}"), value);
        }
    }
    let wanted = |part: &Part<'_>| part.draft.at_keys(&["spec", "strategy"]).map(Node::to_json);
    if workers.iter().all(|part| wanted(part) == wanted(first)) {
        strategy(values, "mastodon.sidekiq", first.draft.at_keys(&["spec", "strategy"]), true);
    }
}

fn give_workers(values: &mut Values, workers: &[&Part<'_>], notes: &mut Vec<Note>) {
    let mut list = Vec::new();
    for part in workers {
        let Role::Sidekiq(command) = &part.component.role else { continue };
        list.push(worker(values, part, command, notes));
    }
    if list.is_empty() {
        // The chart has a worker of its own where nothing is said.
        let (path, why) = ("mastodon.sidekiq.workers".to_owned(), Why::NotThere);
        values.comments.push(super::model::Comment { path, why });
    }
    *values.given.ensure(&["mastodon", "sidekiq", "workers"]) = Value::Sequence(list).into();
}

fn worker(values: &Values, part: &Part<'_>, command: &SidekiqCommand, notes: &mut Vec<Note>) -> Node {
    let mut node = Node::mapping();
    node.set("name", part.worker.clone().unwrap_or_default());
    let replicas = part.draft.at_keys(&["spec", "replicas"]).cloned().unwrap_or_else(|| Node::from(1));
    let several = command.schedules() && replicas.as_i64().is_some_and(|number| number > 1);
    if let (true, Some(origin)) = (several, replicas.origin) {
        let target = format!("Deployment/…-{} spec.replicas", part.label);
        notes.push(Note { origin, change: Change::Replaced, reason: Reason::OneScheduler, target });
    }
    node.set("replicas", if several { Node::from(1).at(replicas.origin) } else { replicas });
    let words = words(part);
    let queues = command.queues.iter().map(|queue| {
        let text = queue_text(queue);
        let origin = words.iter().find(|(word, _)| *word == text).and_then(|(_, origin)| *origin);
        Node::from(text).at(origin)
    });
    node.set("queues", Value::Sequence(queues.collect()));
    let concurrency = command.concurrency.unwrap_or(5);
    let text = concurrency.to_string();
    let origin = words
        .windows(2)
        .find(|pair| matches!(pair[0].0.as_str(), "-c" | "--concurrency") && pair[1].0 == text)
        .and_then(|pair| pair[1].1);
    node.set("concurrency", Node::from(i64::from(concurrency)).at(origin));
    let pod = part.pod();
    for key in SCHEDULING.iter().filter(|key| values.knows(&format!("mastodon.sidekiq.workers[].{key}"))) {
        if let Some(value) = pod.and_then(|pod| pod.get(key)) {
            node.set(key, value.clone());
        }
    }
    let container = part.container();
    if let Some(resources) = container.and_then(|own| own.get("resources")) {
        node.set("resources", resources.clone());
    }
    if let Some(image) = container.and_then(|own| own.get("image")) {
        worker_image(values, image, &mut node);
    }
    node
}

/// A worker's image, where it is not the one for all.
fn worker_image(values: &Values, image: &Node, node: &mut Node) {
    let Some((repository, tag)) = image.as_str().and_then(split_image) else { return };
    for (key, text) in [("repository", repository), ("tag", tag)] {
        let general = values.text(&format!("image.{key}")).and_then(|own| own.as_text());
        if general.as_deref() != Some(text) {
            node.ensure(&["image"]).set(key, Node::from(text).at(image.origin));
        }
    }
}

/// The words of the main container's command line, with their places.
fn words(part: &Part<'_>) -> Vec<(String, Option<Origin>)> {
    let Some(container) = part.container() else { return Vec::new() };
    if command_line(container).is_empty() {
        return Vec::new();
    }
    ["command", "args"]
        .iter()
        .filter_map(|key| container.get(key))
        .flat_map(Node::items)
        .filter_map(|word| Some((word.as_text()?, word.origin)))
        .collect()
}
