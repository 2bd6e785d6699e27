//! The API server inside, as a real client sees it.

use std::fmt::Debug;
use std::time::Duration;

use clock::Clock;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod, Secret, Service};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams,
    Preconditions, PropagationPolicy, WatchEvent, WatchParams,
};
use kube::core::Status;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use rehearsal::{Store, client};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

fn cluster() -> (Store, Client) {
    let store = Store::open(None, Clock::real()).expect("a store in memory");
    let client = client(&store, "default");
    (store, client)
}

fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("an object")
}

fn config(name: &str, data: Value) -> ConfigMap {
    read(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}))
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{
                    "name": "web", "image": "mastodon:v4", "ports": [{"containerPort": 3000}],
                    "env": [{"name": "A", "value": "1"}],
                    "readinessProbe": {"httpGet": {"port": 3000}},
                }]},
            },
        },
    })
}

fn pod(name: &str) -> Pod {
    read(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"nodeName": "hollow-0", "containers": [{"name": "web", "image": "mastodon:v4"}]}}))
}

fn refusal<T: Debug>(answer: Result<T, kube::Error>) -> Status {
    match answer {
        Err(kube::Error::Api(status)) => *status,
        other => panic!("expected a Status, got {other:?}"),
    }
}

fn json_of(object: impl serde::Serialize) -> Value {
    serde_json::to_value(object).expect("an object")
}

#[tokio::test]
async fn objects_come_and_go_with_real_errors() {
    let (_, client) = cluster();
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let made = api.create(&PostParams::default(), &config("a", json!({"k": "1"}))).await.expect("created");
    assert!(made.uid().is_some() && made.creation_timestamp().is_some());

    let status = refusal(api.create(&PostParams::default(), &config("a", json!({}))).await);
    assert!(status.is_already_exists());
    assert_eq!((status.code, status.message.as_str()), (409, "configmaps \"a\" already exists"));
    let details = refusal(api.get("b").await).details.expect("details");
    assert_eq!((details.name.as_str(), details.kind.as_str()), ("b", "configmaps"));

    // Whoever writes an outdated object is told so, and loses nothing of the other's.
    let mut first = made.clone();
    first.data.get_or_insert_default().insert("k".to_owned(), "2".to_owned());
    let second = first.clone();
    let written = api.replace("a", &PostParams::default(), &first).await.expect("written");
    assert_ne!(written.resource_version(), made.resource_version());
    assert!(refusal(api.replace("a", &PostParams::default(), &second).await).is_conflict());

    // The same again is no change.
    let again = api.replace("a", &PostParams::default(), &written).await.expect("written");
    assert_eq!(again.resource_version(), written.resource_version());

    let bad = config("UPPER_case", json!({}));
    let status = refusal(api.create(&PostParams::default(), &bad).await);
    assert!(status.is_invalid());
    assert_eq!(status.details.expect("details").causes[0].field, "metadata.name");
    let elsewhere: Api<ConfigMap> = Api::namespaced(client, "nowhere");
    let status = refusal(elsewhere.create(&PostParams::default(), &config("a", json!({}))).await);
    assert_eq!(status.message, "namespaces \"nowhere\" not found");

    assert!(api.delete("a", &DeleteParams::default()).await.expect("deleted").is_right());
    assert!(refusal(api.get("a").await).is_not_found());
}

#[tokio::test]
async fn what_the_real_server_refuses_is_refused() {
    let (_, client) = cluster();
    let send = async |method: &str, path: &str, content_type: &str, body: Value| {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .body(body.to_string().into_bytes())
            .expect("a request");
        refusal(client.request::<Value>(request).await)
    };
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    // A number where an environment value must be text: the classic of hand-written manifests.
    let mut typed = deployment("a");
    typed["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "PORT", "value": 3000}]);
    assert_eq!(send("POST", deployments, "application/json", typed).await.reason, "BadRequest");
    let mut unmatched = deployment("a");
    unmatched["spec"]["selector"] = json!({"matchLabels": {"app": "other"}});
    assert_eq!(send("POST", deployments, "application/json", unmatched).await.reason, "Invalid");
    let status = send("POST", deployments, "application/x-protobuf", deployment("a")).await;
    assert_eq!((status.code, status.reason.as_str()), (415, "UnsupportedMediaType"));
    let status = send("PUT", deployments, "application/json", deployment("a")).await;
    assert_eq!((status.code, status.reason.as_str()), (405, "MethodNotAllowed"));
    assert_eq!(send("POST", deployments, "application/json", json!({"kind": "Pod"})).await.code, 400);
    // Of a group that nobody serves the real server knows nothing, not even how to say so in a Status.
    assert_eq!(send("POST", "/apis/cloud/v1/things", "application/json", json!({})).await.code, 404);

    let api: Api<Deployment> = Api::default_namespaced(client);
    api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created");
    let other = json!({"spec": {"selector": {"matchLabels": {"x": "y"}}, "template": {"metadata": {"labels": {"x": "y"}}}}});
    let status = refusal(api.patch("a", &PatchParams::default(), &Patch::Merge(other)).await);
    assert!(status.is_invalid() && status.message.contains("spec.selector"), "{}", status.message);
}

#[tokio::test]
async fn what_an_object_leaves_open_is_filled_in() {
    let (_, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client.clone());
    let made = json_of(api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created"));
    let spec = &made["spec"];
    assert_eq!(spec["replicas"], 1);
    assert_eq!(spec["strategy"]["rollingUpdate"], json!({"maxSurge": "25%", "maxUnavailable": "25%"}));
    let pod = &spec["template"]["spec"];
    assert_eq!(
        (&pod["terminationGracePeriodSeconds"], &pod["restartPolicy"]),
        (&json!(30), &json!("Always"))
    );
    let container = &pod["containers"][0];
    assert_eq!(container["ports"][0]["protocol"], "TCP");
    let probe = &container["readinessProbe"];
    assert_eq!((&probe["periodSeconds"], &probe["failureThreshold"]), (&json!(10), &json!(3)));

    let services: Api<Service> = Api::default_namespaced(client.clone());
    let service =
        json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "a"}, "ports": [{"port": 80}]}});
    let made = services.create(&PostParams::default(), &read(service.clone())).await.expect("created");
    let address = made.spec.as_ref().and_then(|spec| spec.cluster_ip.clone()).expect("an address");
    assert_eq!(json_of(&made)["spec"]["ports"][0]["targetPort"], 80);
    // A manifest that says nothing of the address does not take it away.
    let mut other = service;
    other["metadata"]["resourceVersion"] = made.resource_version().into();
    let written = services.replace("web", &PostParams::default(), &read(other)).await.expect("written");
    assert_eq!(written.spec.and_then(|spec| spec.cluster_ip), Some(address));

    let secrets: Api<Secret> = Api::default_namespaced(client);
    let secret = read(json!({"metadata": {"name": "s"}, "stringData": {"key": "value"}}));
    let secret: Secret = secrets.create(&PostParams::default(), &secret).await.expect("created");
    assert_eq!(secret.data.expect("data")["key"].0, b"value");
}

#[tokio::test]
async fn generation_counts_wishes_only() {
    let (_, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client);
    let made = api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created");
    assert_eq!(made.metadata.generation, Some(1));
    let merge = |patch: Value| Patch::Merge(patch);
    let options = PatchParams::default();
    let labelled =
        api.patch("a", &options, &merge(json!({"metadata": {"labels": {"x": "y"}}}))).await.expect("patched");
    assert_eq!(labelled.metadata.generation, Some(1));
    // The two halves of an object are written apart.
    let both = merge(json!({"spec": {"replicas": 3}, "status": {"replicas": 7}}));
    let status = api.patch_status("a", &options, &both).await.expect("patched");
    assert_eq!(status.metadata.generation, Some(1));
    assert_eq!(json_of(&status)["spec"]["replicas"], 1);
    assert_eq!(json_of(&status)["status"]["replicas"], 7);
    let both = merge(json!({"spec": {"replicas": 3}, "status": {"replicas": 9}}));
    let main = api.patch("a", &options, &both).await.expect("patched");
    assert_eq!(main.metadata.generation, Some(2));
    assert_eq!(json_of(&main)["status"]["replicas"], 7);

    let scale = api.get_scale("a").await.expect("a scale");
    assert_eq!(scale.spec.and_then(|spec| spec.replicas), Some(3));
    let scaled =
        api.patch_scale("a", &options, &merge(json!({"spec": {"replicas": 0}}))).await.expect("scaled");
    assert_eq!(scaled.spec.and_then(|spec| spec.replicas).unwrap_or_default(), 0);
    assert_eq!(api.get("a").await.expect("there").metadata.generation, Some(3));
}

#[tokio::test]
async fn every_kind_of_patch_does_what_it_says() {
    let (store, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client.clone());
    api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created");
    let options = PatchParams::default();
    let strategic = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "web", "env": [{"name": "B", "value": "2"}]}, {"name": "exporter", "image": "exporter:1"}]}}}});
    let patched = json_of(api.patch("a", &options, &Patch::Strategic(strategic)).await.expect("patched"));
    let containers = &patched["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["env"], json!([{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]));
    assert_eq!(containers[1]["name"], "exporter");

    let operations = read(json!([
        {"op": "test", "path": "/spec/replicas", "value": 1},
        {"op": "replace", "path": "/spec/replicas", "value": 2},
    ]));
    let json = Patch::Json::<()>(operations);
    let patched = api.patch("a", &options, &json).await.expect("patched");
    assert_eq!(patched.spec.and_then(|spec| spec.replicas), Some(2));
    assert_eq!(refusal(api.patch("a", &options, &json).await).code, 422);

    let merge = Patch::Merge(json!({"metadata": {"labels": {"app": null}}}));
    assert!(api.patch("a", &options, &merge).await.expect("patched").labels().is_empty());
    let pinned = Patch::Merge(json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 9}}));
    assert!(refusal(api.patch("a", &options, &pinned).await).is_conflict());

    store.register("cloud.google.com/v1", "BackendConfig").expect("registered");
    let resource =
        ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk("cloud.google.com", "v1", "BackendConfig"));
    let custom: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let object = DynamicObject::new("b", &resource).data(json!({"spec": {"timeoutSec": 40}}));
    custom.create(&PostParams::default(), &object).await.expect("created");
    let strategic = Patch::Strategic(json!({"spec": {"timeoutSec": 50}}));
    assert_eq!(refusal(custom.patch("b", &options, &strategic).await).code, 415);
    let merge = Patch::Merge(json!({"spec": {"timeoutSec": 50}}));
    let patched = custom.patch("b", &options, &merge).await.expect("patched");
    assert_eq!((patched.metadata.generation, &patched.data["spec"]["timeoutSec"]), (Some(2), &json!(50)));
}

#[tokio::test]
async fn appliers_own_what_they_state() {
    let (_, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client.clone());
    let ours = PatchParams::apply("mastoferry");
    let mut stated = deployment("a");
    stated["spec"]["replicas"] = 3.into();
    let first = api.patch("a", &ours, &Patch::Apply(&stated)).await.expect("created");
    let again = api.patch("a", &ours, &Patch::Apply(&stated)).await.expect("applied");
    assert_eq!(first.resource_version(), again.resource_version(), "applying the same again changes nothing");

    // Another manager's claim stands until it is forced, and the refusal names it.
    let theirs = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 5}});
    let status = refusal(api.patch("a", &PatchParams::apply("autoscaler"), &Patch::Apply(&theirs)).await);
    assert!(status.is_conflict());
    let cause = &status.details.expect("details").causes[0];
    assert_eq!((cause.reason.as_str(), cause.field.as_str()), ("FieldManagerConflict", ".spec.replicas"));
    assert_eq!(cause.message, "conflict with \"mastoferry\"");
    let forced = PatchParams::apply("autoscaler").force();
    api.patch("a", &forced, &Patch::Apply(&theirs)).await.expect("forced");
    // What is no longer stated goes, with the defaults below it; what another owns stays.
    stated["spec"].as_object_mut().expect("a spec").remove("replicas");
    let container = &mut stated["spec"]["template"]["spec"]["containers"][0];
    container.as_object_mut().expect("a container").remove("readinessProbe");
    container["env"] = json!([{"name": "C", "value": "3"}]);
    let after = json_of(api.patch("a", &ours, &Patch::Apply(&stated)).await.expect("applied"));
    assert_eq!(after["spec"]["replicas"], 5);
    let container = &after["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["env"], json!([{"name": "C", "value": "3"}]));
    assert_eq!(container.get("readinessProbe"), None);
    let managed = after["metadata"]["managedFields"].as_array().expect("claims").clone();
    let claim = managed.iter().find(|claim| claim["manager"] == "autoscaler").expect("a claim");
    assert_eq!(claim["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));

    // An ordinary write takes what it changes, so that a later apply of another value is refused.
    let patch = Patch::Merge(json!({"metadata": {"labels": {"app": "b"}}}));
    api.patch("a", &PatchParams { field_manager: Some("hand".into()), ..Default::default() }, &patch)
        .await
        .expect("patched");
    let status = refusal(api.patch("a", &ours, &Patch::Apply(&stated)).await);
    assert!(status.message.contains("conflict with \"hand\""), "{}", status.message);
}

#[tokio::test]
async fn a_selector_is_applied_as_a_whole() {
    let (_, client) = cluster();
    let api: Api<Service> = Api::default_namespaced(client);
    let service = |selector: Value| {
        Patch::Apply(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": selector, "ports": [{"port": 80}]}}))
    };
    let options = PatchParams::apply("a");
    api.patch("web", &options, &service(json!({"app": "blue", "tier": "web"}))).await.expect("created");
    let forced = PatchParams::apply("b").force();
    let switched = api.patch("web", &forced, &service(json!({"serves": "green"}))).await.expect("switched");
    let selector = switched.spec.and_then(|spec| spec.selector).expect("a selector");
    assert_eq!(selector.into_iter().collect::<Vec<_>>(), [("serves".to_owned(), "green".to_owned())]);
}

#[tokio::test]
async fn dry_runs_leave_no_trace() {
    let (store, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client);
    let before = store.version();
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let made = api.create(&dry, &read(deployment("a"))).await.expect("would be created");
    assert!(made.uid().is_some());
    let mut options = PatchParams::apply("m");
    options.dry_run = true;
    api.patch("b", &options, &Patch::Apply(deployment("b"))).await.expect("would be created");
    assert_eq!(store.version(), before);
    api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created");
    let before = store.version();
    let scaled = api
        .patch(
            "a",
            &options,
            &Patch::Apply(json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "spec": {"paused": true}})),
        )
        .await
        .expect("would be changed");
    assert_eq!(json_of(scaled)["spec"]["paused"], true);
    let dry = DeleteParams { dry_run: true, ..DeleteParams::default() };
    api.delete("a", &dry).await.expect("would be deleted");
    assert_eq!(store.version(), before);
}

#[tokio::test]
async fn finalizers_hold_and_preconditions_guard() {
    let (_, client) = cluster();
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let mut held = config("a", json!({}));
    held.metadata.finalizers = Some(vec!["mastoferry.dev/hold".to_owned()]);
    api.create(&PostParams::default(), &held).await.expect("created");
    let guarded = DeleteParams {
        preconditions: Some(Preconditions { uid: Some("other".to_owned()), ..Preconditions::default() }),
        ..DeleteParams::default()
    };
    assert!(refusal(api.delete("a", &guarded).await).is_conflict());
    let going = api.delete("a", &DeleteParams::default()).await.expect("marked").left().expect("still there");
    assert!(going.metadata.deletion_timestamp.is_some());
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("a", &PatchParams::default(), &free).await.expect("freed");
    assert!(refusal(api.get("a").await).is_not_found());
}

#[tokio::test]
async fn a_pod_on_a_node_gets_its_grace() {
    let (_, client) = cluster();
    let api: Api<Pod> = Api::default_namespaced(client);
    api.create(&PostParams::default(), &pod("a")).await.expect("created");
    let going = api.delete("a", &DeleteParams::default()).await.expect("marked").left().expect("a pod");
    assert_eq!(going.metadata.deletion_grace_period_seconds, Some(30));
    assert!(api.get("a").await.is_ok(), "its node has not let go yet");
    // Nobody can make the grace longer again; the node ends it.
    let longer =
        api.delete("a", &DeleteParams { grace_period_seconds: Some(90), ..Default::default() }).await;
    let longer = longer.expect("marked").left().expect("a pod");
    assert_eq!(longer.metadata.deletion_grace_period_seconds, Some(30));
    let now = DeleteParams { grace_period_seconds: Some(0), ..Default::default() };
    api.delete("a", &now).await.expect("gone");
    assert!(refusal(api.get("a").await).is_not_found());
}

#[tokio::test]
async fn watches_start_where_they_are_told() {
    let (store, client) = cluster();
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    api.create(&PostParams::default(), &config("a", json!({}))).await.expect("created");
    let listed = api.list(&ListParams::default()).await.expect("listed");
    let version = listed.metadata.resource_version.expect("a version");
    let label = |value: Value| Patch::Merge(json!({"metadata": {"labels": {"side": value}}}));
    let options = PatchParams::default();
    let selected = WatchParams::default().labels("side=green");
    let stream = api.watch(&selected, &version).await.expect("a watch");
    let told = stream
        .map_ok(|event| match event {
            WatchEvent::Added(object) => ("added", object.name_any()),
            WatchEvent::Modified(object) => ("modified", object.name_any()),
            WatchEvent::Deleted(object) => ("deleted", object.name_any()),
            WatchEvent::Bookmark(_) => ("bookmark", String::new()),
            WatchEvent::Error(_) => ("error", String::new()),
        })
        .take(3)
        .try_collect::<Vec<_>>();
    for value in [json!("green"), json!("green"), json!("blue")] {
        api.patch("a", &options, &label(value)).await.expect("patched");
    }
    api.patch("a", &options, &label(json!("green"))).await.expect("patched");
    let told = timeout(Duration::from_secs(5), told).await.expect("in time").expect("events");
    let told: Vec<_> = told.into_iter().map(|(event, _)| event).collect();
    assert_eq!(told, ["added", "deleted", "added"], "as the selector sees it");

    // Who comes from too long ago is told to list again.
    for round in 0..2100 {
        api.patch("a", &options, &label(round.to_string().into())).await.expect("patched");
    }
    let mut late = api.watch(&WatchParams::default(), &version).await.expect("a watch").boxed();
    match timeout(Duration::from_secs(5), late.next()).await.expect("in time").expect("an event") {
        Ok(WatchEvent::Error(status)) => assert_eq!((status.code, status.reason.as_str()), (410, "Expired")),
        other => panic!("expected an error event, got {other:?}"),
    }
    assert!(store.version() > 2100);
}

#[tokio::test]
async fn quiet_watches_say_how_far_they_have_seen() {
    let store = Store::open(None, Clock::faster(400.0)).expect("a store");
    let client = client(&store, "default");
    let configs: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let nodes: Api<Node> = Api::all(client);
    let mut watch =
        nodes.watch(&WatchParams::default(), &store.version().to_string()).await.expect("a watch").boxed();
    configs.create(&PostParams::default(), &config("a", json!({}))).await.expect("created");
    match timeout(Duration::from_secs(5), watch.next()).await.expect("in time").expect("an event") {
        Ok(WatchEvent::Bookmark(mark)) => {
            assert_eq!(mark.metadata.resource_version, store.version().to_string())
        }
        other => panic!("expected a bookmark, got {other:?}"),
    }
}

#[tokio::test]
async fn the_runtime_watcher_follows_with_either_way_to_begin() {
    let (_, client) = cluster();
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    api.create(&PostParams::default(), &config("a", json!({}))).await.expect("created");
    for start in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let mut seen = watcher(api.clone(), start).applied_objects().boxed();
        let first =
            timeout(Duration::from_secs(5), seen.try_next()).await.expect("in time").expect("no error");
        assert_eq!(first.expect("an object").name_any(), "a");
        let merge = Patch::Merge(json!({"data": {"k": rand_text()}}));
        api.patch("a", &PatchParams::default(), &merge).await.expect("patched");
        let next =
            timeout(Duration::from_secs(5), seen.try_next()).await.expect("in time").expect("no error");
        assert!(next.expect("an object").data.is_some());
    }
}

fn rand_text() -> String {
    ulid::Ulid::generate().to_string()
}

#[tokio::test]
async fn collections_are_found_announced_and_deleted() {
    let (store, client) = cluster();
    store.register("monitoring.googleapis.com/v1", "PodMonitoring").expect("registered");
    let discovery = kube::discovery::Discovery::new(client.clone()).run().await.expect("discovered");
    let gvk = kube::core::GroupVersionKind::gvk("monitoring.googleapis.com", "v1", "PodMonitoring");
    let (resource, capabilities) = discovery.resolve_gvk(&gvk).expect("announced");
    assert_eq!(resource.plural, "podmonitorings");
    assert!(capabilities.supports_operation("watch"));
    assert_eq!(client.apiserver_version().await.expect("a version").major, "1");

    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    for (name, side) in [("a", "blue"), ("b", "green"), ("c", "green")] {
        let mut one = config(name, json!({}));
        one.metadata.labels = Some([("side".to_owned(), side.to_owned())].into());
        api.create(&PostParams::default(), &one).await.expect("created");
    }
    let green = ListParams::default().labels("side in (green)").fields("metadata.name!=c");
    let names: Vec<_> = api.list(&green).await.expect("listed").iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["b"]);
    let green = ListParams::default().labels("side=green");
    api.delete_collection(&DeleteParams::default(), &green).await.expect("deleted");
    assert_eq!(api.list(&ListParams::default()).await.expect("listed").items.len(), 1);

    let generated = ConfigMap {
        metadata: ObjectMeta { generate_name: Some("run-".to_owned()), ..ObjectMeta::default() },
        ..ConfigMap::default()
    };
    let made = api.create(&PostParams::default(), &generated).await.expect("created");
    assert_eq!(made.name_any().len(), "run-".len() + 5);
}

#[tokio::test]
async fn the_state_outlives_the_process() {
    let path = std::env::temp_dir().join(format!("rehearsal-{}.log", rand_text()));
    let store = Store::open(Some(&path), Clock::real()).expect("a store");
    assert!(Store::open(Some(&path), Clock::real()).is_err(), "one process at a time");
    store.register("cloud.google.com/v1", "BackendConfig").expect("registered");
    let resource =
        ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk("cloud.google.com", "v1", "BackendConfig"));
    let backends = |store: &Store| -> Api<DynamicObject> {
        Api::default_namespaced_with(client(store, "default"), &resource)
    };
    let custom = DynamicObject::new("b", &resource).data(json!({"spec": {"timeoutSec": 40}}));
    backends(&store).create(&PostParams::default(), &custom).await.expect("created");
    let api: Api<ConfigMap> = Api::default_namespaced(client(&store, "default"));
    for name in ["a", "b"] {
        api.create(&PostParams::default(), &config(name, json!({"k": "1"}))).await.expect("created");
    }
    api.patch("a", &PatchParams::default(), &Patch::Merge(json!({"data": {"k": "2"}})))
        .await
        .expect("patched");
    api.delete("b", &DeleteParams::default()).await.expect("deleted");
    let before = api.list(&ListParams::default()).await.expect("listed");
    let version = store.version();
    drop((api, store));
    let freed = async {
        // The client's worker holds the store until it has noticed that nobody needs it.
        loop {
            match Store::open(Some(&path), Clock::real()) {
                Ok(store) => return store,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let store = timeout(Duration::from_secs(5), freed).await.expect("in time");
    assert!(store.version() >= version);
    let api: Api<ConfigMap> = Api::default_namespaced(client(&store, "default"));
    assert_eq!(api.list(&ListParams::default()).await.expect("listed").items, before.items);
    assert_eq!(backends(&store).get("b").await.expect("there").data["spec"]["timeoutSec"], 40);
    drop((api, store));

    // A write that was cut short is left out; damage before the end is told.
    let text = std::fs::read(&path).expect("the log");
    let torn = path.with_extension("torn");
    std::fs::write(&torn, &text[..text.len() - 7]).expect("written");
    Store::open(Some(&torn), Clock::real()).expect("a torn tail is no harm");
    let mut damaged = text;
    damaged[40] ^= 1;
    std::fs::write(&torn, damaged).expect("written");
    let refusal = Store::open(Some(&torn), Clock::real()).expect_err("damage");
    assert!(refusal.to_string().contains("damaged at line 2"), "{refusal}");
    for file in [path, torn] {
        std::fs::remove_file(file).expect("removed");
    }
}

#[tokio::test]
async fn pods_answer_through_the_proxy() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (_, client) = cluster();
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = socket.local_addr().expect("an address").port();
    let served = tokio::spawn(async move {
        let (mut connection, _) = socket.accept().await.expect("a connection");
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            text.push(connection.read_u8().await.expect("a byte"));
        }
        connection
            .write_all(b"HTTP/1.1 201 Created\r\nx-stand-in-pod: a\r\ncontent-length: 2\r\n\r\nOK")
            .await
            .expect("sent");
        String::from_utf8(text).expect("text")
    });
    let api: Api<Pod> = Api::default_namespaced(client.clone());
    api.create(&PostParams::default(), &pod("a")).await.expect("created");
    let path = format!("/api/v1/namespaces/default/pods/a:{port}/proxy/health?full=1");
    let ask = || {
        http::Request::get(&path)
            .header("x-forwarded-host", "mastodon.example")
            .body(kube::client::Body::empty())
            .expect("a request")
    };
    assert_eq!(client.send(ask()).await.expect("an answer").status(), 503, "it has no address yet");
    let status = Patch::Merge(json!({"status": {"podIP": "127.0.0.1"}}));
    api.patch_status("a", &PatchParams::default(), &status).await.expect("patched");
    let answer = client.send(ask()).await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-stand-in-pod"]),
        (201, &http::HeaderValue::from_static("a"))
    );
    let request = served.await.expect("served");
    assert!(request.starts_with("GET /health?full=1 HTTP/1.1"), "{request}");
    assert!(request.contains("host: mastodon.example"), "{request}");
}

#[tokio::test]
async fn foreground_and_orphan_deletions_wait_for_the_collector() {
    let (_, client) = cluster();
    let api: Api<Deployment> = Api::default_namespaced(client.clone());
    api.create(&PostParams::default(), &read(deployment("a"))).await.expect("created");
    let foreground =
        DeleteParams { propagation_policy: Some(PropagationPolicy::Foreground), ..Default::default() };
    let going = api.delete("a", &foreground).await.expect("marked").left().expect("still there");
    assert_eq!(going.finalizers(), ["foregroundDeletion"]);
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.delete("default", &DeleteParams::default()).await.expect("marked");
    let configs: Api<ConfigMap> = Api::default_namespaced(client);
    let status = refusal(configs.create(&PostParams::default(), &config("a", json!({}))).await);
    assert!(status.is_forbidden(), "{}", status.message);
}
