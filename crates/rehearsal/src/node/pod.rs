//! The life of one pod on the node.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use futures::future::join_all;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, PodStatus};
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::sync::watch;

use super::address::{Addresses, Claim};
use super::container::{Context, Keeper, RETRY, Restart, Slot};
use super::events::Pen;
use super::images::Images;
use super::settings::Settings;
use super::status::{Account, Report, Standing};
use crate::standin::{Duty, World};

/// How long to wait before a report that failed is made again, in real time.
const AGAIN: Duration = Duration::from_millis(100);

/// What the API server has of a pod.
#[derive(Debug, Clone)]
pub(super) enum Wish {
    Stands(Arc<Pod>),
    /// It has been removed without waiting for the node.
    Gone,
}

/// What a node has for its pods.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) client: Client,
    pub(super) world: World,
    pub(super) clock: Clock,
    pub(super) addresses: Addresses,
    pub(super) pen: Pen,
    pub(super) images: Arc<Images>,
}

/// Runs a pod until it has left the API server.
pub(super) async fn run(host: Host, pod: Arc<Pod>, wishes: watch::Receiver<Wish>) {
    let Host { client, world, clock, addresses, pen, images } = host;
    let api = Api::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
    let over = matches!(
        pod.status.as_ref().and_then(|status| status.phase.as_deref()),
        Some("Succeeded" | "Failed")
    );
    let ending = pod.metadata.deletion_timestamp.is_some();
    // Of a pod that is over, or was ending when its processes vanished with this node, nothing runs.
    if !over && !ending {
        let Some(claim) = Claim::next(addresses) else { return };
        let Some(spec) = &pod.spec else { return };
        let now = jiff::Timestamp::try_from(clock.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let report = Report::new(spec, pod.status.as_ref(), claim.address(), now);
        let (report, _) = watch::channel(report);
        let (stop, _) = watch::channel(None);
        let context = Context { client, world, clock, pod: pod.clone(), claim, pen, images, report, stop };
        let mut reporter = Reporter { context: &context, api: &api, last: pod.status.clone(), version: 0 };
        let life = async {
            tokio::join!(live(&context, spec), heed(&context, wishes.clone()));
        };
        // The life goes on to its end even where there is nobody left to report to.
        let mut life = Box::pin(life);
        tokio::select! {
            () = &mut life => {}
            () = reporter.keep(wishes.clone()) => life.await,
        }
        drop(reporter.report().await);
    }
    leave(&api, &pod, wishes).await;
}

/// Passes on the wish that the pod end.
async fn heed(context: &Context, mut wishes: watch::Receiver<Wish>) {
    let grace = match wishes.wait_for(wants_end).await.as_deref() {
        Ok(Wish::Stands(pod)) => grace(pod),
        Ok(Wish::Gone) | Err(_) => Duration::ZERO,
    };
    context.stop.send_replace(Some(grace));
}

fn wants_end(wish: &Wish) -> bool {
    match wish {
        Wish::Stands(pod) => pod.metadata.deletion_timestamp.is_some(),
        Wish::Gone => true,
    }
}

fn grace(pod: &Pod) -> Duration {
    let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    let seconds = pod.metadata.deletion_grace_period_seconds.or(own).unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// Brings the pod up and keeps it until its containers have ended for good.
async fn live(context: &Context, spec: &PodSpec) {
    if !mounted(context, spec).await {
        return;
    }
    let policy = Restart::of(spec.restart_policy.as_deref());
    let init = spec.init_containers.as_deref().unwrap_or_default();
    let sidecars = join_all(init.iter().enumerate().filter(|(_, container)| is_sidecar(container)).map(
        |(at, container)| async move {
            if before_done(context, init, at).await {
                keeper(context, container, Slot::Init(at), Duty::Serves, Restart::Always).keep().await;
            }
        },
    ));
    let others = async {
        if initialise(context, init, policy).await {
            context.report.send_modify(|report| report.initialized = true);
            let duty = if policy == Restart::Always { Duty::Serves } else { Duty::Ends };
            join_all(spec.containers.iter().enumerate().map(async |(at, container)| {
                keeper(context, container, Slot::Main(at), duty, policy).keep().await
            }))
            .await;
        }
        // Containers that have ended for good take their sidecars along.
        context.stop.send_if_modified(|stop| stop.is_none() && stop.replace(grace(&context.pod)).is_none());
    };
    Box::pin(async { tokio::join!(sidecars, others) }).await;
}

/// Waits until every volume can be mounted; false when the pod is to end before that.
async fn mounted(context: &Context, spec: &PodSpec) -> bool {
    let settings = Settings::of(&context.client, &context.pod);
    while let Err(refusal) = settings.volumes(spec).await {
        let (volume, error) = refusal;
        let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {error}");
        context.pen.warn(&context.pod, "", "FailedMount", message);
        if !context.pause(RETRY).await {
            return false;
        }
    }
    context.stop.borrow().is_none()
}

/// Runs the init containers one after another; false when one failed for good or the pod is to end.
async fn initialise(context: &Context, init: &[Container], policy: Restart) -> bool {
    let again = if policy == Restart::Never { Restart::Never } else { Restart::OnFailure };
    for (at, container) in init.iter().enumerate() {
        if is_sidecar(container) {
            if !before_done(context, init, at + 1).await {
                return false;
            }
        } else if keeper(context, container, Slot::Init(at), Duty::Ends, again).keep().await != Some(0) {
            return false;
        }
    }
    context.stop.borrow().is_none()
}

/// Waits until the first `count` init containers have done their part; false when the pod is to end.
async fn before_done(context: &Context, init: &[Container], count: usize) -> bool {
    let mut report = context.report.subscribe();
    let done = |report: &Report| {
        let so_far = report.init.iter().zip(init).take(count);
        so_far.into_iter().all(|(account, container)| is_done(account, container))
    };
    tokio::select! {
        biased;
        _ = context.stopped() => false,
        seen = report.wait_for(done) => seen.is_ok(),
    }
}

fn is_done(account: &Account, container: &Container) -> bool {
    match &account.standing {
        Standing::Ended(end) => end.code == 0,
        _ => is_sidecar(container) && account.started,
    }
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn keeper<'a>(
    context: &'a Context,
    container: &'a Container,
    slot: Slot,
    duty: Duty,
    restart: Restart,
) -> Keeper<'a> {
    Keeper { context, container, slot, duty, restart }
}

/// The version of an object as a number, as every API server has made them so far.
fn version(pod: &Pod) -> u64 {
    pod.resource_version().and_then(|version| version.parse().ok()).unwrap_or_default()
}

/// Reports a pod's status whenever it has changed.
struct Reporter<'a> {
    context: &'a Context,
    api: &'a Api<Pod>,
    last: Option<PodStatus>,
    /// The version that the last report made.
    version: u64,
}

/// Nobody wants to hear of this pod any more.
struct Unknown;

impl Reporter<'_> {
    async fn keep(&mut self, mut wishes: watch::Receiver<Wish>) {
        let mut changes = self.context.report.subscribe();
        loop {
            changes.mark_unchanged();
            if self.report().await.is_err() {
                return;
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() {
                    return;
                },
                _ = wishes.wait_for(|wish| self.is_contradicted(wish)) => self.last = None,
            }
        }
    }

    /// Whether somebody else has written that the pod is not ready, as for a node that seemed lost: what the
    /// node knows stands.
    fn is_contradicted(&self, wish: &Wish) -> bool {
        let ready = |status: &PodStatus| {
            let mut conditions = status.conditions.iter().flatten();
            conditions.find(|one| one.type_ == "Ready").map(|one| one.status.clone())
        };
        let Wish::Stands(pod) = wish else { return false };
        if version(pod) <= self.version {
            return false;
        }
        let (told, known) = (self.last.as_ref().and_then(ready), pod.status.as_ref().and_then(ready));
        told.as_deref() == Some("True") && known.as_deref() == Some("False")
    }

    async fn report(&mut self) -> Result<(), Unknown> {
        loop {
            let now = self.context.now();
            let status = self.context.report.borrow().status(&self.context.pod, self.last.as_ref(), now);
            if self.last.as_ref() == Some(&status) {
                return Ok(());
            }
            // The uid keeps a report from reaching a later pod of the same name.
            let patch = json!({"metadata": {"uid": self.context.pod.uid()}, "status": status});
            let name = self.context.pod.name_any();
            match self.api.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch)).await {
                Ok(pod) => {
                    self.version = version(&pod);
                    self.last = Some(status);
                    return Ok(());
                }
                Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409 | 422) => {
                    return Err(Unknown);
                }
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    }
}

/// When the pod is wanted away, tells the API server that nothing of it is left on the node.
async fn leave(api: &Api<Pod>, pod: &Pod, mut wishes: watch::Receiver<Wish>) {
    let ending = match wishes.wait_for(wants_end).await.as_deref() {
        Ok(Wish::Stands(_)) => true,
        Ok(Wish::Gone) | Err(_) => false,
    };
    if !ending {
        return;
    }
    let this_one = Preconditions { uid: pod.uid(), ..Preconditions::default() };
    let at_once = DeleteParams::default().grace_period(0).preconditions(this_one);
    while let Err(error) = api.delete(&pod.name_any(), &at_once).await {
        // Another pod by the name, or none.
        if matches!(&error, kube::Error::Api(answer) if matches!(answer.code, 404 | 409)) {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}
