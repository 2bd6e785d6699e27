//! What the server inside says of its kinds, held against a real one: discovery, the columns and cells of tables, and the
//! marks of schemas.
//!
//! Runs where `KUBECONFIG` names a cluster (`cargo xtask testbed -- cargo test -p rehearsal --test announced`).
//! What is known to differ, and why, stands in `docs/differences/serve.md`.

use std::collections::BTreeMap;

use clock::Clock;
use kube::Client;
use rehearsal::{Store, client};
use serde_json::{Value, json};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const GROUPS: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const NAMESPACE: &str = "announced";

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs KUBECONFIG, as cargo xtask testbed gives it");
}

/// The server inside, and the real one.
async fn both() -> Option<(Client, Client)> {
    std::env::var_os("KUBECONFIG")?;
    let real = Client::try_default().await.expect("a cluster");
    let inside = client(&Store::open(None, Clock::real()).expect("a store"), NAMESPACE);
    Some((inside, real))
}

async fn ask(client: &Client, method: &str, path: &str, accept: &str, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("accept", accept)
        .header("content-type", "application/json")
        .body(body.into_bytes())
        .expect("a request");
    match client.request_text(request).await {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}")),
        Err(error) => panic!("{method} {path}: {error}"),
    }
}

async fn get(client: &Client, path: &str, accept: &str) -> Value {
    ask(client, "GET", path, accept, None).await
}

/// Every resource by group, version and plural.
async fn resources(client: &Client) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for root in ["/api", "/apis"] {
        let list = get(client, root, GROUPS).await;
        for group in list["items"].as_array().expect("groups") {
            for version in group["versions"].as_array().expect("versions") {
                let name = group["metadata"]["name"].as_str().unwrap_or_default();
                let at = version["version"].as_str().expect("a version");
                let base = if name.is_empty() { format!("/api/{at}") } else { format!("/apis/{name}/{at}") };
                for resource in version["resources"].as_array().expect("resources") {
                    let plural = resource["resource"].as_str().expect("a name");
                    found.insert(format!("{base}/{plural}"), resource.clone());
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn kinds_are_announced_as_the_real_server_announces_them() {
    let Some((inside, real)) = both().await else { return skipped() };
    let (ours, theirs) = (resources(&inside).await, resources(&real).await);
    let mut wrong = Vec::new();
    for (path, one) in &ours {
        let Some(other) = theirs.get(path) else {
            wrong.push(format!("{path} is not there"));
            continue;
        };
        let sorted = |value: &Value| {
            let mut all: Vec<&str> =
                value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            all.sort_unstable();
            all.join(",")
        };
        for field in ["scope", "singularResource"] {
            if one[field] != other[field] {
                wrong.push(format!("{path}: {field}: {} and not {}", one[field], other[field]));
            }
        }
        if one["responseKind"]["kind"] != other["responseKind"]["kind"] {
            wrong.push(format!("{path}: kind"));
        }
        for field in ["shortNames", "categories", "verbs"] {
            if sorted(&one[field]) != sorted(&other[field]) {
                wrong.push(format!("{path}: {field}: {} and not {}", one[field], other[field]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn tables_have_the_real_columns() {
    let Some((inside, real)) = both().await else { return skipped() };
    let columns = |table: &Value| -> Vec<String> {
        let all = table["columnDefinitions"].as_array().cloned().unwrap_or_default();
        all.iter()
            .map(|one| format!("{} {} {} {}", one["name"], one["type"], one["format"], one["priority"]))
            .collect()
    };
    let mut wrong = Vec::new();
    for (path, resource) in resources(&inside).await {
        if !resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"list".into())) {
            continue;
        }
        let ours = columns(&get(&inside, &path, TABLE).await);
        let theirs = columns(&get(&real, &path, TABLE).await);
        if ours != theirs {
            wrong.push(format!("{path}:\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How lists merge, property by property.
fn marks(document: &Value) -> BTreeMap<String, String> {
    const MARKS: [&str; 4] = [
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-patch-strategy",
        "x-kubernetes-patch-merge-key",
    ];
    let mut found = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let told = MARKS.map(|mark| property[mark].to_string()).join(" ");
            found.insert(format!("{name}.{field}"), told);
        }
    }
    found
}

#[tokio::test]
async fn schemas_tell_how_lists_merge() {
    let Some((inside, real)) = both().await else { return skipped() };
    let (mut wrong, mut right) = (BTreeMap::new(), 0);
    let index = get(&inside, "/openapi/v3", "application/json").await;
    for place in index["paths"].as_object().expect("paths").keys() {
        let path = format!("/openapi/v3/{place}");
        let ours = marks(&get(&inside, &path, "application/json").await);
        let theirs = marks(&get(&real, &path, "application/json").await);
        for (field, told) in ours {
            match theirs.get(&field) {
                Some(other) if *other != told => {
                    wrong.insert(field, format!("{told} and not {other}"));
                }
                _ => right += 1,
            }
        }
    }
    assert!(right > 1000);
    let wrong: Vec<String> = wrong.into_iter().map(|(field, how)| format!("{field}: {how}")).collect();
    assert!(wrong.is_empty(), "{right} right, wrong:\n{}", wrong.join("\n"));
}

/// Objects, each with the status to write, in the states that tables tell apart.
fn objects() -> Vec<(&'static str, Value)> {
    let text = include_str!("announced/objects.json");
    let all: Vec<Value> = serde_json::from_str(text).expect("objects");
    let path = |object: &Value| match (object["apiVersion"].as_str(), object["kind"].as_str()) {
        (Some("v1"), Some("Pod")) => "/api/v1/namespaces/announced/pods",
        (Some("v1"), Some("Service")) => "/api/v1/namespaces/announced/services",
        (Some("v1"), Some("ConfigMap")) => "/api/v1/namespaces/announced/configmaps",
        (Some("v1"), Some("Secret")) => "/api/v1/namespaces/announced/secrets",
        (_, Some("Ingress")) => "/apis/networking.k8s.io/v1/namespaces/announced/ingresses",
        (_, Some("NetworkPolicy")) => "/apis/networking.k8s.io/v1/namespaces/announced/networkpolicies",
        (_, Some("EndpointSlice")) => "/apis/discovery.k8s.io/v1/namespaces/announced/endpointslices",
        (_, Some("PodDisruptionBudget")) => "/apis/policy/v1/namespaces/announced/poddisruptionbudgets",
        (_, Some("Lease")) => "/apis/coordination.k8s.io/v1/namespaces/announced/leases",
        (_, Some("RoleBinding")) => "/apis/rbac.authorization.k8s.io/v1/namespaces/announced/rolebindings",
        (_, Some("Deployment")) => "/apis/apps/v1/namespaces/announced/deployments",
        (_, Some("CronJob")) => "/apis/batch/v1/namespaces/announced/cronjobs",
        (_, Some("HorizontalPodAutoscaler")) => {
            "/apis/autoscaling/v2/namespaces/announced/horizontalpodautoscalers"
        }
        other => panic!("{other:?}"),
    };
    all.into_iter().map(|object| (path(&object), object)).collect()
}

/// Makes an object with its status and gives its row, ages and given addresses apart.
async fn row(client: &Client, path: &str, object: &Value) -> Vec<Value> {
    let mut made = ask(client, "POST", path, "application/json", Some(object)).await;
    let at = format!("{path}/{}", object["metadata"]["name"].as_str().expect("a name"));
    if object.get("status").is_some() {
        made["status"] = object["status"].clone();
        made["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
        ask(client, "PUT", &format!("{at}/status"), "application/json", Some(&made)).await;
    }
    let table = get(client, &at, TABLE).await;
    let columns = table["columnDefinitions"].as_array().expect("columns");
    let cells = table["rows"][0]["cells"].as_array().expect("cells");
    let told = columns.iter().zip(cells).filter(|(column, _)| {
        !["Age", "Cluster-IP", "Last Schedule", "First Seen"]
            .contains(&column["name"].as_str().unwrap_or_default())
    });
    told.map(|(_, cell)| cell.clone()).collect()
}

#[tokio::test]
async fn cells_say_what_the_real_ones_say() {
    let Some((inside, real)) = both().await else { return skipped() };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "told"}});
    for client in [&inside, &real] {
        ask(client, "POST", "/api/v1/namespaces", "application/json", Some(&namespace)).await;
        let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
        ask(client, "POST", &path, "application/json", Some(&account)).await;
    }
    let mut wrong = Vec::new();
    for (path, object) in objects() {
        let (ours, theirs) = (row(&inside, path, &object).await, row(&real, path, &object).await);
        if ours != theirs {
            wrong.push(format!("{path}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    ask(&real, "DELETE", &format!("/api/v1/namespaces/{NAMESPACE}"), "application/json", None).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
