//! Values of a chart: what the chart really makes of them, and what it refuses.

use audit::{Code, Difference};
use chart::{Capabilities, ChartError, ChartErrorKind, Release, Set, Values};
use installation::Object;
use source::{Form, NoteKind, Sourced};
use tree::{Files, Node, Value};

use super::against::{Against, Place};
use crate::chart::GivenChart;

/// What stands for a value that the chart demands and the values do not give. It is taken out of what is rendered
/// again, so that it counts as not given.
const PLACEHOLDER: &str = "not-given.invalid";
/// The most keys whose refusals are told one by one.
const MOST_REFUSALS: usize = 16;

/// What the chart makes of the values of a source. Where it refuses them, each refusal is a difference, and the comparison
/// goes on with what it would make if they were given; where that fails too, with what is known of the chart.
pub(crate) fn read(mut sourced: Sourced, given: &GivenChart, place: &Place<'_>) -> Against {
    let mut faults = in_the_values(&sourced);
    let title = format!("{} {}", given.official.repository(), given.version);
    let rendered = match given.chart {
        Some(_) => render_whole(&mut sourced, given, place, &mut faults),
        None => {
            faults.extend(missing(&sourced).into_iter().map(|key| refusal(&sourced, &key, &key)));
            None
        }
    };
    let Sourced { objects, files, .. } = sourced;
    let objects = rendered.unwrap_or(objects);
    Against { objects, files, faults, chart: Some(title), ledger: None }
}

fn render_whole(
    sourced: &mut Sourced,
    given: &GivenChart,
    place: &Place<'_>,
    faults: &mut Vec<Difference>,
) -> Option<Vec<Object>> {
    let mut values = Values::new();
    for document in &sourced.documents {
        let (name, text) = (sourced.files.name(document.file), sourced.files.text(document.file));
        match Values::read(name, &text) {
            Ok(above) => values = values.under(above),
            Err(error) => {
                faults.push(refusal(sourced, "", &told(&error)));
                return None;
            }
        }
    }
    let refused = match render(given, &values, place, &mut sourced.files) {
        Ok(objects) => return Some(objects),
        Err(refused) => refused,
    };
    let missing = missing(sourced);
    let tried = &mut Files::new();
    let filled = |left_out: Option<&str>| {
        let mut values = values.clone();
        for key in missing.iter().filter(|key| Some(key.as_str()) != left_out) {
            // A key that `--set` cannot take was none of the chart's.
            let _ = values.set(Set::Text, &format!("{key}={PLACEHOLDER}"));
        }
        values
    };
    for key in missing.iter().take(MOST_REFUSALS) {
        if let Err(error) = render(given, &filled(Some(key)), place, tried) {
            faults.push(refusal(sourced, key, &told(&error)));
        }
    }
    match render(given, &filled(None), place, &mut sourced.files) {
        Ok(mut objects) => {
            for object in &mut objects {
                take_out(&mut object.node);
            }
            Some(objects)
        }
        Err(error) => {
            let error = if missing.is_empty() { refused } else { error };
            faults.push(refusal(sourced, "", &told(&error)));
            None
        }
    }
}

/// Renders, and seals what is secret in the result.
fn render(
    given: &GivenChart,
    values: &Values,
    place: &Place<'_>,
    files: &mut Files,
) -> Result<Vec<Object>, ChartError> {
    let Some(chart) = &given.chart else { return Ok(Vec::new()) };
    let release = Release::new(place.release, place.namespace);
    let rendered = chart::render(chart, values, &release, &Capabilities::default(), files)?;
    let mut sourced = Sourced::new(Form::Manifests, Files::new());
    let nodes = rendered.manifests.into_iter().flat_map(|manifest| manifest.documents);
    sourced.objects = nodes.map(Object::new).filter(|object| !is_test(object)).collect();
    source::seal(&mut sourced);
    Ok(sourced.objects)
}

/// Whether an object only stands while `helm test` runs.
fn is_test(object: &Object) -> bool {
    let hook = object.node.str_at(&["metadata", "annotations", "helm.sh/hook"]);
    hook.is_some_and(|hook| hook.split(',').all(|event| event.trim().starts_with("test")))
}

/// The keys that the chart demands and the values do not give.
fn missing(sourced: &Sourced) -> Vec<String> {
    let keys = sourced.notes.iter().filter_map(|note| match &note.kind {
        NoteKind::ChartRefuses { key, .. } => Some(key),
        _ => None,
    });
    let keys = keys.flat_map(|keys| keys.split(", ")).filter(|key| !key.contains('['));
    keys.map(ToOwned::to_owned).collect()
}

/// What is wrong with values before anything is made of them: keys that their chart never reads, secrets in the open.
pub(crate) fn in_the_values(sourced: &Sourced) -> Vec<Difference> {
    let faults = sourced.notes.iter().filter_map(|note| {
        let (code, key, told) = match &note.kind {
            NoteKind::InertKey { key, chart } | NoteKind::MisspeltKey { key, chart, .. } => {
                (Code::ValueUnread, key, chart.as_str())
            }
            NoteKind::OpenSecret { key } => (Code::SecretInValues, key, "(set)"),
            _ => return None,
        };
        Some(Difference::of_target(code, "values", key, "", told).written_at(note.origin))
    });
    faults.collect()
}

fn refusal(sourced: &Sourced, key: &str, told: &str) -> Difference {
    let keys: Vec<&str> = key.split('.').collect();
    // Where the value stands that is not enough, or the nearest section that does.
    let origins = (1..=keys.len()).rev().find_map(|length| {
        sourced.documents.iter().rev().find_map(|document| document.node.at_keys(&keys[..length])?.origin)
    });
    Difference::of_target(Code::DoesNotRender, "values", key, "", told).written_at(origins)
}

/// The chart's own words, and where in it they stand.
fn told(error: &ChartError) -> String {
    let words = match &error.kind {
        ChartErrorKind::Required { message, .. } | ChartErrorKind::Refused(message) => message.clone(),
        kind => kind.to_string(),
    };
    match error.origin {
        Some(origin) => format!("{words} ({})", error.files.place(origin)),
        None => words,
    }
}

/// Takes every member and variable out that was made of the placeholder.
fn take_out(node: &mut Node) {
    let is_placeholder = |node: &Node| match node.as_secret() {
        Some(secret) => secret.reveal().contains(PLACEHOLDER),
        None => node.as_str().is_some_and(|text| text.contains(PLACEHOLDER)),
    };
    match &mut node.value {
        Value::Mapping(mapping) => {
            mapping.retain(|_, child| !is_placeholder(child));
            mapping.values_mut().for_each(take_out);
        }
        Value::Sequence(items) => {
            items.retain(|item| !is_placeholder(item) && !item.get("value").is_some_and(is_placeholder));
            items.iter_mut().for_each(take_out);
        }
        _ => {}
    }
}
