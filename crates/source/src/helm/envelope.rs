//! What surrounds the values in the objects by which controllers are told of a release: which chart, which release, and
//! how it is driven.

use installation::Object;
use tree::{Origin, Path, Segment};

use crate::releases::{ChartRelease, Driver, Envelope};

impl ChartRelease {
    /// What every leaf of the object that drives the release is there for, its values left out.
    #[must_use]
    pub fn envelope(&self, objects: &[Object]) -> Vec<(Origin, Envelope)> {
        let Some(driving) = self.driving() else { return Vec::new() };
        let Some(object) = objects.iter().find(|object| driving.is(object)) else { return Vec::new() };
        let leaves = object.node.leaves();
        let told = leaves.iter().filter_map(|leaf| {
            let what = match self.driver {
                Driver::Flux(_) => of_flux(&leaf.path),
                _ => of_argo(&leaf.path),
            };
            Some((leaf.node.origin?, what?))
        });
        told.collect()
    }
}

/// `HelmRelease`, as Flux's `v2` API describes it.
fn of_flux(path: &Path) -> Option<Envelope> {
    let is = |keys: &[&str]| path.starts_with(keys);
    if is(&["spec", "values"]) {
        return None;
    }
    Some(match () {
        () if is(&["spec", "valuesFrom"]) => Envelope::Values,
        () if is(&["spec", "chart"]) && path.last_key() != Some("interval") || is(&["spec", "chartRef"]) => {
            Envelope::Chart
        }
        () if is(&["apiVersion"]) || is(&["kind"]) || is(&["metadata", "name"]) => Envelope::Release,
        () if is(&["metadata", "namespace"]) || is(&["spec", "targetNamespace"]) => Envelope::Release,
        () if is(&["spec", "releaseName"]) => Envelope::Release,
        () => Envelope::Driving,
    })
}

/// `Application`, or `ApplicationSet` with the same below its template.
fn of_argo(path: &Path) -> Option<Envelope> {
    if path.starts_with(&["spec", "generators"]) {
        return Some(Envelope::Values);
    }
    let inner = match path.starts_with(&["spec", "template"]) {
        true => Path(path.0[2..].to_vec()),
        false => path.clone(),
    };
    // `sources[0]` and `source` hold the same.
    let keys: Vec<&str> = inner
        .0
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
        .collect();
    match keys[..] {
        ["spec", "source" | "sources", "helm", "valuesObject", ..] => None,
        ["spec", "source" | "sources", "helm", "parameters", "value"] => None,
        ["spec", "source" | "sources", "helm", "releaseName"] => Some(Envelope::Release),
        ["spec", "source" | "sources", "helm", ..] => Some(Envelope::Values),
        ["spec", "source" | "sources", ..] => Some(Envelope::Chart),
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace"] => Some(Envelope::Release),
        ["spec", "destination", ..] => Some(Envelope::Release),
        _ => Some(Envelope::Driving),
    }
}
