//! Conditions of `status`, kept the way the real controllers keep them.

use serde_json::{Value, json};

use crate::api::object;

/// What a condition says.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn new(
        kind: &'static str,
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { kind, status, reason, message: message.into() }
    }
}

/// The condition of a type.
pub(super) fn find<'a>(conditions: &'a [Value], kind: &str) -> Option<&'a Value> {
    conditions.iter().find(|one| object::text(one, &["type"]) == Some(kind))
}

/// Takes a condition away.
pub(super) fn remove(conditions: &mut Vec<Value>, kind: &str) {
    conditions.retain(|one| object::text(one, &["type"]) != Some(kind));
}

/// Whether a condition says the same: status and reason, whatever the words.
fn says(condition: &Value, finding: &Finding) -> bool {
    object::text(condition, &["status"]) == Some(finding.status)
        && object::text(condition, &["reason"]) == Some(finding.reason)
}

/// Puts a finding last. One that says the same already stays where it is; one of the same status keeps the
/// time of its last transition. Tells whether anything changed.
pub(super) fn set(conditions: &mut Vec<Value>, finding: &Finding, now: &str) -> bool {
    let before = find(conditions, finding.kind);
    if before.is_some_and(|before| says(before, finding)) {
        return false;
    }
    let kept = before.filter(|before| object::text(before, &["status"]) == Some(finding.status));
    let since = kept.and_then(|before| object::text(before, &["lastTransitionTime"])).unwrap_or(now);
    let condition = json!({
        "type": finding.kind,
        "status": finding.status,
        "lastTransitionTime": since,
        "reason": finding.reason,
        "message": finding.message,
    });
    remove(conditions, finding.kind);
    conditions.push(condition);
    true
}

/// The counts that are not nothing, under their names: zeros are left out of a `status`, as the API's types
/// say `omitempty`.
pub(super) fn counts(into: &mut Value, counts: &[(&str, i64)]) {
    for (name, count) in counts.iter().filter(|(_, count)| *count != 0) {
        into[*name] = (*count).into();
    }
}
