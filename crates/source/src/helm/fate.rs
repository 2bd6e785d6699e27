//! What each value does, found out by changing it: what the chart makes then differs, or it does not.

use std::collections::HashSet;

use indexmap::IndexMap;
use installation::Object;
use installation::chart::{Cast, Holds, OfficialChart, Shape, is_true, with_defaults};
use tree::{Files, Node, Origin, Path, Segment, Value};

use crate::releases::{ChartRelease, Does, Embedded, Spot, ValueFate, runs_once};

/// How many leaves of objects may be looked at for one release: bounds the trials that many values and many workers
/// would ask for.
const MAX_LOOKED_AT: usize = 6_000_000;

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
        let Some(chart) = self.chart else { return fates };
        let mut trials = Trials::new(chart, &self.name);
        let Some(made) = trials.make(&self.values) else { return fates };
        let mut standing: IndexMap<Origin, Vec<(&Place, &Node)>> = IndexMap::new();
        for (place, node) in &made {
            if let Some(origin) = node.origin {
                standing.entry(origin).or_default().push((place, node));
            }
        }
        let unread: HashSet<String> =
            chart.unread_keys(&self.values).into_iter().map(|own| own.key).collect();
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
                None => trials.trial(&self.values, &made, &leaf.path, leaf.node),
            };
            fates.extend(does.map(|does| ValueFate { origin, does }));
        }
        fates
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

fn spot((object, _, path): &Place, node: &Node) -> Spot {
    Spot { object: object.clone(), path: path.to_string(), origin: node.origin }
}

/// The values with the chart's defaults; `None` for values that the chart cannot read.
fn full(chart: OfficialChart, own: &Node) -> Option<Node> {
    let mut files = Files::new();
    let file = files.add("defaults", chart.defaults());
    let mut defaults = tree::parse(&files, file).ok()?.into_iter().next()?;
    forget_places(&mut defaults);
    with_defaults(own, &defaults).ok()
}

fn forget_places(node: &mut Node) {
    node.origin = None;
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(forget_places),
        Value::Sequence(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
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

struct Trials<'a> {
    chart: OfficialChart,
    release: &'a str,
    left: usize,
    /// What the chart makes with one switch turned.
    turned: IndexMap<&'static str, Option<(Node, Made)>>,
}

impl<'a> Trials<'a> {
    fn new(chart: OfficialChart, release: &'a str) -> Self {
        Self { chart, release, left: MAX_LOOKED_AT, turned: IndexMap::new() }
    }

    fn make(&mut self, own: &Node) -> Option<Made> {
        if self.left == 0 {
            return None;
        }
        let values = full(self.chart, own)?;
        let objects = Cast::new(Shape::bare(self.chart), self.release, &values, None).objects()?;
        let mut made = Made::new();
        for object in objects.into_iter().map(Object::new) {
            let (id, once) = (object.id().to_string(), runs_once(&object));
            for leaf in object.node.leaves() {
                made.insert((id.clone(), once, leaf.path.clone()), leaf.node.clone());
            }
        }
        self.left = self.left.saturating_sub(made.len().max(1));
        Some(made)
    }

    fn trial(&mut self, own: &Node, made: &Made, path: &Path, leaf: &Node) -> Option<Does> {
        let without = self.make(&without(own, path))?;
        if let Some(does) = difference(made, &without) {
            return Some(does);
        }
        let other = self.make(&with_other(own, path, leaf))?;
        match difference(made, &other) {
            Some(_) if !is_true(leaf) && leaf.value != Value::Bool(false) => Some(Does::Nothing),
            Some(does) => Some(does),
            None => self.switch(own, path, leaf).map(Does::SwitchedOff),
        }
    }

    /// The one key that would have to say otherwise for this leaf to count; the inner `None` where there is none, the outer
    /// one where there was no room to find out.
    fn switch(&mut self, own: &Node, path: &Path, leaf: &Node) -> Option<Option<String>> {
        for switch in self.switches(path) {
            if !self.turned.contains_key(switch) {
                let turned = turn(self.chart, own, switch);
                let made = self.make(&turned).map(|made| (turned, made));
                self.turned.insert(switch, made);
            }
            let Some(Some((turned, made))) = self.turned.get(switch).cloned() else { continue };
            let without = self.make(&without(&turned, path));
            if without.is_some_and(|without| difference(&made, &without).is_some()) {
                return Some(Some(switch.to_owned()));
            }
            let other = self.make(&with_other(&turned, path, leaf));
            if other.is_some_and(|other| difference(&made, &other).is_some()) {
                return Some(Some(switch.to_owned()));
            }
        }
        (self.left > 0).then_some(None)
    }

    /// Keys that switch others on and off, those nearest to the leaf first.
    fn switches(&self, path: &Path) -> Vec<&'static str> {
        let own: Vec<&str> = path
            .0
            .iter()
            .filter_map(|segment| match segment {
                Segment::Key(key) => Some(key.as_str()),
                Segment::Index(_) => None,
            })
            .collect();
        let own = own.join(".");
        let is_switch = |key: &&installation::chart::ValueKey| {
            let last = key.path.rsplit('.').next().unwrap_or_default();
            let turns = key.holds == Holds::Truth || last.starts_with("existing") || last == "name";
            turns && !key.path.contains("[]") && key.path != own
        };
        let shared =
            |key: &str| key.split('.').zip(own.split('.')).take_while(|(one, other)| one == other).count();
        let mut switches: Vec<&'static str> =
            self.chart.keys().iter().filter(is_switch).map(|key| key.path).collect();
        switches.retain(|key| shared(key) > 0 || key.ends_with(".enabled"));
        switches.sort_by_key(|key| std::cmp::Reverse(shared(key)));
        switches.truncate(48);
        switches
    }
}

/// The values with a switch turned: on or off, or what it names taken away.
fn turn(chart: OfficialChart, own: &Node, switch: &str) -> Node {
    let keys: Vec<&str> = switch.split('.').collect();
    let is_on = full(chart, own).is_some_and(|values| values.at_keys(&keys).is_some_and(is_true));
    let is_truth = chart.key(switch).is_some_and(|key| key.holds == Holds::Truth);
    let mut turned = own.clone();
    let slot = turned.ensure(&keys);
    *slot = match (is_truth, is_on) {
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

/// The values with another leaf of the same kind in this place.
fn with_other(own: &Node, path: &Path, leaf: &Node) -> Node {
    let other = match &leaf.value {
        Value::Bool(truth) => Node::from(!truth),
        Value::Number(number) => Node::from(number.as_i64().unwrap_or_default().saturating_add(1)),
        Value::Mapping(_) => {
            let mut mapping = Node::mapping();
            mapping.set("trial", "trial");
            mapping
        }
        Value::Sequence(_) => Value::Sequence(vec!["trial".into()]).into(),
        Value::Secret(_) => {
            let mut secret = Node::from("trial");
            secret.seal();
            secret
        }
        Value::String(_) | Value::Null => Node::from("trial"),
    };
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
fn difference(with: &Made, without: &Made) -> Option<Does> {
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

/// Whether two nodes say the same to a reader of text.
fn is_same(one: &Node, other: &Node) -> bool {
    let text = |node: &Node| match node.as_secret() {
        Some(secret) => Some(secret.reveal().to_owned()),
        None => node.as_text(),
    };
    one.value == other.value || text(one).is_some_and(|own| text(other) == Some(own))
}
