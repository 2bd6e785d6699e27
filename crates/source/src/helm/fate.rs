//! What each value does, found out by changing it: what the chart makes then differs, or it does not.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::LazyLock;

use indexmap::IndexMap;
use installation::Object;
use installation::chart::go::size;
use installation::chart::{Cast, Holds, OfficialChart, Shape, ValueKey, is_true, with_defaults};
use tree::{Node, Origin, Path, Segment, Value};

use super::app_template;
use super::release::Release;
use crate::releases::{ChartRelease, Does, Embedded, Spot, ValueFate, runs_once};

/// The hook that uploads assets to S3 before an upgrade, in both charts.
const UPLOAD: [&str; 3] = ["mastodon", "hooks", "s3Upload"];

/// How many nodes of objects may be made for one release: bounds the trials that many values and many workers
/// would ask for.
const MAX_MADE: usize = 10_000_000;

/// How many nodes may be made to name the keys that switch leaves off. Beyond that, it is only said that they do nothing.
const MAX_FOR_SWITCHES: usize = 600_000;

/// How many keys are tried for one that switches a leaf off.
const MAX_SWITCHES: usize = 48;

/// The leaves of the objects, by the place they stand at.
type Made = IndexMap<Place, Node>;

/// An object, whether it ran once and is gone, and the way to a leaf in it.
type Place = (String, bool, Path);

impl ChartRelease {
    /// What every leaf of the values does that does not itself stand in what the chart makes. Leaves for whose trial there
    /// was no room are left out, and so are those of a chart that is not known.
    #[must_use]
    pub fn fates(&self) -> Vec<ValueFate> {
        let foreign = self.foreign.iter().map(|origin| ValueFate { origin: *origin, does: Does::Foreign });
        let mut fates: Vec<ValueFate> = foreign.collect();
        let mut trials = Trials::new(self);
        let Some(pieces) = trials.make(&self.values, None) else { return fates };
        let made = leaves_of(pieces.iter().flat_map(|piece| &piece.objects));
        let mut standing: IndexMap<Origin, Vec<(&Place, &Node)>> = IndexMap::new();
        for (place, node) in &made {
            if let Some(origin) = node.origin.filter(|_| !repeats(&place.2)) {
                standing.entry(origin).or_default().push((place, node));
            }
        }
        let unread = self.chart.map(|chart| chart.unread_keys(&self.values)).unwrap_or_default();
        let unread: HashSet<String> = unread.into_iter().map(|own| own.key).collect();
        for leaf in self.values.leaves() {
            let Some(origin) = leaf.node.origin else { continue };
            let does = match standing.get(&origin) {
                Some(places) => match places.first() {
                    Some((place, node)) if places.iter().all(|((_, once, _), _)| *once) => {
                        Some(Does::Once(spot(place, node)))
                    }
                    Some((place, node)) if !places.iter().any(|(_, node)| is_same(node, leaf.node)) => {
                        Some(Does::Writes(spot(place, node)))
                    }
                    _ => None,
                },
                None if is_below(&leaf.path, &unread) => Some(Does::Unread),
                None if leaf.path.starts_with(&UPLOAD) => Some(self.upload()),
                None => trials.trial(&self.values, &pieces, &leaf.path, leaf.node),
            };
            fates.extend(does.map(|does| ValueFate { origin, does }));
        }
        fates
    }

    /// What values for the hook that uploads assets do: its Job is not among what is known of the charts.
    fn upload(&self) -> Does {
        let on = self.chart.and_then(|chart| full(chart, &self.values));
        let switch = [&UPLOAD[..], &["enabled"]].concat();
        match on.is_some_and(|values| values.at_keys(&switch).is_some_and(is_true)) {
            true => Does::Uploads,
            false => Does::SwitchedOff(Some(switch.join("."))),
        }
    }

    /// The stores that the release brings with it: the Bitnami charts that the old chart depends on. Their objects are
    /// named as those charts name them (postgresql 14.2, redis 22.0, elasticsearch 19.19).
    #[must_use]
    pub fn embedded(&self) -> Vec<Embedded> {
        if self.chart != Some(OfficialChart::Chart) {
            return Vec::new();
        }
        let Some(values) = full(OfficialChart::Chart, &self.values) else { return Vec::new() };
        let name = &self.name;
        let stores = [
            ("postgresql", vec![format!("{name}-postgresql")], vec![format!("data-{name}-postgresql-0")]),
            (
                "redis",
                vec![format!("{name}-redis-master")],
                vec![format!("redis-data-{name}-redis-master-0")],
            ),
            (
                "elasticsearch",
                vec![format!("{name}-elasticsearch-master"), format!("{name}-elasticsearch-data")],
                vec![
                    format!("data-{name}-elasticsearch-master-0"),
                    format!("data-{name}-elasticsearch-data-0"),
                ],
            ),
        ];
        let on =
            stores.into_iter().filter(|(store, ..)| values.at_keys(&[store, "enabled"]).is_some_and(is_true));
        on.map(|(store, workloads, claims)| {
            let switch = self.values.at_keys(&[store, "enabled"]);
            let origin = switch.and_then(|node| node.origin).or(self.origin);
            Embedded { store, workloads, claims, origin }
        })
        .collect()
    }
}

/// Whether a label only repeats what stands elsewhere: both charts put version and component there.
fn repeats(path: &Path) -> bool {
    path.last_key().is_some_and(|key| key.starts_with("app.kubernetes.io/"))
}

fn spot((object, _, path): &Place, node: &Node) -> Spot {
    Spot { object: object.clone(), path: path.to_string(), origin: node.origin }
}

/// The values with the chart's defaults; `None` for values that the chart cannot read.
fn full(chart: OfficialChart, own: &Node) -> Option<Node> {
    static DEFAULTS: LazyLock<[Node; 2]> =
        LazyLock::new(|| OfficialChart::ALL.map(OfficialChart::default_values));
    let [helm_charts, old] = &*DEFAULTS;
    let defaults = match chart {
        OfficialChart::HelmCharts => helm_charts,
        OfficialChart::Chart => old,
    };
    with_defaults(own, defaults).ok()
}

/// Whether a leaf lies at or below a key of the values that the chart never reads.
fn is_below(path: &Path, unread: &HashSet<String>) -> bool {
    let mut key = String::new();
    path.0.iter().any(|segment| {
        match segment {
            Segment::Key(name) if key.is_empty() => key.push_str(name),
            Segment::Key(name) => {
                key.push('.');
                key.push_str(name);
            }
            Segment::Index(_) => key.push_str("[]"),
        }
        unread.contains(&key)
    })
}

/// What one document of a chart's shape becomes, or all that a chart makes which has no shape.
struct Piece {
    objects: Vec<Object>,
    /// The keys that were looked at for it; `None` where nobody noted them.
    read: Option<HashSet<String>>,
}

impl Piece {
    /// Whether it may be another when something at or below these keys of the values changes.
    fn depends_on(&self, keys: &[&str]) -> bool {
        let overlaps = |read: &str| read.split('.').zip(keys).all(|(read, key)| read == *key);
        self.read.as_ref().is_none_or(|read| read.iter().any(|read| overlaps(read)))
    }
}

type Pieces = Rc<Vec<Rc<Piece>>>;

struct Trials<'a> {
    release: &'a ChartRelease,
    left: usize,
    for_switches: usize,
    /// The values with one switch turned, and what the chart makes of them; `None` where turning it changes nothing.
    turned: IndexMap<String, Option<(Rc<Node>, Pieces)>>,
}

impl<'a> Trials<'a> {
    fn new(release: &'a ChartRelease) -> Self {
        Self { release, left: MAX_MADE, for_switches: MAX_FOR_SWITCHES, turned: IndexMap::new() }
    }

    /// What the chart makes of values. Of values that differ from others only at the keys given, whatever did not
    /// look there is taken over.
    fn make(&mut self, own: &Node, since: Option<(&Pieces, &[&str])>) -> Option<Pieces> {
        if self.left == 0 {
            return None;
        }
        let Some(chart) = self.release.chart else {
            let objects = app_template::objects(&Release::again(self.release), own)?;
            return Some(Rc::new(vec![self.piece(objects, None)]));
        };
        let shape = Shape::bare(chart);
        let values = full(chart, own)?;
        let cast = Cast::new(shape, &self.release.name, &values, None);
        let mut pieces = Vec::with_capacity(shape.len());
        for number in 0..shape.len() {
            let before = since.and_then(|(before, keys)| Some((before.get(number)?, keys)));
            pieces.push(match before.filter(|(piece, keys)| !piece.depends_on(keys)) {
                Some((piece, _)) => Rc::clone(piece),
                None => {
                    let objects = cast.part_of(number)?.into_iter().map(Object::new).collect();
                    let read = cast.take_read().into_iter().map(ToOwned::to_owned).collect();
                    self.piece(objects, Some(read))
                }
            });
        }
        Some(Rc::new(pieces))
    }

    fn piece(&mut self, objects: Vec<Object>, read: Option<HashSet<String>>) -> Rc<Piece> {
        let size: usize = objects.iter().map(|object| size(&object.node)).sum();
        self.left = self.left.saturating_sub(size.max(1));
        Rc::new(Piece { objects, read })
    }

    fn trial(&mut self, own: &Node, made: &Pieces, path: &Path, leaf: &Node) -> Option<Does> {
        if let Some(does) = self.without(own, made, path) {
            return Some(does);
        }
        match self.with_others(own, made, path, leaf) {
            Some(_) if !is_true(leaf) && leaf.value != Value::Bool(false) => Some(Does::Nothing),
            Some(does) => Some(does),
            None => self.switched_off(own, made, path, leaf),
        }
    }

    /// What the leaf does, by what the chart makes without it.
    fn without(&mut self, own: &Node, made: &Pieces, path: &Path) -> Option<Does> {
        let keys = keys_above_lists(path);
        if !made.iter().any(|piece| piece.depends_on(&keys)) {
            return None;
        }
        let without = self.make(&without(own, path), Some((made, &keys)))?;
        difference(made, &without)
    }

    /// What the leaf does, by what the chart makes with others in its place.
    fn with_others(&mut self, own: &Node, made: &Pieces, path: &Path, leaf: &Node) -> Option<Does> {
        let keys = keys_above_lists(path);
        if !made.iter().any(|piece| piece.depends_on(&keys)) {
            return None;
        }
        others(leaf).into_iter().find_map(|other| {
            let changed = self.make(&with(own, path, other), Some((made, &keys)))?;
            difference(made, &changed)
        })
    }

    /// The one key that would have to say otherwise for this leaf to count. Nothing where there was no room to find out, or
    /// the chart's keys are not all known: then what the leaf does not do here says nothing.
    fn switched_off(&mut self, own: &Node, made: &Pieces, path: &Path, leaf: &Node) -> Option<Does> {
        let switches = match self.release.chart {
            Some(chart) => switches(chart, path),
            None => ancestors(own, path),
        };
        let before = self.left;
        for switch in switches {
            if self.for_switches == 0 {
                break;
            }
            let Some((turned, made)) = self.turned(own, made, &switch) else { continue };
            let counts = self.without(&turned, &made, path).is_some()
                || self.with_others(&turned, &made, path, leaf).is_some();
            let spent = before.saturating_sub(self.left);
            if counts {
                self.for_switches = self.for_switches.saturating_sub(spent);
                return Some(Does::SwitchedOff(Some(switch)));
            }
        }
        self.for_switches = self.for_switches.saturating_sub(before.saturating_sub(self.left));
        (self.left > 0 && self.release.chart.is_some()).then_some(Does::SwitchedOff(None))
    }

    /// The values with a switch turned, and what the chart makes of them.
    fn turned(&mut self, own: &Node, made: &Pieces, switch: &str) -> Option<(Rc<Node>, Pieces)> {
        if let Some(turned) = self.turned.get(switch) {
            return turned.clone();
        }
        let keys: Vec<&str> = switch.split('.').collect();
        let keys = changed_by_setting(own, &keys);
        let made = match made.iter().any(|piece| piece.depends_on(keys)) {
            true => {
                let turned = turn(self.release.chart, own, switch);
                self.make(&turned, Some((made, keys))).map(|made| (Rc::new(turned), made))
            }
            false => None,
        };
        self.turned.insert(switch.to_owned(), made.clone());
        made
    }
}

/// The keys on the way to a value, down to the first list.
fn keys_above_lists(path: &Path) -> Vec<&str> {
    let keys = path.0.iter().map_while(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    keys.collect()
}

/// What setting a key changes: where a section above it is null or no mapping, the whole section, since the chart's
/// defaults come back.
fn changed_by_setting<'k>(own: &Node, keys: &'k [&'k str]) -> &'k [&'k str] {
    let is_section =
        |depth: &usize| own.at_keys(&keys[..*depth]).is_none_or(|node| node.as_mapping().is_some());
    let depth = (1..keys.len()).find(|depth| !is_section(depth)).unwrap_or(keys.len());
    &keys[..depth]
}

/// Keys of an official chart that switch others on and off, those nearest to the leaf first.
fn switches(chart: OfficialChart, path: &Path) -> Vec<String> {
    let own = keys_of(path).join(".");
    let is_switch = |key: &&ValueKey| {
        let last = key.path.rsplit('.').next().unwrap_or_default();
        let turns = key.holds == Holds::Truth || last.starts_with("existing") || last == "name";
        turns && !key.path.contains("[]") && key.path != own
    };
    let shared =
        |key: &str| key.split('.').zip(own.split('.')).take_while(|(one, other)| one == other).count();
    let mut switches: Vec<&str> = chart.keys().iter().filter(is_switch).map(|key| key.path).collect();
    switches.retain(|key| shared(key) > 0 || key.ends_with(".enabled"));
    switches.sort_by_key(|key| std::cmp::Reverse(shared(key)));
    switches.into_iter().take(MAX_SWITCHES).map(ToOwned::to_owned).collect()
}

/// The keys `enabled` beside the leaf and above it.
fn ancestors(own: &Node, path: &Path) -> Vec<String> {
    let keys = keys_of(path);
    let above = (1..keys.len()).rev().map(|depth| [&keys[..depth], &["enabled"]].concat());
    above.filter(|switch| own.at_keys(switch).is_some()).map(|switch| switch.join(".")).collect()
}

fn keys_of(path: &Path) -> Vec<&str> {
    let keys = path.0.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    keys.collect()
}

/// The values with a switch turned: on or off, or what it names taken away.
fn turn(chart: Option<OfficialChart>, own: &Node, switch: &str) -> Node {
    let keys: Vec<&str> = switch.split('.').collect();
    let all = chart.and_then(|chart| full(chart, own));
    let is_on = all.as_ref().unwrap_or(own).at_keys(&keys).is_some_and(is_true);
    let key = chart.and_then(|chart| chart.key(switch));
    let is_truth = key.is_none_or(|key| key.holds == Holds::Truth);
    let mut turned = own.clone();
    *turned.ensure(&keys) = match (is_truth, is_on) {
        (true, is_on) => (!is_on).into(),
        (false, true) => Value::Null.into(),
        (false, false) => "trial".into(),
    };
    turned
}

fn without(own: &Node, path: &Path) -> Node {
    let mut changed = own.clone();
    remove(&mut changed, &path.0);
    changed
}

fn remove(node: &mut Node, path: &[Segment]) {
    match (path, &mut node.value) {
        ([Segment::Key(key)], Value::Mapping(mapping)) => {
            mapping.shift_remove(key);
        }
        ([Segment::Index(index)], Value::Sequence(items)) if *index < items.len() => {
            items.remove(*index);
        }
        ([Segment::Key(key), rest @ ..], Value::Mapping(mapping)) => {
            if let Some(child) = mapping.get_mut(key) {
                remove(child, rest);
            }
        }
        ([Segment::Index(index), rest @ ..], Value::Sequence(items)) => {
            if let Some(child) = items.get_mut(*index) {
                remove(child, rest);
            }
        }
        _ => {}
    }
}

/// Other leaves of the same kind. `statefulset` is what both charts and `app-template` know beside Deployments.
fn others(leaf: &Node) -> Vec<Node> {
    match &leaf.value {
        Value::Bool(truth) => vec![(!truth).into()],
        Value::Number(number) => vec![number.as_i64().unwrap_or_default().saturating_add(1).into()],
        Value::Mapping(_) => {
            let mut mapping = Node::mapping();
            mapping.set("trial", "trial");
            vec![mapping]
        }
        Value::Sequence(_) => vec![Value::Sequence(vec!["trial".into()]).into()],
        Value::Secret(_) => {
            let mut secret = Node::from("trial");
            secret.seal();
            vec![secret]
        }
        Value::String(_) | Value::Null => vec!["trial".into(), "statefulset".into()],
    }
}

/// The values with another leaf in this place.
fn with(own: &Node, path: &Path, other: Node) -> Node {
    let mut changed = own.clone();
    if let Some(slot) = at_path_mut(&mut changed, &path.0) {
        *slot = other;
    }
    changed
}

fn at_path_mut<'a>(node: &'a mut Node, path: &[Segment]) -> Option<&'a mut Node> {
    let Some((first, rest)) = path.split_first() else { return Some(node) };
    match (first, &mut node.value) {
        (Segment::Key(key), Value::Mapping(mapping)) => at_path_mut(mapping.get_mut(key)?, rest),
        (Segment::Index(index), Value::Sequence(items)) => at_path_mut(items.get_mut(*index)?, rest),
        _ => None,
    }
}

/// What one leaf does, by what the chart makes with and without it. Labels repeat what other places say.
fn difference(with: &Pieces, without: &Pieces) -> Option<Does> {
    let (with, without) = remade(with, without);
    // Most objects are the same, and seen to be so fast.
    let apart = |one: &[&Object], other: &[&Object]| -> Made {
        let is_same = |object: &Object| {
            let mut found =
                other.iter().filter(|own| own.kind() == object.kind() && own.name() == object.name());
            found.any(|own| is_same_tree(&own.node, &object.node))
        };
        leaves_of(one.iter().copied().filter(|object| !is_same(object)))
    };
    let (with, without) = (apart(&with, &without), apart(&without, &with));
    let differs =
        |(place, node): &(&Place, &Node)| without.get(*place).is_none_or(|other| !is_same(node, other));
    let is_plain = |place: &Place| !place.1 && !place.2.to_string().contains("labels");
    let decided = || with.iter().filter(differs);
    let found =
        decided().find(|(place, _)| is_plain(place)).or_else(|| decided().find(|(place, _)| !place.1));
    if let Some((place, node)) = found {
        return Some(Does::Decides(spot(place, node)));
    }
    let withheld = || without.iter().filter(|(place, _)| !with.contains_key(*place));
    if let Some((place, node)) = withheld().find(|(place, _)| !place.1) {
        return Some(Does::Withholds(Spot { origin: None, ..spot(place, node) }));
    }
    let (place, node) = decided().next().or_else(|| withheld().next())?;
    Some(Does::Once(spot(place, node)))
}

/// The objects of those pieces that were made anew.
fn remade<'a>(with: &'a Pieces, without: &'a Pieces) -> (Vec<&'a Object>, Vec<&'a Object>) {
    let pairs = with.iter().zip(without.iter()).filter(|(one, other)| !Rc::ptr_eq(one, other));
    let (with, without): (Vec<_>, Vec<_>) = pairs.map(|(one, other)| (&one.objects, &other.objects)).unzip();
    (with.into_iter().flatten().collect(), without.into_iter().flatten().collect())
}

fn leaves_of<'a>(objects: impl Iterator<Item = &'a Object>) -> Made {
    let mut made = Made::new();
    for object in objects {
        let (id, once) = (object.id().to_string(), runs_once(object));
        for leaf in object.node.leaves() {
            made.insert((id.clone(), once, leaf.path), leaf.node.clone());
        }
    }
    made
}

fn is_same_tree(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Mapping(own), Value::Mapping(others)) => {
            own.len() == others.len()
                && own
                    .iter()
                    .all(|(key, child)| others.get(key).is_some_and(|other| is_same_tree(child, other)))
        }
        (Value::Sequence(own), Value::Sequence(others)) => {
            own.len() == others.len() && own.iter().zip(others).all(|(one, other)| is_same_tree(one, other))
        }
        (own, other) => own == other,
    }
}

/// Whether two nodes say the same to a reader of text.
fn is_same(one: &Node, other: &Node) -> bool {
    let text = |node: &Node| match node.as_secret() {
        Some(secret) => Some(secret.reveal().to_owned()),
        None => node.as_text(),
    };
    one.value == other.value || text(one).is_some_and(|own| text(other) == Some(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Driver;

    fn release(chart: OfficialChart) -> ChartRelease {
        ChartRelease {
            name: "sea".to_owned(),
            namespace: None,
            chart: Some(chart),
            title: String::new(),
            version: None,
            driver: Driver::Helm,
            origin: None,
            changed_after: None,
            objects: Vec::new(),
            values: chart.default_values(),
            foreign: Vec::new(),
        }
    }

    #[test]
    fn what_never_looked_at_a_value_is_the_same_whatever_it_says() {
        for chart in OfficialChart::ALL {
            let release = release(chart);
            let own = &release.values;
            let mut trials = Trials { left: usize::MAX, ..Trials::new(&release) };
            let base = trials.make(own, None).expect("few objects");
            let mut spared = 0;
            // A sample: each is some hundred objects made.
            for leaf in own.leaves().into_iter().step_by(11) {
                let keys = keys_above_lists(&leaf.path);
                for other in others(leaf.node) {
                    let changed = with(own, &leaf.path, other);
                    let Some(anew) = trials.make(&changed, None) else { continue };
                    let partly = trials.make(&changed, Some((&base, &keys))).expect("as before");
                    for (one, other) in anew.iter().zip(partly.iter()) {
                        let trees = |piece: &Piece| -> Vec<Node> {
                            piece.objects.iter().map(|object| object.node.clone()).collect()
                        };
                        assert_eq!(trees(one), trees(other), "{}", leaf.path);
                    }
                    spared +=
                        base.iter().zip(partly.iter()).filter(|(one, other)| Rc::ptr_eq(one, other)).count();
                }
            }
            assert!(spared > 500, "{chart:?}: {spared}");
        }
    }
}
