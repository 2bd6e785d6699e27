//! `podFailurePolicy`: what a failed pod means.

use serde_json::Value;

use crate::api::object;

/// What a rule makes of a failed pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts towards the limit, as without any policy.
    Counts,
    /// It does not count.
    Ignored,
    /// The whole Job has failed; why.
    FailsJob(String),
}

/// What the policy says of a failed pod: the first rule that fits decides.
pub(super) fn judge(job: &Value, pod: &Value) -> Verdict {
    for (index, rule) in object::items(job, &["spec", "podFailurePolicy", "rules"]).iter().enumerate() {
        let action = object::text(rule, &["action"]).unwrap_or_default();
        let Some(why) = by_exit_code(rule, pod).or_else(|| by_condition(rule, pod)) else { continue };
        let at = format!("{}/{}", object::namespace(pod), object::name(pod));
        return match action {
            "Ignore" => Verdict::Ignored,
            "FailJob" => Verdict::FailsJob(match why {
                Why::Exit(container, code) => format!(
                    "Container {container} for pod {at} failed with exit code {code} matching FailJob rule at index {index}"
                ),
                Why::Condition(kind) => {
                    format!("Pod {at} has condition {kind} matching FailJob rule at index {index}")
                }
            }),
            _ => Verdict::Counts,
        };
    }
    Verdict::Counts
}

enum Why {
    Exit(String, i64),
    Condition(String),
}

fn by_exit_code(rule: &Value, pod: &Value) -> Option<Why> {
    let codes = rule.get("onExitCodes").filter(|codes| codes.is_object())?;
    let only = object::text(codes, &["containerName"]);
    let is_in = object::text(codes, &["operator"]) == Some("In");
    let values = object::items(codes, &["values"]);
    let ended = ["containerStatuses", "initContainerStatuses"];
    let mut statuses = ended.iter().flat_map(|list| object::items(pod, &["status", *list]));
    statuses.find_map(|status| {
        let name = object::text(status, &["name"])?;
        let code = object::int(status, &["state", "terminated", "exitCode"]).filter(|code| *code != 0)?;
        let fits = only.is_none_or(|only| only == name) && values.iter().any(|one| *one == code) == is_in;
        fits.then(|| Why::Exit(name.to_owned(), code))
    })
}

fn by_condition(rule: &Value, pod: &Value) -> Option<Why> {
    object::items(rule, &["onPodConditions"]).iter().find_map(|pattern| {
        let kind = object::text(pattern, &["type"])?;
        let wanted = object::text(pattern, &["status"]).unwrap_or("True");
        let fits =
            object::condition(pod, kind).and_then(|one| object::text(one, &["status"])) == Some(wanted);
        fits.then(|| Why::Condition(kind.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let job = json!({"spec": {"podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailJob", "onExitCodes": {"containerName": "migrate", "operator": "In", "values": [42]}},
            {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [0]}},
        ]}}});
        let pod = |code: i64| {
            json!({"metadata": {"name": "p", "namespace": "n"}, "status": {"containerStatuses": [
            {"name": "migrate", "state": {"terminated": {"exitCode": code}}}]}})
        };
        let why = "Container migrate for pod n/p failed with exit code 42 matching FailJob rule at index 1";
        assert_eq!(judge(&job, &pod(42)), Verdict::FailsJob(why.to_owned()));
        assert_eq!(judge(&job, &pod(1)), Verdict::Counts);
        let mut evicted = pod(42);
        evicted["status"]["conditions"] = json!([{"type": "DisruptionTarget", "status": "True"}]);
        assert_eq!(judge(&job, &evicted), Verdict::Ignored);
    }
}
