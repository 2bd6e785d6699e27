//! Whether what stands is what the plan was made for.

use cluster::{Kind, ObjectRef};
use plan::Action;
use serde_json::Value;

use super::{Deck, blue, ours, release};
use crate::{StepError, differences};

/// Blue stands as the plan says; green's names are free; what green needs exists; and everything that
/// will be removed can be put back.
pub(super) async fn check(deck: &Deck<'_>) -> Result<(), StepError> {
    let mut problems = Vec::new();
    for planned in &deck.plan.blue {
        let place = ObjectRef::of(planned)?;
        match deck.cluster.get(&place).await? {
            None => problems.push(format!("{place} does not exist")),
            Some(found) => {
                let expected = as_assumed(deck, planned);
                problems.extend(told(&place, &differences(&expected, &found)));
            }
        }
    }
    for planned in deck.plan.green.iter().chain(&deck.plan.adopted) {
        let place = ObjectRef::of(planned)?;
        let blues = deck.plan.blue.iter().any(|it| ObjectRef::of(it).is_ok_and(|it| it == place));
        // What is adopted may be an object of blue's that gets another target.
        if blues && deck.plan.adopted.contains(planned) {
            continue;
        }
        if let Some(found) = deck.cluster.get(&place).await?
            && !ours::is_ours(deck, &found)
        {
            problems.push(format!("{place} exists, but its name must be free"));
        }
    }
    check_secrets(deck, &mut problems).await?;
    release::check_free(deck, &mut problems).await?;
    for step in &deck.plan.steps {
        if let Action::RemoveBlue { objects } = &step.action {
            problems.extend(
                objects.iter().filter_map(|it| blue::removable(deck, it).err()).map(|it| it.to_string()),
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(StepError::Assumptions(problems)) }
}

/// An autoscaler moves its target's replicas: what the source says about them holds only at birth.
pub(super) fn as_assumed(deck: &Deck<'_>, planned: &Value) -> Value {
    let mut expected = planned.clone();
    let autoscaled = deck.plan.blue.iter().chain(&deck.plan.adopted).any(|object| {
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

async fn check_secrets(deck: &Deck<'_>, problems: &mut Vec<String>) -> Result<(), StepError> {
    for need in &deck.plan.needs {
        let place = ObjectRef::new(Kind::secret(), &need.secret);
        let Some(found) = deck.cluster.get(&place).await? else {
            problems.push(format!("{place} does not exist"));
            continue;
        };
        for key in need.keys.iter().filter(|key| found["data"].get(key.as_str()).is_none()) {
            problems.push(format!("{place} has no key {key}"));
        }
    }
    Ok(())
}
