//! What must not begin does not: `mastoferry migrate` says what is in the way and what to do about it, in both languages, and
//! not one object is another afterwards.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use cluster::{Holder, Kind, ObjectRef, Propagation};
use rehearsal::router;
use serde_json::{Value, json};

use crate::migrate::{Field, code, planned, refusals, said, told, write};

/// A verb, a resource and a part of it.
type Right = [&'static str; 3];

/// What the way to the API server does besides leading there.
#[derive(Default)]
struct Bent {
    /// What one may not do.
    denied: Option<Right>,
    /// What a command in a pod says instead of what it would.
    said: Option<&'static str>,
}

/// A cluster behind such a way.
struct Refused {
    field: Field,
    bent: Arc<Mutex<Bent>>,
}

impl Refused {
    fn new() -> Self {
        let field = Field::new();
        let bent = Arc::new(Mutex::new(Bent::default()));
        let store = field.inside.as_ref().expect("a cluster").store().clone();
        let way = Arc::clone(&bent);
        let app = router(store).layer(from_fn(move |request, next| led(Arc::clone(&way), request, next)));
        let address = field.runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, app).await });
            address
        });
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "inside",
            "clusters": [{"name": "inside", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "inside", "context": {"cluster": "inside", "user": "me"}}],
        });
        std::fs::write(field.path("bent"), config.to_string()).expect("written");
        Self { field, bent }
    }

    fn migrate(&self, lang: &str, output: &str) -> Output {
        let field = &self.field;
        let mut made = field.command("migrate", lang);
        made.args(["--output", output, "--approve", "--context", "inside"]);
        made.arg(field.path("plan.json")).args(["--namespace", &field.plan.namespace]);
        made.arg("--kubeconfig").arg(field.path("bent")).arg("--state").arg(field.path("state"));
        made.args(["--via", &field.front.to_string(), "--speed", "30"]).output().expect("runs")
    }

    /// Every object, whole; of those with a status all but that and what counts its changes.
    fn standing(&self) -> BTreeMap<String, Value> {
        let field = &self.field;
        let mut all = field.runtime.block_on(field.cluster.snapshot()).expect("a snapshot").objects;
        let theirs = ["Event", "Pod", "ReplicaSet", "EndpointSlice", "Job"];
        all.retain(|object| !theirs.iter().any(|kind| object["kind"] == *kind));
        for object in &mut all {
            if object.as_object_mut().expect("an object").remove("status").is_some() {
                let metadata = object["metadata"].as_object_mut().expect("metadata");
                ["resourceVersion", "managedFields"].iter().for_each(|key| drop(metadata.remove(*key)));
            }
        }
        all.into_iter()
            .map(|object| (format!("{}/{}", object["kind"], object["metadata"]["name"]), object))
            .collect()
    }

    /// Exit 6 for this reason, with the list and remedies in both languages, and nothing touched; what else is said of it.
    fn refuses(&self, id: &str) -> Value {
        let before = self.standing();
        let mut messages = Vec::new();
        let mut details = Value::Null;
        for lang in ["en", "ja"] {
            let output = self.migrate(lang, "json");
            assert_eq!(code(&output), 6, "{id}: {}", said(&output));
            let list = told(&output);
            assert!(refusals(&list).contains(&id), "{id} is not among {:?}", refusals(&list));
            let findings = list["findings"].as_array().expect("findings");
            for one in findings.iter().filter(|one| one["grade"] == "refused") {
                let (message, remedy) = (one["message"].as_str(), one["remedy"].as_str());
                assert!(
                    message.is_some_and(|it| !it.is_empty()) && remedy.is_some_and(|it| !it.is_empty()),
                    "{one}"
                );
            }
            let own = findings.iter().find(|one| one["id"] == *id).expect("told");
            messages.push(own["message"].clone());
            details = own["details"].clone();
            if lang == "ja" {
                assert!(!own["remedy"].as_str().is_some_and(str::is_ascii), "{own}");
            }
        }
        assert_ne!(messages.first(), messages.last(), "each in its language");
        assert_eq!(before, self.standing(), "{id}: nothing is touched");
        assert!(!self.field.path("state").exists(), "{id}: not even begun");
        details
    }
}

/// On to the API server, but for what is bent.
async fn led(bent: Arc<Mutex<Bent>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let (denied, says) = {
        let bent = bent.lock().expect("a lock");
        (bent.denied, bent.said)
    };
    if let Some([verb, resource, part]) = denied.filter(|_| path.ends_with("/selfsubjectaccessreviews")) {
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        let mut review: Value = serde_json::from_slice(&bytes).expect("JSON");
        let asked = &review["spec"]["resourceAttributes"];
        let given = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
        if (given("verb"), given("resource"), given("subresource"))
            == (verb.to_owned(), resource.to_owned(), part.to_owned())
        {
            review["status"] = json!({"allowed": false});
            return axum::Json(review).into_response();
        }
        return next.run(Request::from_parts(head, Body::from(bytes))).await;
    }
    match says.filter(|_| path.ends_with("/exec")) {
        Some(says) => next.run(saying(request, says)).await,
        None => next.run(request).await,
    }
}

/// A command in a pod that only says this.
fn saying(mut request: Request, says: &str) -> Request {
    let query = request.uri().query().unwrap_or_default();
    let mut parts: Vec<String> =
        query.split('&').filter(|part| !part.starts_with("command=")).map(str::to_owned).collect();
    let script = format!("echo {}", says.replace('\n', "; echo "));
    for word in ["sh", "-c", &script] {
        let word: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
        parts.push(format!("command={word}"));
    }
    let uri = format!("{}?{}", request.uri().path(), parts.join("&"));
    *request.uri_mut() = uri.parse().expect("a URI");
    request
}

#[test]
fn a_right_that_is_missing_is_told_for_each_way_of_moving() {
    let refused = Refused::new();
    let field = &refused.field;
    for (strategy, denied) in [
        ("blue-green", ["patch", "deployments", "scale"]),
        ("rolling", ["patch", "pods", ""]),
        ("maintenance", ["update", "services", ""]),
    ] {
        planned(field.path("plan.json").parent().expect("a folder"), strategy);
        refused.bent.lock().expect("a lock").denied = Some(denied);
        let details = refused.refuses("rights-missing");
        let [verb, resource, _] = denied;
        let told = details["rights"].as_str().expect("rights");
        assert!(told.contains(&format!("{verb} {resource}")), "{strategy}: {told}");
    }
}

#[test]
fn what_else_must_not_begin_does_not() {
    let refused = Refused::new();
    let field = &refused.field;
    let (runtime, cluster) = (&field.runtime, &field.cluster);
    let folder = field.path("plan.json").parent().expect("a folder").to_owned();

    // A database that the old side itself cannot reach.
    refused.bent.lock().expect("a lock").said =
        Some("postgres unreached db.example:5432\nredis reached redis:6379");
    for strategy in ["blue-green", "maintenance"] {
        planned(&folder, strategy);
        let details = refused.refuses("stores-unreached");
        assert_eq!(details["address"], "db.example:5432", "{strategy}");
    }
    refused.bent.lock().expect("a lock").said = None;

    // Blue is not as the plan says any more.
    planned(&folder, "rolling");
    let deployments = || field.plan.blue.iter().filter(|object| object["kind"] == "Deployment");
    let some = deployments().next().expect("a Deployment")["metadata"]["name"].as_str().expect("a name");
    let replicas = runtime.block_on(cluster.replicas(some)).expect("asked");
    runtime.block_on(cluster.scale(some, replicas + 1)).expect("scaled");
    refused.refuses("standing-differs");
    runtime.block_on(cluster.scale(some, replicas)).expect("scaled");

    // Another operator.
    let holder = Holder { identity: "another".to_owned(), duration: Duration::from_secs(1_000_000) };
    runtime.block_on(cluster.acquire_lease(&field.lease(), &holder)).expect("held");
    assert_eq!(refused.refuses("operator-held")["holder"], "another");
    runtime.block_on(cluster.release_lease(&field.lease(), &holder)).expect("given back");

    // Somebody of neither side who keeps the schedule.
    let is_worker = |object: &&Value| object["spec"]["template"].to_string().contains("sidekiq");
    let mut stray = deployments().find(is_worker).expect("a worker").clone();
    stray["metadata"] = json!({"name": "stray", "labels": {"app": "stray"}});
    stray["spec"]["selector"] = json!({"matchLabels": {"app": "stray"}});
    stray["spec"]["template"]["metadata"] = json!({"labels": {"app": "stray"}});
    let container = &mut stray["spec"]["template"]["spec"]["containers"][0];
    container["command"] = json!(["bundle", "exec", "sidekiq", "-q", "scheduler"]);
    container.as_object_mut().expect("a container").remove("args");
    runtime.block_on(cluster.create(&stray)).expect("made");
    let place = ObjectRef::new(Kind::deployment(), "stray");
    let ready = cluster::Condition::Ready { deployment: "stray".to_owned(), replicas: 1 };
    let _at_rest = runtime.block_on(cluster.wait(&ready, Duration::from_secs(60)));
    assert_eq!(refused.refuses("schedulers-stranger")["object"], "Deployment/stray");
    let found = runtime.block_on(cluster.need(&place)).expect("it is there");
    runtime.block_on(cluster.delete(&found, Propagation::Background)).expect("deleted");

    // Another release of Mastodon, whose migrations nobody ran.
    let mut jump = planned(&folder, "blue-green");
    for object in jump.green.iter_mut().filter(|object| object["kind"] == "Deployment") {
        let image = &mut object["spec"]["template"]["spec"]["containers"][0]["image"];
        if image.as_str().is_some_and(|image| image.contains("mastodon")) {
            *image = json!("ghcr.io/mastodon/mastodon:v9.9.9");
        }
    }
    write(&field.path("plan.json"), &jump);
    refused.refuses("versions-jump");
}
