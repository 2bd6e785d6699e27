//! Random installations: small, but of every shape that Kubernetes lets a Mastodon have.

use std::collections::BTreeSet;

use installation::{is_secret, known_settings};
use serde_json::{Value, json};

use crate::tape::Tape;

/// Texts that settings are given.
const TEXTS: [&str; 20] = [
    "true",
    "false",
    "",
    "5432",
    "0",
    "production",
    "info",
    "x y",
    "a.example,b.example",
    "https://x.example",
    "a: b",
    "null",
    "1e3",
    "0x1F",
    "yes",
    " padded ",
    "quote\"d",
    "'",
    "日本",
    "two\nlines",
];
const KEYS: [&str; 10] = [
    "SECRET_KEY_BASE",
    "DB_PASS",
    "REDIS_PASSWORD",
    "SMTP_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "OTP_SECRET",
    "DEEPL_API_KEY",
    "OIDC_CLIENT_SECRET",
    "ES_PASS",
    "VAPID_PRIVATE_KEY",
];
/// Settings that installations really have, which the chart has keys for or switches sections by.
const COMMON: [&str; 22] = [
    "DB_HOST",
    "DB_PORT",
    "DB_NAME",
    "DB_USER",
    "REDIS_HOST",
    "REDIS_PORT",
    "ES_ENABLED",
    "ES_HOST",
    "S3_ENABLED",
    "S3_BUCKET",
    "S3_ENDPOINT",
    "SMTP_SERVER",
    "SMTP_PORT",
    "WEB_DOMAIN",
    "RAILS_LOG_LEVEL",
    "MAX_THREADS",
    "MIN_THREADS",
    "WEB_CONCURRENCY",
    "OIDC_ENABLED",
    "SINGLE_USER_MODE",
    "PREPARED_STATEMENTS",
    "STREAMING_CLUSTER_NUM",
];

/// An installation as files of a folder.
pub(crate) struct Site {
    /// Name and text of each file.
    pub(crate) files: Vec<(String, String)>,
}

struct Maker<'a> {
    tape: Tape<'a>,
    names: Vec<&'static str>,
    namespace: Option<&'static str>,
    objects: Vec<Value>,
}

/// The installation that a tape says.
pub(crate) fn site(bytes: &[u8]) -> Site {
    let known = known_settings().map(|known| known.name);
    let mut names: Vec<&str> = known
        .filter(|name| {
            !is_secret(name) && !is_secret(&format!("P_{name}")) && !["LOCAL_DOMAIN", "PORT"].contains(name)
        })
        .collect();
    names.sort_unstable();
    names.extend(["NOBODY_KNOWS", "nobody.knows"]);
    let mut tape = Tape::new(bytes);
    let namespace = tape.one(&[None, Some("social")]);
    let mut maker = Maker { tape, names, namespace, objects: Vec::new() };
    maker.config_maps();
    maker.components();
    maker.ways_in();
    maker.followers();
    maker.tasks();
    maker.neighbours();
    maker.files()
}

impl Maker<'_> {
    fn metadata(&self, name: &str) -> Value {
        let mut metadata = json!({"name": name});
        if let Some(namespace) = self.namespace {
            metadata["namespace"] = namespace.into();
        }
        metadata
    }

    fn setting(&mut self) -> (String, String) {
        let name = if self.tape.rarely(3) {
            let place = self.tape.wide(self.names.len());
            self.names[place]
        } else {
            self.tape.one(&COMMON)
        };
        let text = match name {
            "ES_HOST" | "S3_ENDPOINT" => {
                self.tape.one(&["https://s.example", "s.example", "http://s.example:92", ""])
            }
            _ if name.ends_with("_ENABLED") => self.tape.one(&["true", "false", "", "True"]),
            _ if name.ends_with("_PORT") || name.ends_with("THREADS") => {
                self.tape.one(&["5432", "25", "", "01"])
            }
            _ => self.tape.one(&TEXTS),
        };
        (name.to_owned(), text.to_owned())
    }

    fn config_maps(&mut self) {
        for name in ["settings", "more"] {
            let mut data = serde_json::Map::new();
            if name == "settings" {
                data.insert("LOCAL_DOMAIN".to_owned(), "social.example".into());
            }
            for _ in 0..self.tape.pick(12) {
                let (key, text) = self.setting();
                data.insert(key, text.into());
            }
            if name == "more" && self.tape.rarely(3) {
                data.insert("nginx.conf".to_owned(), "server {\n  listen 80;\n}\n".into());
            }
            let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(name), "data": data});
            if self.tape.rarely(6) {
                object["metadata"]["labels"] = json!({"team": "ops"});
            }
            if self.tape.rarely(12) {
                object["immutable"] = true.into();
            }
            self.objects.push(object);
        }
    }

    fn components(&mut self) {
        let web = self.tape.one(&[
            json!({"command": ["bundle", "exec", "puma", "-C", "config/puma.rb"]}),
            json!({"args": ["bundle", "exec", "rails", "s", "-p", "3000"]}),
            json!({"command": ["bash", "-c", "rm -f /mastodon/tmp/pids/server.pid; bundle exec rails s -p 3000"]}),
            json!({"command": ["bash", "-c"], "args": ["bundle exec puma -C config/puma.rb"]}),
        ]);
        self.component("web", web, 3000, "Deployment");
        let streaming = self.tape.one(&[
            json!({"command": ["node", "./streaming"]}),
            json!({"command": ["node"], "args": ["./streaming/index.js"]}),
            json!({"args": ["node", "./streaming"]}),
        ]);
        self.component("stream", streaming, 4000, "Deployment");
        let workers: &[&[&str]] = match self.tape.pick(4) {
            0 => &[&[]],
            1 => &[&["scheduler"], &["default", "push", "ingress", "mailers", "pull"]],
            2 => &[&["default,8", "push,6"], &["ingress,4"], &["mailers,2", "pull"], &["scheduler"]],
            _ => &[&["default", "push"], &["default", "push"], &["scheduler", "mailers"]],
        };
        for (number, queues) in workers.iter().enumerate() {
            let mut words = vec!["bundle", "exec", "sidekiq"];
            if self.tape.rarely(2) {
                words.extend(["-c", "7"]);
            }
            words.extend(queues.iter().flat_map(|queue| ["-q", queue]));
            let command = match self.tape.pick(4) {
                0 | 1 => json!({"command": words}),
                2 => json!({"args": words}),
                _ => json!({"command": ["sh", "-c", words.join(" ")]}),
            };
            let kind = if self.tape.rarely(8) { "StatefulSet" } else { "Deployment" };
            self.component(&format!("worker-{number}"), command, 0, kind);
        }
    }

    fn component(&mut self, name: &str, command: Value, port: u16, kind: &str) {
        let image = match (name, self.tape.pick(6)) {
            ("stream", 0..=3) => "example/streaming:v4.5.2",
            (_, 4) => {
                "registry.example:5000/mastodon@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            }
            (_, 5) => {
                "example/mastodon:v4.5.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            }
            (_, 3) => "example/mastodon",
            _ => "example/mastodon:v4.5.2",
        };
        let mut container = json!({"name": self.tape.one(&["main", "web", "mastodon"]), "image": image});
        for (key, words) in command.as_object().into_iter().flatten() {
            container[key] = words.clone();
        }
        self.environment(&mut container, true);
        if port > 0 {
            self.ports(&mut container, port);
        }
        self.details(&mut container, port);
        let mut pod = json!({"containers": [container]});
        self.volumes(&mut pod);
        self.others(&mut pod);
        self.scheduling(&mut pod, name);
        let mut labels = json!({"app": name});
        if self.tape.rarely(4) {
            labels["team"] = "ops".into();
            labels["tier"] = "front".into();
        }
        let mut metadata = json!({"labels": labels});
        if self.tape.rarely(4) {
            metadata["annotations"] = json!({"scrape": "true", "sidecar.istio.io/inject": "false"});
        }
        let mut spec = json!({"selector": {"matchLabels": {"app": name}}, "template": {"metadata": metadata, "spec": pod}});
        self.workload(&mut spec, kind);
        let mut object =
            json!({"apiVersion": "apps/v1", "kind": kind, "metadata": self.metadata(name), "spec": spec});
        if kind == "StatefulSet" {
            object["spec"]["serviceName"] = name.into();
        } else if self.tape.rarely(12) {
            object["apiVersion"] = "extensions/v1beta1".into();
        }
        if self.tape.rarely(4) {
            object["metadata"]["labels"] = json!({"app": name, "team": "ops", "part": "all"});
        }
        if self.tape.rarely(6) {
            object["metadata"]["annotations"] = json!({"contact": "ops"});
        }
        self.objects.push(object);
    }

    fn workload(&mut self, spec: &mut Value, kind: &str) {
        match self.tape.pick(4) {
            0 => {}
            number => spec["replicas"] = number.into(),
        }
        if kind == "Deployment" {
            match self.tape.pick(5) {
                1 => spec["strategy"] = json!({"type": "Recreate"}),
                2 => {
                    spec["strategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
                }
                3 => spec["strategy"] = json!({"rollingUpdate": {"maxSurge": "50%"}}),
                _ => {}
            }
            if self.tape.rarely(6) {
                spec["progressDeadlineSeconds"] = 1200.into();
            }
        }
        if self.tape.rarely(5) {
            spec["revisionHistoryLimit"] = self.tape.one(&[2, 0, 10]).into();
        }
        if self.tape.rarely(6) {
            spec["minReadySeconds"] = 5.into();
        }
    }

    fn environment(&mut self, container: &mut Value, of_mastodon: bool) {
        let mut from = Vec::new();
        if of_mastodon {
            from.push(json!({"configMapRef": {"name": "settings"}}));
        }
        for _ in 0..self.tape.pick(4) {
            let item = match self.tape.pick(6) {
                0 => json!({"configMapRef": {"name": "more"}}),
                1 => json!({"secretRef": {"name": "all"}}),
                2 => json!({"secretRef": {"name": "other"}, "prefix": "SMTP_"}),
                3 => json!({"configMapRef": {"name": "more"}, "prefix": "P_"}),
                4 => json!({"configMapRef": {"name": "elsewhere"}}),
                _ => json!({"secretRef": {"name": "maybe", "optional": true}}),
            };
            let place = self.tape.pick(from.len() + 1);
            // The tape's zero puts it last, as people do.
            from.insert(from.len() - place, item);
        }
        let mut env = Vec::new();
        for _ in 0..self.tape.pick(6) {
            let item = match self.tape.pick(10) {
                0..=4 => {
                    let (name, value) = self.setting();
                    json!({"name": name, "value": value})
                }
                5 => {
                    let key = self.tape.one(&KEYS);
                    json!({"name": key, "valueFrom": {"secretKeyRef": {"name": self.tape.one(&["keys", "all", "passwords"]), "key": self.tape.one(&[key, "password"])}}})
                }
                6 => {
                    let name = self.tape.one(&["LOCAL_DOMAIN", "WEB_DOMAIN", "DB_HOST"]);
                    json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "LOCAL_DOMAIN"}}})
                }
                7 => json!({"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}),
                8 => {
                    json!({"name": self.tape.one(&["CDN_HOST", "GREETING"]), "value": self.tape.one(&["https://cdn.$(LOCAL_DOMAIN)/", "$$(HOME) $(POD_IP)"])})
                }
                _ => {
                    json!({"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}})
                }
            };
            env.push(item);
        }
        if !from.is_empty() {
            container["envFrom"] = from.into();
        }
        if !env.is_empty() {
            container["env"] = env.into();
        }
    }

    fn ports(&mut self, container: &mut Value, port: u16) {
        container["ports"] = match self.tape.pick(5) {
            0 => json!([{"containerPort": port}]),
            1 => json!([{"containerPort": port, "name": "http"}]),
            2 => {
                json!([{"containerPort": port, "name": "site", "protocol": "TCP"}, {"containerPort": 9394, "name": "metrics"}])
            }
            3 => {
                json!([{"containerPort": 9394, "name": "metrics"}, {"containerPort": port, "name": "streaming"}])
            }
            _ => return,
        };
    }

    /// Probes, limits, rights and the like.
    fn details(&mut self, container: &mut Value, port: u16) {
        let name = container["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|own| own["containerPort"] == port)
            .and_then(|own| own["name"].as_str().map(ToOwned::to_owned));
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let number = || name.clone().map_or_else(|| json!(port), Value::from);
            match self.tape.pick(5) {
                1 if port > 0 => container[probe] = json!({"httpGet": {"path": "/health", "port": number()}}),
                2 if port > 0 => container[probe] = json!({"tcpSocket": {"port": port}, "periodSeconds": 3}),
                3 => {
                    container[probe] =
                        json!({"exec": {"command": ["true"]}, "failureThreshold": 9, "timeoutSeconds": 4})
                }
                _ => {}
            }
        }
        if self.tape.rarely(2) {
            container["resources"] = self.tape.one(&[
                json!({"requests": {"cpu": "250m", "memory": "1Gi"}}),
                json!({"requests": {"cpu": 1}, "limits": {"memory": "2Gi", "cpu": "1.5"}}),
                json!({}),
            ]);
        }
        let more = [
            ("imagePullPolicy", json!("Always")),
            (
                "securityContext",
                json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}),
            ),
            ("lifecycle", json!({"preStop": {"exec": {"command": ["sleep", "5"]}}})),
            ("workingDir", json!("/opt/mastodon")),
            ("terminationMessagePolicy", json!("FallbackToLogsOnError")),
            ("tty", json!(true)),
        ];
        for (key, value) in more {
            if self.tape.rarely(8) {
                container[key] = value;
            }
        }
    }

    fn volumes(&mut self, pod: &mut Value) {
        let mut volumes = Vec::new();
        let mut mounts = Vec::new();
        match self.tape.pick(5) {
            1 => {
                volumes.push(json!({"name": "media", "persistentVolumeClaim": {"claimName": "media"}}));
                mounts.push(json!({"name": "media", "mountPath": "/mastodon/public/system"}));
            }
            2 => {
                volumes.push(json!({"name": "system", "persistentVolumeClaim": {"claimName": "media"}}));
                mounts.push(json!({"name": "system", "mountPath": "/opt/mastodon/public/system/"}));
            }
            3 => {
                volumes.push(json!({"name": "disk", "persistentVolumeClaim": {"claimName": "media"}}));
                mounts.push(
                    json!({"name": "disk", "mountPath": "/opt/mastodon/public/system", "subPath": "system"}),
                );
                mounts.push(json!({"name": "disk", "mountPath": "/opt/mastodon/public/assets", "subPath": "assets", "readOnly": true}));
            }
            _ => {}
        }
        let more = [
            (json!({"name": "tmp", "emptyDir": {}}), json!({"name": "tmp", "mountPath": "/tmp"})),
            (
                json!({"name": "config", "configMap": {"name": "more", "optional": true}}),
                json!({"name": "config", "mountPath": "/etc/more", "readOnly": true}),
            ),
            (
                json!({"name": "keys", "secret": {"secretName": "keys", "defaultMode": 256}}),
                json!({"name": "keys", "mountPath": "/keys"}),
            ),
            (
                json!({"name": "both", "projected": {"sources": [{"configMap": {"name": "settings"}}, {"secret": {"name": "keys"}}]}}),
                json!({"name": "both", "mountPath": "/both"}),
            ),
        ];
        for (volume, mount) in more {
            if self.tape.rarely(8) {
                volumes.push(volume);
                mounts.push(mount);
            }
        }
        if !volumes.is_empty() {
            pod["volumes"] = volumes.into();
            pod["containers"][0]["volumeMounts"] = mounts.into();
        }
    }

    /// Sidecars, and containers that run before.
    fn others(&mut self, pod: &mut Value) {
        let image = pod["containers"][0]["image"].clone();
        let mut sidecars = Vec::new();
        if self.tape.rarely(5) {
            let bind = self.tape.one(&[json!(["--bind", "0.0.0.0"]), json!([]), json!(["--port", "9400"])]);
            let mut words = vec![self.tape.one(&[json!("./bin/prometheus_exporter"), json!("bundle")])];
            if words[0] == "bundle" {
                words.extend([json!("exec"), json!("prometheus_exporter")]);
            }
            words.extend(bind.as_array().cloned().unwrap_or_default());
            sidecars.push(json!({"name": "exporter", "image": image, "command": words, "ports": [{"containerPort": 9394, "name": "prom"}]}));
        }
        if self.tape.rarely(5) {
            let mut nginx = json!({"name": "nginx", "image": "nginx:1.29", "ports": [{"containerPort": 80, "name": "proxy"}], "readinessProbe": {"httpGet": {"path": "/", "port": "proxy"}}});
            self.environment(&mut nginx, false);
            sidecars.push(nginx);
        }
        for sidecar in sidecars {
            let containers = pod["containers"].as_array_mut().expect("containers");
            let place = if self.tape.rarely(3) { 0 } else { containers.len() };
            containers.insert(place, sidecar);
        }
        if self.tape.rarely(5) {
            let mut wait = json!({"name": "wait", "image": "busybox:1.37", "command": ["sh", "-c", "until nc -z db 5432; do sleep 1; done"]});
            self.environment(&mut wait, false);
            if self.tape.rarely(3) {
                wait["restartPolicy"] = "Always".into();
            }
            pod["initContainers"] = json!([wait]);
        }
    }

    fn scheduling(&mut self, pod: &mut Value, name: &str) {
        let own = json!({"matchLabels": {"app": name}});
        let more = [
            ("terminationGracePeriodSeconds", json!(60)),
            ("serviceAccountName", json!("mastodon")),
            ("priorityClassName", json!("high")),
            ("securityContext", json!({"runAsUser": 991, "fsGroup": 991})),
            ("nodeSelector", json!({"disk": "ssd"})),
            ("tolerations", json!([{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}])),
            (
                "affinity",
                json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": own}}]}}),
            ),
            (
                "topologySpreadConstraints",
                json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": own}]),
            ),
            ("dnsPolicy", json!("None")),
            ("hostAliases", json!([{"ip": "10.0.0.1", "hostnames": ["db"]}])),
            ("imagePullSecrets", json!([{"name": "registry"}])),
            ("enableServiceLinks", json!(false)),
            ("automountServiceAccountToken", json!(false)),
            ("shareProcessNamespace", json!(true)),
            ("restartPolicy", json!("Always")),
        ];
        for (key, value) in more {
            if self.tape.rarely(8) {
                pod[key] = value;
            }
        }
        if pod["dnsPolicy"] == "None" {
            pod["dnsConfig"] = json!({"nameservers": ["10.0.0.2"]});
        }
    }

    /// The port of a component's Service, by name where it has one.
    fn target_port(&mut self, app: &str, port: u16) -> Value {
        let found = self.objects.iter().find(|object| object["metadata"]["name"] == app);
        let containers =
            found.and_then(|object| object["spec"]["template"]["spec"]["containers"].as_array().cloned());
        let ports = containers
            .into_iter()
            .flatten()
            .flat_map(|own| own["ports"].as_array().cloned().unwrap_or_default());
        let name = ports
            .filter(|own| own["containerPort"] == port)
            .find_map(|own| own["name"].as_str().map(ToOwned::to_owned));
        match name {
            Some(name) if self.tape.rarely(2) => name.into(),
            _ => port.into(),
        }
    }

    fn ways_in(&mut self) {
        for (name, app, port) in [("web", "web", 3000_u16), ("streaming", "stream", 4000)] {
            let target = self.target_port(app, port);
            let mut service = json!({"apiVersion": "v1", "kind": "Service", "metadata": self.metadata(name), "spec": {
                "selector": {"app": app}, "ports": [{"name": "http", "port": 80, "targetPort": target}]}});
            if self.tape.rarely(4) {
                service["metadata"]["annotations"] =
                    json!({"cloud.google.com/backend-config": "{\"default\": \"web\"}"});
            }
            if self.tape.rarely(6) {
                service["spec"]["type"] = "NodePort".into();
            }
            if self.tape.rarely(6) {
                service["spec"]["sessionAffinity"] = "ClientIP".into();
            }
            self.objects.push(service);
        }
        let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
        let route = match self.tape.pick(3) {
            0 => {
                json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": self.metadata("site"), "spec": {
                "tls": [{"hosts": ["social.example"], "secretName": "tls"}],
                "rules": [{"host": "social.example", "http": {"paths": [
                    {"path": "/api/v1/streaming", "pathType": "Prefix", "backend": backend("streaming")},
                    {"path": "/", "pathType": "Prefix", "backend": backend("web")}]}}]}})
            }
            1 => {
                json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": self.metadata("site"), "spec": {
                "parentRefs": [{"name": "gateway"}], "hostnames": ["social.example"], "rules": [
                    {"matches": [{"path": {"type": "PathPrefix", "value": "/api/v1/streaming"}}], "backendRefs": [{"name": "streaming", "port": 80}]},
                    {"backendRefs": [{"name": "web", "port": 80}]}]}})
            }
            _ => return,
        };
        self.objects.push(route);
    }

    fn followers(&mut self) {
        let apps: Vec<String> = self
            .objects
            .iter()
            .filter(|object| object["kind"] == "Deployment")
            .map(|object| object["metadata"]["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        let mut scaled = BTreeSet::new();
        for _ in 0..self.tape.pick(5) {
            let app = self.tape.one(&apps);
            let selector = match self.tape.pick(6) {
                3 => {
                    json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "stream"]}]})
                }
                4 => json!({"matchLabels": {"team": "ops"}}),
                5 => json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
                _ => json!({"matchLabels": {"app": app}}),
            };
            let object = match self.tape.pick(5) {
                0 if scaled.insert(app.clone()) => {
                    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": self.metadata(&app), "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app}, "minReplicas": 1, "maxReplicas": 4,
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}})
                }
                1 => {
                    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": self.metadata(&format!("{app}-budget")), "spec": {"maxUnavailable": 1, "selector": selector}})
                }
                2 => {
                    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": self.metadata(&format!("{app}-in")), "spec": {
                    "podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 3000}]}, {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]}})
                }
                3 => {
                    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": self.metadata("everybody"), "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}})
                }
                4 => {
                    json!({"apiVersion": "monitoring.googleapis.com/v1", "kind": "PodMonitoring", "metadata": self.metadata(&format!("{app}-watch")), "spec": {"selector": selector, "endpoints": [{"port": 9394, "interval": "30s"}]}})
                }
                _ => continue,
            };
            let id = |object: &Value| (object["kind"].clone(), object["metadata"]["name"].clone());
            if !self.objects.iter().any(|other| id(other) == id(&object)) {
                self.objects.push(object);
            }
        }
    }

    fn tasks(&mut self) {
        if self.tape.rarely(3) {
            let mut container = json!({"name": "remove", "image": "example/mastodon:v4.5.2", "command": ["bin/tootctl", "media", "remove"]});
            self.environment(&mut container, true);
            let pod = json!({"restartPolicy": "OnFailure", "containers": [container]});
            let cron = json!({"apiVersion": self.tape.one(&["batch/v1", "batch/v1", "batch/v1beta1"]), "kind": "CronJob", "metadata": self.metadata("media-remove"), "spec": {
                "schedule": "5 4 * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"backoffLimit": 1, "template": {"spec": pod}}}}});
            self.objects.push(cron);
        }
        if self.tape.rarely(3) {
            let mut container = json!({"name": "migrate", "image": "example/mastodon:v4.5.2", "command": ["bundle", "exec", "rake", "db:migrate"]});
            self.environment(&mut container, true);
            let pod = json!({"restartPolicy": "Never", "containers": [container]});
            self.objects.push(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": self.metadata("migrate"), "spec": {"backoffLimit": 0, "template": {"spec": pod}}}));
        }
    }

    fn neighbours(&mut self) {
        if self.tape.rarely(3) {
            let container = json!({"name": "redis", "image": "redis:8", "ports": [{"containerPort": 6379}], "envFrom": [{"configMapRef": {"name": "more"}}]});
            let pod = json!({"metadata": {"labels": {"app": "redis"}}, "spec": {"containers": [container]}});
            self.objects.push(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": self.metadata("redis"), "spec": {"selector": {"matchLabels": {"app": "redis"}}, "template": pod}}));
            self.objects.push(json!({"apiVersion": "v1", "kind": "Service", "metadata": self.metadata("redis"), "spec": {"selector": {"app": "redis"}, "ports": [{"port": 6379}]}}));
        }
        if self.tape.rarely(3) {
            self.objects.push(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": self.metadata("media"), "spec": {
                "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}}));
        }
        if self.tape.rarely(4) {
            self.objects.push(
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self.metadata("mastodon")}),
            );
        }
    }

    /// As manifests, or as a Kustomize tree that changes something.
    fn files(mut self) -> Site {
        let text: String = self.objects.iter().map(|object| format!("---\n{object:#}\n")).collect();
        let mut files = vec![("site.yaml".to_owned(), text)];
        if self.tape.rarely(2) {
            let mut tree = json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["site.yaml"]});
            let more = [
                ("namePrefix", json!("my-")),
                ("nameSuffix", json!("-one")),
                ("namespace", json!("social")),
                ("commonAnnotations", json!({"owner": "somebody"})),
                ("labels", json!([{"pairs": {"site": "social"}, "includeSelectors": true}])),
                (
                    "images",
                    json!([{"name": "example/mastodon", "newName": "mirror.example/mastodon", "newTag": "v4.5.3"}]),
                ),
                (
                    "configMapGenerator",
                    json!([{"name": "elsewhere", "literals": ["WEB_DOMAIN=www.social.example", "NOBODY=1"]}]),
                ),
                ("replicas", json!([{"name": "web", "count": 2}])),
                (
                    "patches",
                    json!([{"target": {"kind": "Deployment", "name": "web"}, "patch": "- {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: PATCHED, value: here}}"}]),
                ),
            ];
            for (key, value) in more {
                if self.tape.rarely(4) && (key != "patches" || self.web_has_env()) {
                    tree[key] = value;
                }
            }
            files.push(("kustomization.yaml".to_owned(), format!("{tree:#}\n")));
        }
        Site { files }
    }

    fn web_has_env(&self) -> bool {
        let web = self.objects.iter().find(|object| object["metadata"]["name"] == "web");
        web.is_some_and(|web| web["spec"]["template"]["spec"]["containers"][0]["env"].is_array())
    }
}
