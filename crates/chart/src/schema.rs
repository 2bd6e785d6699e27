//! `values.schema.json`: what a chart says its values must be.

use boon::{Compiler, ErrorKind, Schemas, UrlLoader, ValidationError};
use serde_json::{Map as JsonMap, Value as Json};

use crate::chart::Chart;
use crate::error::ChartErrorKind;

/// The schema's own address, as Helm names it.
const ADDRESS: &str = "file:///values.schema.json";
/// The most problems that are told.
const MAX_TOLD: usize = 20;

/// Schemas of other addresses are not fetched: nothing here reaches beyond the chart. Names (`urn:`) that nobody
/// resolves allow everything, as in Helm.
struct Alone;

impl UrlLoader for Alone {
    fn load(&self, url: &str) -> Result<Json, Box<dyn std::error::Error>> {
        if url.starts_with("urn:") {
            return Ok(Json::Bool(true));
        }
        Err(format!("it refers to {url}, which is not fetched").into())
    }
}

/// Holds values, defaults included, against the schemas of a chart and of the charts in it.
///
/// # Errors
/// [`ChartErrorKind::Schema`] with every place that does not fit; no value is repeated, it may be a secret.
pub(crate) fn check(chart: &Chart, values: &JsonMap<String, Json>) -> Result<(), ChartErrorKind> {
    let mut problems = Vec::new();
    gather(chart, values, "", &mut problems)?;
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    problems.dedup();
    problems.truncate(MAX_TOLD);
    Err(ChartErrorKind::Schema(problems))
}

fn gather(
    chart: &Chart,
    values: &JsonMap<String, Json>,
    path: &str,
    problems: &mut Vec<String>,
) -> Result<(), ChartErrorKind> {
    if let Some(schema) = &chart.schema {
        own(schema, &Json::Object(values.clone()), path, problems)?;
    }
    for inner in &chart.dependencies {
        let name = &inner.metadata.name;
        let below = format!("{path}/{name}");
        match values.get(name) {
            None | Some(Json::Null) => {}
            Some(Json::Object(own)) => gather(inner, own, &below, problems)?,
            Some(_) => problems.push(format!("{below}: want object")),
        }
    }
    Ok(())
}

fn own(schema: &[u8], values: &Json, path: &str, problems: &mut Vec<String>) -> Result<(), ChartErrorKind> {
    let bad = |error: &dyn std::fmt::Display| ChartErrorKind::BadSchema(error.to_string());
    let schema: Json = serde_json::from_slice(schema).map_err(|error| bad(&error))?;
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Alone));
    compiler.add_resource(ADDRESS, schema).map_err(|error| bad(&error))?;
    let schema = compiler.compile(ADDRESS, &mut schemas).map_err(|error| bad(&error))?;
    if let Err(error) = schemas.validate(values, schema) {
        leaves(&error, path, problems);
    }
    Ok(())
}

/// The innermost reasons: those around them only say that something in them does not fit.
fn leaves(error: &ValidationError<'_, '_>, path: &str, problems: &mut Vec<String>) {
    if error.causes.is_empty() {
        let said = match &error.kind {
            ErrorKind::Pattern { want, .. } => format!("must match the pattern {want}"),
            ErrorKind::Format { want, .. } => format!("must be of the format {want}"),
            ErrorKind::ContentEncoding { want, .. } => format!("must be encoded as {want}"),
            ErrorKind::ContentMediaType { want, .. } => format!("must be of the type {want}"),
            kind => kind.to_string(),
        };
        let place = format!("{path}{}", error.instance_location);
        problems.push(format!("{}: {said}", if place.is_empty() { "/" } else { &place }));
    }
    for cause in &error.causes {
        leaves(cause, path, problems);
    }
}
