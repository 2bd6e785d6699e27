//! `mastoferry render`: what a Helm chart comes to.

use std::io::Write as _;

use chart::{Capabilities, Chart, Release, Rendered, Set, Values};
use serde_json::{Value as Json, json};
use tree::{Files, Node};

use crate::cli::{Output, RenderArgs};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command; its result is what goes to standard output: the chart's objects, Secrets included, as
/// `helm template` prints them.
pub(crate) fn render(arguments: &RenderArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let explained = |error: chart::ChartError| crate::explain::chart(words, &error);
    let chart = Chart::load(&arguments.chart).map_err(explained)?;
    let values = values(arguments, words)?;
    let release = Release::new(arguments.release.as_str(), arguments.namespace.as_str());
    let rendered = chart::render(&chart, &values, &release, &Capabilities::default(), &mut Files::new());
    let rendered = rendered.map_err(explained)?;
    note(&chart, &rendered, words);
    Ok(match output {
        Output::Text | Output::Markdown => rendered.to_text(),
        Output::Json => format!("{:#}\n", as_json(&rendered)),
    })
}

fn values(arguments: &RenderArgs, words: &Words) -> Result<Values, Problem> {
    let explained = |error: chart::ChartError| crate::explain::chart(words, &error);
    let mut values = Values::new();
    for file in &arguments.values {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let reason = error.to_string();
            let named = [("path", file.as_str()), ("reason", reason.as_str())];
            Problem::new(words, Exit::Unreadable, "unreadable", &named)
        })?;
        values = values.under(Values::read(file.as_str(), &text).map_err(explained)?);
    }
    let typed = arguments.set.iter().map(|argument| (Set::Typed, argument));
    let texts = arguments.set_string.iter().map(|argument| (Set::Text, argument));
    for (kind, argument) in typed.chain(texts) {
        values.set(kind, argument).map_err(explained)?;
    }
    Ok(values)
}

/// Tells on standard error where the result is not all that Helm's would be.
fn note(chart: &Chart, rendered: &Rendered, words: &Words) {
    let mut lines = Vec::new();
    if chart.has_schema() {
        lines.push(words.tell("render-schema", &[]));
    }
    if !rendered.invented.is_empty() {
        let mut sources: Vec<&str> = rendered.invented.iter().map(|(_, source)| source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        lines.push(words.tell("render-invented", &[("templates", &sources.join(", "))]));
    }
    for line in lines {
        // Nobody reads what cannot be written.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

fn as_json(rendered: &Rendered) -> Json {
    let manifests: Vec<Json> = rendered
        .manifests
        .iter()
        .map(|manifest| {
            let hook = manifest.hook.as_ref().map(|hook| {
                json!({
                    "events": hook.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
                    "weight": hook.weight,
                    "deletePolicies": hook.delete_policies,
                })
            });
            json!({
                "source": manifest.source,
                "object": manifest.documents.first().map(Node::to_json),
                "hook": hook,
            })
        })
        .collect();
    json!({ "manifests": manifests, "notes": rendered.notes })
}
