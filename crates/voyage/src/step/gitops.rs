//! Argo CD and Flux are paused while their objects are moved: they would put back whatever their repository says.
//!
//! Argo CD: `spec.syncPolicy.automated` of the Application is taken out (without it nobody syncs by himself). Flux:
//! `spec.suspend` of the Kustomization or HelmRelease. Whoever applies these in turn is paused first, or it would put
//! them back. Going back, each gets what it had. At the end they stay paused: their repository still says the old side.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::{Cluster, Kind, ObjectRef};
use plan::{Action, GitOpsKind, GitOpsOwner, Plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::deck::CONTROLLERS;
use super::{Deck, Standing};
use crate::event::now_ms;
use crate::{Locker, StepError, VoyageEvent};

const FOUND: &str = "gitops";
const APPLIED: &str = "gitops-applied";
/// Between two looks, in cluster time.
const LOOK: Duration = Duration::from_secs(1);
/// How many are looked for above one another.
const DEPTH: usize = 4;

/// Who is paused, and what it had where that is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Paused {
    owner: GitOpsOwner,
    api_version: String,
    before: Value,
}

impl Paused {
    fn cluster(&self, deck: &Deck<'_>) -> Cluster {
        deck.cluster.within(&self.owner.namespace)
    }

    fn place(&self) -> ObjectRef {
        ObjectRef::new(Kind::new(&self.api_version, kind(self.owner.kind)), &self.owner.name)
    }
}

/// Who applied the old side from a repository and is paused by a voyage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftPaused {
    /// Who it is: `Kustomization flux-system/apps`.
    pub owner: String,
    /// The command that gives back what was taken.
    pub resume: String,
}

/// Those who applied something before they were paused, in the order in which they are to be resumed: those first that are
/// applied by others, or they would be put back as they are.
pub(crate) fn left_paused(locker: &Locker) -> Result<Vec<LeftPaused>, StepError> {
    let found: Vec<Paused> = locker.found(FOUND)?.unwrap_or_default();
    let awake = |one: &&Paused| match one.owner.kind {
        GitOpsKind::Application => !one.before.is_null() && one.before["enabled"] != false,
        GitOpsKind::Kustomization | GitOpsKind::HelmRelease => one.before != true,
    };
    let told = found
        .iter()
        .rev()
        .filter(awake)
        .map(|one| LeftPaused { owner: one.owner.to_string(), resume: one.owner.resume(Some(&one.before)) });
    Ok(told.collect())
}

pub(super) async fn paused(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let (Some(found), Some(applied)) =
        (deck.locker.found::<Vec<Paused>>(FOUND)?, deck.locker.found::<Vec<Value>>(APPLIED)?)
    else {
        return Ok(Standing::Lacks("who applies these objects is not paused".to_owned()));
    };
    let mut lacking = Vec::new();
    for (one, applied) in found.iter().zip(&applied) {
        // One that was deleted meanwhile applies nothing.
        let Some(live) = one.cluster(deck).get(&one.place()).await? else { continue };
        if !is_paused(one.owner.kind, &live) {
            lacking.push(format!("{} is not paused any more", one.owner));
        } else if progress(one.owner.kind, &live) != *applied {
            lacking.push(format!("{} applied something although it is paused", one.owner));
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn pause(deck: &Deck<'_>, owners: &[GitOpsOwner]) -> Result<(), StepError> {
    let found = find(deck, owners).await?;
    deck.locker.note(FOUND, &found)?;
    deck.copied().await?;
    // Noted once: after a crash the first note counts, since some may be paused since.
    let found: Vec<Paused> = deck.locker.found(FOUND)?.unwrap_or(found);
    for one in &found {
        let cluster = one.cluster(deck);
        if let Some(live) = cluster.get(&one.place()).await?
            && !is_paused(one.owner.kind, &live)
        {
            cluster.patch_merge(&one.place(), &pausing(one.owner.kind)).await?;
        }
    }
    let mut applied = Vec::new();
    for one in &found {
        applied.push(at_rest(deck, one).await?);
    }
    deck.locker.note(APPLIED, &applied)?;
    let owners = found.iter().map(|one| one.owner.to_string()).collect();
    let _nobody_listens = deck.events.send(VoyageEvent::GitopsPaused { owners, at_ms: now_ms() });
    Ok(())
}

/// Each gets back what it had, those first that are applied by others.
pub(super) async fn resume(deck: &Deck<'_>) -> Result<(), StepError> {
    let found: Vec<Paused> = deck.locker.found(FOUND)?.unwrap_or_default();
    for one in found.iter().rev().filter(|one| !one.before.is_null()) {
        let cluster = one.cluster(deck);
        if cluster.get(&one.place()).await?.is_some() {
            let patch = match one.owner.kind {
                GitOpsKind::Application => json!({"spec": {"syncPolicy": {"automated": one.before}}}),
                GitOpsKind::Kustomization | GitOpsKind::HelmRelease => {
                    json!({"spec": {"suspend": one.before}})
                }
            };
            cluster.patch_merge(&one.place(), &patch).await?;
        }
    }
    Ok(())
}

/// Who applies this object, is not in the plan, and is not paused.
pub(super) async fn unplanned(
    plan: &Plan,
    cluster: &Cluster,
    object: &Value,
) -> Result<Vec<GitOpsOwner>, StepError> {
    let planned = plan.steps.iter().find_map(|step| match &step.action {
        Action::PauseGitops { owners } => Some(owners.as_slice()),
        _ => None,
    });
    let planned = planned.unwrap_or_default();
    let mut awake = Vec::new();
    for owner in GitOpsOwner::of(object).into_iter().filter(|owner| !planned.contains(owner)) {
        // Who may not look at it finds out while users are watched on the new side.
        let found = match look_up(cluster, &owner).await {
            Err(StepError::Cluster(error)) if error.code() == Some(403) => None,
            found => found?,
        };
        if found.is_some_and(|(_, live)| !is_paused(owner.kind, &live)) {
            awake.push(owner);
        }
    }
    Ok(awake)
}

/// Those named and whoever applies them, the latter first. One that is not in this cluster is told about: Argo CD may
/// run in another.
async fn find(deck: &Deck<'_>, owners: &[GitOpsOwner]) -> Result<Vec<Paused>, StepError> {
    let mut all: Vec<Paused> = Vec::new();
    let mut seen: BTreeSet<GitOpsOwner> = BTreeSet::new();
    let mut level: Vec<GitOpsOwner> = owners.to_vec();
    for _ in 0..DEPTH {
        let mut above = Vec::new();
        for owner in level.into_iter().filter(|owner| seen.insert(owner.clone())) {
            let Some((api_version, live)) = look_up(deck.cluster, &owner).await? else {
                let note = format!("{owner} is not in this cluster: it must be paused where it is");
                let told = VoyageEvent::Noted { rule: "gitops".to_owned(), note, at_ms: now_ms() };
                let _nobody_listens = deck.events.send(told);
                continue;
            };
            above.extend(GitOpsOwner::of(&live));
            let before = match owner.kind {
                GitOpsKind::Application => live["spec"]["syncPolicy"]["automated"].clone(),
                GitOpsKind::Kustomization | GitOpsKind::HelmRelease => {
                    json!(live["spec"]["suspend"].as_bool().unwrap_or(false))
                }
            };
            all.push(Paused { owner, api_version, before });
        }
        level = above;
    }
    all.reverse();
    Ok(all)
}

/// The object in the version that is served.
async fn look_up(cluster: &Cluster, owner: &GitOpsOwner) -> Result<Option<(String, Value)>, StepError> {
    let versions: &[&str] = match owner.kind {
        GitOpsKind::Application => &["argoproj.io/v1alpha1"],
        GitOpsKind::Kustomization => {
            &["kustomize.toolkit.fluxcd.io/v1", "kustomize.toolkit.fluxcd.io/v1beta2"]
        }
        GitOpsKind::HelmRelease => {
            &["helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta2", "helm.toolkit.fluxcd.io/v2beta1"]
        }
    };
    let cluster = cluster.within(&owner.namespace);
    for version in versions {
        let place = ObjectRef::new(Kind::new(version, kind(owner.kind)), &owner.name);
        if let Some(live) = cluster.get(&place).await? {
            return Ok(Some(((*version).to_owned(), live)));
        }
    }
    Ok(None)
}

/// Waits until what was under way when it was paused has ended; gives how far it came.
async fn at_rest(deck: &Deck<'_>, one: &Paused) -> Result<Value, StepError> {
    let deadline = deck.cluster.clock().after(CONTROLLERS);
    loop {
        let Some(live) = one.cluster(deck).get(&one.place()).await? else { return Ok(Value::Null) };
        if !is_paused(one.owner.kind, &live) {
            return Err(StepError::Undone(format!("{} was resumed", one.owner)));
        }
        if !is_at_work(one.owner.kind, &live) {
            return Ok(progress(one.owner.kind, &live));
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(StepError::AtWork(one.owner.to_string()));
        }
        deck.pause(deck.cluster.clock().on_the_wall(LOOK)).await?;
    }
}

fn kind(kind: GitOpsKind) -> &'static str {
    match kind {
        GitOpsKind::Application => "Application",
        GitOpsKind::Kustomization => "Kustomization",
        GitOpsKind::HelmRelease => "HelmRelease",
    }
}

fn pausing(kind: GitOpsKind) -> Value {
    match kind {
        GitOpsKind::Application => json!({"spec": {"syncPolicy": {"automated": null}}}),
        GitOpsKind::Kustomization | GitOpsKind::HelmRelease => json!({"spec": {"suspend": true}}),
    }
}

fn is_paused(kind: GitOpsKind, live: &Value) -> bool {
    match kind {
        // From Argo CD 3.1 on, what is automated may be switched off in place.
        GitOpsKind::Application => {
            let automated = &live["spec"]["syncPolicy"]["automated"];
            automated.is_null() || automated["enabled"] == false
        }
        GitOpsKind::Kustomization | GitOpsKind::HelmRelease => live["spec"]["suspend"] == true,
    }
}

/// Whether something that began before it was paused goes on.
fn is_at_work(kind: GitOpsKind, live: &Value) -> bool {
    match kind {
        GitOpsKind::Application => {
            !live["operation"].is_null() || live["status"]["operationState"]["phase"] == "Running"
        }
        GitOpsKind::Kustomization | GitOpsKind::HelmRelease => {
            let conditions = live["status"]["conditions"].as_array();
            conditions
                .into_iter()
                .flatten()
                .any(|one| one["type"] == "Reconciling" && one["status"] == "True")
        }
    }
}

/// How far it came: changes when it applies something.
fn progress(kind: GitOpsKind, live: &Value) -> Value {
    let status = &live["status"];
    match kind {
        GitOpsKind::Application => {
            json!([status["operationState"]["finishedAt"], status["history"].as_array().map(Vec::len)])
        }
        GitOpsKind::Kustomization => json!([status["lastAppliedRevision"], status["lastAttemptedRevision"]]),
        GitOpsKind::HelmRelease => {
            json!([
                status["lastAttemptedRevision"],
                status["lastAttemptedGeneration"],
                status["history"][0]["version"]
            ])
        }
    }
}
