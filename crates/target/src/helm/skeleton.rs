//! What mastodon/helm-charts 1.0.2 makes of values: the parts that a writer must know to patch them.
//!
//! Read from the chart's templates; the oracle test holds it against `helm template`. Labels and annotations that Helm
//! fills in (`helm.sh/chart`, checksums, the revision) are left out.

use installation::chart::is_true;
use installation::{Labels, Object};
use tree::{Mapping, Node, Value};

use super::lines::{Line, SECRETS, SHARED, SIDEKIQ_LAST, STREAMING_FIRST, WEB_FIRST, WEB_LAST};
use super::values::Values;
use super::wanted::{from_item, secret_ref, text_item};
use crate::Naming;
use crate::manifests::labels_node;

/// Renders objects of the chart.
pub(crate) struct Skeleton<'a> {
    pub(crate) values: &'a Values,
    pub(crate) naming: &'a Naming,
    pub(crate) namespace: Option<&'a str>,
}

impl Skeleton<'_> {
    fn object(&self, api_version: &str, kind: &str, name: String) -> Node {
        let mut node = Node::mapping();
        node.set("apiVersion", api_version);
        node.set("kind", kind);
        node.ensure(&["metadata"]).set("name", name);
        if let Some(namespace) = self.namespace {
            node.ensure(&["metadata"]).set("namespace", namespace);
        }
        node
    }

    /// `<release>-env`.
    pub(crate) fn config_map(&self) -> Object {
        let mut node = self.object("v1", "ConfigMap", self.naming.object("env"));
        let mut data = Mapping::new();
        for line in SHARED {
            if let Some(text) = self.values.line(line) {
                data.insert(line.0.to_owned(), text);
            }
        }
        for (name, text) in self.extra("mastodon.extraEnvVars") {
            data.insert(name, text);
        }
        *node.ensure(&["data"]) = Value::Mapping(data).into();
        Object::new(node)
    }

    fn extra(&self, path: &str) -> Vec<(String, Node)> {
        let given = self.values.get(path);
        let members = given.as_ref().and_then(Node::as_mapping).into_iter().flatten();
        let text = |node: &Node| Node::from(node.as_text().unwrap_or_default()).at(node.origin);
        let mut extra: Vec<(String, Node)> = members.map(|(name, node)| (name.clone(), text(node))).collect();
        // A template's `range` goes through a mapping by the alphabet.
        extra.sort_by(|(one, _), (other, _)| one.cmp(other));
        extra
    }

    fn env(&self, letter: char, first: &[Line], last: &[Line], extra: &str) -> Node {
        let lines = |lines: &[Line]| -> Vec<Node> {
            let written = |line: &Line| self.values.line(line).map(|text| text_item(line.0, text));
            lines.iter().filter_map(written).collect()
        };
        let mut items = lines(first);
        for (name, switch, section, member, letters) in SECRETS {
            if !letters.contains(letter) || !self.values.is_filled(switch) {
                continue;
            }
            let text = |path: String| self.values.text(&path).unwrap_or_else(|| Node::from(""));
            let secret = text(format!("{section}.existingSecret"));
            let key = text(format!("{section}.existingSecretKeys.{member}"));
            items.push(from_item(name, secret_ref(secret, key, false)));
        }
        items.extend(lines(last));
        items.extend(self.extra(extra).into_iter().map(|(name, text)| text_item(&name, text)));
        Value::Sequence(items).into()
    }

    fn env_from(&self) -> Node {
        let reference = |name: Node| {
            let mut item = Node::mapping();
            item.ensure(&["configMapRef"]).set("name", name);
            item
        };
        let mut items = vec![reference(self.naming.object("env").into())];
        if let Some(name) = self.values.get("mastodon.extraEnvFrom").filter(is_true) {
            items.push(reference(name));
        }
        Value::Sequence(items).into()
    }

    fn first_filled(&self, own: Option<&Node>, path: &str, global: &str) -> Option<Node> {
        let own = own.cloned().filter(is_true);
        own.or_else(|| self.values.get(path).filter(is_true))
            .or_else(|| self.values.get(global).filter(is_true))
    }

    fn image(&self, own: Option<&Node>, path: &str) -> Node {
        let global = if path == "mastodon.streaming" { "" } else { "image.repository" };
        let repository = self.first_filled(
            own.and_then(|own| own.at_keys(&["image", "repository"])),
            &format!("{path}.image.repository"),
            global,
        );
        let tag = self.first_filled(
            own.and_then(|own| own.at_keys(&["image", "tag"])),
            &format!("{path}.image.tag"),
            "image.tag",
        );
        let text = |node: &Option<Node>| node.as_ref().and_then(Node::as_text);
        let origin = tag.as_ref().and_then(|node| node.origin);
        let tag = text(&tag)
            .unwrap_or_else(|| installation::chart::OfficialChart::HelmCharts.app_version().to_owned());
        Node::from(format!("{}:{tag}", text(&repository).unwrap_or_default())).at(origin)
    }

    /// `<release>-web`.
    pub(crate) fn web(&self) -> Object {
        let env = self.env('w', WEB_FIRST, WEB_LAST, "mastodon.web.extraEnvVars");
        let port = self.values.get("mastodon.web.port").unwrap_or_else(|| Node::from(3000));
        let mut container = self.container("mastodon-web", "mastodon.web", None, env);
        container.set("command", words(&["bundle", "exec", "puma", "-C", "config/puma.rb"]));
        container.set("ports", ports("http", &port));
        container.ensure(&["livenessProbe", "tcpSocket"]).set("port", "http");
        container.set("readinessProbe", http_probe("/health", "http"));
        let mut startup = http_probe("/health", "http");
        startup.set("initialDelaySeconds", 15);
        startup.set("failureThreshold", 30);
        startup.set("periodSeconds", 5);
        container.set("startupProbe", startup);
        let mut containers = vec![container];
        if self.values.is_filled("mastodon.metrics.prometheus.enabled") {
            containers.push(self.exporter());
        }
        self.deployment("web", "mastodon.web", None, containers)
    }

    fn exporter(&self) -> Node {
        let port = self.values.get("mastodon.metrics.prometheus.port").unwrap_or_else(|| Node::from(9394));
        let text = port.as_text().unwrap_or_default();
        let mut node = Node::mapping();
        node.set("name", "prometheus-exporter");
        node.set("image", self.image(None, "mastodon.web"));
        node.set("command", words(&["./bin/prometheus_exporter"]));
        node.set("args", words(&["--bind", "0.0.0.0", "--port", &text]));
        node.ensure(&["resources", "requests"]).set("cpu", "0.1");
        node.ensure(&["resources", "requests"]).set("memory", "180M");
        node.ensure(&["resources", "limits"]).set("cpu", "0.5");
        node.ensure(&["resources", "limits"]).set("memory", "250M");
        let mut entry = Node::mapping();
        entry.set("name", "prometheus");
        entry.set("containerPort", port);
        node.set("ports", Value::Sequence(vec![entry]));
        node
    }

    /// `<release>-streaming`.
    pub(crate) fn streaming(&self) -> Object {
        let env = self.env('n', STREAMING_FIRST, &[], "mastodon.streaming.extraEnvVars");
        let port = self.values.get("mastodon.streaming.port").unwrap_or_else(|| Node::from(4000));
        let mut container = self.container("mastodon-streaming", "mastodon.streaming", None, env);
        container.set("command", words(&["node", "./streaming"]));
        container.set("ports", ports("streaming", &port));
        let probe = || http_probe("/api/v1/streaming/health", "streaming");
        container.set("livenessProbe", probe());
        container.set("readinessProbe", probe());
        let mut startup = probe();
        startup.set("initialDelaySeconds", 5);
        startup.set("failureThreshold", 15);
        startup.set("periodSeconds", 5);
        container.set("startupProbe", startup);
        self.deployment("streaming", "mastodon.streaming", None, vec![container])
    }

    /// `<release>-sidekiq-<worker>`.
    pub(crate) fn worker(&self, worker: &Node) -> Object {
        let env = self.env('s', &[], SIDEKIQ_LAST, "mastodon.sidekiq.extraEnvVars");
        let mut container = self.container("mastodon", "mastodon.sidekiq", Some(worker), env);
        let mut command = ["bundle", "exec", "sidekiq", "-c"].map(Node::from).to_vec();
        let concurrency = worker.get("concurrency");
        command.push(
            Node::from(concurrency.and_then(Node::as_text).unwrap_or_default())
                .at(concurrency.and_then(|node| node.origin)),
        );
        for queue in worker.get("queues").into_iter().flat_map(Node::items) {
            command.push("-q".into());
            command.push(queue.clone());
        }
        container.set("command", Value::Sequence(command));
        if self.values.is_filled("mastodon.metrics.prometheus.enabled") {
            let port =
                self.values.get("mastodon.metrics.prometheus.port").unwrap_or_else(|| Node::from(9394));
            let mut entry = Node::mapping();
            entry.set("name", "prometheus");
            entry.set("containerPort", port);
            container.set("ports", Value::Sequence(vec![entry]));
        }
        let name = worker.get("name").and_then(Node::as_text).unwrap_or_default();
        self.deployment(&format!("sidekiq-{name}"), "mastodon.sidekiq", Some(worker), vec![container])
    }

    fn container(&self, name: &str, path: &str, own: Option<&Node>, env: Node) -> Node {
        let mut node = Node::mapping();
        node.set("name", name);
        node.set("envFrom", self.env_from());
        if let Some(context) = self.first_filled(None, &format!("{path}.securityContext"), "securityContext")
        {
            node.set("securityContext", context);
        }
        node.set("image", self.image(own, path));
        if let Some(policy) = self.values.get("image.pullPolicy") {
            node.set("imagePullPolicy", policy);
        }
        node.set("env", env);
        let resources = own.and_then(|own| own.get("resources"));
        if let Some(resources) = self.first_filled(resources, &format!("{path}.resources"), "resources") {
            node.set("resources", resources);
        }
        if self.values.is_filled("mastodon.pvc.enabled") && path != "mastodon.streaming" {
            let mount = |name: &str, at: &str| {
                let mut node = Node::mapping();
                node.set("name", name);
                node.set("mountPath", at);
                node
            };
            let mounts = vec![
                mount("assets", "/opt/mastodon/public/assets"),
                mount("system", "/opt/mastodon/public/system"),
            ];
            node.set("volumeMounts", Value::Sequence(mounts));
        }
        node
    }

    fn deployment(&self, component: &str, path: &str, own: Option<&Node>, containers: Vec<Node>) -> Object {
        let mut node = self.object("apps/v1", "Deployment", self.naming.object(component));
        if let Some(labels) = self.values.get(&format!("{path}.labels")).filter(is_true) {
            node.ensure(&["metadata"]).set("labels", labels);
        }
        if let Some(annotations) = self.values.get(&format!("{path}.annotations")).filter(is_true) {
            node.ensure(&["metadata"]).set("annotations", annotations);
        }
        let replicas = match own {
            Some(own) => own.get("replicas").cloned(),
            None => self.values.get(&format!("{path}.replicas")),
        };
        let spec = node.ensure(&["spec"]);
        spec.set("replicas", replicas.unwrap_or_else(|| Value::Null.into()));
        if let Some(limit) = self.values.get("mastodon.revisionHistoryLimit") {
            spec.set("revisionHistoryLimit", limit);
        }
        let strategy = self.strategy(path);
        if is_true(&strategy) {
            spec.set("strategy", strategy);
        }
        let selector = self.naming.selector(component);
        *spec.ensure(&["selector", "matchLabels"]) = labels_node(&selector);
        *spec.ensure(&["template", "metadata", "labels"]) = self.pod_labels(&selector, path);
        if let Some(annotations) = self.values.get(&format!("{path}.podAnnotations")).filter(is_true) {
            *spec.ensure(&["template", "metadata", "annotations"]) = annotations;
        }
        *spec.ensure(&["template", "spec"]) = self.pod(path, own, containers);
        Object::new(node)
    }

    fn pod_labels(&self, selector: &Labels, path: &str) -> Node {
        let mut labels = labels_node(selector);
        let own = self.values.get(&format!("{path}.podLabels"));
        for (key, value) in own.as_ref().and_then(Node::as_mapping).into_iter().flatten() {
            labels.set(key, value.clone());
        }
        labels
    }

    /// `updateStrategy` with what the chart's own says beside what is given; null takes away.
    fn strategy(&self, path: &str) -> Node {
        let mut strategy = Node::mapping();
        for keys in [&["type"][..], &["rollingUpdate", "maxSurge"], &["rollingUpdate", "maxUnavailable"]] {
            let path = format!("{path}.updateStrategy.{}", keys.join("."));
            if self.is_cut(&path) {
                continue;
            }
            if let Some(value) = self.values.get(&path) {
                *strategy.ensure(keys) = value;
            }
        }
        strategy
    }

    /// Whether a parent of the key is given as null, which takes the whole section away.
    fn is_cut(&self, path: &str) -> bool {
        let keys: Vec<&str> = path.split('.').collect();
        (1..keys.len()).any(|length| {
            self.values.given.at_keys(&keys[..length]).is_some_and(|node| node.value == Value::Null)
        })
    }

    fn pod(&self, path: &str, own: Option<&Node>, containers: Vec<Node>) -> Node {
        let mut pod = Node::mapping();
        let name = self.values.get("serviceAccount.name").filter(is_true);
        let account = if self.values.is_filled("serviceAccount.create") {
            name.unwrap_or_else(|| self.naming.full_name.as_str().into())
        } else {
            name.unwrap_or_else(|| "default".into())
        };
        pod.set("serviceAccountName", account);
        for key in ["imagePullSecrets", "hostAliases"] {
            if let Some(value) = self.values.get(key).filter(is_true) {
                pod.set(key, value);
            }
        }
        if let Some(context) = self
            .values
            .get(&format!("{path}.podSecurityContext"))
            .filter(is_true)
            .or_else(|| self.global_security())
        {
            pod.set("securityContext", context);
        }
        pod.set("containers", Value::Sequence(containers));
        if self.values.is_filled("mastodon.pvc.enabled") && path != "mastodon.streaming" {
            let volume = |name: &str| {
                let claim = self.values.get(&format!("mastodon.pvc.{name}.existingClaim")).filter(is_true);
                let claim = claim.unwrap_or_else(|| self.naming.object(name).into());
                let mut node = Node::mapping();
                node.set("name", name);
                node.ensure(&["persistentVolumeClaim"]).set("claimName", claim);
                node
            };
            pod.set("volumes", Value::Sequence(vec![volume("assets"), volume("system")]));
        }
        for key in ["nodeSelector", "affinity", "topologySpreadConstraints", "tolerations"] {
            let own = own.and_then(|own| own.get(key));
            if let Some(value) = self.first_filled(own, &format!("{path}.{key}"), key) {
                pod.set(key, value);
            }
        }
        pod
    }

    fn global_security(&self) -> Option<Node> {
        let mut context = Node::mapping();
        for key in ["runAsUser", "runAsGroup", "fsGroup"] {
            let path = format!("podSecurityContext.{key}");
            if let Some(value) = self.values.get(&path).filter(|_| !self.is_cut(&path)) {
                context.set(key, value);
            }
        }
        Some(context).filter(is_true)
    }

    /// `<release>-web` and `<release>-streaming` as Services.
    pub(crate) fn service(&self, component: &str, port_name: &str) -> Object {
        let mut node = self.object("v1", "Service", self.naming.object(component));
        let port = self.values.get(&format!("mastodon.{component}.port"));
        let mut entry = Node::mapping();
        entry.set("port", port.map_or_else(|| Value::Null.into(), super::values::without_origins));
        entry.set("targetPort", port_name);
        entry.set("protocol", "TCP");
        entry.set("name", port_name);
        let spec = node.ensure(&["spec"]);
        if let Some(kind) = self.values.get("service.type") {
            spec.set("type", kind);
        }
        spec.set("ports", Value::Sequence(vec![entry]));
        spec.set("ipFamilyPolicy", "PreferDualStack");
        let mut selector = self.naming.selector(component);
        selector.0.remove("app.kubernetes.io/part-of");
        *spec.ensure(&["selector"]) = labels_node(&selector);
        Object::new(node)
    }
}

fn words(words: &[&str]) -> Node {
    Value::Sequence(words.iter().map(|word| Node::from(*word)).collect()).into()
}

fn ports(name: &str, port: &Node) -> Node {
    let mut entry = Node::mapping();
    entry.set("name", name);
    entry.set("containerPort", port.clone());
    entry.set("protocol", "TCP");
    Value::Sequence(vec![entry]).into()
}

fn http_probe(path: &str, port: &str) -> Node {
    let mut node = Node::mapping();
    node.ensure(&["httpGet"]).set("path", path);
    node.ensure(&["httpGet"]).set("port", port);
    node
}
