//! What is delivered, by which tool.

use installation::Object;
use tree::{Node, Value};

use super::{argo_cd, flux, scaled, skaffold};
use crate::helm::HelmTarget;
use crate::kustomize::Folder;
use crate::{Stage, Target};

/// What every place begins with that only its owner can fill in. Capitals are in no name and no address, so that a tool
/// refuses what was forgotten.
pub const FILL_IN: &str = "FILL-IN-";

/// A tool that delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// Argo CD: an `Application`.
    ArgoCd,
    /// Flux: a `HelmRelease` with its source, and `Kustomization`s.
    Flux,
    /// Skaffold: profiles.
    Skaffold,
}

/// What is known of the delivery.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The release.
    pub release: &'a str,
    /// The namespace, where it is known.
    pub namespace: Option<&'a str>,
    /// The address of the chart's repository (`https://` or `oci://`), where it is known.
    pub repository: Option<&'a str>,
    /// The chart's version.
    pub version: &'a str,
}

/// A file for a tool.
#[derive(Debug, Clone)]
pub struct DeliveryFile {
    /// Its path in the folder.
    pub path: String,
    /// What it holds.
    pub nodes: Vec<Node>,
    /// The message id of what its reader must know.
    pub head: &'static str,
}

/// The chart's name in its repository, the same for both official charts.
pub(crate) const CHART: &str = "mastodon";

impl Delivery<'_> {
    /// The namespace, or a place to fill in.
    pub(crate) fn namespace(&self) -> String {
        self.namespace.map_or_else(|| format!("{FILL_IN}NAMESPACE"), ToOwned::to_owned)
    }

    /// The address of the chart's repository, or a place to fill in.
    pub(crate) fn repository(&self) -> String {
        let known = self.repository.map(|repository| repository.trim_end_matches('/').to_owned());
        known.unwrap_or_else(|| format!("{FILL_IN}CHART-REPOSITORY"))
    }

    /// The address of the chart itself, where it is in a registry of images.
    pub(crate) fn image(&self) -> Option<String> {
        self.repository.filter(|repository| repository.starts_with("oci://"))?;
        Some(format!("{}/{CHART}", self.repository()))
    }
}

/// Where in its owner's Git repository the folder lies, and what is below it.
pub(crate) fn in_git(below: &str) -> String {
    if below.is_empty() { format!("{FILL_IN}FOLDER") } else { format!("{FILL_IN}FOLDER/{below}") }
}

/// What the tools need that deliver values with what the chart has no place for.
#[must_use]
pub fn for_helm(
    target: &HelmTarget,
    delivery: &Delivery<'_>,
    tools: &[Tool],
    patches: Vec<String>,
) -> Vec<DeliveryFile> {
    let objects = || target.supplements.iter().filter(|made| made.stage != Stage::Withheld);
    let scaled = scaled::workloads(objects().map(|made| &made.object));
    let mut files = Vec::new();
    for tool in tools {
        match tool {
            Tool::ArgoCd => {
                let node = argo_cd::application(delivery, argo_cd::folder(&in_git("")), &scaled);
                files.push(file("argo-cd/application.yaml", vec![node], "argo-cd-helm"));
            }
            Tool::Flux => {
                let repository = flux::repository(delivery);
                files.push(file("flux/repository.yaml", vec![repository], "flux-repository"));
                let release = flux::release(delivery, &target.values, patches.clone(), &scaled);
                files.push(file("flux/release.yaml", vec![release], "flux-release"));
                if objects().next().is_some() {
                    let name = format!("{}-supplements", delivery.release);
                    let place = in_git("supplements/objects");
                    let node = flux::kustomization(
                        delivery,
                        &name,
                        &place,
                        objects().map(|made| &made.object),
                        false,
                    );
                    files.push(file("flux/supplements.yaml", vec![node], "flux-supplements"));
                }
            }
            Tool::Skaffold => {
                files.push(file("skaffold.yaml", vec![skaffold::helm(delivery)], "skaffold-helm"));
            }
        }
    }
    files
}

/// What the tools need that deliver a base with an overlay.
#[must_use]
pub fn for_kustomize(
    target: &Target,
    folder: &Folder,
    delivery: &Delivery<'_>,
    tools: &[Tool],
) -> Vec<DeliveryFile> {
    let scaled = scaled::workloads(target.green.iter().map(|made| &made.object));
    let dark = target.green.iter().filter(|made| made.stage == Stage::Dark).map(|made| &made.object);
    let files = tools.iter().map(|tool| match tool {
        Tool::ArgoCd => {
            let node = argo_cd::application(delivery, argo_cd::folder(&in_git(&folder.dark)), &scaled);
            file("argo-cd/application.yaml", vec![node], "argo-cd-kustomize")
        }
        Tool::Flux => {
            let place = in_git(&folder.dark);
            let node = flux::kustomization(delivery, delivery.release, &place, dark.clone(), false);
            file("flux/kustomization-release.yaml", vec![node], "flux-kustomize")
        }
        Tool::Skaffold => {
            let node = skaffold::kustomize(delivery, &folder.dark, &folder.overlay);
            file("skaffold.yaml", vec![node], "skaffold-stages")
        }
    });
    files.collect()
}

/// What the tools need that deliver plain manifests. `folders` are those that were written besides `green` with what is
/// in them, in the order in which they are applied when the old side is gone.
#[must_use]
pub fn for_manifests(
    target: &Target,
    folders: &[(&str, Vec<&Object>)],
    delivery: &Delivery<'_>,
    tools: &[Tool],
) -> Vec<DeliveryFile> {
    let scaled = scaled::workloads(target.green.iter().map(|made| &made.object));
    let dark = target.green.iter().filter(|made| made.stage == Stage::Dark).map(|made| &made.object);
    let files = tools.iter().map(|tool| match tool {
        Tool::ArgoCd => {
            let node = argo_cd::application(delivery, argo_cd::manifests(&in_git(""), "green/*"), &scaled);
            file("argo-cd/application.yaml", vec![node], "argo-cd-manifests")
        }
        Tool::Flux => {
            let green = in_git("green");
            let mut nodes =
                vec![flux::kustomization(delivery, delivery.release, &green, dark.clone(), false)];
            nodes.extend(folders.iter().map(|(folder, objects)| {
                let name = format!("{}-{folder}", delivery.release);
                flux::kustomization(delivery, &name, &in_git(folder), objects.iter().copied(), true)
            }));
            file("flux/kustomizations.yaml", nodes, "flux-manifests")
        }
        Tool::Skaffold => {
            let folders: Vec<&str> = folders.iter().map(|(folder, _)| *folder).collect();
            file("skaffold.yaml", vec![skaffold::manifests(delivery, &folders)], "skaffold-stages")
        }
    });
    files.collect()
}

fn file(path: &str, nodes: Vec<Node>, head: &'static str) -> DeliveryFile {
    DeliveryFile { path: path.to_owned(), nodes, head }
}

/// The chart as Kustomize inflates it (`helmCharts` of a kustomization): values from `values.yaml`, no hooks.
#[must_use]
pub fn helm_charts(delivery: &Delivery<'_>) -> Node {
    let mut chart = Node::mapping();
    chart.set("name", CHART);
    chart.set("repo", delivery.repository());
    chart.set("version", delivery.version);
    chart.set("releaseName", delivery.release);
    chart.set("namespace", delivery.namespace());
    chart.set("valuesFile", "values.yaml");
    // Argo CD runs what Helm calls pre-install and pre-upgrade before every sync: migrations each time.
    chart.set("skipHooks", true);
    chart.set("skipTests", true);
    Value::Sequence(vec![chart]).into()
}
