//! What shall stand, in any form: values of a chart, a folder that `convert` wrote, or any source.

use audit::Difference;
use camino::Utf8Path;
use installation::{Installation, Object};
use source::{Form, Role, SourceKind, SourceRef, Sourced};
use tree::Files;

use super::{folder, values};
use crate::chart::{self, GivenChart};
use crate::prepare;
use crate::problem::Problem;
use crate::words::Words;

/// What shall stand, and what is wrong with it as a whole.
pub(crate) struct Against {
    /// What stands in the end.
    pub(crate) objects: Vec<Object>,
    /// The files that places are named in.
    pub(crate) files: Files,
    /// Differences that lie in the target itself: values that its chart refuses or never reads.
    pub(crate) faults: Vec<Difference>,
    /// The chart that values were rendered with, where they were.
    pub(crate) chart: Option<String>,
    /// What `convert` said of the folder, where it wrote it.
    pub(crate) ledger: Option<serde_json::Value>,
}

/// The release and namespace to render values for.
pub(crate) struct Place<'a> {
    pub(crate) release: &'a str,
    pub(crate) namespace: &'a str,
}

/// Reads what shall stand.
///
/// # Errors
/// If it cannot be read, or not whole.
pub(crate) fn read(
    target: &SourceRef,
    chart: Option<&str>,
    before: &Installation,
    words: &Words,
) -> Result<Against, Problem> {
    let namespace = before.namespace.as_deref().unwrap_or("default");
    if target.kind.is_none() && folder::is_written(&target.path) {
        return folder::read(&target.path, chart, namespace, words);
    }
    let sourced = prepare::sourced(target, words)?;
    if let Some(gap) = prepare::first_gap(target, &sourced, words) {
        return Err(gap);
    }
    if is_values(target, &sourced) {
        let place = Place { release: "mastodon", namespace };
        let given = given(&sourced, chart, words)?;
        return Ok(values::read(sourced, &given, &place));
    }
    let faults = values::in_the_values(&sourced);
    let Sourced { objects, files, .. } = sourced;
    Ok(Against { objects, files, faults, chart: None, ledger: None })
}

/// Whether a source is values of an official chart and nothing else.
fn is_values(target: &SourceRef, sourced: &Sourced) -> bool {
    let by_kind = matches!(target.kind, None | Some(SourceKind::Helm));
    by_kind
        && sourced.form == Form::HelmValues
        && !sourced.documents.is_empty()
        && sourced.documents.iter().all(|document| document.role == Role::Values)
}

/// The chart that was given, or the official one whose values these are.
pub(crate) fn given(sourced: &Sourced, chart: Option<&str>, words: &Words) -> Result<GivenChart, Problem> {
    let known = sourced
        .documents
        .iter()
        .find_map(|document| installation::chart::OfficialChart::recognise(&document.node));
    let default = if known == Some(installation::chart::OfficialChart::Chart) { "old" } else { "new" };
    chart::choose(chart.unwrap_or(default), words)
}

/// A file of a folder, read as manifests.
pub(crate) fn manifests(path: &Utf8Path, words: &Words) -> Result<Sourced, Problem> {
    let source = SourceRef { kind: Some(SourceKind::Manifests), path: path.to_owned() };
    let sourced = prepare::sourced(&source, words)?;
    match prepare::first_gap(&source, &sourced, words) {
        Some(gap) => Err(gap),
        None => Ok(sourced),
    }
}
