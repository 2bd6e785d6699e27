//! The maintenance page: what it says, and the objects that serve it with any nginx.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use target::SERVES;

use crate::sides::Sides;

/// The image that serves the page where none is asked for: nginx that needs no rights.
const IMAGE: &str = "nginxinc/nginx-unprivileged:stable-alpine";
/// Seconds after which whoever got the page may ask again.
const RETRY_AFTER_S: u32 = 120;
/// Pods for each part, so that the page stands when a node goes.
const REPLICAS: u32 = 2;
/// Where the page's files are in the container.
const FOLDER: &str = "/mastoferry/";
/// On the page's objects: how they are told apart from both sides.
const PAGE: &str = "maintenance";

/// How the maintenance page looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageOptions {
    /// The image with nginx in it; a small one by default.
    pub image: Option<String>,
    /// A text of one's own below what the page says anyway: plain, lines are paragraphs.
    pub text: Option<String>,
    /// A picture above it, as `data:image/…` URL.
    pub logo: Option<String>,
}

/// What a language says.
struct Words {
    code: &'static str,
    title: &'static str,
    heading: &'static str,
    body: &'static str,
}

const JAPANESE: Words = Words {
    code: "ja",
    title: "メンテナンス中",
    heading: "ただいまメンテナンス中です",
    body: "サーバーを新しい環境へ移しています。数分後にもう一度お試しください。投稿やフォローなどのデータはそのまま残ります。",
};

const ENGLISH: Words = Words {
    code: "en",
    title: "Under maintenance",
    heading: "We are under maintenance",
    body: "This server is being moved to a new home. Please try again in a few minutes. Posts, follows and everything else stay as they are.",
};

/// What programs are told, in the form of Mastodon's own errors.
const ERROR: &str = "This server is under maintenance, please try again in a few minutes / ただいまメンテナンス中です。数分後にもう一度お試しください";

/// A port of blue's that the page must listen on, with the name that a Service may call it by.
type Port = (Option<String>, u16);

/// The page's objects: its files, a Deployment for each part that users ask, and a Service to look at it.
pub(crate) fn objects(sides: &Sides<'_>, options: &PageOptions) -> Vec<Value> {
    let parts = parts(sides);
    let numbers: BTreeSet<u16> = parts.values().flatten().map(|(_, number)| *number).collect();
    let naming = &sides.target.naming;
    let name = naming.object(PAGE);
    let mut objects = vec![json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": naming.object_labels(PAGE).0},
        "data": files(options, &numbers),
    })];
    for (component, ports) in &parts {
        objects.push(deployment(sides, options, component, ports));
    }
    if let Some((component, first)) =
        parts.get_key_value("web").and_then(|(name, ports)| Some((name, ports.first()?)))
    {
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "labels": naming.object_labels(PAGE).0},
            "spec": {
                "selector": selector(sides, component),
                "ports": [{"name": "http", "port": 80, "targetPort": first.1}],
            },
        }));
    }
    objects
}

/// The labels of a part's page pods, and of no others.
pub(crate) fn selector(sides: &Sides<'_>, component: &str) -> BTreeMap<String, String> {
    sides.target.naming.selector(&format!("{PAGE}-{component}")).0
}

/// The page's Deployments with their pods.
pub(crate) fn deployments(page: &[Value]) -> Vec<crate::Replicas> {
    let deployments = page.iter().filter(|object| object["kind"] == "Deployment");
    deployments
        .map(|object| crate::Replicas {
            deployment: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            replicas: REPLICAS,
        })
        .collect()
}

/// The parts with a Service, and the ports of their pods that Services lead to.
fn parts(sides: &Sides<'_>) -> BTreeMap<String, Vec<Port>> {
    let mut parts: BTreeMap<String, Vec<Port>> = BTreeMap::new();
    for behind in &sides.installation.services {
        let component = &sides.installation.components[behind.component];
        let name = component.role.component();
        let service = &sides.installation.objects[behind.object];
        if !sides.services.iter().any(|switch| switch.service == service.name() && switch.component == name) {
            continue;
        }
        let workload = sides.installation.workload(component).node.to_json();
        let served = service.node.to_json();
        let ports = parts.entry(name).or_default();
        for port in served["spec"]["ports"].as_array().into_iter().flatten() {
            let target = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
            let found =
                led_to(target, &workload).unwrap_or_else(|| (None, sides.installation.port(component)));
            // A container names a port once, by its number.
            match ports.iter_mut().find(|(_, number)| *number == found.1) {
                Some((name, _)) => *name = name.take().or(found.0),
                None => ports.push(found),
            }
        }
    }
    parts
}

/// The port that a `targetPort` means in a workload's pods.
fn led_to(target: &Value, workload: &Value) -> Option<Port> {
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    let name = match target {
        Value::String(name) => name,
        other => return Some((None, number(other)?)),
    };
    if let Ok(number) = name.parse() {
        return Some((None, number));
    }
    let containers = workload["spec"]["template"]["spec"]["containers"].as_array()?;
    let mut ports = containers.iter().flat_map(|own| own["ports"].as_array().into_iter().flatten());
    let port = ports.find(|port| port["name"] == **name)?;
    Some((Some(name.clone()), number(&port["containerPort"])?))
}

fn deployment(sides: &Sides<'_>, options: &PageOptions, component: &str, ports: &[Port]) -> Value {
    let naming = &sides.target.naming;
    let part = format!("{PAGE}-{component}");
    let mut labels = selector(sides, component);
    // By this label a Service has the page beside either side.
    labels.insert(SERVES.to_owned(), naming.object(component));
    let mut spec = pod(sides, component);
    spec["containers"] = json!([container(options, ports)]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": naming.object(&part), "labels": naming.object_labels(&part).0},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": selector(sides, component)},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    })
}

/// What a page's pod has besides its container. It runs where blue's pods may run.
fn pod(sides: &Sides<'_>, component: &str) -> Value {
    let mut spec = json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [
            {"name": "page", "configMap": {"name": sides.target.naming.object(PAGE), "items": items()}},
            {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        ],
    });
    let installation = sides.installation;
    let own = installation.components.iter().find(|own| own.role.component() == component);
    if let Some(own) = own.map(|own| installation.workload(own).node.to_json()) {
        for field in ["nodeSelector", "tolerations", "imagePullSecrets", "priorityClassName"] {
            let value = &own["spec"]["template"]["spec"][field];
            if !value.is_null() {
                spec[field] = value.clone();
            }
        }
    }
    spec
}

/// Files of the ConfigMap, and where they are: a key may hold no slash.
const FILES: [(&str, &str); 5] = [
    ("nginx.conf", "nginx.conf"),
    ("ja.html", "page/ja.html"),
    ("en.html", "page/en.html"),
    ("ja.json", "page/ja.json"),
    ("en.json", "page/en.json"),
];

fn items() -> Vec<Value> {
    FILES.iter().map(|(key, path)| json!({"key": key, "path": path})).collect()
}

fn container(options: &PageOptions, ports: &[Port]) -> Value {
    let declared: Vec<Value> = ports
        .iter()
        .map(|(name, number)| match name {
            Some(name) => json!({"name": name, "containerPort": number}),
            None => json!({"containerPort": number}),
        })
        .collect();
    let mut security = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]},
    });
    if ports.iter().all(|(_, number)| *number >= 1024) {
        security["runAsNonRoot"] = json!(true);
        security["runAsUser"] = json!(65_534);
    } else {
        security["capabilities"]["add"] = json!(["NET_BIND_SERVICE"]);
    }
    let first = ports.first().map_or(0, |(_, number)| *number);
    json!({
        "name": PAGE,
        "image": options.image.as_deref().unwrap_or(IMAGE),
        "command": ["nginx", "-e", "stderr", "-p", FOLDER, "-c", format!("{FOLDER}nginx.conf")],
        "ports": declared,
        // Every answer is 503, which no HTTP probe takes for health.
        "readinessProbe": {"tcpSocket": {"port": first}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": security,
        "volumeMounts": [
            {"name": "page", "mountPath": FOLDER.trim_end_matches('/'), "readOnly": true},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    })
}

fn files(options: &PageOptions, ports: &BTreeSet<u16>) -> BTreeMap<&'static str, String> {
    let listen: Vec<String> = ports.iter().map(|port| format!("        listen {port};")).collect();
    let conf = include_str!("page/nginx.conf")
        .replace("{{listen}}", &listen.join("\n"))
        .replace("{{retry-after}}", &RETRY_AFTER_S.to_string());
    let error = format!("{}\n", json!({ "error": ERROR }));
    let contents =
        [conf, html(options, &JAPANESE, &ENGLISH), html(options, &ENGLISH, &JAPANESE), error.clone(), error];
    FILES.iter().map(|(key, _)| *key).zip(contents).collect()
}

fn html(options: &PageOptions, first: &Words, second: &Words) -> String {
    let own: String = options
        .text
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("<p>{}</p>\n", escaped(line)))
        .collect();
    let section = |words: &Words, own: &str| {
        let Words { code, heading, body, .. } = words;
        format!("<section lang=\"{code}\">\n<h1>{heading}</h1>\n<p>{body}</p>\n{own}</section>")
    };
    let logo = options.logo.as_deref().map(|url| format!("<img alt=\"\" src=\"{}\">", escaped(url)));
    include_str!("page/page.html")
        .replace("{{lang}}", first.code)
        .replace("{{title}}", first.title)
        .replace("{{logo}}\n", &logo.map(|logo| logo + "\n").unwrap_or_default())
        .replace("{{sections}}", &format!("{}\n{}", section(first, &own), section(second, "")))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
