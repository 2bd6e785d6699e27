//! A service as a Deployment, and as the Service by whose name others find it.

use compose::Project;
use tree::{Node, Origin, Value};

use super::read::placed;
use super::{probe, volumes};

/// The label by which Compose itself tells its containers apart.
const SERVICE_LABEL: &str = "com.docker.compose.service";
/// How long Compose waits for a container to stop when the service does not say.
const STOP_GRACE_SECONDS: i64 = 10;

/// The objects of a service, and the image that Compose would build for it, if the service does not name one.
pub(super) fn objects(project: &Project, name: &str, service: &Node) -> (Vec<Node>, Option<String>) {
    let origin = service.origin;
    let (container, built) = container(project, name, service);
    let mut deployment = start("apps/v1", "Deployment", name);
    // What a swarm puts on the service rather than on its containers.
    if let Some(labels) = service.at_keys(&["deploy", "labels"]).filter(|own| own.as_mapping().is_some()) {
        deployment.ensure(&["metadata"]).set("annotations", labels.clone());
    }
    if let Some(replicas) = service.get("scale").or_else(|| service.at_keys(&["deploy", "replicas"])) {
        deployment.ensure(&["spec"]).set("replicas", replicas.clone());
    }
    // Compose stops a container before it starts the one that takes its place.
    let order = service.at_keys(&["deploy", "update_config", "order"]);
    let strategy = match order {
        Some(order) if order.as_str() == Some("start-first") => Node::from("RollingUpdate").at(order.origin),
        _ => Node::from("Recreate"),
    };
    *deployment.ensure(&["spec", "strategy", "type"]) = strategy;
    *deployment.ensure(&["spec", "selector", "matchLabels", SERVICE_LABEL]) = name.into();
    let template = deployment.ensure(&["spec", "template"]);
    *template.ensure(&["metadata", "labels", SERVICE_LABEL]) = name.into();
    if let Some(labels) = service.get("labels") {
        template.ensure(&["metadata"]).set("annotations", labels.clone());
    }
    let pod = template.ensure(&["spec"]);
    pod.set("containers", Value::Sequence(vec![container]));
    let mounted = volumes::pod_volumes(project, service);
    if !mounted.is_empty() {
        pod.set("volumes", Value::Sequence(mounted));
    }
    pod.set("terminationGracePeriodSeconds", grace(service));
    if let Some(host) = service.get("network_mode").filter(|mode| mode.as_str() == Some("host")) {
        pod.set("hostNetwork", Node::from(true).at(host.origin));
    }
    if let Some(hostname) = service.get("hostname") {
        pod.set("hostname", hostname.clone());
    }
    let mut made = vec![placed(deployment, origin)];
    made.extend(service_object(name, service).map(|node| placed(node, origin)));
    (made, built)
}

/// The beginning of an object.
pub(super) fn start(api_version: &str, kind: &str, name: &str) -> Node {
    let mut object = Node::mapping();
    object.set("apiVersion", api_version);
    object.set("kind", kind);
    *object.ensure(&["metadata", "name"]) = name.into();
    object
}

fn grace(service: &Node) -> Node {
    let written = service.get("stop_grace_period");
    let seconds = written.and_then(probe::seconds);
    Node::from(seconds.unwrap_or(STOP_GRACE_SECONDS)).at(written.and_then(|node| node.origin))
}

fn container(project: &Project, name: &str, service: &Node) -> (Node, Option<String>) {
    let mut container = Node::mapping();
    container.set("name", name);
    let mut built = None;
    match (service.get("image"), service.get("build")) {
        (Some(image), _) => container.set("image", image.clone()),
        (None, build) => {
            let image = format!("{}-{name}", project.name);
            container.set("image", Node::from(image.clone()).at(build.and_then(|build| build.origin)));
            built = build.is_some().then_some(image);
        }
    }
    for (theirs, ours) in [("entrypoint", "command"), ("command", "args")] {
        if let Some(words) = service.get(theirs) {
            container.set(ours, words.clone());
        }
    }
    let mut set = |key: &str, value: Vec<Node>| {
        if !value.is_empty() {
            container.set(key, Value::Sequence(value));
        }
    };
    set("envFrom", unread_env_files(project, name));
    set("env", environment(service));
    set("ports", ports(service));
    set("volumeMounts", volumes::mounts(service));
    resources(service, &mut container);
    if let Some(probe) = service.get("healthcheck").and_then(probe::readiness) {
        container.set("readinessProbe", probe);
    }
    for (theirs, ours) in [("working_dir", "workingDir"), ("tty", "tty"), ("stdin_open", "stdin")] {
        if let Some(node) = service.get(theirs) {
            container.set(ours, node.clone());
        }
    }
    security(service, &mut container);
    (container, built)
}

/// Env files that could not be read, in a form of our own beside `configMapRef` and `secretRef`: the container gets what
/// stands in them, and nobody here knows it.
fn unread_env_files(project: &Project, service: &str) -> Vec<Node> {
    let own = project.unread_env_files.iter().filter(|file| file.service == service);
    own.map(|file| {
        let path = &file.path;
        let mut reference = Node::mapping().at(path.origin);
        let written = path.as_str().unwrap_or_default();
        let name = written.rsplit('/').next().unwrap_or(written);
        *reference.ensure(&["envFileRef", "name"]) = text(name, path.origin);
        if !file.overrides.is_empty() {
            let names = file.overrides.iter().map(|name| text(name.as_str(), path.origin)).collect();
            reference.ensure(&["envFileRef"]).set("overrides", Value::Sequence(names));
        }
        reference
    })
    .collect()
}

/// Variables with values. One that is named only and set nowhere does not reach the container.
fn environment(service: &Node) -> Vec<Node> {
    let all = service.get("environment").and_then(Node::as_mapping).into_iter().flatten();
    let set = all.filter(|(_, value)| value.value != Value::Null);
    set.map(|(name, value)| {
        // A place of its own: what is sealed is sealed wherever its place stands, and names must stay to be seen.
        let place = value.origin.map(|origin| Origin { length: 0, ..origin });
        let mut variable = Node::mapping().at(place);
        variable.set("name", Node::from(name.as_str()).at(place));
        variable.set("value", value.clone());
        variable
    })
    .collect()
}

fn ports(service: &Node) -> Vec<Node> {
    let published = service.get("ports").into_iter().flat_map(Node::items).map(|port| {
        let mut out = Node::mapping().at(port.origin);
        let keys = [("name", "name"), ("target", "containerPort"), ("host_ip", "hostIP")];
        for (theirs, ours) in keys {
            if let Some(node) = port.get(theirs) {
                out.set(ours, node.clone());
            }
        }
        if let Some(host) = port.get("published") {
            // A range to choose from has no number that could be told.
            if let Some(number) = host.as_text().and_then(|text| text.parse::<i64>().ok()) {
                out.set("hostPort", Node::from(number).at(host.origin));
            }
        }
        if let Some(protocol) = port.get("protocol") {
            let upper = protocol.as_str().unwrap_or("tcp").to_uppercase();
            out.set("protocol", Node::from(upper).at(protocol.origin));
        }
        out
    });
    let exposed = service.get("expose").into_iter().flat_map(Node::items).filter_map(|port| {
        let text = port.as_text()?;
        let number = text.split('/').next()?.parse::<i64>().ok()?;
        let mut out = Node::mapping().at(port.origin);
        out.set("containerPort", Node::from(number).at(port.origin));
        Some(out)
    });
    published.chain(exposed).collect()
}

/// The name of a service is a host name to the others. A Service needs ports; where none are written, the workload's
/// name alone is what the others know.
fn service_object(name: &str, service: &Node) -> Option<Node> {
    let mut seen: Vec<(Option<i64>, Option<String>)> = Vec::new();
    let mut entries = Vec::new();
    for port in ports(service) {
        let number = port.get("containerPort").cloned()?;
        let protocol = port.get("protocol").cloned();
        let key = (number.as_i64(), protocol.as_ref().and_then(Node::as_text));
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let mut entry = Node::mapping().at(port.origin);
        entry.set("port", number.clone());
        entry.set("targetPort", number);
        if let Some(protocol) = protocol {
            entry.set("protocol", protocol);
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        return None;
    }
    let mut object = start("v1", "Service", name);
    *object.ensure(&["spec", "selector", SERVICE_LABEL]) = name.into();
    object.ensure(&["spec"]).set("ports", Value::Sequence(entries));
    Some(object)
}

fn resources(service: &Node, container: &mut Node) {
    let deploy = |keys: &[&str]| service.at_keys(&[&["deploy", "resources"], keys].concat());
    let groups: [(&str, &str, Option<&Node>, Option<&Node>); 2] = [
        ("limits", "limits", service.get("cpus"), service.get("mem_limit")),
        ("reservations", "requests", None, service.get("mem_reservation")),
    ];
    for (theirs, ours, cpus, memory) in groups {
        if let Some(cpus) = deploy(&[theirs, "cpus"]).or(cpus) {
            let text = cpus.as_text().unwrap_or_default();
            *container.ensure(&["resources", ours, "cpu"]) = Node::from(text).at(cpus.origin);
        }
        if let Some(memory) = deploy(&[theirs, "memory"]).or(memory) {
            *container.ensure(&["resources", ours, "memory"]) = memory.clone();
        }
    }
}

fn security(service: &Node, container: &mut Node) {
    let mut set = |key: &str, value: Node| *container.ensure(&["securityContext", key]) = value;
    if let Some(user) = service.get("user") {
        let text = user.as_text().unwrap_or_default();
        let (user_id, group_id) = text.split_once(':').unwrap_or((&text, ""));
        for (key, id) in [("runAsUser", user_id), ("runAsGroup", group_id)] {
            if let Ok(id) = id.parse::<i64>() {
                set(key, Node::from(id).at(user.origin));
            }
        }
    }
    for (theirs, ours) in [("privileged", "privileged"), ("read_only", "readOnlyRootFilesystem")] {
        if let Some(node) = service.get(theirs) {
            set(ours, node.clone());
        }
    }
    let capabilities: [(&str, &str); 2] = [("cap_add", "add"), ("cap_drop", "drop")];
    for (theirs, ours) in capabilities {
        if let Some(node) = service.get(theirs) {
            *container.ensure(&["securityContext", "capabilities", ours]) = node.clone();
        }
    }
}

/// A text with a place.
pub(super) fn text(value: impl Into<String>, origin: Option<Origin>) -> Node {
    Node::from(value.into()).at(origin)
}
