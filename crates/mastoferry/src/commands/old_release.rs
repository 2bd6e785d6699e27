//! `OLD-RELEASE.md`: what of an old release must outlive it, who would undo the move, and how the release is let go.
//!
//! `helm uninstall` keeps what bears `helm.sh/resource-policy: keep` in the release's own record (`filterManifestsToKeep`
//! in Helm's `pkg/action`, 3 and 4 alike), not what was annotated in the cluster since. So it is never run here: the record
//! is deleted, and with it all that Helm knows. Flux uninstalls when a `HelmRelease` is deleted, unless it is suspended
//! (`reconcileDelete` of its helm-controller). Argo CD deletes with an `Application` only while that has its finalizer.
//!
//! Each controller heeds its own annotation, and reads it from the object in the cluster: Argo CD `Prune=false` and
//! `Delete=false` (`HasAnnotationOption` on the live object), Flux's kustomize-controller `prune: disabled` (`Exclusions` of
//! its `DeleteOptions`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use installation::{Installation, Object, ObjectId};
use serde_json::{Value, json};
use source::{Driver, Driving};
use target::Switched;
use target::moves::{Leaving, leaving};

use super::convert::WriteFile;
use crate::moves::releases_of;
use crate::prepare::{Converted, Read};
use crate::problem::Problem;
use crate::words::Words;

/// A release that parts of the old side belong to.
struct Old {
    name: String,
    namespace: Option<String>,
    driver: Driver,
    objects: Vec<ObjectId>,
}

/// The releases: as values described them, or as the objects of a cluster say.
fn old_releases(read: &Read) -> Vec<Old> {
    let read_ones = releases_of(read).map(|release| Old {
        name: release.name.clone(),
        namespace: release.namespace.clone(),
        driver: release.driver.clone(),
        objects: release.objects.clone(),
    });
    let mut releases: Vec<Old> = read_ones.collect();
    if releases.is_empty() {
        releases = of_cluster(&read.installation);
    }
    releases
}

/// Releases by what Helm writes on every object that it applies, and Flux beside it.
fn of_cluster(installation: &Installation) -> Vec<Old> {
    let mut releases: BTreeMap<String, Old> = BTreeMap::new();
    for object in &installation.objects {
        let annotation = |key: &str| object.node.str_at(&["metadata", "annotations", key]);
        let label = |key: &str| object.node.str_at(&["metadata", "labels", key]);
        let Some(name) = annotation("meta.helm.sh/release-name") else { continue };
        let driving = label("helm.toolkit.fluxcd.io/name").map(|name| Driving {
            kind: "HelmRelease".to_owned(),
            name: name.to_owned(),
            namespace: label("helm.toolkit.fluxcd.io/namespace").map(ToOwned::to_owned),
            origin: object.node.origin,
        });
        let old = releases.entry(name.to_owned()).or_insert_with(|| Old {
            name: name.to_owned(),
            namespace: annotation("meta.helm.sh/release-namespace").map(ToOwned::to_owned),
            driver: driving.map_or(Driver::Helm, Driver::Flux),
            objects: Vec::new(),
        });
        old.objects.push(object.id());
    }
    let of_mastodon = |old: &Old| {
        let workloads = installation.components.iter().map(|component| installation.workload(component).id());
        workloads.into_iter().any(|id| old.objects.contains(&id))
    };
    releases.into_values().filter(of_mastodon).collect()
}

/// What must be paused, a line for each release.
pub(crate) fn notes(read: &Read, words: &Words) -> String {
    let mut text = String::new();
    for old in old_releases(read) {
        let (id, arguments) = match &old.driver {
            Driver::Flux(driving) => ("old-release-note-flux", named(driving)),
            Driver::ArgoCd(driving) => ("old-release-note-argo", named(driving)),
            Driver::Kustomize => ("old-release-note-kustomize", old.name.clone()),
            Driver::Helm => ("old-release-note-helm", old.name.clone()),
        };
        let _ = writeln!(text, "! {}", words.tell(id, &[("name", &arguments)]));
    }
    for release in releases_of(read) {
        if let Some(tag) = release.assumed_tag() {
            let arguments = [("release", release.name.as_str()), ("tag", tag), ("title", &release.title)];
            let _ = writeln!(text, "! {}", words.tell("old-release-note-tag", &arguments));
        }
    }
    text
}

/// The same for programs.
pub(crate) fn as_json(read: &Read) -> Value {
    let each = |old: Old| {
        let (driver, pause) = match &old.driver {
            Driver::Helm => ("helm", None),
            Driver::Kustomize => ("kustomize", None),
            Driver::Flux(driving) => ("flux", Some(named(driving))),
            Driver::ArgoCd(driving) => ("argo-cd", Some(named(driving))),
        };
        json!({ "name": old.name, "namespace": old.namespace, "driver": driver, "pause": pause })
    };
    old_releases(read).into_iter().map(each).collect()
}

fn named(driving: &Driving) -> String {
    let namespace = driving.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {namespace}{}", driving.kind, driving.name)
}

/// Writes the file, where there is an old release.
pub(crate) fn write<T>(
    converted: &Converted<T>,
    switched: &[Switched],
    kept: &[usize],
    removed: &[usize],
    words: &Words,
    write: &mut WriteFile<'_>,
) -> Result<(), Problem> {
    let read = &converted.read;
    let releases = old_releases(read);
    if releases.is_empty() {
        return Ok(());
    }
    let mut text = format!("# {}\n\n", words.tell("old-release-title", &[]));
    let _ = writeln!(text, "{}", words.tell("old-release-intro", &[("new", &converted.release)]));
    for old in &releases {
        let owned = |object: &Object| old.objects.contains(&object.id());
        let switched = switched.iter().map(|switched| switched.from);
        let leaving = leaving(&read.installation, kept, switched, removed, owned);
        chapter(&mut text, old, &leaving, read.installation.namespace.as_deref(), words);
    }
    write("OLD-RELEASE.md", &text)
}

fn chapter(text: &mut String, old: &Old, leaving: &Leaving<'_>, namespace: Option<&str>, words: &Words) {
    let namespace = old.namespace.as_deref().or(namespace);
    let (title, within) = (words.tell("old-release-chapter", &[("name", &old.name)]), option(namespace));
    let _ = write!(text, "\n## {title}\n");
    let mut step = |id: &str, commands: &[String]| {
        let _ = write!(text, "\n### {}\n\n", words.tell(&format!("old-release-{id}"), &[]));
        let _ = writeln!(text, "{}", words.tell(&format!("old-release-{id}-text"), &[("name", &old.name)]));
        if !commands.is_empty() {
            let _ = write!(text, "\n```sh\n{}\n```\n", commands.join("\n"));
        }
    };
    match &old.driver {
        Driver::Flux(driving) => step("pause-flux", &[pause(driving)]),
        Driver::ArgoCd(driving) => step("pause-argo", &[pause(driving)]),
        Driver::Kustomize => step("pause-kustomize", &[]),
        Driver::Helm => {}
    }
    let keep: Vec<String> = leaving
        .stay
        .iter()
        .map(|object| {
            format!(
                "kubectl annotate{within} --overwrite {} {}",
                resource(object),
                guard(&old.driver, object).join(" ")
            )
        })
        .collect();
    let guarded = match &old.driver {
        Driver::Helm | Driver::Flux(_) => "keep",
        Driver::ArgoCd(_) => "keep-argo",
        Driver::Kustomize => "keep-kustomize",
    };
    if !keep.is_empty() {
        step(guarded, &keep);
    }
    let delete: Vec<String> =
        leaving.go.iter().map(|object| format!("kubectl delete{within} {}", resource(object))).collect();
    if !delete.is_empty() {
        step("delete", &delete);
    }
    let forget = |namespace: Option<&str>| {
        format!("kubectl delete secret{} -l owner=helm,name={}", option(namespace), old.name)
    };
    match &old.driver {
        Driver::Helm => step("forget", &[forget(namespace)]),
        // Flux keeps the record where the HelmRelease is.
        Driver::Flux(driving) => {
            let own = driving.namespace.as_deref();
            let delete = format!("kubectl delete helmrelease{} {}", option(own), driving.name);
            step("forget-flux", &[delete, forget(own.or(namespace))]);
        }
        Driver::ArgoCd(driving) => {
            let (kind, within) = (driving.kind.to_lowercase(), option(driving.namespace.as_deref()));
            let name = &driving.name;
            let free = format!(
                "kubectl patch {kind}{within} {name} --type merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'"
            );
            step("forget-argo", &[free, format!("kubectl delete {kind}{within} {name}")]);
        }
        Driver::Kustomize => {}
    }
}

/// The annotations by which an object outlives what made it. Who applies a tree that renders the chart is not known, so both
/// that prune are told.
fn guard(driver: &Driver, object: &Object) -> Vec<String> {
    const ARGO: &str = "argocd.argoproj.io/sync-options";
    let written = object.node.str_at(&["metadata", "annotations", ARGO]).unwrap_or_default();
    let others = written.split(',').map(str::trim).filter(|option| {
        !option.is_empty() && !option.starts_with("Prune=") && !option.starts_with("Delete=")
    });
    let options: Vec<&str> = others.chain(["Prune=false", "Delete=false"]).collect();
    let argo = format!("{ARGO}={}", options.join(","));
    match driver {
        Driver::Helm | Driver::Flux(_) => vec!["helm.sh/resource-policy=keep".to_owned()],
        Driver::ArgoCd(_) => vec![argo],
        Driver::Kustomize => vec![argo, "kustomize.toolkit.fluxcd.io/prune=disabled".to_owned()],
    }
}

/// Keeps a controller from undoing what is done by hand.
fn pause(driving: &Driving) -> String {
    let (kind, within) = (driving.kind.to_lowercase(), option(driving.namespace.as_deref()));
    let patch = match driving.kind.as_str() {
        "HelmRelease" => r#"{"spec":{"suspend":true}}"#,
        "ApplicationSet" => {
            r#"{"spec":{"syncPolicy":{"preserveResourcesOnDeletion":true},"template":{"spec":{"syncPolicy":{"automated":null}}}}}"#
        }
        _ => r#"{"spec":{"syncPolicy":{"automated":null}}}"#,
    };
    format!("kubectl patch {kind}{within} {} --type merge -p '{patch}'", driving.name)
}

fn option(namespace: Option<&str>) -> String {
    namespace.map(|namespace| format!(" -n {namespace}")).unwrap_or_default()
}

/// `kind/name`, as `kubectl` takes it.
fn resource(object: &Object) -> String {
    format!("{}/{}", object.kind().to_lowercase(), object.name())
}

#[cfg(test)]
mod tests {
    use installation::Object;
    use source::Driver;
    use tree::Node;

    use super::guard;

    #[test]
    fn a_tree_that_renders_the_chart_is_guarded_against_both_that_prune_and_keeps_its_options() {
        let mut node = Node::mapping();
        let annotations = node.ensure(&["metadata", "annotations"]);
        annotations.set("argocd.argoproj.io/sync-options", "Prune=confirm, ServerSideApply=true");
        assert_eq!(
            guard(&Driver::Kustomize, &Object::new(node)),
            [
                "argocd.argoproj.io/sync-options=ServerSideApply=true,Prune=false,Delete=false",
                "kustomize.toolkit.fluxcd.io/prune=disabled",
            ]
        );
    }
}
