//! The plan of a move to Helm: what the chart really renders, patched and supplemented, and what Helm shall remember.

use chart::release::{Installed, record};
use chart::{Capabilities, Chart, Manifest, Release, Rendered, Values};
use installation::Object;
use plan::{Circumstances, HelmRelease, Plan};
use serde_json::Value;
use target::helm::HelmTarget;
use target::{FileNames, Stage, Target};
use tree::Files;

use crate::chart::{GivenChart, in_helms_words};
use crate::commands::yaml;
use crate::explain;
use crate::prepare::Converted;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// What `helm history` says of the revision.
const DESCRIPTION: &str = "Moved here by mastoferry";

/// Decides every step of a move to a release of the chart.
///
/// # Errors
/// If only the chart's shape is known, it refuses the values or makes a Secret, or there is no plan.
pub(crate) fn plan(
    converted: &Converted<HelmTarget>,
    given: &GivenChart,
    reference: &str,
    mut circumstances: Circumstances,
    words: &Words,
) -> Result<Plan, Problem> {
    let refused = |id: &str, arguments: &[(&str, &str)]| Problem::new(words, Exit::Unreadable, id, arguments);
    let Some(chart) = &given.chart else {
        return Err(refused("chart-shape-only", &[("chart", &given.official.title())]));
    };
    let installation = &converted.read.installation;
    let namespace = plan::namespace(circumstances.namespace.as_deref(), installation);
    let values = Values::of_node(&converted.target.values).map_err(|error| explain::chart(words, &error))?;
    let release = Release::new(&*converted.release, &*namespace);
    let rendered = chart::render(chart, &values, &release, &Capabilities::default(), &mut Files::new())
        .map_err(|error| explain::chart(words, &error))?;
    let objects = objects(&rendered);
    // A plan and a release's record hold every object, and neither may hold a secret.
    if let Some((_, secret)) = objects.iter().find(|(_, object)| object.kind() == "Secret") {
        return Err(refused("chart-makes-secret", &[("object", &secret.id().to_string())]));
    }
    let plain: Vec<Object> = objects.iter().map(|(_, object)| object.clone()).collect();
    let target = converted
        .target
        .as_objects(installation, &plain)
        .map_err(|error| explain::target(words, &error, &converted.read.sourced.files))?;
    let manifest = manifest(&objects, &target, words)?;
    let installed = Installed {
        chart,
        values: &values,
        release: &release,
        manifest: &manifest,
        rendered: &rendered.manifests,
        notes: &rendered.notes,
        description: DESCRIPTION,
    };
    circumstances.helm = Some(helm_release(&converted.target, chart, reference, record(&installed)));
    let plan = plan::decide(converted.read.blue(), &target, circumstances);
    plan.map_err(|error| explain::plan(words, &error))
}

/// The chart's objects, each with the template that it came from. Hooks are no part of what is applied.
fn objects(rendered: &Rendered) -> Vec<(&str, Object)> {
    let no_hooks = rendered.manifests.iter().filter(|manifest| manifest.hook.is_none());
    let made =
        |manifest: &'_ Manifest| manifest.documents.iter().cloned().map(Object::new).collect::<Vec<_>>();
    no_hooks
        .flat_map(|manifest| made(manifest).into_iter().map(|object| (manifest.source.as_str(), object)))
        .filter(|(_, object)| !object.kind().is_empty())
        .collect()
}

/// What Helm keeps as the release's manifest: what the post-renderer of `convert --out` would have given it.
fn manifest(objects: &[(&str, Object)], target: &Target, words: &Words) -> Result<String, Problem> {
    let mut text = String::new();
    let mut names = FileNames::default();
    for made in target.green.iter().filter(|made| !made.supplement || made.stage != Stage::Withheld) {
        let template = objects.iter().find(|(_, object)| !made.supplement && object.id() == made.object.id());
        let source = match template {
            Some((template, _)) => (*template).to_owned(),
            None => format!("supplements/objects/{}", names.of(&made.object)),
        };
        text.push_str("---\n# Source: ");
        text.push_str(&source);
        text.push('\n');
        text.push_str(&yaml(&made.object.node, words)?);
    }
    Ok(text)
}

fn helm_release(target: &HelmTarget, chart: &Chart, reference: &str, record: Value) -> HelmRelease {
    let patched = target.patches.iter().map(|patch| Object::new(patch.node.clone()).id().to_string());
    let supplements = target.supplements.iter().filter(|made| made.stage != Stage::Withheld);
    HelmRelease {
        chart: chart.metadata.name.clone(),
        version: chart.metadata.version.clone(),
        reference: in_helms_words(reference, &chart.metadata.version),
        patched: patched.collect(),
        supplements: supplements.map(|made| made.object.id().to_string()).collect(),
        record,
    }
}
