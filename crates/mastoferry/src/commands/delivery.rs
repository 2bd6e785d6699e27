//! `--with`: documents by which a tool delivers what was written.

use std::collections::BTreeSet;

use installation::Object;
use target::Stage;
use target::gitops::{self, Delivery, DeliveryFile, FILL_IN, Tool};
use target::helm::HelmTarget;
use target::kustomize::{Folder, is_written};

use tree::Value;

use super::convert::{WriteFile, headed, yaml};
use super::helm::supplements;
use crate::chart::GivenChart;
use crate::cli::{ConvertArgs, With};
use crate::prepare::Converted;
use crate::problem::Problem;
use crate::words::Words;

/// The tools asked for, each once.
pub(crate) fn tools(arguments: &ConvertArgs) -> Vec<Tool> {
    let tools: BTreeSet<Tool> = arguments
        .with
        .iter()
        .map(|with| match with {
            With::ArgoCd => Tool::ArgoCd,
            With::Flux => Tool::Flux,
            With::Skaffold => Tool::Skaffold,
        })
        .collect();
    tools.into_iter().collect()
}

fn delivery<'a, T>(
    converted: &'a Converted<T>,
    arguments: &'a ConvertArgs,
    version: &'a str,
) -> Delivery<'a> {
    let namespace = converted.read.installation.namespace.as_deref();
    Delivery {
        release: &converted.release,
        namespace: namespace.or(arguments.target.namespace.as_deref()),
        repository: arguments.repository.as_deref(),
        version,
    }
}

/// The documents beside values.
pub(crate) fn for_helm(
    converted: &Converted<HelmTarget>,
    given: &GivenChart,
    arguments: &ConvertArgs,
    words: &Words,
) -> Result<Vec<DeliveryFile>, Problem> {
    let tools = tools(arguments);
    let delivery = delivery(converted, arguments, &given.version);
    let target = &converted.target;
    let patches: Result<Vec<String>, Problem> =
        supplements::patches(target).map(|(_, node)| yaml(node, words)).collect();
    let mut files = gitops::for_helm(target, &delivery, &tools, patches?);
    if tools.iter().any(|tool| matches!(tool, Tool::ArgoCd | Tool::Skaffold)) {
        let mut node = supplements::overlay(target, "supplements/", None);
        node.set("helmCharts", gitops::helm_charts(&delivery));
        let path = "kustomization.yaml".to_owned();
        files.push(DeliveryFile { path, nodes: vec![node], head: "kustomize-inflates" });
    }
    Ok(files)
}

/// The documents beside a base with an overlay.
pub(crate) fn for_kustomize(
    converted: &Converted,
    folder: &Folder,
    arguments: &ConvertArgs,
) -> Vec<DeliveryFile> {
    let delivery = delivery(converted, arguments, "");
    gitops::for_kustomize(&converted.target, folder, &delivery, &tools(arguments))
}

/// The documents beside manifests.
pub(crate) fn for_manifests(converted: &Converted, arguments: &ConvertArgs) -> Vec<DeliveryFile> {
    let target = &converted.target;
    let adopted = target.green.iter().filter(|made| made.stage == Stage::Adopted).map(|made| &made.object);
    let kept = target.kept.iter().map(|index| &converted.read.installation.objects[*index]);
    let mut folders: Vec<(&str, Vec<&Object>)> = vec![
        ("adopted", adopted.collect()),
        ("switched", target.switched.iter().map(|switched| &switched.object).collect()),
        ("kept", kept.filter(|object| is_written(object)).collect()),
    ];
    folders.retain(|(_, objects)| !objects.is_empty());
    gitops::for_manifests(target, &folders, &delivery(converted, arguments, ""), &tools(arguments))
}

/// Writes them, each with what its reader must know at its head.
pub(crate) fn write(
    files: &[DeliveryFile],
    release: &str,
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    for file in files {
        let documents: Result<Vec<String>, Problem> =
            file.nodes.iter().map(|node| yaml(node, words)).collect();
        write(
            &file.path,
            &headed(&words.tell(file.head, &[("release", release)]), &documents?.join("---\n")),
        )?;
    }
    Ok(())
}

/// What is left to fill in, as lines of text: each place with the files that have it.
pub(crate) fn to_fill_in(files: &[DeliveryFile], words: &Words) -> String {
    let mut places: BTreeSet<(String, String)> = BTreeSet::new();
    for file in files {
        for leaf in file.nodes.iter().flat_map(tree::Node::leaves) {
            let Value::String(text) = &leaf.node.value else { continue };
            let name = text.find(FILL_IN).map(|at| &text[at..]);
            let end = |name: &str| name.find('/').unwrap_or(name.len());
            places.extend(name.map(|name| (name[..end(name)].to_owned(), file.path.clone())));
        }
    }
    let mut text = String::new();
    let names: BTreeSet<&String> = places.iter().map(|(name, _)| name).collect();
    for name in names {
        let files: Vec<&str> =
            places.iter().filter(|(own, _)| own == name).map(|(_, file)| file.as_str()).collect();
        text.push_str(&words.tell("convert-fill-in", &[("place", name), ("files", &files.join(", "))]));
        text.push('\n');
    }
    text
}
