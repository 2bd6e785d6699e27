//! Those who work against a move: a GitOps controller, an autoscaler, a full disk, a machine without power.
//!
//! They act through the API as their originals do, on the cluster's clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::time::Instant;

use super::{Effect, Fault, Patient, Target};
use crate::standin::{Component, Duty, World, patient};

/// How often each looks whether it is his turn, in cluster time; and on the wall at least.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_AT_LEAST: Duration = Duration::from_millis(20);
/// How often a horizontal autoscaler decides: `--horizontal-pod-autoscaler-sync-period`.
const AUTOSCALER: Duration = Duration::from_secs(15);
/// When pods on a lost node are given up: 40 s until the node counts as lost, and `tolerationSeconds` of 300, which every pod
/// gets by default.
const GIVEN_UP: Duration = Duration::from_secs(340);
/// The field manager of Argo CD.
const GITOPS: &str = "argocd-controller";
/// Kinds in which a move changes something of blue's.
const KEPT: [(&str, &str); 5] = [
    ("Deployment", "deployments"),
    ("Service", "services"),
    ("CronJob", "cronjobs"),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    ("Ingress", "ingresses"),
];

/// Brings about the faults that need somebody to do so, until dropped. Faults injected later than it is called are not
/// among them.
pub async fn act(client: Client, namespace: String, world: World, clock: Clock) {
    let mut actors =
        Actors { client, namespace, world, clock, done: BTreeMap::new(), scaled: BTreeMap::new() };
    let faults: Vec<(usize, Fault)> =
        actors.world.faults().all().into_iter().filter(|(_, it)| acts(it.effect)).collect();
    if faults.is_empty() {
        return;
    }
    loop {
        for (at, fault) in &faults {
            // What fails here is tried again at the next look, as by the originals.
            let _ = actors.turn(*at, fault).await;
        }
        tokio::time::sleep(clock.on_the_wall(LOOK).max(LOOK_AT_LEAST)).await;
    }
}

fn acts(effect: Effect) -> bool {
    matches!(effect, Effect::Undoes { .. } | Effect::ScaledTo { .. } | Effect::Evicted | Effect::Lost)
}

struct Actors {
    client: Client,
    namespace: String,
    world: World,
    clock: Clock,
    /// When each last acted.
    done: BTreeMap<usize, Instant>,
    /// Deployments that were scaled, with how many pods they had.
    scaled: BTreeMap<String, i32>,
}

impl Actors {
    async fn turn(&mut self, at: usize, fault: &Fault) -> Result<(), kube::Error> {
        let in_force = self.world.faults().is_in_force(fault);
        let since = self.done.get(&at).map(|last| last.elapsed());
        let due = |every| since.is_none_or(|since| since >= self.clock.on_the_wall(every));
        match fault.effect {
            Effect::ScaledTo { .. } if self.world.faults().has_ended() => self.scale_back().await,
            _ if !in_force => Ok(()),
            Effect::Undoes { every } if due(every) => {
                self.done.insert(at, Instant::now());
                self.undo().await
            }
            Effect::ScaledTo { pods } if due(AUTOSCALER) => {
                self.done.insert(at, Instant::now());
                self.scale(fault.target, i32::from(pods)).await
            }
            Effect::Evicted if since.is_none() => {
                let Some(pod) = self.pods_of(fault.target).await?.into_iter().next() else { return Ok(()) };
                self.done.insert(at, Instant::now());
                self.kill(&pod).await
            }
            Effect::Lost => self.lose(at, since).await,
            _ => Ok(()),
        }
    }

    /// Applies what the repository says wherever something else stands.
    async fn undo(&self) -> Result<(), kube::Error> {
        for object in self.world.faults().declared() {
            let kind = object["kind"].as_str().unwrap_or_default();
            let Some((_, plural)) = KEPT.iter().find(|(kept, _)| *kept == kind) else { continue };
            let (group, version) = match object["apiVersion"].as_str().unwrap_or_default().split_once('/') {
                Some(both) => both,
                None => ("", object["apiVersion"].as_str().unwrap_or_default()),
            };
            let resource =
                ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
            let api: Api<DynamicObject> =
                Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let mut wanted = object.clone();
            if let Some(metadata) = wanted["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
            api.patch(name, &PatchParams::apply(GITOPS).force(), &Patch::Apply(&wanted)).await?;
        }
        Ok(())
    }

    async fn scale(&mut self, target: Target, pods: i32) -> Result<(), kube::Error> {
        let Target::Part(side, part) = target else { return Ok(()) };
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), &self.namespace);
        for deployment in deployments.list(&ListParams::default()).await? {
            let Some(spec) = &deployment.spec else { continue };
            let labels = spec.template.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
            let release = labels.and_then(|labels| labels.get("app.kubernetes.io/instance"));
            let is_part = spec
                .template
                .spec
                .iter()
                .flat_map(|pod| &pod.containers)
                .any(|container| patient(&Component::of(container, Duty::Serves)) == Some(part));
            let has = spec.replicas.unwrap_or(1);
            // A workload of no pods is left alone by every autoscaler of Kubernetes' own.
            if !is_part
                || has == 0
                || has == pods
                || self.world.faults().side(release.map(String::as_str)) != side
            {
                continue;
            }
            let name = deployment.name_any();
            set_replicas(&deployments, &name, pods).await?;
            self.scaled.entry(name).or_insert(has);
        }
        Ok(())
    }

    /// The load is over: what was scaled is as it was.
    async fn scale_back(&mut self) -> Result<(), kube::Error> {
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), &self.namespace);
        while let Some((name, had)) = self.scaled.pop_first() {
            let found = deployments.get_opt(&name).await?;
            let has = found.and_then(|found| found.spec).and_then(|spec| spec.replicas);
            if has.is_some_and(|has| has > 0 && has != had) {
                set_replicas(&deployments, &name, had).await?;
            }
        }
        Ok(())
    }

    /// Every second pod falls silent; later those are given up.
    async fn lose(&mut self, at: usize, since: Option<Duration>) -> Result<(), kube::Error> {
        match since {
            None => {
                let names: BTreeSet<String> = self.pods().await?.iter().map(ResourceExt::name_any).collect();
                if names.is_empty() {
                    return Ok(());
                }
                self.done.insert(at, Instant::now());
                self.world.faults().lose(names.into_iter().step_by(2));
            }
            Some(since) if since >= self.clock.on_the_wall(GIVEN_UP) => {
                for pod in self.pods().await? {
                    if self.world.faults().is_lost(&pod.name_any()) {
                        self.kill(&pod).await?;
                    }
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    async fn pods(&self) -> Result<Vec<Pod>, kube::Error> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace);
        let running =
            |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
        Ok(pods.list(&ListParams::default()).await?.into_iter().filter(running).collect())
    }

    async fn pods_of(&self, target: Target) -> Result<Vec<Pod>, kube::Error> {
        let Target::Part(side, part) = target else { return Ok(Vec::new()) };
        let mut pods = self.pods().await?;
        pods.retain(|pod| {
            let release = pod.labels().get("app.kubernetes.io/instance").map(String::as_str);
            self.world.faults().side(release) == side && is_of(pod, part)
        });
        Ok(pods)
    }

    async fn kill(&self, pod: &Pod) -> Result<(), kube::Error> {
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace);
        pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await?;
        Ok(())
    }
}

fn is_of(pod: &Pod, part: Patient) -> bool {
    let mut containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    containers.any(|container| patient(&Component::of(container, Duty::Serves)) == Some(part))
}

async fn set_replicas(deployments: &Api<Deployment>, name: &str, pods: i32) -> Result<(), kube::Error> {
    let patch = Patch::Merge(json!({"spec": {"replicas": pods}}));
    deployments.patch_scale(name, &PatchParams::default(), &patch).await?;
    Ok(())
}
