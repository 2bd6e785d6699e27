//! The folder: which file holds what, and the kustomizations that bind them.

use installation::{Installation, Object};
use tree::{Node, Value};

use super::Layers;
use crate::{FileNames, Stage, Target};

/// What a file of the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The kustomization of the base.
    Base,
    /// The kustomization of what can stand beside the old side: base and overlay, and nothing that users meet.
    Dark,
    /// The kustomization of all that shall stand in the end.
    Whole,
    /// An object.
    Object,
    /// A patch.
    Patch,
    /// A job that no build takes in: it changes the database, and a person runs it.
    Withheld,
}

/// A file of the folder.
#[derive(Debug, Clone)]
pub struct KustomizeFile {
    /// Its path in the folder.
    pub path: String,
    /// What it is.
    pub part: Part,
    /// What it holds.
    pub node: Node,
}

/// A base and an overlay.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The overlay's folder, `overlays/<release>`; its build is all that shall stand.
    pub overlay: String,
    /// The folder in it whose build is what can stand beside the old side.
    pub dark: String,
    /// Every file.
    pub files: Vec<KustomizeFile>,
}

/// Writes manifests as a Kustomize base with an overlay: `base/`, `overlays/<release>/dark/` (the base as this server has
/// it, beside the old side), `overlays/<release>/` (with what follows when the old side is gone, what is switched and
/// what stays), and `withheld/`. Secrets that stay are left out, as everything with a secret in it.
#[must_use]
pub fn write_kustomize(installation: &Installation, target: &Target) -> Folder {
    let overlay = format!("overlays/{}", target.naming.release);
    let mut files = Vec::new();
    let of = |stage| target.green.iter().filter(move |made| made.stage == stage).map(|made| &made.object);
    let layers = Layers::of(of(Stage::Dark).cloned().collect());
    let listed = add(&mut files, "base", "", Part::Object, &layers.base);
    files.push(file("base/kustomization.yaml", Part::Base, base(&layers, &listed)));
    let dark = format!("{overlay}/dark");
    let patches: Vec<Object> = layers.patches.iter().cloned().map(Object::new).collect();
    let patches = add(&mut files, &dark, "patches/", Part::Patch, &patches);
    files.push(file(&format!("{dark}/kustomization.yaml"), Part::Dark, own(&layers, &patches)));
    let mut resources = vec!["dark".to_owned()];
    let switched = target.switched.iter().map(|switched| &switched.object);
    resources.extend(add(&mut files, &overlay, "adopted/", Part::Object, of(Stage::Adopted)));
    resources.extend(add(&mut files, &overlay, "switched/", Part::Object, switched));
    let kept =
        target.kept.iter().map(|index| &installation.objects[*index]).filter(|object| is_written(object));
    resources.extend(add(&mut files, &overlay, "kept/", Part::Object, kept));
    files.push(file(&format!("{overlay}/kustomization.yaml"), Part::Whole, kustomization(resources)));
    add(&mut files, "withheld", "", Part::Withheld, of(Stage::Withheld));
    Folder { overlay, dark, files }
}

/// Whether a copy of an object that stays is written: a Secret stays in the hands of whoever keeps it, and so does what
/// has a secret in it.
#[must_use]
pub fn is_written(object: &Object) -> bool {
    object.kind() != "Secret" && !object.node.leaves().iter().any(|leaf| leaf.node.as_secret().is_some())
}

fn file(path: &str, part: Part, node: Node) -> KustomizeFile {
    KustomizeFile { path: path.to_owned(), part, node }
}

/// Adds a file for each object; their paths as seen from the folder.
fn add<'a>(
    files: &mut Vec<KustomizeFile>,
    folder: &str,
    below: &str,
    part: Part,
    objects: impl IntoIterator<Item = &'a Object>,
) -> Vec<String> {
    let mut names = FileNames::default();
    let mut listed = Vec::new();
    for object in objects {
        let name = format!("{below}{}", names.of(object));
        files.push(file(&format!("{folder}/{name}"), part, object.node.clone()));
        listed.push(name);
    }
    listed
}

fn texts(texts: Vec<String>) -> Node {
    Value::Sequence(texts.into_iter().map(Node::from).collect()).into()
}

fn kustomization(resources: Vec<String>) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", "kustomize.config.k8s.io/v1beta1");
    node.set("kind", "Kustomization");
    node.set("resources", texts(resources));
    node
}

fn base(layers: &Layers, listed: &[String]) -> Node {
    let mut node = kustomization(listed.to_vec());
    if !layers.labels.is_empty() {
        let mut entry = Node::mapping();
        entry.set("pairs", Value::Mapping(layers.labels.clone()));
        node.set("labels", Value::Sequence(vec![entry]));
    }
    node
}

/// The kustomization that says what is this server's own.
fn own(layers: &Layers, patches: &[String]) -> Node {
    let mut node = kustomization(vec!["../../../base".to_owned()]);
    if let Some(namespace) = &layers.namespace {
        node.set("namespace", namespace.clone());
    }
    let images = layers.images.iter().map(|(name, build)| {
        let mut entry = Node::mapping();
        entry.set("name", name.as_str());
        entry.set(build.field, build.value.clone());
        entry
    });
    set_list(&mut node, "images", images.collect());
    let replicas = layers.replicas.iter().map(|(name, count)| {
        let mut entry = Node::mapping();
        entry.set("name", name.as_str());
        entry.set("count", count.clone());
        entry
    });
    set_list(&mut node, "replicas", replicas.collect());
    let patches = patches.iter().map(|path| {
        let mut entry = Node::mapping();
        entry.set("path", path.as_str());
        entry
    });
    set_list(&mut node, "patches", patches.collect());
    node
}

fn set_list(node: &mut Node, key: &str, entries: Vec<Node>) {
    if !entries.is_empty() {
        node.set(key, Value::Sequence(entries));
    }
}
