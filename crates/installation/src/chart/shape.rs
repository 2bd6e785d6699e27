//! What a chart makes of its values, written down as objects with places for the values.
//!
//! A shape is a YAML file. Its first document holds `names` (expressions with a name), `requires` (keys without
//! which the chart refuses to render) and `parts`; every other document is an object. In it
//!
//! - a text that begins with `=` is an expression: ways of keys into the values (`a.b.c`), into the item at hand
//!   (`.a`, or `.` for the item itself), `@name`, a `NAME` in capitals that the release gives, or a literal in
//!   quotes, with ` | ` between alternatives of which the first that is not empty counts. `=text` makes a text of it
//!   as Go does, `=truth` `true` or `false`, `=join` a text of a list;
//! - other texts take expressions between braces;
//! - a key that ends in `~` is left out with an empty value;
//! - `$if` keeps a mapping only under a condition (`a & !b or c != false`); `$include` takes in parts, `$groups`
//!   a list of mappings, `$merge` mappings of the values; `$pairs` a mapping as texts;
//! - in a list, `$all` takes in a list of the values, `$each` repeats its mapping or `$items` for each of a list,
//!   `$items` alone takes in several; `$vars` and `$pairs` make variables, `$secret` one that refers to a Secret;
//! - `$each` and `$for` (a name in capitals, its texts) repeat an object.
//!
//! Shapes are [`tree`] documents like any other, added to the run's files, so that what a chart adds of its own has
//! a file and a line too.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::LazyLock;

use tree::{FileId, Files, Mapping, Node, Origin, ParseError, Value};

use super::go;
use super::table::OfficialChart;

/// The most nodes one release may become: bounds what a list of many workers can ask for.
const MAX_NODES: usize = 400_000;

/// The longest name that the charts make, before suffixes.
const NAME_LIMIT: usize = 63;

/// Mastodon's name in both charts, unless overridden.
const CHART_NAME: &str = "mastodon";

/// A shape, read.
#[derive(Debug, Clone)]
pub struct Shape {
    chart: OfficialChart,
    head: Node,
    objects: Vec<Node>,
    file: Option<FileId>,
}

/// A release's values and names, put into a shape.
#[derive(Debug)]
pub struct Cast<'a> {
    shape: &'a Shape,
    values: &'a Node,
    defaults: Option<FileId>,
    names: Vec<(&'static str, String)>,
    left: Cell<usize>,
    read: RefCell<HashSet<&'a str>>,
}

#[derive(Clone, Default)]
struct Scope<'a> {
    item: Option<&'a Node>,
    names: Vec<(String, String)>,
}

impl Shape {
    /// What a chart makes of its values. The shape is added to `files`, so that what the chart adds of its own has a
    /// file and a line.
    ///
    /// # Errors
    /// Never, unless the shape that is built in is no YAML.
    pub fn of(chart: OfficialChart, files: &mut Files) -> Result<Self, ParseError> {
        let file = files.add(format!("{} (what the chart makes)", chart.title()), chart.shape());
        let mut documents = tree::parse(files, file)?.into_iter();
        let head = documents.next().unwrap_or_else(Node::mapping);
        Ok(Self { chart, head, objects: documents.collect(), file: Some(file) })
    }

    /// The same for a writer: nothing in it has a place, so that in what is cast only that has one which its owner
    /// wrote.
    #[must_use]
    pub fn bare(chart: OfficialChart) -> &'static Self {
        static SHAPES: LazyLock<[Shape; 2]> = LazyLock::new(|| OfficialChart::ALL.map(without_places));
        match chart {
            OfficialChart::HelmCharts => &SHAPES[0],
            OfficialChart::Chart => &SHAPES[1],
        }
    }

    /// How many documents it has that become objects.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no shape is empty")]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// The file the shape stands in.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.head.origin
    }
}

impl<'a> Cast<'a> {
    /// A release to be cast: the shape of its chart, its name, its values with the defaults filled in, and the file
    /// that the defaults stand in.
    #[must_use]
    pub fn new(shape: &'a Shape, release: &str, values: &'a Node, defaults: Option<FileId>) -> Self {
        let names = names(shape.chart, release, values);
        Self { shape, values, defaults, names, left: Cell::new(MAX_NODES), read: RefCell::default() }
    }

    /// The objects; `None` where there would be too many.
    #[must_use]
    pub fn objects(&self) -> Option<Vec<Node>> {
        let mut objects = Vec::new();
        for number in 0..self.shape.len() {
            objects.extend(self.part_of(number)?);
        }
        Some(objects)
    }

    /// The objects that one of the shape's documents becomes, by its number; `None` where there would be too many.
    #[must_use]
    pub fn part_of(&self, number: usize) -> Option<Vec<Node>> {
        let mut objects = Vec::new();
        if let Some(shape) = self.shape.objects.get(number) {
            for scope in self.repetitions(shape) {
                objects.extend(self.mapping(shape, &scope));
                if self.left.get() == 0 {
                    return None;
                }
            }
        }
        Some(objects)
    }

    /// The keys of the values, their parts joined with points, that were looked at since this was last asked. What
    /// they hold, and nothing else of the values, decides what was made.
    #[must_use]
    pub fn take_read(&self) -> HashSet<&'a str> {
        let mut read = self.read.take();
        // All objects are named after these.
        read.extend(["nameOverride", "fullnameOverride"]);
        read
    }

    /// The keys that the chart insists on and the values leave empty.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let scope = Scope::default();
        let required = self.shape.head.get("requires").into_iter().flat_map(Node::items);
        required
            .filter(|rule| rule.str_at(&["if"]).is_none_or(|condition| self.holds(condition, &scope)))
            .filter_map(|rule| rule.str_at(&["key"]))
            .filter(|key| !self.look(key, &scope).is_some_and(go::is_true))
            .map(ToOwned::to_owned)
            .collect()
    }

    fn repetitions(&self, shape: &'a Node) -> Vec<Scope<'a>> {
        let mut scopes = vec![Scope::default()];
        if let Some(list) = shape.str_at(&["$each"]) {
            let items = self.look(list, &Scope::default()).into_iter().flat_map(Node::items);
            scopes = items.map(|item| Scope { item: Some(item), names: Vec::new() }).collect();
        }
        for (name, texts) in shape.get("$for").and_then(Node::as_mapping).into_iter().flatten() {
            let texts: Vec<&str> = texts.items().filter_map(Node::as_str).collect();
            let named = |scope: &Scope<'a>, text: &str| {
                let mut scope = scope.clone();
                scope.names.push((name.clone(), text.to_owned()));
                scope
            };
            scopes =
                scopes.iter().flat_map(|scope| texts.iter().map(move |text| named(scope, text))).collect();
        }
        scopes
    }

    fn node(&self, shape: &'a Node, scope: &Scope<'a>) -> Option<Node> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return None;
        }
        match &shape.value {
            Value::Mapping(_) => self.mapping(shape, scope),
            Value::Sequence(items) => {
                let made = items.iter().flat_map(|item| self.items(item, scope)).collect();
                Some(Node::from(Value::Sequence(made)).at(shape.origin))
            }
            Value::String(text) => self.text(text, shape.origin, scope),
            _ => Some(shape.clone()),
        }
    }

    fn mapping(&self, shape: &'a Node, scope: &Scope<'a>) -> Option<Node> {
        if shape.str_at(&["$if"]).is_some_and(|condition| !self.holds(condition, scope)) {
            return None;
        }
        let mut made = Mapping::new();
        for part in words(shape.get("$include")).into_iter().filter_map(|name| self.part(name)) {
            self.take_in(&mut made, part, scope);
        }
        for group in shape.get("$groups").into_iter().flat_map(Node::items) {
            match group.as_str().and_then(|name| self.part(name)) {
                Some(part) => part.items().for_each(|group| self.take_in(&mut made, group, scope)),
                None => self.take_in(&mut made, group, scope),
            }
        }
        for path in words(shape.get("$merge")) {
            let taken = self.look(path, scope).and_then(|mapping| self.taken(mapping));
            if let Some(Value::Mapping(mapping)) = taken.map(|node| node.value) {
                made.extend(mapping);
            }
        }
        for (key, child) in shape.as_mapping().into_iter().flatten() {
            if key.starts_with('$') {
                continue;
            }
            let (key, may_be_left_out) =
                key.strip_suffix('~').map_or((key.as_str(), false), |key| (key, true));
            let Some(value) = self.node(child, scope) else { continue };
            if may_be_left_out && !self.is_full(child, &value, scope) {
                continue;
            }
            let key = match key.contains('{') {
                true => self.fill_in(key, None, scope).as_text().unwrap_or_default(),
                false => key.to_owned(),
            };
            made.insert(key, value);
        }
        if let Some(pairs) = shape.str_at(&["$pairs"]).and_then(|path| self.look(path, scope)) {
            let pairs = self.taken(pairs);
            made.extend(sorted(pairs.as_ref()).map(|(name, value)| (name.clone(), go::to_text(value))));
        }
        Some(Node::from(Value::Mapping(made)).at(shape.origin))
    }

    /// Whether what a place was filled with is not empty: of a text that was made, the value it was made of.
    fn is_full(&self, shape: &'a Node, made: &Node, scope: &Scope<'a>) -> bool {
        let expression = shape.as_str().and_then(|text| text.strip_prefix("=text "));
        match expression.and_then(|expression| self.choose(expression, None, scope)) {
            Some(value) => go::is_true(&value),
            None => go::is_true(made),
        }
    }

    fn take_in(&self, made: &mut Mapping, part: &'a Node, scope: &Scope<'a>) {
        if let Some(Value::Mapping(mapping)) = self.mapping(part, scope).map(|node| node.value) {
            made.extend(mapping);
        }
    }

    /// What one member of a list becomes.
    fn items(&self, shape: &'a Node, scope: &Scope<'a>) -> Vec<Node> {
        if shape.str_at(&["$if"]).is_some_and(|condition| !self.holds(condition, scope)) {
            return Vec::new();
        }
        let part = shape.str_at(&["$include"]).and_then(|name| self.part(name));
        if let Some(part) = part.filter(|part| part.as_sequence().is_some()) {
            return part.items().flat_map(|item| self.items(item, scope)).collect();
        }
        let looked_up = |key: &str| shape.str_at(&[key]).map(|path| self.look(path, scope));
        if let Some(list) = looked_up("$all") {
            let taken = list.and_then(|list| self.taken(list));
            return match taken.map(|node| node.value) {
                Some(Value::Sequence(items)) => items,
                _ => Vec::new(),
            };
        }
        if let Some(list) = looked_up("$each") {
            let repeat = |item| self.repeated(shape, &Scope { item: Some(item), names: scope.names.clone() });
            return list.into_iter().flat_map(Node::items).flat_map(repeat).collect();
        }
        if let Some(pairs) = looked_up("$pairs") {
            let pairs = pairs.and_then(|pairs| self.taken(pairs));
            let place = shape.origin;
            return sorted(pairs.as_ref())
                .map(|(name, value)| variable(name, place, go::to_text(value)))
                .collect();
        }
        if let Some(variables) = shape.get("$vars") {
            let made = self.mapping(variables, scope);
            let made = made.as_ref().and_then(Node::as_mapping).into_iter().flatten();
            return made.map(|(name, value)| variable(name, variables.origin, value.clone())).collect();
        }
        if let Some(name) = shape.str_at(&["$secret"]) {
            return self.reference(name, shape, scope).into_iter().collect();
        }
        self.repeated(shape, scope)
    }

    fn repeated(&self, shape: &'a Node, scope: &Scope<'a>) -> Vec<Node> {
        match shape.get("$items") {
            Some(items) => items.items().flat_map(|item| self.items(item, scope)).collect(),
            None => self.node(shape, scope).into_iter().collect(),
        }
    }

    /// A variable that is a key of a Secret.
    fn reference(&self, name: &str, shape: &'a Node, scope: &Scope<'a>) -> Option<Node> {
        let secret = self.node(shape.get("of")?, scope)?;
        let key = self.node(shape.get("key")?, scope)?;
        let origin = secret.origin;
        let mut reference = Node::mapping().at(origin);
        reference.set("name", go::to_text(&secret));
        reference.set("key", go::to_text(&key));
        if let Some(optional) = shape.get("optional") {
            reference.set("optional", optional.clone());
        }
        let mut from = Node::mapping().at(origin);
        from.set("secretKeyRef", reference);
        let mut variable = Node::mapping().at(origin);
        variable.set("name", Node::from(name).at(shape.get("$secret").and_then(|name| name.origin)));
        variable.set("valueFrom", from);
        Some(variable)
    }

    fn part(&self, name: &str) -> Option<&'a Node> {
        self.shape.head.at_keys(&["parts", name])
    }

    fn text(&self, text: &'a str, origin: Option<Origin>, scope: &Scope<'a>) -> Option<Node> {
        let Some(expression) = text.strip_prefix('=') else {
            return Some(match text.contains('{') {
                true => self.fill_in(text, origin, scope),
                false => Node::from(text).at(origin),
            });
        };
        if let Some(expression) = expression.strip_prefix("text ") {
            return self.choose(expression, origin, scope).map(|node| go::to_text(&node));
        }
        if let Some(path) = expression.strip_prefix("truth ") {
            let value = self.look(path, scope);
            let truth = if value.is_some_and(go::is_true) { "true" } else { "false" };
            return Some(Node::from(truth).at(value.and_then(|value| value.origin).or(origin)));
        }
        if let Some(expression) = expression.strip_prefix("join ") {
            let list = self.choose(expression, origin, scope)?;
            let items: Vec<String> = list.items().filter_map(|item| go::to_text(item).as_text()).collect();
            return Some(Node::from(items.join(",")).at(list.origin));
        }
        self.choose(expression, origin, scope)
    }

    /// The first alternative that is not empty, else the last.
    fn choose(&self, expression: &'a str, origin: Option<Origin>, scope: &Scope<'a>) -> Option<Node> {
        let mut last = None;
        for alternative in expression.split(" | ") {
            last = self.alternative(alternative.trim(), origin, scope);
            if last.as_ref().is_some_and(go::is_true) {
                return last;
            }
        }
        last
    }

    fn alternative(&self, alternative: &'a str, origin: Option<Origin>, scope: &Scope<'a>) -> Option<Node> {
        if let Some(literal) = alternative.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            if let Some(number) = literal.strip_prefix("int ").and_then(|number| number.parse::<i64>().ok()) {
                return Some(Node::from(number).at(origin));
            }
            return Some(self.fill_in(literal, origin, scope));
        }
        if let Some(name) = alternative.strip_prefix('@') {
            let named = self.shape.head.at_keys(&["names", name])?;
            let Some(condition) = named.str_at(&["if"]) else { return self.node(named, scope) };
            let branch = if self.holds(condition, scope) { "then" } else { "else" };
            return self.node(named.get(branch)?, scope);
        }
        if !alternative.is_empty() && alternative.chars().all(|c| c.is_ascii_uppercase()) {
            let given = scope.names.iter().find(|(name, _)| name == alternative).map(|(_, text)| text);
            let given =
                given.or(self.names.iter().find(|(name, _)| *name == alternative).map(|(_, text)| text));
            return Some(Node::from(given.cloned().unwrap_or_default()).at(origin));
        }
        self.look(alternative, scope)
            .filter(|node| node.value != Value::Null)
            .and_then(|node| self.taken(node))
    }

    /// A copy of a value, while there is room for it.
    fn taken(&self, node: &Node) -> Option<Node> {
        let size = go::size(node);
        let left = self.left.get();
        self.left.set(left.saturating_sub(size));
        (size < left).then(|| node.clone())
    }

    fn look(&self, path: &'a str, scope: &Scope<'a>) -> Option<&'a Node> {
        match path.strip_prefix('.') {
            Some("") => scope.item,
            Some(path) => go::at(scope.item?, path),
            None => {
                self.read.borrow_mut().insert(path);
                go::at(self.values, path)
            }
        }
    }

    /// A text with expressions between braces. It has the origin of the first of them that its owner wrote.
    fn fill_in(&self, text: &'a str, origin: Option<Origin>, scope: &Scope<'a>) -> Node {
        let mut made = String::new();
        let mut is_secret = false;
        let mut place = None;
        for (number, piece) in text.split('{').enumerate() {
            let (expression, rest) = match piece.split_once('}') {
                Some((expression, rest)) if number > 0 => (Some(expression), rest),
                _ => (None, piece),
            };
            if let Some(value) = expression.and_then(|expression| self.choose(expression, origin, scope)) {
                is_secret |= value.as_secret().is_some();
                let value = match value.as_secret() {
                    Some(secret) => Node::from(secret.reveal()),
                    None => go::to_text(&value).at(value.origin),
                };
                made.push_str(value.as_str().unwrap_or_default());
                let own = |origin: &Origin| ![self.shape.file, self.defaults].contains(&Some(origin.file));
                place = place.or(value.origin.filter(own));
            }
            made.push_str(rest);
        }
        let mut node = Node::from(made).at(place.or(origin));
        if is_secret {
            node.seal();
        }
        node
    }

    fn holds(&self, condition: &'a str, scope: &Scope<'a>) -> bool {
        condition.split(" or ").any(|all| all.split(" & ").all(|one| self.is_so(one.trim(), scope)))
    }

    fn is_so(&self, condition: &'a str, scope: &Scope<'a>) -> bool {
        if let Some(path) = condition.strip_suffix(" != false") {
            return self.look(path, scope).is_none_or(|node| node.value != Value::Bool(false));
        }
        if let Some((path, text)) = condition.split_once(" == ") {
            return self.look(path, scope).and_then(Node::as_str) == Some(text);
        }
        if let Some((_, text)) = scope.names.iter().find(|(name, _)| name == condition) {
            return !text.is_empty();
        }
        match condition.strip_prefix('!') {
            Some(path) => !self.look(path, scope).is_some_and(go::is_true),
            None => self.look(condition, scope).is_some_and(go::is_true),
        }
    }
}

/// The names that both charts make the same way: `fullnameOverride`, else the release's name if it contains the
/// chart's, else both; cut to 63 characters.
fn names(chart: OfficialChart, release: &str, values: &Node) -> Vec<(&'static str, String)> {
    let set = |key: &str| values.str_at(&[key]).filter(|text| !text.is_empty());
    let name = set("nameOverride").unwrap_or(CHART_NAME);
    let full = match set("fullnameOverride") {
        Some(full) => full.to_owned(),
        None if release.contains(name) => release.to_owned(),
        None => format!("{release}-{name}"),
    };
    let cut = |text: &str| {
        let cut: String = text.chars().take(NAME_LIMIT).collect();
        cut.strip_suffix('-').map(ToOwned::to_owned).unwrap_or(cut)
    };
    vec![
        ("R", cut(&full)),
        ("NAME", cut(name)),
        ("RELEASE", release.to_owned()),
        ("CHART", format!("{CHART_NAME}-{}", chart.version())),
        ("APP", chart.app_version().to_owned()),
    ]
}

/// Both shapes are YAML, as a test makes sure.
fn without_places(chart: OfficialChart) -> Shape {
    let read = Shape::of(chart, &mut Files::new()).ok();
    let (head, objects) = read.map_or_else(|| (Node::mapping(), Vec::new()), |own| (own.head, own.objects));
    let objects = objects.into_iter().map(Node::without_places).collect();
    Shape { chart, head: head.without_places(), objects, file: None }
}

/// A variable; its name is the chart's word, so that it has the chart's place.
fn variable(name: &str, place: Option<Origin>, value: Node) -> Node {
    let mut variable = Node::mapping().at(value.origin);
    variable.set("name", Node::from(name).at(place));
    variable.set("value", value);
    variable
}

/// A template's `range` goes through a mapping by the alphabet.
fn sorted(pairs: Option<&Node>) -> impl Iterator<Item = (&String, &Node)> {
    let mut pairs: Vec<_> = pairs.and_then(Node::as_mapping).into_iter().flatten().collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs.into_iter()
}

fn words(node: Option<&Node>) -> Vec<&str> {
    match node.map(|node| &node.value) {
        Some(Value::String(word)) => vec![word],
        Some(Value::Sequence(items)) => items.iter().filter_map(Node::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cast_has_places_only_where_its_owner_wrote_it() {
        for chart in OfficialChart::ALL {
            let mut files = Files::new();
            let file = files.add("values.yaml", "2\n");
            let replicas = tree::parse(&files, file).expect("YAML").remove(0);
            let mut values = chart.default_values();
            *values.ensure(&["mastodon", "web", "replicas"]) = replicas;
            let objects = Cast::new(Shape::bare(chart), "sea", &values, None).objects().expect("few");
            let places: Vec<_> =
                objects.iter().flat_map(Node::leaves).filter(|leaf| leaf.node.origin.is_some()).collect();
            let paths: Vec<String> = places.iter().map(|leaf| leaf.path.to_string()).collect();
            assert_eq!(paths, ["spec.replicas"], "{chart:?}");
        }
    }
}
