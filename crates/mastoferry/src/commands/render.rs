//! `mastoferry render`: what a Helm chart comes to.

use std::io::Write as _;

use chart::{Capabilities, Chart, ChartError, ChartErrorKind, Release, Rendered, Selection, Set, Values};
use serde_json::{Value as Json, json};
use tree::{Files, Node};

use crate::chart::{load_from, load_version};
use crate::cli::{Output, RenderArgs};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command; its result is what goes to standard output: the chart's objects, Secrets included, as
/// `helm template` prints them.
pub(crate) fn render(arguments: &RenderArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let explained = |error: ChartError| crate::explain::chart(words, &error);
    let chart = match &arguments.repo {
        Some(repository) => load_from(repository, &arguments.chart, arguments.version.as_deref(), words)?,
        None => load_version(&arguments.chart, arguments.version.as_deref(), words)?,
    };
    let values = values(arguments, words)?;
    let release = Release {
        is_upgrade: arguments.is_upgrade,
        checks_schema: !arguments.skip_schema_validation,
        ..Release::new(arguments.release.as_str(), arguments.namespace.as_str())
    };
    let capabilities = capabilities(arguments).map_err(explained)?;
    let rendered = chart::render(&chart, &values, &release, &capabilities, &mut Files::new());
    let rendered = rendered.map_err(|error| explained(placed(error, &chart, arguments)))?;
    note(&rendered, words);
    let shown = &arguments.shown;
    let selection = Selection {
        crds: shown.include_crds,
        hooks: !shown.no_hooks,
        tests: !shown.skip_tests,
        only: shown.show_only.clone(),
    };
    match output {
        Output::Text | Output::Markdown if shown.notes => Ok(rendered.notes),
        Output::Text | Output::Markdown => rendered.to_selected_text(&selection).map_err(explained),
        Output::Json => Ok(format!("{:#}\n", as_json(&rendered))),
    }
}

fn capabilities(arguments: &RenderArgs) -> Result<Capabilities, ChartError> {
    let mut capabilities = Capabilities::default();
    if let Some(version) = &arguments.kube_version {
        capabilities = capabilities.with_kube_version(version)?;
    }
    capabilities.api_versions.extend(arguments.api_versions.iter().cloned());
    Ok(capabilities)
}

/// The values of all options, in the order in which Helm takes them.
fn values(arguments: &RenderArgs, words: &Words) -> Result<Values, Problem> {
    let explained = |error: ChartError| crate::explain::chart(words, &error);
    let mut values = Values::new();
    for file in &arguments.values {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let reason = error.to_string();
            let named = [("path", file.as_str()), ("reason", reason.as_str())];
            let is_missing = error.kind() == std::io::ErrorKind::NotFound;
            let id = if is_missing { "no-values-file" } else { "unreadable" };
            Problem::new(words, Exit::Unreadable, id, &named)
        })?;
        values = values.under(Values::read(file.as_str(), &text).map_err(explained)?);
    }
    let settings = [
        (Set::Json, &arguments.set_json),
        (Set::Typed, &arguments.set),
        (Set::Text, &arguments.set_string),
        (Set::File, &arguments.set_file),
        (Set::Literal, &arguments.set_literal),
    ];
    for (kind, given) in settings {
        for argument in given {
            values.set(kind, argument).map_err(explained)?;
        }
    }
    Ok(values)
}

/// A schema refuses values by their way alone. Where they stand in a file of values, and no option sets others over them,
/// the line is told, too.
fn placed(mut error: ChartError, chart: &Chart, arguments: &RenderArgs) -> ChartError {
    let settings = [
        &arguments.set_json,
        &arguments.set,
        &arguments.set_string,
        &arguments.set_file,
        &arguments.set_literal,
    ];
    let ChartErrorKind::Schema(refusals) = &mut error.kind else { return error };
    if *error.file != *chart.metadata.name || settings.iter().any(|given| !given.is_empty()) {
        return error;
    }
    let mut files = Files::new();
    let mut values = Vec::new();
    for path in arguments.values.iter().rev() {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let file = files.add(path.as_str(), text);
        values.extend(tree::parse(&files, file).ok().and_then(|documents| documents.into_iter().next()));
    }
    for refusal in refusals {
        let way = refusal.split_once(": ").map_or("", |(way, _)| way);
        if let Some(origin) = values.iter().find_map(|values| at_pointer(values, way)?.origin) {
            refusal.push_str(&format!(" ({})", files.place(origin)));
        }
    }
    error
}

/// What stands at a JSON pointer.
fn at_pointer<'a>(node: &'a Node, pointer: &str) -> Option<&'a Node> {
    let mut steps = pointer.split('/').skip(1).filter(|step| !step.is_empty());
    steps.try_fold(node, |node, step| {
        let key = step.replace("~1", "/").replace("~0", "~");
        node.get(&key).or_else(|| node.items().nth(key.parse().ok()?))
    })
}

/// Tells on standard error where the result is not all that Helm's would be.
fn note(rendered: &Rendered, words: &Words) {
    if rendered.invented.is_empty() {
        return;
    }
    let mut sources: Vec<&str> = rendered.invented.iter().map(|(_, source)| source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let line = words.tell("render-invented", &[("templates", &sources.join(", "))]);
    // Nobody reads what cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
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
