//! Argo CD and Flux as they work, against a voyage: what they own is put back unless they are paused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cluster::{Cluster, Kind, ObjectRef};
use plan::{Action, GitOpsKind, GitOpsOwner, Reversibility, Step, StepId};
use serde_json::{Value, json};

use super::sidekiq::until;
use super::world::World;
use crate::{Crash, Outcome, Voyage, VoyageEvent};

const FAST: f64 = 200.0;

fn definition(group: &str, version: &str, kind: &str) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    })
}

fn owner(kind: GitOpsKind, namespace: &str, name: &str) -> GitOpsOwner {
    GitOpsOwner { kind, namespace: namespace.to_owned(), name: name.to_owned() }
}

fn application() -> ObjectRef {
    ObjectRef::new(Kind::new("argoproj.io/v1alpha1", "Application"), "social")
}

fn kustomization(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::new("kustomize.toolkit.fluxcd.io/v1", "Kustomization"), name)
}

/// The definitions of both, Argo CD's Application, and Flux's Kustomization that applies it. What is there is left.
async fn lay(cluster: &Cluster) {
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    for object in [
        definition("argoproj.io", "v1alpha1", "Application"),
        definition("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
        namespace("argocd"),
        namespace("flux-system"),
    ] {
        let _there_already = cluster.create(&object).await;
    }
    let application = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "social", "namespace": "argocd", "labels": {
            "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        }},
        "spec": {"syncPolicy": {
            "automated": {"prune": true, "selfHeal": true}, "syncOptions": ["ServerSideApply=true"],
        }},
    });
    let apps = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"}, "spec": {"interval": "1m"},
        "status": {"lastAppliedRevision": "main@sha1:1"},
    });
    // A definition is served a moment after it was made.
    until("the definitions to be served", async || {
        let (argo, flux) = (cluster.within("argocd"), cluster.within("flux-system"));
        let made = argo.apply(&application, true).await.is_ok();
        made && flux.apply(&apps, true).await.is_ok()
    })
    .await;
}

/// A world whose blue Services are Argo CD's, and whose Application is applied by Flux.
struct Repository {
    world: World,
    /// How often blue was put back.
    applied: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Repository {
    async fn new() -> Self {
        let mut world = World::new(FAST, 1).await;
        lay(&world.cluster()).await;
        let step = Step {
            id: StepId("pause-gitops".to_owned()),
            action: Action::PauseGitops { owners: vec![owner(GitOpsKind::Application, "argocd", "social")] },
            reversibility: Reversibility::Undoable,
            expected_s: 1,
            commands: Vec::new(),
        };
        world.plan.steps.insert(2, step);
        let (applied, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        tokio::spawn(heal(world.cluster(), world.plan.blue.clone(), Arc::clone(&applied), Arc::clone(&stop)));
        Self { world, applied, stop }
    }

    async fn automated(&self) -> Value {
        let live = self.world.cluster().within("argocd").need(&application()).await.unwrap();
        live["spec"]["syncPolicy"]["automated"].clone()
    }

    async fn suspended(&self) -> Value {
        let live = self.world.cluster().within("flux-system").need(&kustomization("apps")).await.unwrap();
        live["spec"]["suspend"].clone()
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// Argo CD's self-healing, and Flux's of Argo CD's Application: what is not as the repository says is made so.
async fn heal(cluster: Cluster, blue: Vec<Value>, applied: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let (argo, flux) = (cluster.within("argocd"), cluster.within("flux-system"));
    let declared = json!({"spec": {"syncPolicy": {"automated": {"prune": true, "selfHeal": true}}}});
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let Ok(Some(apps)) = flux.get(&kustomization("apps")).await else { continue };
        if apps["spec"]["suspend"] != true {
            let _tried_again = argo.patch_merge(&application(), &declared).await;
        }
        let Ok(Some(social)) = argo.get(&application()).await else { continue };
        if social["spec"]["syncPolicy"]["automated"].is_null() {
            continue;
        }
        for object in &blue {
            let healed = put_back(&cluster, object).await;
            applied.fetch_add(u64::from(healed), Ordering::SeqCst);
        }
    }
}

/// Makes an object as it is declared: there at all, a Service with its selector, a Deployment with its pods.
async fn put_back(cluster: &Cluster, object: &Value) -> bool {
    let field = match object["kind"].as_str() {
        Some("Service") => "selector",
        Some("Deployment") => "replicas",
        _ => return false,
    };
    let place = ObjectRef::of(object).unwrap();
    let wanted = &object["spec"][field];
    match cluster.get(&place).await {
        Ok(None) => cluster.create(object).await.is_ok(),
        Ok(Some(live)) if live["spec"][field] != *wanted => {
            let null = live["spec"]["selector"].as_object().into_iter().flatten();
            let mut patch = json!({"spec": {field: wanted}});
            if field == "selector" {
                let gone = null.filter(|(key, _)| wanted[key.as_str()].is_null());
                gone.for_each(|(key, _)| patch["spec"]["selector"][key.as_str()] = Value::Null);
            }
            cluster.patch_merge(&place, &patch).await.is_ok()
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_applies_blue_is_paused_with_who_applies_him_and_goes_on_when_all_went_back() {
    let repository = Repository::new().await;
    let mut voyage = repository.world.voyage();
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    assert_eq!(repository.applied.load(Ordering::SeqCst), 0, "nothing was put back");
    // Their repository still says the old side.
    assert_eq!((repository.automated().await, repository.suspended().await), (Value::Null, json!(true)));
    let back = voyage.roll_back("enough").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    assert_eq!(repository.automated().await, json!({"prune": true, "selfHeal": true}));
    assert_eq!(repository.suspended().await, json!(false));
    drop(voyage);
    let again = repository.world.voyage().roll_back("twice").await.unwrap();
    assert!(matches!(again, Outcome::RolledBack { .. }), "{again:?}");
    repository.world.assert_blue_as_before("with a repository").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_paused_is_told_with_what_lets_him_go_on() {
    let repository = Repository::new().await;
    let mut voyage = repository.world.voyage();
    assert_eq!(voyage.left_paused().unwrap(), Vec::new());
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    drop(voyage);
    // Another process knows it as well.
    let mut voyage = repository.world.voyage();
    let told: Vec<(String, String)> =
        voyage.left_paused().unwrap().into_iter().map(|one| (one.owner, one.resume)).collect();
    let argo = r#"kubectl -n argocd patch application social --type merge -p '{"spec":{"syncPolicy":{"automated":{"prune":true,"selfHeal":true}}}}'"#;
    let flux = "flux -n flux-system resume kustomization apps";
    assert_eq!(
        told,
        [
            ("Application argocd/social".to_owned(), argo.to_owned()),
            ("Kustomization flux-system/apps".to_owned(), flux.to_owned()),
        ]
    );
    assert!(matches!(voyage.roll_back("enough").await.unwrap(), Outcome::RolledBack { .. }));
    assert_eq!(voyage.left_paused().unwrap(), Vec::new(), "nobody is");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_in_the_plan_is_told_before_anything_changes() {
    let mut repository = Repository::new().await;
    repository.world.plan.steps.retain(|step| step.id.0 != "pause-gitops");
    let tracked = json!({"metadata": {"annotations": {
        "argocd.argoproj.io/tracking-id": "social:/Service:mast/web",
    }}});
    let web = ObjectRef::new(Kind::service(), "web");
    repository.world.cluster().patch_merge(&web, &tracked).await.unwrap();
    let outcome = repository.world.voyage().run().await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Stopped { reason } if reason.contains("Application argocd/social applies the old side")),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_pausing_forgets_nothing() {
    let repository = Repository::new().await;
    let mut voyage = repository.world.voyage();
    // After the step was done and before that was recorded.
    voyage.crash_at(Crash::Before(6));
    assert!(voyage.run().await.unwrap_err().is_halt());
    drop(voyage);
    assert_eq!(repository.automated().await, Value::Null);
    let mut voyage = repository.world.voyage();
    assert_eq!(voyage.resume().await.unwrap(), Outcome::Completed);
    let back = voyage.roll_back("enough").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    assert_eq!(repository.automated().await, json!({"prune": true, "selfHeal": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_resumed_by_somebody_is_noticed_and_everything_goes_back() {
    let mut repository = Repository::new().await;
    let observing = repository.world.plan.steps.iter_mut().find(|step| step.id.0 == "observe").unwrap();
    observing.action = Action::Observe { seconds: 200 };
    let cluster = repository.world.cluster();
    let mut voyage = repository.world.voyage();
    let mut events = voyage.events();
    let resuming = tokio::spawn(async move {
        let observes =
            |event: &VoyageEvent| matches!(event, VoyageEvent::StepStarted { id, .. } if id.0 == "observe");
        while !observes(&events.recv().await.unwrap()) {}
        let resumed = json!({"spec": {"suspend": false}});
        cluster.within("flux-system").patch_merge(&kustomization("apps"), &resumed).await.unwrap();
    });
    let outcome = voyage.run().await.unwrap();
    resuming.await.unwrap();
    let noticed = "Kustomization flux-system/apps is not paused any more";
    assert!(matches!(&outcome, Outcome::RolledBack { reason } if reason.contains(noticed)), "{outcome:?}");
}

/// A voyage that only pauses: the same on whatever serves the API.
async fn there_and_back(cluster: &Cluster, plan: plan::Plan, state: &std::path::Path) {
    let steps = [
        ("acquire-lease", Action::AcquireLease { lease: "mastoferry".to_owned() }),
        (
            "pause-gitops",
            Action::PauseGitops { owners: vec![owner(GitOpsKind::Application, "argocd", "social")] },
        ),
        ("release-lease", Action::ReleaseLease { lease: "mastoferry".to_owned() }),
    ];
    let step = |(id, action): (&str, Action)| Step {
        id: StepId(id.to_owned()),
        action,
        reversibility: Reversibility::Undoable,
        expected_s: 1,
        commands: Vec::new(),
    };
    let steps = steps.into_iter().map(step).collect();
    let plan = plan::Plan { steps, rules: Vec::new(), ..plan };
    let traffic: Arc<dyn crate::TrafficSource> = Arc::new(super::world::Users::default());
    let mut voyage = Voyage::open(plan, cluster.clone(), state, traffic).unwrap();
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let live = async || {
        let social = cluster.within("argocd").need(&application()).await.unwrap();
        let apps = cluster.within("flux-system").need(&kustomization("apps")).await.unwrap();
        (social["spec"]["syncPolicy"].clone(), apps["spec"]["suspend"].clone())
    };
    let options = json!(["ServerSideApply=true"]);
    assert_eq!(
        live().await,
        (json!({"syncOptions": options}), json!(true)),
        "the rest of it stays as it was"
    );
    let back = voyage.roll_back("enough").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    let automated = json!({"prune": true, "selfHeal": true});
    let policy = json!({"automated": automated, "syncOptions": options});
    assert_eq!(live().await, (policy, json!(false)));
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
#[tokio::test(flavor = "multi_thread")]
async fn a_real_api_server_takes_it_as_the_one_inside_does() {
    let world = World::new(FAST, 1).await;
    lay(&world.cluster()).await;
    there_and_back(&world.cluster(), world.plan.clone(), &world.state.join("inside")).await;
    if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
        eprintln!("SKIPPED: needs a real control plane: cargo xtask testbed -- cargo test");
        return;
    }
    let client = kube::Client::try_default().await.expect("the kubeconfig of the testbed");
    let cluster = Cluster::new(client, "default", clock::Clock::real());
    lay(&cluster).await;
    there_and_back(&cluster, world.plan.clone(), &world.state.join("real")).await;
}
