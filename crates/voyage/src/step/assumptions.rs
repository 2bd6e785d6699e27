//! Whether what stands is what the plan was made for.

use std::collections::BTreeSet;

use cluster::{Cluster, Kind, ObjectRef};
use plan::{Action, Plan};
use serde_json::Value;

use super::{Deck, blue, gitops, ours, release};
use crate::{StepError, differences};

/// Blue stands as the plan says; green's names are free; what green needs exists; and everything that
/// will be removed can be put back.
pub(super) async fn check(deck: &Deck<'_>) -> Result<(), StepError> {
    let problems = problems(deck.plan, deck.cluster, Some(deck.voyage)).await?;
    if problems.is_empty() { Ok(()) } else { Err(StepError::Assumptions(problems)) }
}

/// What is not as the plan assumes, before any voyage has begun.
///
/// # Errors
/// When the API server cannot be asked.
pub(crate) async fn assumed(plan: &Plan, cluster: &Cluster) -> Result<Vec<String>, StepError> {
    problems(plan, cluster, None).await
}

async fn problems(plan: &Plan, cluster: &Cluster, voyage: Option<&str>) -> Result<Vec<String>, StepError> {
    let is_ours = |object: &Value| voyage.is_some_and(|voyage| ours::is_of(voyage, object));
    let mut problems = Vec::new();
    let mut awake = BTreeSet::new();
    for planned in plan.blue_here() {
        let place = ObjectRef::of(planned)?;
        match cluster.get(&place).await? {
            None => problems.push(format!("{place} does not exist")),
            Some(found) => {
                let expected = as_assumed(plan, planned);
                problems.extend(told(&place, &differences(&expected, &found)));
                awake.extend(gitops::unplanned(plan, cluster, &found).await?);
            }
        }
    }
    problems.extend(awake.into_iter().map(|owner| {
        format!("{owner} applies the old side and is not in the plan: pause it, or plan from the cluster")
    }));
    for planned in plan.green.iter().chain(&plan.adopted).chain(&plan.page) {
        let place = ObjectRef::of(planned)?;
        let blues = plan.blue.iter().any(|it| ObjectRef::of(it).is_ok_and(|it| it == place));
        // What is adopted may be an object of blue's that gets another target.
        if blues && plan.adopted.contains(planned) {
            continue;
        }
        if let Some(found) = cluster.get(&place).await?
            && !is_ours(&found)
        {
            problems.push(format!("{place} exists, but its name must be free"));
        }
    }
    check_secrets(plan, cluster, &mut problems).await?;
    if plan.helm.is_some() {
        problems.extend(release::taken(plan, cluster, is_ours).await?);
    }
    for step in &plan.steps {
        if let Action::RemoveBlue { objects } = &step.action {
            problems.extend(
                objects.iter().filter_map(|it| blue::removable(plan, it).err()).map(|it| it.to_string()),
            );
        }
    }
    Ok(problems)
}

/// An autoscaler moves its target's replicas: what the source says about them holds only at birth.
pub(super) fn as_assumed(plan: &Plan, planned: &Value) -> Value {
    let mut expected = planned.clone();
    let autoscaled = plan.blue.iter().chain(&plan.adopted).any(|object| {
        let target = &object["spec"]["scaleTargetRef"];
        object["kind"] == "HorizontalPodAutoscaler"
            && target["kind"] == planned["kind"]
            && target["name"] == planned["metadata"]["name"]
    });
    if autoscaled && let Some(spec) = expected["spec"].as_object_mut() {
        spec.remove("replicas");
    }
    expected
}

/// Differences as problems; a handful of paths says enough.
pub(super) fn told(place: &ObjectRef, paths: &[String]) -> Option<String> {
    let shown = paths.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if paths.len() > 5 { format!(" and {} more", paths.len() - 5) } else { String::new() };
    (!paths.is_empty()).then(|| format!("{place} differs in {shown}{more}"))
}

async fn check_secrets(plan: &Plan, cluster: &Cluster, problems: &mut Vec<String>) -> Result<(), StepError> {
    for need in &plan.needs {
        let place = ObjectRef::new(Kind::secret(), &need.secret);
        let Some(found) = cluster.get(&place).await? else {
            if !need.optional {
                problems.push(format!("{place} does not exist"));
            }
            continue;
        };
        for key in need.keys.iter().filter(|key| found["data"].get(key.as_str()).is_none()) {
            problems.push(format!("{place} has no key {key}"));
        }
    }
    Ok(())
}
