//! What an installation effectively is, in words that do not depend on names: every container, Service, route, policy.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Installation, Object, Role, RouteTarget};
use serde_json::{Map, Value, json};
use tree::Node;

use crate::environment::Environment;

/// Facts by name.
pub(crate) type Facts = BTreeMap<String, String>;

/// A container of Mastodon's: which part it is, and what it gets.
pub(crate) struct Part {
    /// What tells it from other parts, on either side.
    pub(crate) key: String,
    /// The letter of what runs: `w`, `n` or `s`.
    pub(crate) role: Role,
    /// Its environment.
    pub(crate) environment: Environment,
    /// All else.
    pub(crate) facts: Facts,
}

/// One side.
pub(crate) struct Side {
    /// The namespace that it lives in, if it says so.
    pub(crate) namespace: Option<String>,
    pub(crate) parts: Vec<Part>,
    /// Routes, Services, autoscalers, policies, tasks' schedules, each in words.
    pub(crate) around: BTreeMap<String, usize>,
    /// Objects that are none of Mastodon's own, whole.
    pub(crate) neighbours: BTreeMap<String, Value>,
}

pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

struct Reader {
    installation: Installation,
    objects: Vec<Value>,
    config_maps: BTreeMap<String, Value>,
    keys: Vec<String>,
}

impl Side {
    pub(crate) fn of(mut nodes: Vec<Node>) -> Result<Self, String> {
        // Workers that serve the same are told apart by their order.
        nodes.sort_by_key(|node| node.str_at(&["metadata", "name"]).map(ToOwned::to_owned));
        let installation = Installation::understand(nodes.into_iter().map(Object::new).collect(), None)
            .map_err(|error| format!("not made out: {error}"))?;
        let objects: Vec<Value> = installation.objects.iter().map(|object| object.node.to_json()).collect();
        let config_maps = objects.iter().filter(|object| object["kind"] == "ConfigMap");
        let config_maps = config_maps
            .map(|object| (text(&object["metadata"]["name"]).to_owned(), object.clone()))
            .collect();
        let keys = keys(&installation);
        let namespace =
            installation.components.first().and_then(|own| installation.workload(own).namespace());
        let namespace = namespace.map(ToOwned::to_owned);
        let reader = Reader { installation, objects, config_maps, keys };
        Ok(Self {
            namespace,
            parts: reader.parts(),
            around: reader.around(),
            neighbours: reader.neighbours(),
        })
    }
}

/// What tells parts apart: the role, for Sidekiq its queues, and a number where several are alike.
fn keys(installation: &Installation) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let key = |role: &Role| match role {
        Role::Sidekiq(command) => {
            let queues: Vec<String> =
                command.queues.iter().map(|own| format!("{}{:?}", own.name, own.weight)).collect();
            format!("sidekiq {} {:?}", queues.join(" "), command.concurrency)
        }
        role => role.component(),
    };
    let numbered = installation.components.iter().map(|component| {
        let key = key(&component.role);
        let number = seen.entry(key.clone()).or_default();
        *number += 1;
        format!("{key} #{number}")
    });
    numbered.collect()
}

impl Reader {
    fn parts(&self) -> Vec<Part> {
        let all = self.installation.components.iter().zip(&self.keys);
        all.map(|(component, key)| {
            let object = &self.objects[component.object];
            let pod = &pod_template(object)["spec"];
            let main = &pod["containers"][component.container];
            let mut facts = self.workload_facts(object, &component.role);
            self.pod_facts(object, &mut facts);
            for list in ["containers", "initContainers"] {
                for (position, container) in items(&pod[list]).enumerate() {
                    let is_main = list == "containers" && position == component.container;
                    let called = match (is_main, is_exporter(container)) {
                        (true, _) => "main".to_owned(),
                        (false, true) => "exporter".to_owned(),
                        (false, false) => format!("{list} {}", text(&container["name"])),
                    };
                    self.container_facts(&called, container, pod, &mut facts);
                    if !is_main {
                        let environment = Environment::of(container, &self.config_maps);
                        for name in environment.names() {
                            let given = environment.given(&name).unwrap_or_default();
                            facts.insert(format!("{called} env {name}"), given.join(" or "));
                        }
                        facts.insert(format!("{called} envFrom"), environment.all_wholes().join(" "));
                    }
                }
            }
            let environment = Environment::of(main, &self.config_maps);
            Part { key: key.clone(), role: component.role.clone(), environment, facts }
        })
        .collect()
    }

    fn workload_facts(&self, object: &Value, role: &Role) -> Facts {
        let mut facts = Facts::new();
        let spec = &object["spec"];
        let mut add = |name: &str, value: String| drop(facts.insert(name.to_owned(), value));
        match text(&object["kind"]) {
            "CronJob" | "Job" => {
                let mut spec = spec.clone();
                if let Some(template) = spec.pointer_mut("/jobTemplate/spec") {
                    template["template"] = Value::Null;
                } else {
                    spec["template"] = Value::Null;
                }
                add("task", plain(&spec).to_string());
            }
            _ => {
                let schedules = matches!(role, Role::Sidekiq(command) if command.schedules());
                let scaled = self.objects.iter().any(|other| {
                    other["kind"] == "HorizontalPodAutoscaler"
                        && other["spec"]["scaleTargetRef"]["name"] == object["metadata"]["name"]
                });
                // One scheduler runs, whatever the source says; an autoscaler's number is its own.
                let left = scaled && spec["replicas"].is_null();
                if !(schedules || left) {
                    add("replicas", spec["replicas"].as_u64().unwrap_or(1).to_string());
                }
                if !schedules {
                    let mut strategy = spec["strategy"].as_object().cloned().unwrap_or_default();
                    strategy.entry("type").or_insert_with(|| "RollingUpdate".into());
                    let rolls = strategy["type"] == "RollingUpdate";
                    let rolling = strategy.remove("rollingUpdate").unwrap_or_default();
                    for key in ["maxSurge", "maxUnavailable"].into_iter().filter(|_| rolls) {
                        let value = if rolling[key].is_null() { &json!("25%") } else { &rolling[key] };
                        strategy.insert(key.to_owned(), value.clone());
                    }
                    add("strategy", plain(&Value::Object(strategy)).to_string());
                }
                let numbers =
                    [("revisionHistoryLimit", 10), ("minReadySeconds", 0), ("progressDeadlineSeconds", 600)];
                for (key, default) in numbers {
                    add(key, spec[key].as_u64().unwrap_or(default).to_string());
                }
            }
        }
        for (name, metadata) in [("", &object["metadata"]), ("pod ", &pod_template(object)["metadata"])] {
            for list in ["labels", "annotations"] {
                for (key, value) in metadata[list].as_object().into_iter().flatten() {
                    // The chart's own, and those by which blue's pods are found.
                    let of_chart = [
                        "app.kubernetes.io/",
                        "helm.sh/",
                        "checksum/",
                        "mastoferry.dev/",
                        "deployment.kubernetes.io/",
                    ];
                    if !of_chart.iter().any(|prefix| key.starts_with(prefix))
                        && !["rollme", "app", "site", "team"].contains(&key.as_str())
                    {
                        facts.insert(format!("{name}{list} {key}"), value.to_string());
                    }
                }
            }
        }
        facts
    }

    fn pod_facts(&self, object: &Value, facts: &mut Facts) {
        let pod = &pod_template(object)["spec"];
        let defaults = json!({"serviceAccountName": "default", "terminationGracePeriodSeconds": 30, "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "securityContext": {}});
        let mut all = defaults.as_object().cloned().unwrap_or_default();
        for (key, value) in pod.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            all.insert(key.clone(), value.clone());
        }
        for (key, value) in all {
            if !["containers", "initContainers", "volumes"].contains(&key.as_str()) && !is_empty(&value) {
                facts.insert(format!("pod {key}"), plain(&self.resolved(&value)).to_string());
            }
        }
    }

    fn container_facts(&self, called: &str, container: &Value, pod: &Value, facts: &mut Facts) {
        let mut add = |name: &str, value: String| drop(facts.insert(format!("{called} {name}"), value));
        add("command", command(container));
        let image = text(&container["image"]);
        let name = image.rsplit('/').next().unwrap_or(image);
        let default = if name.contains('@') || name.contains(':') && !name.ends_with(":latest") {
            "IfNotPresent"
        } else {
            "Always"
        };
        let policy = container["imagePullPolicy"].as_str().unwrap_or(default);
        add("imagePullPolicy", policy.to_owned());
        for port in items(&container["ports"]) {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            add(&format!("port {} {protocol}", port["containerPort"]), "declared".to_owned());
        }
        let ports: BTreeMap<&str, &Value> =
            items(&container["ports"]).map(|port| (text(&port["name"]), &port["containerPort"])).collect();
        for mount in items(&container["volumeMounts"]) {
            let volume = items(&pod["volumes"])
                .find(|volume| volume["name"] == mount["name"])
                .cloned()
                .unwrap_or_default();
            let path = text(&mount["mountPath"]).trim_end_matches('/');
            let path = path
                .strip_prefix("/mastodon/")
                .map_or_else(|| path.to_owned(), |rest| format!("/opt/mastodon/{rest}"));
            let rest = without(mount, &["name", "mountPath"]);
            let volume = plain(&self.with_data(&without(&volume, &["name"])));
            add(&format!("mount {path}"), format!("{rest} {volume}"));
        }
        let told = ["name", "command", "args", "imagePullPolicy", "ports", "volumeMounts", "env", "envFrom"];
        for (key, value) in container.as_object().into_iter().flatten() {
            if !told.contains(&key.as_str()) && !is_empty(value) {
                let numbered = if key.ends_with("Probe") || key == "lifecycle" {
                    numbered(value, &ports)
                } else {
                    value.clone()
                };
                add(key, plain(&numbered).to_string());
            }
        }
    }

    /// With ConfigMaps' names replaced by what is in them.
    fn with_data(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let each = members.iter().map(|(key, value)| {
                    let data = self.config_maps.get(text(&value["name"])).filter(|_| key == "configMap");
                    match data {
                        Some(data) => (key.clone(), json!([without(value, &["name"]), data["data"]])),
                        None => (key.clone(), self.with_data(value)),
                    }
                });
                Value::Object(each.collect())
            }
            Value::Array(list) => list.iter().map(|value| self.with_data(value)).collect(),
            other => other.clone(),
        }
    }

    /// With selectors replaced by the parts that they select.
    fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let found = self.selected(value);
                if !found.is_empty() {
                    return json!(found);
                }
                let each = members.iter().map(|(key, value)| (key.clone(), self.resolved(value)));
                plain(&Value::Object(each.collect()))
            }
            Value::Array(list) => list.iter().map(|value| self.resolved(value)).collect(),
            other => other.clone(),
        }
    }

    /// The parts whose pods a selector finds.
    fn selected(&self, selector: &Value) -> BTreeSet<String> {
        let (labels, rules) = (&selector["matchLabels"], &selector["matchExpressions"]);
        if !labels.is_object() && !rules.is_array() {
            return BTreeSet::new();
        }
        let fits = |object: &Value| {
            let own = &pod_template(object)["metadata"]["labels"];
            labels.as_object().into_iter().flatten().all(|(key, value)| own[key] == *value)
                && items(rules).all(|rule| {
                    let value = &own[text(&rule["key"])];
                    match text(&rule["operator"]) {
                        "In" => items(&rule["values"]).any(|listed| listed == value),
                        "Exists" => value.is_string(),
                        other => panic!("{other} is not made here"),
                    }
                })
        };
        let all = self.installation.components.iter().zip(&self.keys);
        all.filter(|(component, _)| fits(&self.objects[component.object]))
            .map(|(_, key)| key.clone())
            .collect()
    }

    fn around(&self) -> BTreeMap<String, usize> {
        let mut around: BTreeMap<String, usize> = BTreeMap::new();
        let mut add = |fact: String| *around.entry(fact).or_default() += 1;
        for route in &self.installation.routes {
            let target = match &route.target {
                RouteTarget::Component(index) => self.keys[*index].clone(),
                RouteTarget::Neighbour(index) => self.installation.objects[*index].id().to_string(),
                RouteTarget::Unknown => format!("nobody behind {}", route.service),
            };
            add(format!(
                "route {:?} {} {} tls {} to {target}",
                route.kind, route.host, route.path, route.tls
            ));
        }
        for object in &self.objects {
            let spec = &object["spec"];
            match text(&object["kind"]) {
                "HorizontalPodAutoscaler" => {
                    let scaled = self.workload(text(&spec["scaleTargetRef"]["name"]));
                    add(format!("autoscaler of {scaled:?}: {}", without(spec, &["scaleTargetRef"])));
                }
                // One that looks after others alone is a neighbour, whoever else it looked after.
                "PodDisruptionBudget" | "NetworkPolicy" | "PodMonitoring" if self.is_others(object) => {}
                kind @ ("PodDisruptionBudget" | "NetworkPolicy" | "PodMonitoring") => {
                    add(format!("{kind}: {}", self.resolved(spec)));
                }
                _ => {}
            }
        }
        around
    }

    /// Whether a policy or monitor looks after pods that are none of Mastodon's, and those alone.
    fn is_others(&self, object: &Value) -> bool {
        let spec = &object["spec"];
        let selector = if spec["podSelector"].is_object() { &spec["podSelector"] } else { &spec["selector"] };
        selector.is_object() && !is_empty(selector) && self.resolved(spec) == plain(spec)
    }

    fn workload(&self, name: &str) -> Vec<&String> {
        let all = self.installation.components.iter().zip(&self.keys);
        all.filter(|(component, _)| self.objects[component.object]["metadata"]["name"] == name)
            .map(|(_, key)| key)
            .collect()
    }

    /// Objects that stay, and Services in front of Mastodon with what they lead to.
    fn neighbours(&self) -> BTreeMap<String, Value> {
        let mut neighbours = BTreeMap::new();
        for (index, object) in self.objects.iter().enumerate() {
            let own = self.installation.components.iter().any(|component| component.object == index);
            let kind = text(&object["kind"]);
            let followers = [
                "HorizontalPodAutoscaler",
                "PodDisruptionBudget",
                "NetworkPolicy",
                "PodMonitoring",
                "ConfigMap",
                "Secret",
            ];
            if own || followers.contains(&kind) && !self.is_others(object) {
                continue;
            }
            let mut object = object.clone();
            if let Some(behind) = self.installation.services.iter().find(|behind| behind.object == index) {
                object["spec"]["selector"] = json!(self.keys[behind.component]);
                let workload = &self.objects[self.installation.components[behind.component].object];
                let containers = items(&pod_template(workload)["spec"]["containers"]);
                let ports = containers.flat_map(|own| items(&own["ports"]));
                let ports: BTreeMap<&str, &Value> =
                    ports.map(|port| (text(&port["name"]), &port["containerPort"])).collect();
                object["spec"]["ports"] = numbered(&object["spec"]["ports"], &ports);
            }
            neighbours.insert(format!("{kind}/{}", text(&object["metadata"]["name"])), plain(&object));
        }
        neighbours
    }
}

fn pod_template(object: &Value) -> &Value {
    let spec = &object["spec"];
    if object["kind"] == "CronJob" { &spec["jobTemplate"]["spec"]["template"] } else { &spec["template"] }
}

fn words(container: &Value) -> Vec<String> {
    let both = ["command", "args"].into_iter().flat_map(|key| items(&container[key]));
    both.map(|word| text(word).to_owned()).collect()
}

fn is_exporter(container: &Value) -> bool {
    words(container).iter().any(|word| word.rsplit('/').next() == Some("prometheus_exporter"))
}

/// The command line; forms that start the same program in the same way are one.
fn command(container: &Value) -> String {
    let words = words(container);
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    match text[..] {
        ["node", script] if script.trim_start_matches("./").trim_end_matches("/index.js") == "streaming" => {
            "node streaming".to_owned()
        }
        // What it serves tells it from other workers.
        ["bundle", "exec", "sidekiq", ..] => "sidekiq".to_owned(),
        [.., "--bind", "0.0.0.0"] | [.., "--bind", "0.0.0.0", "--port", "9394"] if is_exporter(container) => {
            "exporter at 0.0.0.0".to_owned()
        }
        _ => format!("{text:?}"),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}

/// Without members that are null, which say nothing, and in one order.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept: BTreeMap<_, _> = members.iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(kept.into_iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(list) => list.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn without(value: &Value, keys: &[&str]) -> Value {
    let mut value = plain(value);
    if let Some(members) = value.as_object_mut() {
        members.retain(|key, _| !keys.contains(&key.as_str()));
    }
    value
}

/// With ports by their numbers.
fn numbered(value: &Value, ports: &BTreeMap<&str, &Value>) -> Value {
    match value {
        Value::Object(members) => {
            let each = members.iter().map(|(key, value)| {
                let number = ports
                    .get(text(value))
                    .filter(|_| value.is_string() && (key == "port" || key == "targetPort"));
                (key.clone(), number.map_or_else(|| numbered(value, ports), |number| (*number).clone()))
            });
            Value::Object(each.collect())
        }
        Value::Array(list) => list.iter().map(|value| numbered(value, ports)).collect(),
        other => other.clone(),
    }
}
