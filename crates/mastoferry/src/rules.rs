//! Rules for the guard beside the usual ones.

use std::fs;

use plan::{Exporter, Plan, RouteComponent, Rule, read_rules};

use crate::cli::RuleArgs;
use crate::explain;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Adds the rules that were asked for to a plan, which must still be lawful with them.
///
/// # Errors
/// When a file cannot be read, or a rule cannot be used.
pub(crate) fn add(plan: &mut Plan, arguments: &RuleArgs, words: &Words) -> Result<(), Problem> {
    for given in &arguments.rules {
        let known = Exporter::ALL.iter().find(|(name, _)| name == given);
        let rules = match known {
            Some((_, exporter)) => exporter.rules(host(plan), &plan.namespace),
            None => from_file(given, words)?,
        };
        plan.rules.extend(rules);
    }
    plan::check(plan).map_err(|error| explain::plan(words, &error))
}

/// The host by which users reach web.
fn host(plan: &Plan) -> &str {
    let web =
        plan.routes.iter().find(|route| route.component == RouteComponent::Web && !route.host.is_empty());
    web.map_or(plan.domain.as_str(), |route| route.host.as_str())
}

fn from_file(path: &str, words: &Words) -> Result<Vec<Rule>, Problem> {
    let unreadable = |detail: &str| {
        Problem::new(words, Exit::Unreadable, "rules-unreadable", &[("path", path), ("detail", detail)])
    };
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    read_rules(&text).map_err(|error| unreadable(&error.to_string()))
}
