//! A whole voyage on a real control plane while Flux, played from its Kustomization, heals whatever is not as the repository
//! says: it is paused, nothing is put back, and it stays paused in the end.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use cluster::{Cluster, Kind, ObjectRef};
use plan::{Action, Plan};
use rehearsal::{Front, FrontOptions, Profile};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ground::{Ground, until};
use crate::{SPEED, cross, has_testbed, planned, root, went_well};

const FLUX: &str = "flux-system";

fn kustomization() -> ObjectRef {
    ObjectRef::new(Kind::new("kustomize.toolkit.fluxcd.io/v1", "Kustomization"), "social")
}

/// The example as Flux applies it: with its marks on every object.
fn tree(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    let mut copy = std::process::Command::new("cp");
    copy.arg("-r").arg(root().join("examples/kustomize-production")).arg(&tree);
    assert!(copy.status().expect("cp runs").success());
    let file = tree.join("kustomization.yaml");
    let mut text = std::fs::read_to_string(&file).expect("a kustomization");
    text += "labels:\n- includeSelectors: false\n  pairs:\n    kustomize.toolkit.fluxcd.io/name: social\n    kustomize.toolkit.fluxcd.io/namespace: flux-system\n";
    std::fs::write(file, text).expect("written");
    tree
}

async fn install_flux(ground: &Ground, cluster: &Cluster) {
    let group = "kustomize.toolkit.fluxcd.io";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("kustomizations.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Kustomization", "listKind": "KustomizationList", "plural": "kustomizations", "singular": "kustomization"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    });
    ground.make("", &definition).await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FLUX}});
    ground.make("", &namespace).await;
    let kustomization = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Kustomization",
        "metadata": {"name": "social"}, "spec": {"interval": "1m", "suspend": false},
        "status": {"lastAppliedRevision": "main@sha1:1"},
    });
    until("the definition to be served", async || {
        cluster.within(FLUX).apply(&kustomization, true).await.is_ok()
    })
    .await;
}

/// What Flux does all the while that it is not suspended: workloads get their size, Services their selector, and what was
/// deleted is made again. Counts what it put back.
fn heal(cluster: Cluster, plan: &Plan, healed: Arc<AtomicU64>) -> JoinHandle<()> {
    let kinds = ["Deployment", "Service", "CronJob"];
    let declared: Vec<Value> =
        plan.blue.iter().filter(|it| kinds.iter().any(|kind| it["kind"] == *kind)).cloned().collect();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let Ok(Some(flux)) = cluster.within(FLUX).get(&kustomization()).await else { continue };
            if flux["spec"]["suspend"] == true {
                continue;
            }
            for object in &declared {
                let place = ObjectRef::of(object).expect("an object");
                let Ok(live) = cluster.get(&place).await else { continue };
                let field = if object["kind"] == "Service" { "selector" } else { "replicas" };
                let wanted = &object["spec"][field];
                let result = match live {
                    None => cluster.create(object).await,
                    Some(live) if !wanted.is_null() && live["spec"][field] != *wanted => {
                        let mut patch = json!({"spec": {field: wanted}});
                        let keys = live["spec"]["selector"].as_object().into_iter().flatten();
                        for (key, _) in
                            keys.filter(|(key, _)| field == "selector" && wanted[key.as_str()].is_null())
                        {
                            patch["spec"][field][key.as_str()] = Value::Null;
                        }
                        cluster.patch_merge(&place, &patch).await
                    }
                    Some(_) => continue,
                };
                healed.fetch_add(u64::from(result.is_ok()), Ordering::SeqCst);
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_flux_owns_crosses_while_it_would_heal_and_it_stays_paused() {
    if !has_testbed() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, _) = planned(&tree(folder.path()), folder.path());
    let pauses = |step: &plan::Step| matches!(step.action, Action::PauseGitops { .. });
    assert!(plan.steps.iter().any(pauses), "the marks are in the plan");
    let ground = Ground::lay(&plan, Clock::faster(SPEED)).await;
    let cluster = Cluster::new(ground.client.clone(), &plan.namespace, Clock::real());
    install_flux(&ground, &cluster).await;
    let healed = Arc::new(AtomicU64::new(0));
    let healing = heal(cluster.clone(), &plan, Arc::clone(&healed));
    // It works: what somebody changes by hand is put back.
    let service = plan.blue.iter().find(|object| object["kind"] == "Service").expect("a Service");
    let service = ObjectRef::of(service).expect("an object");
    let other = json!({"spec": {"selector": {"nobody": "here"}}});
    cluster.patch_merge(&service, &other).await.expect("changed");
    until("Flux to heal", async || healed.load(Ordering::SeqCst) > 0).await;
    until("blue to be whole", async || {
        cluster
            .get(&service)
            .await
            .is_ok_and(|live| live.is_some_and(|it| it["spec"]["selector"]["nobody"].is_null()))
    })
    .await;
    let before = healed.load(Ordering::SeqCst);

    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = FrontOptions { listen, profile: Profile::IngressNginx, seed: 1 };
    let front = Front::start(ground.client.clone(), options, ground.clock, CancellationToken::new());
    let front = front.expect("a front");
    for route in &plan.routes {
        let led = tokio::time::timeout(Duration::from_secs(90), front.routes(&route.host, &route.path)).await;
        assert!(led.is_ok(), "{}{} leads nowhere", route.host, route.path);
    }
    let real = cross(&plan, &ground, front.address(), &folder.path().join("real")).await;
    went_well(&real, 1000);
    assert_eq!(healed.load(Ordering::SeqCst), before, "nothing was put back on the way");
    let flux = cluster.within(FLUX).need(&kustomization()).await.expect("it stands");
    assert_eq!(flux["spec"]["suspend"], true, "its repository still says the old side");
    healing.abort();
    cluster.within(FLUX).delete(&flux, cluster::Propagation::Background).await.expect("deleted");
    ground.leave(&plan.namespace).await;
    front.stop().await;
}
