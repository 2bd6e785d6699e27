//! What became of every leaf.

use std::collections::{BTreeMap, HashMap, HashSet};

use installation::{Installation, Object};
use serde::Serialize;
use target::{Change, Note, Target};
use tree::{Leaf, Node, Origin};

/// What became of a leaf (design, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Same value, new place.
    Carried,
    /// Changed form, same meaning.
    Translated,
    /// The chart has no place for it: an extra object or patch carries it.
    Supplemented,
    /// The object stays as it is.
    Kept,
    /// The target's own default is the same value.
    Defaulted,
    /// It had no effect before either.
    Inert,
    /// The target decides.
    Replaced,
    /// It is gone.
    Dropped,
    /// A defect: nobody knows.
    Unaccounted,
}

impl Disposition {
    /// Every disposition, in the order of the design.
    pub const ALL: [Self; 9] = [
        Self::Carried,
        Self::Translated,
        Self::Supplemented,
        Self::Kept,
        Self::Defaulted,
        Self::Inert,
        Self::Replaced,
        Self::Dropped,
        Self::Unaccounted,
    ];

    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Translated => "translated",
            Self::Supplemented => "supplemented",
            Self::Kept => "kept",
            Self::Defaulted => "defaulted",
            Self::Inert => "inert",
            Self::Replaced => "replaced",
            Self::Dropped => "dropped",
            Self::Unaccounted => "unaccounted",
        }
    }
}

/// What a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenAs {
    /// Instructions for the build.
    Directives,
    /// An object.
    Object,
    /// A change to an object.
    Patch,
    /// Settings by name, as in an env file: each must stand somewhere.
    Settings,
}

/// A source document.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// What it was read as.
    pub role: WrittenAs,
    /// The document.
    pub node: &'a Node,
}

/// One leaf and what became of it. Values never appear: they may be secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where the leaf was written.
    pub origin: Option<Origin>,
    /// `Kind/name path` in its document.
    pub path: String,
    /// What became of it.
    pub disposition: Disposition,
    /// Where it stands now: `Kind/name path`.
    pub target: Option<String>,
    /// The message id of the reason.
    pub reason: &'static str,
    /// For leaves that another overrode: where that is written.
    pub overridden_at: Option<Origin>,
    /// Whether a person accepted by name what became of it.
    pub accepted: bool,
}

/// Reasons by which a leaf is replaced without a container or user getting anything else: the workload's kind is one
/// that runs the same pods, a second scheduler is what must never be, and nodes of a swarm are none of the cluster's. Nor do they get what only names the old chart, tells
/// a controller how to drive the old release, or ran once when that was installed; hooks that are off are run by hand.
const REPAIRS: [&str; 7] = [
    "reason-one-scheduler",
    "reason-deployment-only",
    "reason-old-chart",
    "reason-old-driver",
    "reason-ran-once",
    "reason-hook-withheld",
    "reason-placement",
];

/// Every leaf of the source.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// One item for each leaf, in the order read.
    pub items: Vec<Item>,
}

impl Ledger {
    /// How many leaves there are of each disposition, and `leaves` in all: the names of design section 5.
    #[must_use]
    pub fn tally(&self) -> BTreeMap<String, usize> {
        let mut tally: BTreeMap<String, usize> =
            Disposition::ALL.iter().map(|disposition| (disposition.name().to_owned(), 0)).collect();
        for item in &self.items {
            *tally.entry(item.disposition.name().to_owned()).or_default() += 1;
        }
        tally.insert("leaves".to_owned(), self.items.len());
        tally
    }

    /// The leaves nobody knows about: a defect.
    pub fn unaccounted(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.disposition == Disposition::Unaccounted)
    }

    /// The leaves that are replaced or dropped so that a container or user gets something else, and that nobody accepted.
    pub fn unaccepted(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| {
            matches!(item.disposition, Disposition::Replaced | Disposition::Dropped)
                && !item.accepted
                && !REPAIRS.contains(&item.reason)
        })
    }
}

/// In what a leaf stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// In what is written in its place.
    Carried,
    /// In an extra object or a patch.
    Supplemented,
    /// In what the target takes by itself.
    Defaulted,
    /// In an object that stays.
    Kept,
}

/// A place where a leaf stands.
pub(crate) struct Place {
    pub(crate) label: String,
    pub(crate) node: Node,
    pub(crate) standing: Standing,
}

/// Where each origin stands.
pub(crate) type Places = HashMap<Origin, Vec<Place>>;

/// Follows every leaf of every document to where it stands, by the origin that it kept on the way. Leaves that another
/// `overridden` had no effect before, nor had those that a server had filled in.
#[must_use]
pub fn account(
    written: &[Written<'_>],
    overridden: &[(Origin, Origin)],
    server_filled: &[Origin],
    installation: &Installation,
    target: &Target,
) -> Ledger {
    judge_all(written, overridden, server_filled, installation, &places(installation, target), &target.notes)
}

/// One item for each leaf.
pub(crate) fn judge_all(
    written: &[Written<'_>],
    overridden: &[(Origin, Origin)],
    server_filled: &[Origin],
    installation: &Installation,
    places: &Places,
    notes: &[Note],
) -> Ledger {
    let notes: HashMap<Origin, &Note> = notes.iter().map(|note| (note.origin, note)).collect();
    let overridden: HashMap<Origin, Origin> = overridden.iter().copied().collect();
    let server_filled: HashSet<Origin> = server_filled.iter().copied().collect();
    let known = Known { places, notes, overridden, built: built(installation) };
    let mut items = Vec::new();
    for document in written {
        let object = Object::new(document.node.clone());
        for leaf in document.node.leaves() {
            let mut item = if leaf.node.origin.is_some_and(|origin| server_filled.contains(&origin)) {
                filled_in(&leaf)
            } else {
                judge(document, &object, &leaf, &known)
            };
            item.path = match document.role {
                WrittenAs::Directives | WrittenAs::Settings => leaf.path.to_string(),
                WrittenAs::Object | WrittenAs::Patch => format!("{} {}", object.id(), leaf.path),
            };
            items.push(item);
        }
    }
    Ledger { items }
}

/// Where each origin stands in what shall be.
fn places(installation: &Installation, target: &Target) -> Places {
    let mut places = Places::new();
    let mut add = |object: &Object, standing: Standing| {
        for leaf in object.node.leaves() {
            if let Some(origin) = leaf.node.origin {
                let label = format!("{} {}", object.id(), leaf.path);
                let node = leaf.node.clone();
                places.entry(origin).or_default().push(Place { label, node, standing });
            }
        }
    };
    for made in &target.green {
        add(&made.object, if made.supplement { Standing::Supplemented } else { Standing::Carried });
    }
    for switched in &target.switched {
        add(&switched.object, Standing::Kept);
    }
    for index in &target.kept {
        add(&installation.objects[*index], Standing::Kept);
    }
    places
}

/// What is known of where leaves went.
struct Known<'a> {
    places: &'a Places,
    notes: HashMap<Origin, &'a Note>,
    overridden: HashMap<Origin, Origin>,
    built: HashMap<Origin, Vec<&'a Node>>,
}

/// What the source's own build made of each leaf: a tag becomes an image, a variable inside a text its value.
fn built(installation: &Installation) -> HashMap<Origin, Vec<&Node>> {
    let mut built: HashMap<Origin, Vec<&Node>> = HashMap::new();
    for leaf in installation.objects.iter().flat_map(|object| object.node.leaves()) {
        if let Some(origin) = leaf.node.origin {
            built.entry(origin).or_default().push(leaf.node);
        }
    }
    built
}

fn judge(document: &Written<'_>, object: &Object, leaf: &Leaf<'_>, known: &Known<'_>) -> Item {
    let origin = leaf.node.origin;
    let item = |disposition, target: Option<String>, reason| Item {
        origin,
        path: String::new(),
        disposition,
        target,
        reason,
        overridden_at: None,
        accepted: false,
    };
    let is_directive = document.role == WrittenAs::Directives;
    if let Some(note) = origin.and_then(|origin| known.notes.get(&origin)) {
        return item(disposition_of(note.change), Some(note.target.clone()), note.reason.id());
    }
    if let Some(standing) = origin.and_then(|origin| known.places.get(&origin)) {
        let built = origin.and_then(|origin| known.built.get(&origin)).map_or(&[][..], Vec::as_slice);
        return stands(leaf, standing, built, item);
    }
    if let Some(later) = origin.and_then(|origin| known.overridden.get(&origin)) {
        return Item { overridden_at: Some(*later), ..item(Disposition::Inert, None, "reason-overridden") };
    }
    if is_directive {
        return item(Disposition::Translated, None, "reason-directive");
    }
    let envelope = object.kind() == "List" && !leaf.path.starts_with(&["items"]);
    if envelope || (document.role == WrittenAs::Patch && names_its_target(leaf)) {
        return item(Disposition::Translated, None, "reason-patch-address");
    }
    item(Disposition::Unaccounted, None, "reason-unaccounted")
}

fn filled_in(leaf: &Leaf<'_>) -> Item {
    Item {
        origin: leaf.node.origin,
        path: String::new(),
        disposition: Disposition::Inert,
        target: None,
        reason: "reason-server-filled",
        overridden_at: None,
        accepted: false,
    }
}

fn stands(
    leaf: &Leaf<'_>,
    standing: &[Place],
    built: &[&Node],
    item: impl Fn(Disposition, Option<String>, &'static str) -> Item,
) -> Item {
    // What stays beside a changed copy does not make up for the change.
    let changed = standing.iter().any(|place| place.standing != Standing::Kept);
    let mut places = standing.iter().filter(|place| !changed || place.standing != Standing::Kept);
    let same =
        places.clone().filter(|place| is_same(&place.node, leaf.node)).min_by_key(|place| place.standing);
    let Some(place) = same.or_else(|| places.next()) else {
        return item(Disposition::Unaccounted, None, "reason-unaccounted");
    };
    let label = Some(place.label.clone());
    if same.is_none() {
        // The source's own build changed it, and what it made of it stands.
        if built.iter().any(|node| is_same(&place.node, node)) {
            return item(Disposition::Translated, label, "reason-built");
        }
        return item(Disposition::Unaccounted, label, "reason-changed-unexplained");
    }
    match place.standing {
        Standing::Carried => item(Disposition::Carried, label, "reason-carried"),
        Standing::Supplemented => item(Disposition::Supplemented, label, "reason-supplemented"),
        Standing::Defaulted => item(Disposition::Defaulted, label, "reason-defaulted"),
        Standing::Kept => item(Disposition::Kept, label, "reason-kept"),
    }
}

/// Whether two nodes say the same: the same value, or for readers of text the same text, sealed or not.
fn is_same(one: &Node, other: &Node) -> bool {
    let text = |node: &Node| match node.as_secret() {
        Some(secret) => Some(secret.reveal().to_owned()),
        None => node.as_text(),
    };
    one.value == other.value || text(one).is_some_and(|own| text(other) == Some(own))
}

fn disposition_of(change: Change) -> Disposition {
    match change {
        Change::Translated => Disposition::Translated,
        Change::Replaced => Disposition::Replaced,
        Change::Inert => Disposition::Inert,
        Change::Kept => Disposition::Kept,
        Change::Dropped => Disposition::Dropped,
    }
}

/// Whether a leaf of a patch only says what is patched: the object's identity, or a list element's merge key.
fn names_its_target(leaf: &Leaf<'_>) -> bool {
    let identity = leaf.path.starts_with(&["metadata"]) || leaf.path.0.len() == 1;
    match leaf.path.last_key() {
        Some("apiVersion" | "kind") => identity,
        Some("name" | "namespace" | "containerPort" | "port" | "mountPath" | "ip" | "protocol") => true,
        Some("$patch" | "op" | "path") => true,
        _ => false,
    }
}
