//! Every leaf of every object knows its line, and no leaf of any document goes missing unseen.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::{Build, Document, Role, build};
use tree::{Files, Leaf, Origin, Value};

mod real;

fn trees() -> Vec<Utf8PathBuf> {
    let own = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees");
    let mut trees = real::kustomizations(&own);
    trees.retain(|tree| !tree.parent().is_some_and(|parent| parent.ends_with("refused")));
    let corpus = real::corpus().map(|corpus| real::kustomizations(&corpus)).unwrap_or_default();
    trees.extend(corpus.into_iter().filter(|tree| build(tree, &mut Files::new()).is_ok()));
    trees
}

fn built(directory: &Utf8Path, files: &mut Files) -> Build {
    build(directory, files).unwrap_or_else(|error| panic!("{directory}: {error:?}"))
}

#[test]
fn every_leaf_of_every_object_has_an_origin() {
    for directory in trees() {
        let mut files = Files::new();
        for object in &built(&directory, &mut files).objects {
            for leaf in object.leaves() {
                let origin =
                    leaf.node.origin.unwrap_or_else(|| panic!("{directory}: {} has none", leaf.path));
                let text = files.text(origin.file);
                assert!(text.lines().nth(origin.line as usize - 1).is_some(), "{directory}: {}", leaf.path);
            }
        }
    }
}

#[test]
fn no_leaf_of_any_document_goes_missing_unseen() {
    let mut nowhere = Vec::new();
    for directory in trees() {
        let mut files = Files::new();
        let build = built(&directory, &mut files);
        let left: HashSet<Origin> =
            build.objects.iter().flat_map(tree::Node::leaves).filter_map(|leaf| leaf.node.origin).collect();
        let lost: HashSet<Origin> = build.overridden.iter().map(|(lost, _)| *lost).collect();
        for document in &build.documents {
            for leaf in document.node.leaves() {
                let origin = leaf.node.origin.expect("was read");
                let seen = left.contains(&origin) || lost.contains(&origin) || is_directive(document, &leaf);
                if !seen {
                    nowhere.push(format!("{}: {}", files.place(origin), leaf.path));
                }
            }
        }
    }
    assert!(nowhere.is_empty(), "nowhere:\n{}", nowhere.join("\n"));
}

/// Whether a leaf only says what is to be done, or to what.
fn is_directive(document: &Document, leaf: &Leaf<'_>) -> bool {
    let path = leaf.path.to_string();
    let key = leaf.path.last_key().unwrap_or_default();
    match document.role {
        Role::Kustomization => true,
        Role::Settings | Role::File => false,
        Role::Resource => {
            let list = document.node.str_at(&["kind"]) == Some("List");
            list && ["apiVersion", "kind"].contains(&path.as_str())
        }
        // Its target selects nothing.
        Role::Patch | Role::InlinePatch if document.target.is_none() => true,
        Role::Patch | Role::InlinePatch => {
            let operation = document.node.as_sequence().is_some();
            let identity = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];
            let merge_keys = [
                "name",
                "ip",
                "uid",
                "containerPort",
                "port",
                "mountPath",
                "protocol",
                "topologyKey",
                "whenUnsatisfiable",
            ];
            identity.contains(&path.as_str())
                || (operation && ["op", "path", "from"].contains(&key))
                || (operation && key == "value" && only_compares(document, &leaf.path))
                || key == "$patch"
                || leaf.node.value == Value::Null
                || (path.contains('[') && merge_keys.contains(&key))
                || path.starts_with("metadata.finalizers")
        }
    }
}

/// Whether an operation does nothing with its value but look at it.
fn only_compares(document: &Document, path: &tree::Path) -> bool {
    let operation = path.0.split_last().map(|(_, rest)| tree::Path(rest.to_vec()));
    let operation = operation.and_then(|path| document.node.at_path(&path).cloned());
    operation.is_some_and(|operation| matches!(operation.str_at(&["op"]), Some("test" | "copy")))
}

#[test]
fn places_are_named_as_the_user_would_write_them() {
    // Tests run in the directory of their crate.
    let mut files = Files::new();
    let build = built(Utf8Path::new("tests/trees/overlay/top"), &mut files);
    let place = |object: &str, path: &[&str]| {
        let object = build.objects.iter().find(|node| {
            node.str_at(&["kind"]) == Some(object) && node.str_at(&["apiVersion"]) != Some("example.org/v1")
        });
        let leaf = object.and_then(|object| object.at_keys(path)).expect("is there");
        files.place(leaf.origin.expect("was read"))
    };
    assert_eq!(place("ConfigMap", &["data", "MODE"]), "tests/trees/overlay/base/config.yaml:7");
    assert_eq!(place("ConfigMap", &["data", "DOMAIN"]), "tests/trees/overlay/top/patches/web.yaml:43");
    assert_eq!(
        place("ConfigMap", &["metadata", "namespace"]),
        "tests/trees/overlay/top/kustomization.yaml:3"
    );
    assert_eq!(place("StatefulSet", &["spec", "replicas"]), "tests/trees/overlay/top/kustomization.yaml:45");
    assert_eq!(
        place("Service", &["metadata", "annotations", "example.org/neg"]),
        "tests/trees/overlay/top/kustomization.yaml:15"
    );
    let targets: Vec<_> = build
        .documents
        .iter()
        .filter(|document| matches!(document.role, Role::Patch | Role::InlinePatch))
        .map(|document| (document.role, document.target.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        targets,
        [
            (Role::Patch, "Deployment/web"),
            (Role::Patch, "ConfigMap/settings"),
            (Role::InlinePatch, "Service/web"),
            (Role::InlinePatch, "Deployment/web, StatefulSet/worker"),
            (Role::Patch, "Deployment/web"),
            (Role::InlinePatch, "Deployment/custom"),
        ]
    );
}
