//! Which objects are of this voyage, and how objects are put back.

use cluster::{Cluster, ClusterError, ObjectRef};
use serde_json::{Value, json};

use super::{Deck, Standing, assumptions};
use crate::{StepError, differences};

/// On every object that a voyage makes: the voyage's name. What lacks it is somebody else's.
pub(crate) const VOYAGE: &str = "mastoferry.dev/voyage";

/// What the API server writes into metadata by itself.
const SERVERS_OWN: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Labels by which the API server makes a Job find its pods.
const OF_JOBS: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/// Whether this voyage made an object.
pub(super) fn is_ours(deck: &Deck<'_>, object: &Value) -> bool {
    is_of(deck.voyage, object)
}

/// Whether a voyage of this name made an object.
pub(super) fn is_of(voyage: &str, object: &Value) -> bool {
    object["metadata"]["annotations"][VOYAGE] == *voyage
}

/// Applies an object of the plan, marked as ours. One that exists and is not ours is left alone, unless it
/// is blue's and `over_blue` says that the plan means it.
pub(super) async fn apply(deck: &Deck<'_>, planned: &Value, over_blue: bool) -> Result<(), StepError> {
    let place = ObjectRef::of(planned)?;
    let found = deck.cluster.get(&place).await?;
    let may = match &found {
        None => true,
        Some(found) => is_ours(deck, found) || over_blue && deck.locker.backup(&place)?.is_some(),
    };
    if !may {
        return Err(StepError::NotOurs(place.to_string()));
    }
    let mut object = planned.clone();
    object["metadata"]["annotations"][VOYAGE] = json!(deck.voyage);
    deck.cluster.apply(&object, found.is_some()).await?;
    Ok(())
}

/// Makes an object what it was, whatever became of it.
pub(crate) async fn put_back(cluster: &Cluster, kept: &Value) -> Result<(), ClusterError> {
    let place = ObjectRef::of(kept)?;
    let mut kept = bare(kept);
    if cluster.get(&place).await?.is_none() {
        if kept["kind"] == "Job" {
            without_own_selector(&mut kept);
        }
        cluster.create(&kept).await?;
        return Ok(());
    }
    cluster
        .edit(&place, |object| {
            let mut wanted = kept.clone();
            for field in SERVERS_OWN {
                if let Some(value) = object["metadata"].get(field) {
                    wanted["metadata"][field] = value.clone();
                }
            }
            if let Some(status) = object.get("status") {
                wanted["status"] = status.clone();
            }
            *object = wanted;
        })
        .await?;
    Ok(())
}

/// An object without what the API server writes by itself.
pub(crate) fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| !SERVERS_OWN.contains(&field.as_str()));
    }
    object
}

/// What finds a Job's pods is made anew with the Job, unless somebody chose it: a server takes no other.
fn without_own_selector(job: &mut Value) {
    if job["spec"]["manualSelector"] == json!(true) {
        return;
    }
    if let Some(spec) = job["spec"].as_object_mut() {
        spec.remove("selector");
    }
    for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
        if let Some(labels) = job.pointer_mut(labels).and_then(Value::as_object_mut) {
            labels.retain(|label, _| !OF_JOBS.contains(&label.as_str()));
        }
    }
}

/// Whether every one of these objects is there, made by this voyage, as the plan has it.
pub(super) async fn stand(deck: &Deck<'_>, objects: &[Value]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for planned in objects {
        let place = ObjectRef::of(planned)?;
        match deck.cluster.get(&place).await? {
            Some(found) if is_ours(deck, &found) => {
                lacking.extend(assumptions::told(&place, &differences(planned, &found)));
            }
            Some(_) => lacking.push(format!("{place} is not of this voyage")),
            None => lacking.push(format!("{place} does not exist")),
        }
    }
    Ok(Standing::of(&lacking))
}
