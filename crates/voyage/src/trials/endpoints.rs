use clock::Clock;
use cluster::{Cluster, Condition, ObjectRef, Selector};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::plan::{NAMESPACE, map};

fn pod(name: &str, side: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"run": side}},
        "spec": {"containers": [{"name": "main", "image": "stand-in:1"}]},
    })
}

fn slice(pods: &[&str]) -> Value {
    let endpoints: Vec<Value> = pods
        .iter()
        .enumerate()
        .map(|(number, pod)| {
            json!({"addresses": [format!("127.1.0.{number}")], "conditions": {"ready": true},
                   "targetRef": {"kind": "Pod", "name": pod}})
        })
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": endpoints, "ports": [{"name": "", "port": 3000, "protocol": "TCP"}],
    })
}

/// An endpoint controller that read blue's pods before they were labelled writes green alone for a moment.
#[tokio::test]
async fn an_overlap_is_not_open_while_a_ready_pod_of_either_side_is_missing() {
    let clock = Clock::faster(200.0);
    let store = rehearsal::Store::open(None, clock).unwrap();
    store.ensure_namespace(NAMESPACE).unwrap();
    let cluster = Cluster::new(rehearsal::client(&store, NAMESPACE), NAMESPACE, clock);
    for object in [pod("b-1", "web"), pod("b-2", "web"), pod("g-1", "green-web"), slice(&["g-1"])] {
        cluster.create(&object).await.unwrap();
    }
    // A status is written on its own, as a node does.
    let client = rehearsal::client(&store, NAMESPACE);
    let pods = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Pod"));
    let api: Api<DynamicObject> = Api::namespaced_with(client, NAMESPACE, &pods);
    for name in ["b-1", "b-2", "g-1"] {
        let status = Patch::Merge(json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}));
        api.patch_status(name, &PatchParams::default(), &status).await.unwrap();
    }
    let blue = Selector::labels(&map(&[("run", "web")]));
    let green = Selector::labels(&map(&[("run", "green-web")]));
    let all = |pods: &Selector| Condition::ReachesAll { service: "web".to_owned(), pods: pods.clone() };
    let only = Condition::ReachesOnly { service: "web".to_owned(), pods: green.clone() };
    for (behind, blue_holds, green_holds, only_green) in [
        (vec!["g-1"], false, true, true),
        (vec!["g-1", "b-1"], false, true, false),
        (vec!["g-1", "b-1", "b-2"], true, true, false),
        (vec!["b-1", "b-2"], true, false, false),
        (vec![], false, false, false),
    ] {
        let place = ObjectRef::of(&slice(&[])).unwrap();
        let wanted = slice(&behind);
        cluster.edit(&place, |found| found["endpoints"] = wanted["endpoints"].clone()).await.unwrap();
        assert_eq!(cluster.holds(&all(&blue)).await.unwrap(), blue_holds, "{behind:?}");
        assert_eq!(cluster.holds(&all(&green)).await.unwrap(), green_holds, "{behind:?}");
        assert_eq!(cluster.holds(&only).await.unwrap(), only_green, "{behind:?}");
    }
}
