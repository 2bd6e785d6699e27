//! Label and field selectors.

use serde_json::{Map, Value};

use super::object;
use super::registry::Kind;
use super::status::ApiError;
use super::validate;

/// What a list or a watch is narrowed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selectors {
    labels: Vec<Requirement>,
    fields: Vec<(Vec<String>, bool, String)>,
}

#[derive(Debug, Clone)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

impl Requirement {
    fn holds(&self, labels: Option<&Map<String, Value>>) -> bool {
        let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        match self {
            Self::In(key, values) => label(key).is_some_and(|value| values.iter().any(|one| one == value)),
            Self::NotIn(key, values) => label(key).is_none_or(|value| values.iter().all(|one| one != value)),
            Self::Exists(key) => label(key).is_some(),
            Self::Missing(key) => label(key).is_none(),
        }
    }
}

impl Selectors {
    /// The selectors of a request.
    pub(crate) fn parse(kind: &Kind, labels: Option<&str>, fields: Option<&str>) -> Result<Self, ApiError> {
        let mut fields = field_requirements(fields)?;
        for field in &mut fields {
            known_field(kind, field)?;
        }
        Ok(Self { labels: label_requirements(labels.unwrap_or_default())?, fields })
    }

    /// Whether they narrow nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is among those asked for.
    pub(crate) fn select(&self, object: &Value) -> bool {
        let labels = object::labels(object);
        self.labels.iter().all(|requirement| requirement.holds(labels))
            && self.fields.iter().all(|(path, equal, wanted)| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let found = match object::at(object, &path) {
                    None | Some(Value::Null) => unset(&path).to_owned(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                };
                (found == *wanted) == *equal
            })
    }
}

/// What stands for a field of which nothing is said.
fn unset(path: &[&str]) -> &'static str {
    match path {
        ["spec", "hostNetwork" | "unschedulable"] => "false",
        ["status", "successful" | "succeeded" | "replicas"] => "0",
        _ => "",
    }
}

/// The fields by which the objects of a kind can be chosen, beside their name and namespace.
fn fields_of(kind: &Kind) -> Option<&'static [&'static str]> {
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Namespace") => &["status.phase"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("" | "events.k8s.io", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("apps", "ReplicaSet") => &["status.replicas"],
        ("batch", "Job") => &["status.successful"],
        _ => return None,
    })
}

/// Checks that a field can be chosen by, and turns its name into the path where it is kept.
fn known_field(kind: &Kind, (path, ..): &mut (Vec<String>, bool, String)) -> Result<(), ApiError> {
    let mut name = path.join(".");
    if kind.group == "events.k8s.io" {
        name = name.replacen("regarding.", "involvedObject.", 1).replacen(
            "reportingController",
            "reportingComponent",
            1,
        );
    }
    if ["metadata.name", "metadata.namespace"].contains(&name.as_str()) {
        return Ok(());
    }
    match fields_of(kind) {
        Some(known) if known.contains(&name.as_str()) => {
            name = match name.as_str() {
                "source" => "source.component".to_owned(),
                "status.successful" => "status.succeeded".to_owned(),
                _ => name,
            };
            *path = name.split('.').map(str::to_owned).collect();
            Ok(())
        }
        None if !kind.is_custom() => Err(ApiError::BadRequest(format!(
            "{name:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ))),
        _ => Err(ApiError::BadRequest(format!("field label not supported: {name}"))),
    }
}

/// Splits at commas that are not between parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let split = text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    split.map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn label_requirements(text: &str) -> Result<Vec<Requirement>, ApiError> {
    parts(text).into_iter().map(|part| can_be(label_requirement(part)?)).collect()
}

/// Refuses what no label can be (`labels.NewRequirement`).
fn can_be(requirement: Requirement) -> Result<Requirement, ApiError> {
    let (key, values): (_, &[String]) = match &requirement {
        Requirement::In(key, values) | Requirement::NotIn(key, values) => (key, values),
        Requirement::Exists(key) | Requirement::Missing(key) => (key, &[]),
    };
    let wrong = |path: String, value: &str, wrongs: Vec<String>| {
        (!wrongs.is_empty()).then(|| format!("{path}: Invalid value: {value:?}: {}", wrongs.join("; ")))
    };
    let of_key = wrong("<nil>".to_owned(), key, validate::label_key(key));
    let of_values = values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| wrong(format!("values[{at}][{key}]"), value, validate::label_value(value)));
    let wrongs: Vec<String> = of_key.into_iter().chain(of_values).collect();
    match &wrongs[..] {
        [] => Ok(requirement),
        [one] => Err(ApiError::BadRequest(format!("unable to parse requirement: {one}"))),
        many => Err(ApiError::BadRequest(format!("unable to parse requirement: [{}]", many.join(", ")))),
    }
}

fn label_requirement(part: &str) -> Result<Requirement, ApiError> {
    let bad = || ApiError::BadRequest(format!("unable to parse requirement: {part:?}"));
    let owned = |key: &str| -> Result<String, ApiError> {
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) { Err(bad()) } else { Ok(key.to_owned()) }
    };
    if let Some(open) = part.find('(') {
        let values = part[open + 1..].strip_suffix(')').ok_or_else(bad)?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let head = part[..open].trim_end();
        if let Some(key) = head.strip_suffix(" notin") {
            return Ok(Requirement::NotIn(owned(key)?, values));
        }
        let key = head.strip_suffix(" in").ok_or_else(bad)?;
        return Ok(Requirement::In(owned(key)?, values));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(owned(key)?, vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(owned(key)?, vec![value.trim().to_owned()]));
    }
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::Missing(owned(key)?));
    }
    Ok(Requirement::Exists(owned(part)?))
}

fn field_requirements(text: Option<&str>) -> Result<Vec<(Vec<String>, bool, String)>, ApiError> {
    let one = |part: &str| {
        let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
            (path, false, value)
        } else {
            let split = part.split_once("==").or_else(|| part.split_once('='));
            let (path, value) = split.ok_or_else(|| {
                let all = text.unwrap_or_default();
                ApiError::BadRequest(format!("invalid selector: '{all}'; can't understand '{part}'"))
            })?;
            (path, true, value)
        };
        let path = path.trim().split('.').map(str::to_owned).collect();
        Ok((path, equal, value.trim().to_owned()))
    };
    text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

/// Whether a `LabelSelector` (or a Service's plain mapping) matches labels. An absent or empty one of
/// either form matches nothing here, since no workload may be managed by it.
pub(crate) fn matches(selector: Option<&Value>, labels: Option<&Map<String, Value>>) -> bool {
    let Some(selector) = selector.and_then(Value::as_object).filter(|selector| !selector.is_empty()) else {
        return false;
    };
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    if expressions.is_none() && !selector.get("matchLabels").is_some_and(Value::is_object) {
        return equal(selector, labels);
    }
    let plain = selector.get("matchLabels").and_then(Value::as_object);
    plain.is_none_or(|plain| equal(plain, labels))
        && expressions
            .into_iter()
            .flatten()
            .all(|expression| requirement(expression).is_some_and(|requirement| requirement.holds(labels)))
}

fn equal(wanted: &Map<String, Value>, labels: Option<&Map<String, Value>>) -> bool {
    wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

fn requirement(expression: &Value) -> Option<Requirement> {
    let key = object::text(expression, &["key"])?.to_owned();
    let values = object::items(expression, &["values"]);
    let values = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Some(match object::text(expression, &["operator"])? {
        "In" => Requirement::In(key, values),
        "NotIn" => Requirement::NotIn(key, values),
        "Exists" => Requirement::Exists(key),
        "DoesNotExist" => Requirement::Missing(key),
        _ => return None,
    })
}

/// A `LabelSelector` as text, as the scale subresource shows it.
pub(crate) fn to_text(selector: &Value) -> String {
    let plain = object::at(selector, &["matchLabels"]).and_then(Value::as_object);
    let pairs = plain.into_iter().flatten();
    let mut parts: Vec<_> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    for expression in object::items(selector, &["matchExpressions"]) {
        let key = object::text(expression, &["key"]).unwrap_or_default();
        let mut values: Vec<&str> =
            object::items(expression, &["values"]).iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match object::text(expression, &["operator"]).unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.sort();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::registry::Registry;

    #[test]
    fn label_selectors_read_every_form_of_requirement() {
        let pod = json!({"metadata": {"name": "a", "labels": {"app": "web", "tier": "front"}},
                         "spec": {"nodeName": "hollow-0"}});
        let kind = Registry::built_in().by_kind("v1", "Pod").expect("a kind");
        let holds = |labels: &str, fields: &str| {
            Selectors::parse(&kind, Some(labels), Some(fields)).expect("a selector").select(&pod)
        };
        assert!(holds("app=web,tier in (front, back),!gone,tier", ""));
        assert!(holds("app!=api,tier notin (back),other!=x", "spec.nodeName=hollow-0,status.phase!=Failed"));
        assert!(!holds("app==api", ""));
        assert!(!holds("", "metadata.name=b"));
        assert!(Selectors::parse(&kind, Some("app in web"), None).is_err());
        assert!(Selectors::parse(&kind, None, Some("metadata.name")).is_err());
    }
}
