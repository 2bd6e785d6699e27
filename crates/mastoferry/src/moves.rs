//! Releases of charts as a source: what of them stands, what cannot be moved, and what became of each of their values.

use std::collections::{HashMap, HashSet};

use installation::{Installation, Object};
use source::{ChartRelease, Does, Envelope, Role, Sourced, runs_once};
use target::moves::Standing;
use target::{Change, Note, Reason};
use tree::{Node, Origin};

use crate::explain;
use crate::prepare::Read;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Leaves out of the model what does not stand: the objects by which controllers are told of releases, and hooks that ran
/// once.
pub(crate) fn of_what_stands(mut read: Read, instance: Option<&str>, words: &Words) -> Result<Read, Problem> {
    let releases: Vec<&ChartRelease> = releases_of(&read).collect();
    if releases.is_empty() {
        return Ok(read);
    }
    let stands = |object: &&Object| {
        let drives =
            releases.iter().filter_map(|release| release.driving()).any(|driving| driving.is(object));
        let ran = runs_once(object) && releases.iter().any(|release| release.objects.contains(&object.id()));
        !drives && !ran
    };
    let objects = read.sourced.objects.iter().filter(stands).cloned().collect();
    read.installation = Installation::understand(objects, instance)
        .map_err(|error| explain::installation(words, &error, &read.sourced.files))?;
    Ok(read)
}

/// Refuses releases that bring their own stores with them, and those whose objects are changed after rendering.
pub(crate) fn movable(read: &Read, words: &Words) -> Result<(), Problem> {
    let files = &read.sourced.files;
    for release in releases_of(read) {
        if let Some(origin) = release.changed_after {
            let arguments = [("release", release.name.as_str())];
            return Err(
                Problem::new(words, Exit::Unreadable, "post-rendered", &arguments).at(files, Some(origin))
            );
        }
        let embedded = release.embedded();
        let Some(first) = embedded.first() else { continue };
        let all = |each: fn(&source::Embedded) -> Vec<String>| {
            embedded.iter().flat_map(each).collect::<Vec<_>>().join(", ")
        };
        let stores = embedded.iter().map(|store| words.tell(&format!("store-{}", store.store), &[]));
        let arguments = [
            ("release", release.name.as_str()),
            ("stores", &*stores.collect::<Vec<_>>().join(words.tell("list-comma", &[]).as_str())),
            ("workloads", &*all(|store| store.workloads.clone())),
            ("claims", &*all(|store| store.claims.clone())),
            ("switches", &*all(|store| vec![format!("{}.enabled", store.store)])),
        ];
        return Err(
            Problem::new(words, Exit::WouldLose, "embedded-stores", &arguments).at(files, first.origin)
        );
    }
    Ok(())
}

/// The releases that parts of this Mastodon belong to.
pub(crate) fn releases_of(read: &Read) -> impl Iterator<Item = &ChartRelease> {
    let installation = &read.installation;
    read.sourced.releases.iter().filter(|release| {
        installation.components.iter().any(|component| {
            let workload = installation.workload(component);
            release.objects.contains(&workload.id())
                && (release.namespace.is_none() || workload.namespace() == release.namespace.as_deref())
        })
    })
}

/// Says what became of leaves that do not themselves stand in what is written: what the old chart made of them does, or they
/// did nothing before either. A leaf whose part in the new side cannot be found gets no note, and is unaccounted.
///
/// One value of a chart becomes many leaves of objects. Where one of these stands unchanged, what became of the others is
/// no news.
pub(crate) fn account(read: &Read, standing: &Standing, notes: &mut Vec<Note>) {
    let values: HashSet<Origin> = releases_of(read)
        .flat_map(ChartRelease::leaves)
        .filter_map(|leaf| leaf.node.origin.filter(|origin| standing.carries(*origin, leaf.node)))
        .collect();
    let told = of_releases(read, standing);
    let made: HashSet<Origin> = told.iter().map(|note| note.origin).collect();
    notes.retain(|note| {
        let is_label = note.reason == Reason::ChartLabels && made.contains(&note.origin);
        !is_label && (note.change != Change::Translated || !values.contains(&note.origin))
    });
    // What the writer says of a leaf stands last, and counts.
    notes.splice(0..0, told);
}

fn of_releases(read: &Read, standing: &Standing) -> Vec<Note> {
    let sourced = &read.sourced;
    let mut notes = filled_in(sourced, standing);
    for release in releases_of(read) {
        for fate in release.fates() {
            notes.extend(value(release, fate.origin, &fate.does, standing));
        }
        for (origin, envelope) in release.envelope(&sourced.objects) {
            notes.push(around(release, origin, envelope));
        }
    }
    notes
}

fn value(release: &ChartRelease, origin: Origin, does: &Does, standing: &Standing) -> Option<Note> {
    let note = |change, reason, target: String| Some(Note { origin, change, reason, target });
    let stands = |spot: &source::Spot| match spot.origin {
        Some(origin) => standing.place(origin).map(ToOwned::to_owned),
        None => Some(named(spot)),
    };
    match does {
        Does::Writes(spot) => note(Change::Translated, Reason::ChartWrites, stands(spot)?),
        Does::Decides(spot) if spot.path.contains("hook-delete-policy") => {
            note(Change::Translated, Reason::KeepRepaired, spot.object.clone())
        }
        Does::Decides(spot) if spot.is_whole() && spot.object.starts_with("Job/") => {
            note(Change::Replaced, Reason::HookWithheld, spot.object.clone())
        }
        Does::Decides(spot) => note(Change::Translated, Reason::ChartDecides, stands(spot)?),
        Does::Withholds(spot) => note(Change::Translated, Reason::ChartWithholds, named(spot)),
        Does::Once(spot) => note(Change::Dropped, Reason::RanOnce, spot.object.clone()),
        Does::Uploads => note(Change::Dropped, Reason::UploadHook, "Job/assets-upload".to_owned()),
        Does::Nothing => note(Change::Inert, Reason::Empty, String::new()),
        Does::Unread => note(Change::Inert, Reason::NeverRead, release.known_title()),
        Does::SwitchedOff(Some(switch)) => note(Change::Inert, Reason::SwitchedOff, switch.clone()),
        Does::SwitchedOff(None) => note(Change::Inert, Reason::OthersWin, String::new()),
        Does::Foreign => note(Change::Kept, Reason::OtherChart, String::new()),
    }
}

/// The place for people: the object alone where the value decides that there is one.
fn named(spot: &source::Spot) -> String {
    if spot.is_whole() { spot.object.clone() } else { spot.to_string() }
}

fn around(release: &ChartRelease, origin: Origin, envelope: Envelope) -> Note {
    let (change, reason, target) = match envelope {
        Envelope::Chart => (Change::Replaced, Reason::OldChart, String::new()),
        Envelope::Release => (Change::Translated, Reason::OldRelease, release.name.clone()),
        Envelope::Values => (Change::Translated, Reason::ValuesFrom, String::new()),
        Envelope::Driving => (Change::Dropped, Reason::OldDriver, String::new()),
    };
    Note { origin, change, reason, target }
}

/// Texts with places that Flux or Argo CD fill in, where what they became stands.
fn filled_in(sourced: &Sourced, standing: &Standing) -> Vec<Note> {
    let is_open = |node: &Node| node.as_str().is_some_and(|text| text.contains("${") || text.contains("{{"));
    let documents = sourced.documents.iter().filter(|document| document.role != Role::Directives);
    let open: HashMap<Origin, &Node> = documents
        .flat_map(|document| document.node.leaves())
        .filter(|leaf| is_open(leaf.node))
        .filter_map(|leaf| Some((leaf.node.origin?, leaf.node)))
        .collect();
    let mut notes = Vec::new();
    for leaf in sourced.objects.iter().flat_map(|object| object.node.leaves()) {
        let Some(origin) = leaf.node.origin else { continue };
        let changed = open.get(&origin).is_some_and(|written| written.value != leaf.node.value);
        if let Some(target) = standing.place(origin).filter(|_| changed) {
            let (change, reason) = (Change::Translated, Reason::FilledIn);
            notes.push(Note { origin, change, reason, target: target.to_owned() });
        }
    }
    notes
}
