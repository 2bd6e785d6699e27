//! Variables in Compose files, and the types that texts become where a type is wanted.

use std::collections::HashMap;

use tree::template::{TemplateError, interpolate_with_gaps};
use tree::{Node, Origin, Value};

use crate::budget::Budget;
use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::place::Place;

/// The variables around a project: the process' own, then those of its `.env` files.
#[derive(Clone)]
pub(crate) struct Surroundings<'a> {
    process: &'a dyn Fn(&str) -> Option<String>,
    forced: HashMap<String, String>,
    filed: HashMap<String, (String, Origin)>,
}

impl<'a> Surroundings<'a> {
    pub(crate) fn new(process: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { process, forced: HashMap::new(), filed: HashMap::new() }
    }

    pub(crate) fn force(&mut self, name: &str, value: String) {
        self.forced.insert(name.to_owned(), value);
    }

    /// Adds what an env file sets. What is set already stays.
    pub(crate) fn add(&mut self, variables: HashMap<String, (String, Origin)>) {
        for (name, value) in variables {
            self.filed.entry(name).or_insert(value);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let forced = self.forced.get(name).cloned().or_else(|| (self.process)(name));
        forced.or_else(|| self.filed.get(name).map(|(value, _)| value.clone()))
    }

    /// Where a variable is set, if an env file sets it and is heard.
    pub(crate) fn origin(&self, name: &str) -> Option<Origin> {
        if self.forced.contains_key(name) || (self.process)(name).is_some() {
            return None;
        }
        self.filed.get(name).map(|(_, origin)| *origin)
    }
}

/// What interpolation found out.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) interpolated: Vec<(Origin, Origin)>,
    pub(crate) unset: Vec<(String, Origin)>,
    /// Required variables without a value.
    pub(crate) missing: Vec<ComposeError>,
}

/// Replaces the variables in every text below a node.
pub(crate) fn replace(
    node: &mut Node,
    place: &Place,
    around: &Surroundings<'_>,
    findings: &mut Findings,
    budget: &mut Budget,
) -> Result<()> {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping.iter_mut() {
                replace(child, &place.key(key), around, findings, budget)?;
            }
        }
        Value::Sequence(items) => {
            for child in items.iter_mut() {
                replace(child, &place.key("[]"), around, findings, budget)?;
            }
        }
        Value::String(_) => scalar(node, place, around, findings, budget)?,
        _ => {}
    }
    Ok(())
}

fn scalar(
    node: &mut Node,
    place: &Place,
    around: &Surroundings<'_>,
    findings: &mut Findings,
    budget: &mut Budget,
) -> Result<()> {
    let text = node.as_str().unwrap_or_default();
    let mut replaced = text.to_owned();
    if text.contains('$') {
        let attribute = place.to_string();
        let result = interpolate_with_gaps(text, &|name| around.get(name)).map_err(|error| {
            let kind = match error {
                TemplateError::Invalid => ComposeErrorKind::Expression { attribute },
                TemplateError::Required { name, .. } => ComposeErrorKind::Required { attribute, name },
                TemplateError::TooLarge => ComposeErrorKind::TooLarge,
            };
            ComposeError::at(kind, node.origin)
        })?;
        budget.text(result.text.len(), node)?;
        for name in result.missing {
            let kind = ComposeErrorKind::Required { attribute: place.to_string(), name };
            findings.missing.push(ComposeError::at(kind, node.origin));
        }
        if let Some(origin) = node.origin {
            let set = result.used.iter().filter_map(|name| around.origin(name));
            findings.interpolated.extend(set.map(|set| (origin, set)));
            findings.unset.extend(result.unset.into_iter().map(|name| (name, origin)));
        }
        replaced = result.text;
    }
    let Some(cast) = place.find(CASTS) else {
        node.value = Value::String(replaced);
        return Ok(());
    };
    let (value, wanted) = match cast {
        Cast::Integer => {
            (replaced.parse::<i64>().ok().map(|number| Value::Number(number.into())), "a whole number")
        }
        Cast::Float => {
            let number = replaced.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            (number.map(Value::Number), "a number")
        }
        Cast::Truth => (truth(&replaced).map(Value::Bool), "true or false"),
    };
    node.value = value.ok_or_else(|| ComposeError::wrong(place.to_string(), wanted, node.origin))?;
    Ok(())
}

/// A truth value as Compose reads it from a text.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Cast {
    Integer,
    Float,
    Truth,
}

/// compose-go, `loader/interpolate.go`.
const CASTS: &[(&str, Cast)] = &[
    ("services.*.cpu_count", Cast::Integer),
    ("services.*.cpu_percent", Cast::Float),
    ("services.*.cpu_period", Cast::Integer),
    ("services.*.cpu_quota", Cast::Integer),
    ("services.*.cpu_rt_period", Cast::Integer),
    ("services.*.cpu_rt_runtime", Cast::Integer),
    ("services.*.cpus", Cast::Float),
    ("services.*.cpu_shares", Cast::Integer),
    ("services.*.init", Cast::Truth),
    ("services.*.deploy.replicas", Cast::Integer),
    ("services.*.deploy.update_config.parallelism", Cast::Integer),
    ("services.*.deploy.update_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.rollback_config.parallelism", Cast::Integer),
    ("services.*.deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.restart_policy.max_attempts", Cast::Integer),
    ("services.*.deploy.placement.max_replicas_per_node", Cast::Integer),
    ("services.*.healthcheck.retries", Cast::Integer),
    ("services.*.healthcheck.disable", Cast::Truth),
    ("services.*.oom_kill_disable", Cast::Truth),
    ("services.*.oom_score_adj", Cast::Integer),
    ("services.*.pids_limit", Cast::Integer),
    ("services.*.ports.[].target", Cast::Integer),
    ("services.*.privileged", Cast::Truth),
    ("services.*.read_only", Cast::Truth),
    ("services.*.scale", Cast::Integer),
    ("services.*.stdin_open", Cast::Truth),
    ("services.*.tty", Cast::Truth),
    ("services.*.ulimits.*", Cast::Integer),
    ("services.*.ulimits.*.hard", Cast::Integer),
    ("services.*.ulimits.*.soft", Cast::Integer),
    ("services.*.volumes.[].read_only", Cast::Truth),
    ("services.*.volumes.[].volume.nocopy", Cast::Truth),
    ("networks.*.external", Cast::Truth),
    ("networks.*.internal", Cast::Truth),
    ("networks.*.attachable", Cast::Truth),
    ("networks.*.enable_ipv4", Cast::Truth),
    ("networks.*.enable_ipv6", Cast::Truth),
    ("volumes.*.external", Cast::Truth),
    ("secrets.*.external", Cast::Truth),
    ("configs.*.external", Cast::Truth),
];
