//! The controllers that look after storage, sizes, times and nodes, inside alone: what they do takes longer on
//! the wall than a test may.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Event, Node, PersistentVolume, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use rehearsal::Load;
use serde_json::{Value, json};

use super::{Cluster, deployment, is_rolled_out};

impl Cluster {
    async fn value<K>(&self, name: &str) -> Value
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + serde::Serialize,
    {
        serde_json::to_value(self.api::<K>().get(name).await.expect(name)).expect("JSON")
    }

    async fn has_told(&self, reason: &str) -> bool {
        let events: Api<Event> = self.api();
        let all = events.list(&ListParams::default()).await.expect("listed").items;
        all.iter().any(|event| event.reason.as_deref() == Some(reason))
    }

    async fn node(&self, name: &str) -> Api<Node> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let node = serde_json::from_value(json!({"metadata": {"name": name}})).expect("an object");
        nodes.create(&PostParams::default(), &node).await.expect("created");
        beat(&nodes, name, 0).await;
        nodes
    }
}

/// A sign of life.
async fn beat(nodes: &Api<Node>, name: &str, count: usize) {
    let status = json!({"status": {"allocatable": {"cpu": "2", "memory": "4Gi"}, "conditions": [
        {"type": "Ready", "status": "True", "lastHeartbeatTime": format!("2026-01-01T00:{:02}:{:02}Z", count / 60 % 60, count % 60),
         "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    nodes.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.expect("patched");
}

fn condition(object: &Value, kind: &str) -> Option<(String, String)> {
    let conditions = object["status"]["conditions"].as_array()?;
    let one = conditions.iter().find(|one| one["type"] == kind)?;
    Some((one["status"].as_str()?.to_owned(), one["reason"].as_str().unwrap_or_default().to_owned()))
}

#[tokio::test]
async fn an_autoscaler_follows_what_it_is_told_and_comes_down_later() {
    let cluster = Cluster::start_at(200.0);
    cluster.create::<Deployment>(deployment("web", 2, json!({}))).await;
    cluster.until("two", "app=web", async || is_rolled_out(&cluster.deployment("web").await, 2)).await;
    let metrics = json!([{"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 50}}}]);
    cluster
        .create::<HorizontalPodAutoscaler>(json!({"metadata": {"name": "web"}, "spec": {"minReplicas": 1, "maxReplicas": 5,
            "metrics": metrics, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}))
        .await;
    let found = async |kind: &str| condition(&cluster.value::<HorizontalPodAutoscaler>("web").await, kind);
    let blind = async || {
        found("ScalingActive").await == Some(("False".to_owned(), "FailedGetResourceMetric".to_owned()))
    };
    cluster.until("nothing to go by", "app=web", blind).await;
    cluster.gauges.set("web", Load::Shared(400));
    let replicas = async || cluster.deployment("web").await["spec"]["replicas"].as_i64();
    // Four pods' worth of work at half load each would be eight; four is the most from two at once, five in all.
    cluster.until("as many as allowed", "app=web", async || replicas().await == Some(5)).await;
    assert!(cluster.has_told("SuccessfulRescale").await);
    let at_most = Some(("True".to_owned(), "TooManyReplicas".to_owned()));
    cluster.until("the limit", "app=web", async || found("ScalingLimited").await == at_most).await;
    // Less work: for five minutes the highest of the last recommendations holds.
    cluster.gauges.set("web", Load::Shared(40));
    let held = Some(("True".to_owned(), "ScaleDownStabilized".to_owned()));
    cluster.until("held", "app=web", async || found("AbleToScale").await == held).await;
    assert_eq!(replicas().await, Some(5));
    cluster.until("one", "app=web", async || replicas().await == Some(1)).await;
}

#[tokio::test]
async fn a_cron_job_starts_by_the_clock_and_keeps_few() {
    let cluster = Cluster::start_at(300.0);
    let template = json!({"spec": {"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "tootctl", "image": "mastodon:v1"}]}}}});
    cluster
        .create::<CronJob>(json!({"metadata": {"name": "clean"}, "spec": {"schedule": "* * * * *",
            "concurrencyPolicy": "Forbid", "successfulJobsHistoryLimit": 1, "jobTemplate": template}}))
        .await;
    let jobs: Api<Job> = cluster.api();
    let names = async || -> Vec<String> {
        let all = jobs.list(&ListParams::default()).await.expect("listed").items;
        all.iter().map(ResourceExt::name_any).collect()
    };
    cluster.until("a Job", "nobody=tends", async || !names().await.is_empty()).await;
    cluster.until("patience", "nobody=tends", async || cluster.has_told("JobAlreadyActive").await).await;
    let first = names().await;
    assert_eq!(first.len(), 1, "one at a time");
    let finish = async || {
        for pod in cluster.pods("batch.kubernetes.io/job-name").await {
            if pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending") {
                cluster.run(&pod, "Succeeded").await;
            }
        }
        let now = names().await;
        now.len() == 1 && now != first
    };
    cluster.until("only the last is kept", "nobody=tends", finish).await;
    let cron = cluster.value::<CronJob>("clean").await;
    assert!(
        cron["status"]["lastScheduleTime"].is_string() && cron["status"]["lastSuccessfulTime"].is_string()
    );
}

#[tokio::test]
async fn a_claim_gets_its_volume_and_keeps_its_pod_waiting_until_then() {
    let cluster = Cluster::start();
    let pod = json!({"metadata": {"name": "db"}, "spec": {"containers": [{"name": "db", "image": "postgres"}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}});
    cluster.create::<Pod>(pod).await;
    cluster.until("a refusal", "nobody=tends", async || cluster.has_told("FailedScheduling").await).await;
    let waiting = condition(&cluster.value::<Pod>("db").await, "PodScheduled");
    assert_eq!(waiting, Some(("False".to_owned(), "Unschedulable".to_owned())));
    let claims: Api<PersistentVolumeClaim> = cluster.api();
    cluster
        .create::<PersistentVolumeClaim>(
            json!({"metadata": {"name": "data"}, "spec": {"storageClassName": "fast",
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        )
        .await;
    let bound = async || cluster.value::<PersistentVolumeClaim>("data").await["status"]["phase"] == "Bound";
    cluster.until("the volume", "nobody=tends", bound).await;
    let placed = async || cluster.value::<Pod>("db").await["spec"]["nodeName"].is_string();
    cluster.until("its place", "nobody=tends", placed).await;
    // While a pod uses it, it stays.
    claims.delete("data", &DeleteParams::default()).await.expect("marked");
    assert!(claims.get("data").await.is_ok());
    cluster.let_go(&cluster.api::<Pod>().get("db").await.expect("a pod")).await;
    let volumes: Api<PersistentVolume> = Api::all(cluster.client.clone());
    let all_gone = async || {
        claims.get("data").await.is_err()
            && volumes.list(&ListParams::default()).await.expect("listed").items.is_empty()
    };
    cluster.until("the end of both", "nobody=tends", all_gone).await;
}

#[tokio::test]
async fn a_lost_node_gives_its_pods_up_after_as_long_as_they_bear_it() {
    let cluster = Cluster::start_at(100.0);
    let nodes = cluster.node("one").await;
    let mut web = deployment("web", 1, json!({}));
    let bears =
        |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60});
    web["spec"]["template"]["spec"]["tolerations"] =
        json!([bears("node.kubernetes.io/unreachable"), bears("node.kubernetes.io/not-ready")]);
    cluster.create::<Deployment>(web).await;
    cluster.until("one", "app=web", async || is_rolled_out(&cluster.deployment("web").await, 1)).await;
    let first = cluster.pods("app=web").await.remove(0);
    assert_eq!(first.spec.as_ref().and_then(|spec| spec.node_name.as_deref()), Some("one"));
    // Nothing is heard of it any more.
    let unknown = async || {
        let node = serde_json::to_value(nodes.get("one").await.expect("a node")).expect("JSON");
        let taints = node["spec"]["taints"].as_array().map_or(0, Vec::len);
        condition(&node, "Ready") == Some(("Unknown".to_owned(), "NodeStatusUnknown".to_owned()))
            && taints == 2
    };
    cluster.until("the taints", "nobody=tends", unknown).await;
    let ready = condition(&cluster.value::<Pod>(&first.name_any()).await, "Ready");
    assert_eq!(ready.map(|(status, _)| status).as_deref(), Some("False"));
    let replaced = async || cluster.pods("app=web").await.len() == 2;
    cluster.until("the eviction", "nobody=tends", replaced).await;
    let first = cluster.value::<Pod>(&first.name_any()).await;
    assert!(first["metadata"]["deletionTimestamp"].is_string(), "nobody is there to let it go");
    assert!(condition(&first, "DisruptionTarget").is_some_and(|(_, why)| why == "DeletionByTaintManager"));
    // Its replacement waits for a node that will have it.
    cluster.until("no place", "nobody=tends", async || cluster.has_told("FailedScheduling").await).await;
    let back = async || {
        beat(&nodes, "one", 30).await;
        let pods = cluster.pods("app=web").await;
        pods.iter().all(|pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some()))
    };
    cluster.until("its return", "nobody=tends", back).await;
}

#[tokio::test]
async fn a_pod_that_asks_too_much_waits_and_a_cordoned_node_takes_nobody_but_daemons() {
    let cluster = Cluster::start();
    let nodes = cluster.node("one").await;
    let pod = |name: &str, cpu: &str| {
        json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "a",
            "resources": {"requests": {"cpu": cpu}}}]}})
    };
    cluster.create::<Pod>(pod("large", "1500m")).await;
    let placed = async |name: &str| cluster.value::<Pod>(name).await["spec"]["nodeName"].is_string();
    cluster.until("its place", "nobody=tends", async || placed("large").await).await;
    cluster.create::<Pod>(pod("another", "600m")).await;
    let refused = async || {
        let pod = cluster.value::<Pod>("another").await;
        let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| {
            one["message"]
                .as_str()
                .is_some_and(|why| why.starts_with("0/1 nodes are available: 1 Insufficient cpu."))
        })
    };
    cluster.until("a refusal", "nobody=tends", refused).await;
    let cordon = Patch::Merge(json!({"spec": {"unschedulable": true}}));
    nodes.patch("one", &PatchParams::default(), &cordon).await.expect("cordoned");
    let daemon = json!({"metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": {"app": "agent"}},
        "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "agent", "image": "a"}]}}}});
    cluster.create::<DaemonSet>(daemon).await;
    let runs = async || cluster.value::<DaemonSet>("agent").await["status"]["numberReady"] == 1;
    cluster.until("the daemon", "app=agent", runs).await;
    cluster.let_go(&cluster.api::<Pod>().get("large").await.expect("a pod")).await;
    assert!(!placed("another").await);
    let uncordon = Patch::Merge(json!({"spec": {"unschedulable": false}}));
    nodes.patch("one", &PatchParams::default(), &uncordon).await.expect("uncordoned");
    cluster.until("its place", "nobody=tends", async || placed("another").await).await;
}

#[tokio::test]
async fn budgets_are_reckoned_and_balancers_have_addresses() {
    let cluster = Cluster::start();
    cluster.create::<Deployment>(deployment("web", 4, json!({}))).await;
    let budget = json!({"metadata": {"name": "web"}, "spec": {"maxUnavailable": "30%",
        "selector": {"matchLabels": {"app": "web"}}}});
    cluster.create::<PodDisruptionBudget>(budget).await;
    let reckoned = async || {
        let status = cluster.value::<PodDisruptionBudget>("web").await["status"].take();
        // Thirty per cent of four is 1.2: two may be missing.
        (&status["expectedPods"], &status["desiredHealthy"], &status["disruptionsAllowed"])
            == (&json!(4), &json!(2), &json!(2))
    };
    cluster.until("the budget", "app=web", reckoned).await;
    let balanced = json!({"metadata": {"name": "front"}, "spec": {"type": "LoadBalancer", "selector": {"app": "web"},
        "ports": [{"port": 80}]}});
    cluster.create::<Service>(balanced).await;
    let has_address = async || {
        let service = cluster.value::<Service>("front").await;
        service["status"]["loadBalancer"]["ingress"][0]["ip"].is_string()
    };
    cluster.until("an address", "nobody=tends", has_address).await;
    assert!(cluster.has_told("EnsuredLoadBalancer").await);
}
