//! A namespace listed whole, on the API server inside and on worse ones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use clock::Clock;
use cluster::{Cluster, ClusterError, Snapshot};
use kube::Client;
use rehearsal::{Store, client, router};
use serde_json::{Value, json};

const NAMESPACE: &str = "mastodon";

fn store() -> Store {
    let store = Store::open(None, Clock::real()).expect("a store in memory");
    store.ensure_namespace(NAMESPACE).expect("made");
    store.ensure_namespace("elsewhere").expect("made");
    store.register("cert-manager.io/v1", "Certificate").expect("registered");
    store
}

async fn fill(store: &Store, namespace: &str, objects: &[Value]) {
    let cluster = Cluster::new(client(store, namespace), namespace, Clock::real());
    for object in objects {
        cluster.create(object).await.expect("created");
    }
}

fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

fn ids(snapshot: &Snapshot) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let id = |object: &Value| format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
    snapshot.objects.iter().map(id).collect()
}

/// The API server inside, behind a door that may answer for it.
fn behind<F>(store: &Store, door: F) -> Client
where
    F: Fn(&str) -> Option<(StatusCode, Value)> + Clone + Send + Sync + 'static,
{
    let service = router(store.clone()).layer(from_fn(move |request: Request<Body>, next: Next| {
        let answer = door(&request.uri().to_string());
        async move {
            match answer {
                Some((status, body)) => answered(status, &body),
                None => next.run(request).await,
            }
        }
    }));
    Client::new(service, NAMESPACE)
}

fn answered(status: StatusCode, body: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).expect("an answer")
}

fn refusal(code: StatusCode, reason: &str, message: &str) -> (StatusCode, Value) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code.as_u16()});
    (code, status)
}

async fn snapshot(client: Client) -> Result<Snapshot, ClusterError> {
    Cluster::new(client, NAMESPACE, Clock::real()).snapshot().await
}

#[tokio::test]
async fn every_kind_is_listed_and_what_it_refers_to_followed() {
    let store = store();
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "media"},
        "spec": {"accessModes": ["ReadWriteMany"], "volumeName": "nfs-1", "storageClassName": "",
            "resources": {"requests": {"storage": "1Gi"}}}});
    let volume = |name: &str| {
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany"], "storageClassName": "nfs",
                "nfs": {"server": "10.0.0.2", "path": "/media"}}})
    };
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "nfs"},
        "provisioner": "example.com/nfs"});
    let certificate = json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": "tls"}, "spec": {"secretName": "tls"}});
    fill(&store, NAMESPACE, &[config("env"), claim, volume("nfs-1"), volume("nfs-2"), class, certificate])
        .await;
    fill(&store, "elsewhere", &[config("not-ours")]).await;

    let snapshot = snapshot(client(&store, NAMESPACE)).await.expect("listed");
    let expected = [
        "Namespace/mastodon",
        "ConfigMap/env",
        "PersistentVolumeClaim/media",
        "ServiceAccount/default",
        "Certificate/tls",
        "PersistentVolume/nfs-1",
        "StorageClass/nfs",
    ];
    assert_eq!(ids(&snapshot), expected);
    assert_eq!(snapshot.unlisted, []);
    assert_eq!(snapshot.objects[4]["apiVersion"], "cert-manager.io/v1", "items of lists say what they are");
}

#[tokio::test]
async fn what_may_not_be_seen_is_recorded_and_the_rest_is_read() {
    let store = store();
    fill(&store, NAMESPACE, &[config("env")]).await;
    let forbidden = "secrets is forbidden: User \"me\" cannot list resource \"secrets\" in the namespace";
    let client = behind(&store, move |uri| {
        let path = uri.split('?').next().unwrap_or_default();
        match path {
            "/apis" => Some((
                StatusCode::OK,
                json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [{
                    "name": "metrics.k8s.io",
                    "versions": [{"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"}],
                    "preferredVersion": {"groupVersion": "metrics.k8s.io/v1beta1", "version": "v1beta1"},
                }]}),
            )),
            "/apis/metrics.k8s.io/v1beta1" => Some(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            )),
            "/api/v1/namespaces/mastodon" => {
                Some(refusal(StatusCode::FORBIDDEN, "Forbidden", "namespaces \"mastodon\" is forbidden"))
            }
            "/api/v1/namespaces/mastodon/secrets" => {
                Some(refusal(StatusCode::FORBIDDEN, "Forbidden", forbidden))
            }
            _ => None,
        }
    });
    let snapshot = snapshot(client).await.expect("listed");
    assert_eq!(ids(&snapshot), ["ConfigMap/env", "ServiceAccount/default"]);
    let gaps: Vec<(&str, &str)> =
        snapshot.unlisted.iter().map(|gap| (gap.resource.as_str(), gap.reason.as_str())).collect();
    assert_eq!(
        gaps,
        [
            ("namespaces/mastodon", "namespaces \"mastodon\" is forbidden"),
            ("metrics.k8s.io/v1beta1", "the server is currently unable to handle the request"),
            ("secrets", forbidden),
        ]
    );
}

/// Serves lists in pages of two, and lets the third page of ConfigMaps expire once. Counts the pages asked for after
/// a first.
fn paging(store: &Store, later_pages: &Arc<AtomicUsize>) -> Client {
    let later_pages = Arc::clone(later_pages);
    let service = router(store.clone()).layer(from_fn(move |mut request: Request<Body>, next: Next| {
        let later_pages = Arc::clone(&later_pages);
        async move {
            let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default());
            let smaller: Vec<&str> = query
                .split('&')
                .map(|part| if part.starts_with("limit=") { "limit=2" } else { part })
                .collect();
            if path.ends_with("/configmaps")
                && query.contains("continue=")
                && later_pages.fetch_add(1, Ordering::SeqCst) == 1
            {
                let (status, body) =
                    refusal(StatusCode::GONE, "Expired", "the continue parameter is too old");
                return answered(status, &body);
            }
            *request.uri_mut() = format!("{path}?{}", smaller.join("&")).parse().expect("an address");
            next.run(request).await
        }
    }));
    Client::new(service, NAMESPACE)
}

#[tokio::test]
async fn lists_are_read_page_by_page_and_anew_when_they_expire() {
    let store = store();
    let names: Vec<String> = (0..7).map(|number| format!("env-{number}")).collect();
    let configs: Vec<Value> = names.iter().map(|name| config(name)).collect();
    fill(&store, NAMESPACE, &configs).await;
    let later_pages = Arc::new(AtomicUsize::new(0));
    let snapshot = snapshot(paging(&store, &later_pages)).await.expect("listed");
    let found = ids(&snapshot);
    let found: Vec<&str> = found.iter().filter_map(|id| id.strip_prefix("ConfigMap/")).collect();
    assert_eq!(found, names);
    assert_eq!(
        later_pages.load(Ordering::SeqCst),
        5,
        "two before the list expired, three of the list read anew"
    );
}

#[tokio::test]
async fn what_two_groups_serve_is_read_once() {
    let store = store();
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"ingressClassName": "gone", "rules": [{"host": "a.example"}]}});
    fill(&store, NAMESPACE, &[ingress]).await;
    let ingresses = json!({"name": "ingresses", "singularName": "ingress", "namespaced": true, "kind": "Ingress",
        "verbs": ["list", "get"]});
    let client = behind(&store, move |uri| match uri.split('?').next().unwrap_or_default() {
        "/apis" => {
            let group = |name: &str, version: &str| {
                let entry = json!({"groupVersion": format!("{name}/{version}"), "version": version});
                json!({"name": name, "versions": [entry], "preferredVersion": entry})
            };
            let groups = [group("extensions", "v1beta1"), group("networking.k8s.io", "v1")];
            Some((StatusCode::OK, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})))
        }
        "/apis/extensions/v1beta1" => Some((
            StatusCode::OK,
            json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "extensions/v1beta1",
                "resources": [ingresses]}),
        )),
        path if path.starts_with("/apis/extensions") => {
            Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "must not be asked"))
        }
        _ => None,
    });
    let snapshot = snapshot(client).await.expect("listed");
    assert_eq!(ids(&snapshot), ["Namespace/mastodon", "ServiceAccount/default", "Ingress/web"]);
    assert_eq!(snapshot.unlisted, []);
    let versions: BTreeSet<&str> =
        snapshot.objects.iter().filter_map(|object| object["apiVersion"].as_str()).collect();
    assert_eq!(versions, BTreeSet::from(["networking.k8s.io/v1", "v1"]));
}

#[tokio::test]
async fn a_namespace_that_is_not_there_and_a_stranger_are_errors() {
    let store = store();
    let missing = Cluster::new(client(&store, "nowhere"), "nowhere", Clock::real()).snapshot().await;
    assert!(matches!(missing, Err(ClusterError::Missing(_))), "{missing:?}");
    let stranger =
        behind(&store, |_| Some(refusal(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")));
    assert_eq!(snapshot(stranger).await.expect_err("refused").code(), Some(401));
}

#[tokio::test]
async fn a_snapshot_shows_no_secret() {
    let store = store();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"DB_PASS": "aHVudGVyMg=="}});
    fill(&store, NAMESPACE, &[secret]).await;
    let snapshot = snapshot(client(&store, NAMESPACE)).await.expect("listed");
    assert_eq!(ids(&snapshot), ["Namespace/mastodon", "Secret/s", "ServiceAccount/default"]);
    assert!(!format!("{snapshot:?}").contains("aHVudGVyMg"));
}
