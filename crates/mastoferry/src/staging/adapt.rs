//! From the plan of a move to the plan of its rehearsal in another namespace. Nothing here asks a cluster.

use std::collections::{BTreeMap, BTreeSet};

use plan::{Action, Plan, SecretNeed};
use serde_json::{Value, json};

use super::settings::Asked;

/// On everything that a staging rehearsal makes.
pub(crate) const LABEL: &str = "mastoferry.dev/staging";

/// The rule that keeps what is rehearsed from reaching people and other servers.
const EGRESS: &str = "mastoferry-staging-egress";

/// Kinds that are made. Others reach beyond the namespace, grant rights, or begin work that costs money or sends mail.
const MADE: [&str; 10] = [
    "ConfigMap",
    "CronJob",
    "Deployment",
    "HorizontalPodAutoscaler",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// Kinds of routes, made only where there is a host for them.
const ROUTES: [&str; 2] = ["HTTPRoute", "Ingress"];

/// The plan of a rehearsal, and what it says beside the plan.
#[derive(Debug, Clone)]
pub(crate) struct Adapted {
    /// The plan: everything in the other namespace.
    pub(crate) plan: Plan,
    /// What is made before the move begins and belongs to no side.
    pub(crate) beside: Vec<Value>,
    /// `Kind/name` of each object that is not made.
    pub(crate) left_out: BTreeSet<String>,
    /// Hosts, with what stands for them; empty where no route is made.
    pub(crate) hosts: BTreeMap<String, String>,
    /// Settings asked for that nothing sets.
    pub(crate) unset: Vec<String>,
}

/// Makes the plan of a rehearsal of a plan.
pub(crate) fn adapt(live: &Plan, asked: &Asked) -> Adapted {
    let hosts = hosts(live, asked.host.as_deref());
    let mut adapter = Adapter { live, asked, hosts, left_out: BTreeSet::new(), set: BTreeSet::new() };
    let mut plan = live.clone();
    plan.namespace.clone_from(&asked.namespace);
    plan.blue = adapter.objects(&live.blue);
    plan.green = adapter.objects(&live.green);
    plan.adopted = adapter.objects(&live.adopted);
    plan.page = adapter.objects(&live.page);
    plan.needs = needs(live);
    if let Some(domain) = adapter.hosts.get(&live.domain) {
        plan.domain.clone_from(domain);
    }
    for route in &mut plan.routes {
        if let Some(host) = adapter.hosts.get(&route.host) {
            route.host.clone_from(host);
        }
    }
    if let Some(helm) = &mut plan.helm {
        helm.record["namespace"] = json!(asked.namespace);
    }
    let standing: BTreeSet<String> = plan.blue.iter().map(named).collect();
    for step in &mut plan.steps {
        within(&mut step.action, &standing);
        for command in &mut step.commands {
            *command =
                command.replace(&format!("-n {} ", live.namespace), &format!("-n {} ", asked.namespace));
        }
    }
    let beside = if asked.open_egress { Vec::new() } else { vec![egress(&asked.namespace)] };
    let unset = asked.settings.iter().map(|(key, _)| key).filter(|key| !adapter.set.contains(*key));
    let unset = unset.cloned().collect();
    Adapted { plan, beside, left_out: adapter.left_out, hosts: adapter.hosts, unset }
}

/// Each host of the plan, with what stands for it: the domain becomes the host asked for, others stand below it.
fn hosts(live: &Plan, host: Option<&str>) -> BTreeMap<String, String> {
    let Some(host) = host else { return BTreeMap::new() };
    let mut hosts = BTreeMap::from([(live.domain.clone(), host.to_owned())]);
    for route in &live.routes {
        let first = route.host.split('.').next().unwrap_or_default().trim_matches('*');
        let mut name = format!("{first}.{host}");
        let mut number = 1;
        while !hosts.contains_key(&route.host) {
            if !hosts.values().any(|taken| *taken == name) {
                hosts.insert(route.host.clone(), name.clone());
            }
            number += 1;
            name = format!("{first}{number}.{host}");
        }
    }
    hosts
}

/// Every Secret that the installation uses: the rehearsal gets none of production's values, so all are brought.
fn needs(live: &Plan) -> Vec<SecretNeed> {
    let mut needs: BTreeMap<String, SecretNeed> =
        live.needs.iter().map(|need| (need.secret.clone(), need.clone())).collect();
    let secrets = live.blue.iter().chain(&live.green).chain(&live.adopted);
    for secret in secrets.filter(|object| object["kind"] == "Secret") {
        let Some(name) = secret["metadata"]["name"].as_str() else { continue };
        let keys = ["data", "stringData"].into_iter().filter_map(|field| secret[field].as_object());
        let keys: Vec<String> = keys.flat_map(|fields| fields.keys().cloned()).collect();
        let need = SecretNeed { secret: name.to_owned(), keys, whole: false, optional: false };
        needs.entry(name.to_owned()).or_insert(need);
    }
    needs.into_values().collect()
}

/// Takes out of a step what the rehearsal does not make. Schedules stay suspended on both sides.
fn within(action: &mut Action, standing: &BTreeSet<String>) {
    match action {
        Action::DrainQueues { cron_jobs, .. } | Action::StartQueues { cron_jobs, .. } => cron_jobs.clear(),
        Action::RemoveBlue { objects } => {
            objects.retain(|object| standing.iter().any(|own| own.eq_ignore_ascii_case(object)));
        }
        _ => {}
    }
}

/// `Kind/name`.
pub(crate) fn named(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Pods of the namespace reach each other, the cluster's names and private addresses: no mail, no other server.
fn egress(namespace: &str) -> Value {
    let block = |range: &str| json!({"ipBlock": {"cidr": range}});
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": EGRESS, "namespace": namespace, "labels": {LABEL: "true"}},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [
                {"namespaceSelector": {}},
                block("10.0.0.0/8"),
                block("172.16.0.0/12"),
                block("192.168.0.0/16"),
                block("fc00::/7"),
            ]}],
        },
    })
}

struct Adapter<'a> {
    live: &'a Plan,
    asked: &'a Asked,
    hosts: BTreeMap<String, String>,
    left_out: BTreeSet<String>,
    set: BTreeSet<String>,
}

impl Adapter<'_> {
    fn objects(&mut self, objects: &[Value]) -> Vec<Value> {
        objects.iter().filter_map(|object| self.object(object)).collect()
    }

    fn object(&mut self, object: &Value) -> Option<Value> {
        let kind = object["kind"].as_str().unwrap_or_default();
        let elsewhere =
            object["metadata"]["namespace"].as_str().is_some_and(|own| own != self.live.namespace);
        let is_route = ROUTES.contains(&kind) && self.asked.host.is_some();
        if elsewhere || !(MADE.contains(&kind) || is_route) {
            // Secrets are brought, and told of as such.
            if kind != "Secret" {
                self.left_out.insert(named(object));
            }
            return None;
        }
        let mut made = object.clone();
        self.place(&mut made);
        match kind {
            "ConfigMap" => self.fill(&mut made["data"]),
            "CronJob" => made["spec"]["suspend"] = json!(true),
            "Ingress" => ingress(&mut made, &self.hosts),
            "HTTPRoute" => rename_all(&mut made["spec"]["hostnames"], &self.hosts),
            "PersistentVolumeClaim" => {
                forget(&mut made["spec"], &["volumeName", "dataSource", "dataSourceRef"])
            }
            "Service" => service(&mut made),
            "ServiceAccount" => forget(&mut made["metadata"], &["annotations"]),
            _ => {}
        }
        for template in ["/spec/template", "/spec/jobTemplate/spec/template"] {
            for list in ["initContainers", "containers"] {
                let containers = made.pointer_mut(&format!("{template}/spec/{list}"));
                for container in containers.and_then(Value::as_array_mut).into_iter().flatten() {
                    self.environment(container);
                }
            }
        }
        Some(made)
    }

    /// In the other namespace, with our label, and without what clouds and controllers read.
    fn place(&self, made: &mut Value) {
        made["metadata"]["namespace"] = json!(self.asked.namespace);
        made["metadata"]["labels"][LABEL] = json!("true");
        forget(&mut made["metadata"], &["ownerReferences", "finalizers"]);
        if let Some(annotations) = made["metadata"]["annotations"].as_object_mut() {
            annotations.retain(|key, _| !reaches_out(key));
        }
    }

    /// The settings of a ConfigMap.
    fn fill(&mut self, data: &mut Value) {
        for (key, value) in data.as_object_mut().into_iter().flatten() {
            self.setting(key, value);
        }
    }

    fn environment(&mut self, container: &mut Value) {
        for variable in container["env"].as_array_mut().into_iter().flatten() {
            let Some(name) = variable["name"].as_str().map(str::to_owned) else { continue };
            if let Some(value) = variable.get_mut("value") {
                self.setting(&name, value);
            }
        }
    }

    fn setting(&mut self, key: &str, value: &mut Value) {
        if let Some((_, wanted)) = self.asked.settings.iter().rev().find(|(own, _)| own == key) {
            self.set.insert(key.to_owned());
            *value = json!(wanted);
            return;
        }
        if let Some(text) = value.as_str() {
            *value = json!(renamed(text, &self.hosts));
        }
    }
}

/// Annotations by which something outside the namespace is asked for: certificates, names, addresses, roles.
fn reaches_out(key: &str) -> bool {
    const OUTSIDE: [&str; 10] = [
        "acme",
        "argocd",
        "cert-manager",
        "cloud.google",
        "external-dns",
        "fluxcd",
        "helm.sh",
        "iam.",
        "amazonaws",
        "networking.gke",
    ];
    OUTSIDE.iter().any(|part| key.contains(part))
}

fn forget(fields: &mut Value, names: &[&str]) {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// A Service within the cluster, whatever it was: no address of its own outside, none that is taken already.
fn service(made: &mut Value) {
    let spec = &mut made["spec"];
    if matches!(spec["type"].as_str(), Some("LoadBalancer" | "NodePort")) {
        spec["type"] = json!("ClusterIP");
    }
    if spec["clusterIP"] != "None" {
        forget(spec, &["clusterIP", "clusterIPs"]);
    }
    const OUTSIDE: [&str; 8] = [
        "allocateLoadBalancerNodePorts",
        "externalIPs",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "ipFamilies",
    ];
    forget(spec, &OUTSIDE);
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        forget(port, &["nodePort"]);
    }
}

/// Routes by other hosts, without certificates.
fn ingress(made: &mut Value, hosts: &BTreeMap<String, String>) {
    forget(&mut made["spec"], &["tls"]);
    for rule in made["spec"]["rules"].as_array_mut().into_iter().flatten() {
        if let Some(host) = rule["host"].as_str().and_then(|host| hosts.get(host)) {
            rule["host"] = json!(host);
        }
    }
}

fn rename_all(names: &mut Value, hosts: &BTreeMap<String, String>) {
    for name in names.as_array_mut().into_iter().flatten() {
        if let Some(host) = name.as_str().and_then(|host| hosts.get(host)) {
            *name = json!(host);
        }
    }
}

/// A text with each host in it replaced by what stands for it, longer ones first.
fn renamed(text: &str, hosts: &BTreeMap<String, String>) -> String {
    let mut longest: Vec<(&String, &String)> = hosts.iter().filter(|(host, _)| !host.is_empty()).collect();
    longest.sort_by_key(|(host, _)| std::cmp::Reverse(host.len()));
    // In one pass, so that what stands for one host is not taken for another.
    let mut left = text;
    let mut done = String::with_capacity(text.len());
    'text: while !left.is_empty() {
        for (host, stands) in &longest {
            if let Some(rest) = left.strip_prefix(host.as_str()) {
                done.push_str(stands);
                left = rest;
                continue 'text;
            }
        }
        let next = left.chars().next().map_or(left.len(), char::len_utf8);
        done.push_str(&left[..next]);
        left = &left[next..];
    }
    done
}

#[cfg(test)]
mod tests {
    use super::super::settings::StoresAt;
    use super::*;

    fn asked(host: Option<&str>) -> Asked {
        Asked {
            context: "here".to_owned(),
            namespace: "trial".to_owned(),
            host: host.map(str::to_owned),
            settings: vec![
                ("DB_HOST".to_owned(), "trial-db".to_owned()),
                ("NOWHERE".to_owned(), "x".to_owned()),
            ],
            shared: Vec::new(),
            stores: StoresAt::Elsewhere,
            open_egress: false,
            keep: false,
        }
    }

    fn live() -> Plan {
        let mut plan = crate::summary::sample::plan();
        plan.namespace = "social".to_owned();
        plan.domain = "m.example".to_owned();
        plan.routes.truncate(1);
        plan.routes[0].host = "m.example".to_owned();
        let object = |kind: &str, name: &str, more: Value| {
            let mut object =
                json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "social"}});
            for (key, value) in more.as_object().into_iter().flatten() {
                object[key] = value.clone();
            }
            object
        };
        plan.blue = vec![
            object(
                "ConfigMap",
                "env",
                json!({"data": {"DB_HOST": "db.social.svc", "S3_ALIAS_HOST": "files.m.example"}}),
            ),
            object("Secret", "keys", json!({"data": {"SECRET_KEY_BASE": ""}})),
            object(
                "Service",
                "web",
                json!({"spec": {"type": "LoadBalancer", "loadBalancerIP": "192.0.2.1", "clusterIP": "10.0.0.7", "ports": [{"port": 80, "nodePort": 30080}]}}),
            ),
            object(
                "Ingress",
                "front",
                json!({"spec": {"tls": [{"secretName": "cert"}], "rules": [{"host": "m.example"}]}}),
            ),
            object("CronJob", "clean", json!({"spec": {"suspend": false}})),
            object("PersistentVolumeClaim", "files", json!({"spec": {"volumeName": "pv-live"}})),
            object("ClusterRole", "rights", json!({})),
            object("Job", "migrate", json!({})),
        ];
        plan
    }

    fn made<'a>(adapted: &'a Adapted, name: &str) -> Option<&'a Value> {
        adapted.plan.blue.iter().find(|object| named(object) == name)
    }

    #[test]
    fn nothing_of_it_stands_in_the_live_namespace_or_reaches_outside() {
        let adapted = adapt(&live(), &asked(None));
        assert_eq!(adapted.plan.namespace, "trial");
        for object in adapted.plan.blue.iter().chain(&adapted.plan.green).chain(&adapted.beside) {
            assert_eq!(
                (&object["metadata"]["namespace"], &object["metadata"]["labels"][LABEL]),
                (&json!("trial"), &json!("true")),
                "{object}"
            );
        }
        let service = &made(&adapted, "Service/web").expect("made")["spec"];
        assert_eq!(service, &json!({"type": "ClusterIP", "ports": [{"port": 80}]}));
        assert_eq!(made(&adapted, "CronJob/clean").expect("made")["spec"]["suspend"], true);
        assert_eq!(made(&adapted, "PersistentVolumeClaim/files").expect("made")["spec"], json!({}));
        assert!(made(&adapted, "Ingress/front").is_none() && made(&adapted, "Secret/keys").is_none());
        for left in ["ClusterRole/rights", "Ingress/front", "Job/migrate"] {
            assert!(adapted.left_out.contains(left), "{left}");
        }
        assert_eq!(adapted.beside.len(), 1, "a rule against egress");
    }

    #[test]
    fn secrets_are_brought_and_settings_laid_over() {
        let adapted = adapt(&live(), &asked(None));
        let need = adapted.plan.needs.iter().find(|need| need.secret == "keys").expect("needed");
        assert_eq!(need.keys, ["SECRET_KEY_BASE"]);
        let settings = &made(&adapted, "ConfigMap/env").expect("made")["data"];
        assert_eq!(settings, &json!({"DB_HOST": "trial-db", "S3_ALIAS_HOST": "files.m.example"}));
        assert_eq!(adapted.unset, ["NOWHERE"]);
    }

    #[test]
    fn hosts_are_renamed_wherever_they_stand() {
        let adapted = adapt(&live(), &asked(Some("trial.example")));
        let front = &made(&adapted, "Ingress/front").expect("made")["spec"];
        assert_eq!(front, &json!({"rules": [{"host": "trial.example"}]}));
        let settings = &made(&adapted, "ConfigMap/env").expect("made")["data"];
        assert_eq!(settings["S3_ALIAS_HOST"], "files.trial.example");
        assert_eq!(
            (adapted.plan.domain.as_str(), adapted.plan.routes[0].host.as_str()),
            ("trial.example", "trial.example")
        );
    }

    #[test]
    fn a_host_that_stands_for_another_is_not_renamed_again() {
        let hosts = BTreeMap::from([
            ("a.example".to_owned(), "b.example".to_owned()),
            ("b.example".to_owned(), "c.example".to_owned()),
        ]);
        assert_eq!(renamed("https://a.example,b.example/☃", &hosts), "https://b.example,c.example/☃");
    }
}
