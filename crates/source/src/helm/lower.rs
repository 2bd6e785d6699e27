//! A release of an official chart becomes the objects that the chart makes of it.

use installation::Object;
use installation::chart::{Cast, OfficialChart, Shape, with_defaults};
use tree::{FileId, Files, Node};

use super::release::Release;
use super::values;
use crate::{Note, NoteKind, SourceErrorKind, Sourced, Unread};

/// Appends what the chart makes of the values.
pub(crate) fn lower(sourced: &mut Sourced, release: &Release, chart: OfficialChart, own: Node) {
    let mut own = own;
    let open = values::seal(&mut own, chart).into_iter();
    let notes = open.map(|(key, origin)| Note { kind: NoteKind::OpenSecret { key: key.to_owned() }, origin });
    sourced.notes.extend(notes);
    tell_unread_keys(sourced, chart, &own);
    tell_assumption(sourced, release, chart);
    match cast(sourced, release, chart, &own) {
        Ok(objects) => {
            sourced.releases.push(release.read_as(Some(chart), own, &objects));
            sourced.objects.extend(objects);
        }
        Err(unread) => sourced.unread.push(unread),
    }
}

fn cast(
    sourced: &mut Sourced,
    release: &Release,
    chart: OfficialChart,
    own: &Node,
) -> Result<Vec<Object>, Unread> {
    let not_yaml = |error: tree::ParseError| {
        let origin = Some(error.origin);
        Unread { kind: SourceErrorKind::Parse(Box::new(error)), origin }
    };
    let files = &mut sourced.files;
    let (defaults_file, defaults) = defaults(files, chart).map_err(not_yaml)?;
    let shape = Shape::of(chart, files).map_err(not_yaml)?;
    let values = with_defaults(own, &defaults).map_err(|bad| {
        let kind = SourceErrorKind::BadValues { key: bad.key, wanted: bad.wanted };
        Unread { kind, origin: bad.origin.or(release.origin) }
    })?;
    let cast = Cast::new(&shape, &release.name, &values, Some(defaults_file));
    let origin = release.origin.or(own.origin).or(shape.origin());
    // Where values are missing from the source, nobody knows which keys they set.
    let missing = cast.missing();
    if release.is_whole && !missing.is_empty() {
        let kind = NoteKind::ChartRefuses { key: missing.join(", "), chart: chart.title() };
        sourced.notes.push(Note { kind, origin });
    }
    let Some(nodes) = cast.objects() else {
        let kind = SourceErrorKind::ReleaseTooLarge { release: release.name.clone() };
        return Err(Unread { kind, origin });
    };
    tell_several_schedulers(&mut sourced.notes, &values, chart);
    Ok(nodes.into_iter().map(|node| in_namespace(node, release)).collect())
}

/// Puts an object where its release goes.
pub(crate) fn in_namespace(mut node: Node, release: &Release) -> Object {
    if let Some(namespace) = &release.namespace {
        let origin = release.origin.or(node.origin);
        *node.ensure(&["metadata", "namespace"]) = Node::from(namespace.as_str()).at(origin);
    }
    Object::new(node)
}

/// The chart's defaults, in a file of their own among the run's.
fn defaults(files: &mut Files, chart: OfficialChart) -> Result<(FileId, Node), tree::ParseError> {
    let name = format!("{} values.yaml (default)", chart.title());
    let known = files.ids().find(|id| files.name(*id) == name);
    let id = known.unwrap_or_else(|| files.add(name, chart.defaults()));
    Ok((id, tree::parse(files, id)?.into_iter().next().unwrap_or_else(Node::mapping)))
}

fn tell_unread_keys(sourced: &mut Sourced, chart: OfficialChart, own: &Node) {
    for unread in chart.unread_keys(own) {
        let (key, chart) = (unread.key, chart.title());
        let kind = match unread.meant {
            Some(meant) => NoteKind::MisspeltKey { key, meant, chart },
            None => NoteKind::InertKey { key, chart },
        };
        sourced.notes.push(Note { kind, origin: unread.origin });
    }
}

/// Says that a fork or another version was read as the version that is known.
fn tell_assumption(sourced: &mut Sourced, release: &Release, chart: OfficialChart) {
    let reference = &release.chart;
    let same_version = reference.version.as_deref().is_none_or(|version| version == chart.version());
    let is_named = reference.name.is_some() || reference.path.is_some() || reference.repository.is_some();
    if !is_named || reference.official() == Some(chart) && same_version {
        return;
    }
    let kind = NoteKind::ReadAs { named: reference.title(), chart: chart.title() };
    sourced.notes.push(Note { kind, origin: release.origin });
}

/// Both charts refuse to render a worker with the scheduler queue and more than one replica.
fn tell_several_schedulers(notes: &mut Vec<Note>, values: &Node, chart: OfficialChart) {
    let workers = values.at_keys(&["mastodon", "sidekiq", "workers"]).into_iter().flat_map(Node::items);
    for worker in workers {
        let queues = worker.get("queues").into_iter().flat_map(Node::items);
        let schedules = queues.filter_map(Node::as_str).any(|queue| queue == "scheduler");
        let replicas = worker.get("replicas");
        if schedules && replicas.and_then(Node::as_i64).is_some_and(|replicas| replicas > 1) {
            let key = "mastodon.sidekiq.workers[].replicas".to_owned();
            let kind = NoteKind::ChartRefuses { key, chart: chart.title() };
            notes.push(Note { kind, origin: replicas.and_then(|node| node.origin) });
        }
    }
}
