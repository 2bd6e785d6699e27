use std::collections::BTreeMap;

use serde_json::Value;

use crate::{ClusterError, ObjectRef};

/// Which pods are meant: a label selector as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(String);

impl Selector {
    /// All of these labels.
    #[must_use]
    pub fn labels(labels: &BTreeMap<String, String>) -> Self {
        Self(labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
    }

    /// The pods of a workload, by its `spec.selector`: labels and expressions.
    ///
    /// # Errors
    /// When the object has no selector, which would mean every pod there is.
    pub fn of_workload(object: &Value) -> Result<Self, ClusterError> {
        let malformed = || ClusterError::Malformed {
            object: ObjectRef::of(object).map_or_else(|_| "an object".to_owned(), |place| place.to_string()),
            field: "spec.selector",
        };
        let selector = &object["spec"]["selector"];
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let mut parts: Vec<String> =
            labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let key = expression["key"].as_str().ok_or_else(malformed)?;
            let values: Vec<&str> =
                expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            parts.push(match expression["operator"].as_str() {
                Some("In") => format!("{key} in ({})", values.join(",")),
                Some("NotIn") => format!("{key} notin ({})", values.join(",")),
                Some("Exists") => key.to_owned(),
                Some("DoesNotExist") => format!("!{key}"),
                _ => return Err(malformed()),
            });
        }
        if parts.is_empty() { Err(malformed()) } else { Ok(Self(parts.join(","))) }
    }

    /// As the API takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_workload_without_a_selector_never_means_every_pod() {
        let bare = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
        assert!(Selector::of_workload(&bare).is_err());
        let full = json!({"spec": {"selector": {
            "matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
        }}});
        assert_eq!(Selector::of_workload(&full).unwrap().as_str(), "app=web,tier in (a,b)");
    }
}
