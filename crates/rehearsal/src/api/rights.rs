//! Reviews: questions about rights, answered and forgotten. Inside there is one user, who may do everything.

use serde_json::{Value, json};

use super::object;
use super::registry::Kind;
use super::status::{About, ApiError, Cause};

/// The answer to a review.
pub(crate) fn answer(kind: &Kind, mut review: Value) -> Result<Value, ApiError> {
    let status = if kind.kind == "SelfSubjectRulesReview" {
        if object::text(&review, &["spec", "namespace"]).is_none_or(str::is_empty) {
            return Err(ApiError::BadRequest("no namespace on request".to_owned()));
        }
        json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        })
    } else {
        asks_one_thing(kind, &review)?;
        json!({"allowed": true})
    };
    object::put(&mut review, &["kind"], kind.kind.as_str());
    object::put(&mut review, &["apiVersion"], kind.api_version());
    object::put(&mut review, &["status"], status);
    Ok(review)
}

fn asks_one_thing(kind: &Kind, review: &Value) -> Result<(), ApiError> {
    let given = |field: &str| object::at(review, &["spec", field]).is_some_and(Value::is_object);
    let (resource, path) = (given("resourceAttributes"), given("nonResourceAttributes"));
    let why = match (resource, path) {
        (true, false) | (false, true) => return Ok(()),
        (true, true) => "cannot be specified in combination with resourceAttributes",
        (false, false) => "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    };
    let field = if resource { "spec.nonResourceAttributes" } else { "spec.resourceAttributes" };
    let null = Value::Null;
    let value = object::at(review, &["spec", "nonResourceAttributes"]).unwrap_or(&null);
    let causes = vec![Cause::invalid(field, value, why)];
    Err(ApiError::Invalid { about: About::new(kind, ""), causes })
}
