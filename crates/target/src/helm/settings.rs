//! Settings as values: the inverse of what the chart does with them.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use installation::chart::Holds;
use installation::known_setting;
use tree::{Files, Node, Origin, Value};

use super::lines::{Line, Lines, When};
use super::model::Why;
use super::values::Values;
use super::wanted::{Form, Wanted};
use crate::note::{Change, Note, Reason};

/// What the chart demands where nothing says it; the domain can never resolve (RFC 2606).
const PLACEHOLDER: &str = "see-the-secret.invalid";

/// Changes to the ConfigMap that the values cannot make.
#[derive(Debug, Default)]
pub(crate) struct ConfigMapChanges {
    /// Variables to take away.
    pub(crate) removed: BTreeSet<String>,
    /// Variables to set.
    pub(crate) set: IndexMap<String, Node>,
    /// What all components are given.
    pub(crate) said: IndexMap<String, Node>,
}

/// Puts every setting that is a text where the chart has a place for it.
pub(crate) struct Distribution<'a> {
    pub(crate) values: &'a mut Values,
    pub(crate) wanted: &'a [Wanted],
    pub(crate) notes: &'a mut Vec<Note>,
    pub(crate) changes: ConfigMapChanges,
    shared: HashMap<&'static str, &'static Line>,
    /// Whether search is used by all that could.
    searches: bool,
}

impl<'a> Distribution<'a> {
    pub(crate) fn new(values: &'a mut Values, wanted: &'a [Wanted], notes: &'a mut Vec<Note>) -> Self {
        let shared = values.lines.shared.iter().map(|line| (line.0, line)).collect();
        Self { values, wanted, notes, changes: ConfigMapChanges::default(), shared, searches: false }
    }

    /// Writes all settings; what is left over goes into patches of the containers.
    pub(crate) fn run(mut self) -> ConfigMapChanges {
        self.switch_sections();
        let names: IndexSet<String> =
            self.wanted.iter().flat_map(|wanted| wanted.variables.keys().cloned()).collect();
        let (first, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| self.opens_others(name));
        for name in first.into_iter().chain(others) {
            self.place(name);
        }
        self.settle_shared();
        self.settle_web();
        for (switch, path) in self.values.lines.mappings {
            if self.values.is_filled(switch) && self.values.get(path).is_none() {
                self.values.decide(path, Node::mapping(), Why::Demanded);
            }
        }
        self.changes
    }

    /// Whether other lines are only written where this one's value is filled.
    fn opens_others(&self, name: &str) -> bool {
        let path = self.shared.get(name).map_or("", |line| line.2);
        !path.is_empty() && self.shared.values().any(|line| line.1 == path && line.0 != name)
    }

    fn takes_whole(&self) -> bool {
        self.wanted.iter().any(|wanted| !wanted.whole.is_empty())
    }

    fn any_text(&self, name: &str) -> Option<Node> {
        self.wanted.iter().find_map(|wanted| wanted.text(name)).cloned()
    }

    /// Whether a text will stand in the ConfigMap: no component that reads the variable lacks it.
    fn is_shared(&self, name: &str) -> bool {
        let lacks = |wanted: &Wanted| !wanted.variables.contains_key(name) && wanted.reads(name);
        let text = self.any_text(name).and_then(|node| node.as_text());
        text.is_some_and(|text| !text.is_empty() && self.is_safe(name, &text))
            && !self.wanted.iter().any(lacks)
    }

    /// Whether the chart's line carries this text as it is.
    fn is_safe(&self, name: &str, text: &str) -> bool {
        let lines = self.values.lines;
        if lines.numbers.contains(&name) {
            return text.parse::<u32>().is_ok_and(|number| number.to_string() == text);
        }
        if !lines.unquoted.contains(&name) {
            return true;
        }
        let mut files = Files::new();
        let file = files.add("", text);
        let read = tree::parse(&files, file).ok().and_then(|documents| documents.into_iter().next());
        read.is_some_and(|node| node.as_str() == Some(text))
    }

    fn is_key(&self, name: &str) -> bool {
        let of_secret =
            |wanted: &Wanted| matches!(wanted.variables.get(name), Some(Form::Key(_) | Form::Open(_)));
        self.wanted.iter().any(of_secret)
    }

    fn switch_sections(&mut self) {
        let searches = self.any_text("ES_ENABLED").and_then(|node| node.as_text());
        self.searches = searches.as_deref() == Some("true") && self.is_shared("ES_HOST");
        for (variable, path) in self.values.lines.switches {
            let text = self.any_text(variable);
            let origin = text.as_ref().and_then(|node| node.origin);
            let text = text.as_ref().and_then(Node::as_text).unwrap_or_default();
            let on = match *variable {
                "ES_ENABLED" => self.searches,
                "DEEPL_PLAN" => !text.is_empty() && self.is_key("DEEPL_API_KEY"),
                "DEEPL_API_KEY" => self.is_key(variable),
                "HCAPTCHA_SITE_KEY" => !text.is_empty() && self.is_key("HCAPTCHA_SECRET_KEY"),
                name if name.ends_with("_ENABLED") => text == "true",
                name => self.is_shared(name),
            };
            if on && !self.values.is_filled(path) {
                let origin = origin.filter(|_| variable.ends_with("_ENABLED"));
                self.values.set(path, Node::from(true).at(origin));
            }
        }
        let replica = self.wanted.iter().find_map(|wanted| {
            let keys = ["REPLICA_DB_PASS", "REPLICA_DB_USER"];
            keys.iter().find_map(|name| match wanted.variables.get(*name) {
                Some(Form::Key(key)) => Some(key.secret.clone()),
                _ => None,
            })
        });
        if let Some(secret) = replica {
            self.values.set("postgresql.readReplica.existingSecret", secret);
        }
    }

    /// The variables that a component's own `env` has a line for.
    fn own_line(&self, letter: char, name: &str) -> Option<&'static Line> {
        let found = self.values.lines.own(letter).find(|line| line.0 == name);
        found.filter(|line| self.values.is_filled(line.1))
    }

    fn place(&mut self, name: &str) {
        let own: Vec<bool> =
            self.wanted.iter().map(|wanted| self.own_line(wanted.letter, name).is_some()).collect();
        let mut left: Vec<(usize, Node)> = Vec::new();
        for (index, wanted) in self.wanted.iter().enumerate() {
            let Some(text) = wanted.text(name).cloned() else { continue };
            match self.own_line(wanted.letter, name) {
                Some(line) => {
                    if !line.2.is_empty() {
                        self.give(line.2, &text);
                    }
                }
                None => left.push((index, text)),
            }
        }
        if own.iter().any(|own| *own) {
            let with_line = self.wanted.iter().zip(&own).filter(|(_, own)| **own);
            let placed: HashSet<Origin> =
                with_line.filter_map(|(wanted, _)| wanted.text(name)?.origin).collect();
            left.retain(|(index, text)| {
                let elsewhere = text.origin.is_some_and(|origin| placed.contains(&origin));
                self.wanted[*index].reads(name) || !elsewhere
            });
            self.give_components(name, &left);
            return;
        }
        let Some((_, first)) = left.first().cloned() else { return };
        let lacking =
            self.wanted.iter().any(|wanted| !wanted.variables.contains_key(name) && wanted.reads(name));
        if lacking {
            self.give_components(name, &left);
            return;
        }
        self.give_all(name, &first);
        let text = first.as_text();
        left.retain(|(_, other)| other.as_text() != text);
        self.give_components(name, &left);
    }

    /// Sets a key, in the form that it holds.
    fn give(&mut self, path: &str, text: &Node) {
        let plain = text.as_text().unwrap_or_default();
        let value: Node = match (self.values.holds(path), plain.as_str()) {
            (Some(Holds::Truth), "true") => true.into(),
            (Some(Holds::Truth), "false") => false.into(),
            (Some(Holds::Number), _) => match plain.parse::<i64>() {
                Ok(number) if number.to_string() == plain && number.abs() < 1_000_000 => number.into(),
                _ => plain.into(),
            },
            (Some(Holds::List), _) => {
                let items = plain.split(',').map(|item| Node::from(item.trim()).at(text.origin)).collect();
                Value::Sequence(items).into()
            }
            _ => plain.into(),
        };
        self.values.set(path, value.at(text.origin));
        if self.values.holds(path) == Some(Holds::List) {
            self.note(text, Reason::ValueForm, path);
        }
    }

    fn note(&mut self, text: &Node, reason: Reason, path: &str) {
        if let Some(origin) = text.origin {
            let target = format!("values.yaml {path}");
            self.notes.push(Note { origin, change: Change::Translated, reason, target });
        }
    }

    /// For all of Mastodon: a key of the chart, else `mastodon.extraEnvVars`.
    fn give_all(&mut self, name: &str, text: &Node) {
        self.changes.said.insert(name.to_owned(), text.clone());
        let wanted = text.as_text();
        if let Some(line) = self.shared.get(name).copied() {
            let before = self.values.get(line.2);
            let safe = wanted.as_deref().is_some_and(|text| self.is_safe(name, text));
            if !safe {
                // Left to a patch, or to where the chart quotes.
            } else if name == "ES_HOST" {
                self.give_search_host(text);
            } else if !line.2.is_empty()
                && self.values.is_filled(line.1)
                && !is_switch(self.values.lines, line)
            {
                self.give(line.2, text);
            }
            let written = self.values.line(line);
            if written.as_ref().and_then(Node::as_text) == wanted {
                if is_switch(self.values.lines, line) {
                    self.give(line.2, text);
                }
                return;
            }
            if let (Some(_), true) = (&before, !line.2.is_empty() && !is_switch(self.values.lines, line)) {
                self.values.unset(line.2);
            }
            if self.values.line(line).is_some() {
                self.changes.set.insert(name.to_owned(), text.clone());
                return;
            }
        }
        self.extra("mastodon.extraEnvVars", name, text);
    }

    fn give_search_host(&mut self, text: &Node) {
        if !self.searches {
            return;
        }
        let plain = text.as_text().unwrap_or_default();
        let host = plain.strip_prefix("https://");
        self.values.set("elasticsearch.hostname", Node::from(host.unwrap_or(&plain)).at(text.origin));
        if host.is_some() {
            self.values.set("elasticsearch.tls", true);
            self.note(text, Reason::ValueForm, "elasticsearch.hostname");
        } else if self.values.is_filled("elasticsearch.tls") {
            self.values.decide("elasticsearch.tls", false, Why::NeverSet);
        }
    }

    fn extra(&mut self, path: &str, name: &str, text: &Node) {
        let mut keys: Vec<&str> = path.split('.').collect();
        keys.push(name);
        *self.values.given.ensure(&keys) = text.clone();
    }

    /// For single components. Workers share one place: what they do not agree on is left to patches.
    fn give_components(&mut self, name: &str, left: &[(usize, Node)]) {
        let workers: Vec<usize> =
            (0..self.wanted.len()).filter(|index| self.wanted[*index].letter == 's').collect();
        let given = |index: &usize| left.iter().find(|(own, _)| own == index).and_then(|(_, n)| n.as_text());
        let agreed = !workers.is_empty()
            && given(&workers[0]).is_some()
            && workers.iter().all(|index| given(index) == given(&workers[0]));
        for (index, text) in left {
            let letter = self.wanted[*index].letter;
            if let Some(path) = self.values.lines.own_variables(letter).filter(|_| letter != 's' || agreed) {
                self.extra(path, name, text);
            }
        }
    }

    /// Lines of the ConfigMap that the chart writes and the source does not: harmless, taken back by a value, or taken
    /// away by a patch.
    fn settle_shared(&mut self) {
        for line in self.values.lines.shared {
            let (name, _, path, when) = line;
            let Some(text) = self.values.line(line).and_then(|node| node.as_text()) else { continue };
            let demanded = *when == When::Always && text.is_empty();
            if demanded && self.changes.said.contains_key(*name) {
                // Set to nothing today, which the chart refuses to render.
                if let Some(text) = self.any_text(name) {
                    self.values.unset(path);
                    self.values.decide(path, PLACEHOLDER, Why::Demanded);
                    self.changes.set.insert((*name).to_owned(), text);
                }
                continue;
            }
            if self.changes.said.contains_key(*name) || (!demanded && is_harmless(name, &text)) {
                continue;
            }
            let known = known_setting(name).map_or("", |known| known.default);
            let default = default_text(name, known);
            let absent = !self.wanted.iter().any(|wanted| wanted.variables.contains_key(*name));
            match when {
                When::Filled => {
                    let nothing: Node = match self.values.holds(path) {
                        Some(Holds::Truth) => false.into(),
                        _ => "".into(),
                    };
                    self.values.decide(path, nothing, Why::NeverSet);
                }
                When::Always | When::Or(_) if absent && !self.takes_whole() && !default.is_empty() => {
                    self.values.decide(path, default, Why::MastodonsDefault);
                }
                When::Always if absent && *name == "DB_NAME" => {
                    self.values.decide(path, default, Why::MastodonsDefault);
                }
                When::Always | When::Or(_) => {
                    if text.is_empty() {
                        let why = if self.takes_whole() { Why::SaidBySecret } else { Why::Demanded };
                        self.values.decide(path, PLACEHOLDER, why);
                    }
                    self.changes.removed.insert((*name).to_owned());
                }
                When::True | When::Either | When::Fixed(_) => {
                    self.changes.removed.insert((*name).to_owned());
                }
            }
        }
    }

    /// Lines of web's own that the source does not have. `MIN_THREADS` follows `MAX_THREADS` where it is not set, and
    /// nothing may win over a Secret that is taken whole.
    fn settle_web(&mut self) {
        let Some(web) = self.wanted.iter().find(|wanted| wanted.letter == 'w') else { return };
        let whole = !web.whole.is_empty();
        let lacks = |name: &str| !web.variables.contains_key(name);
        let absent: Vec<&Line> =
            self.values.lines.web_first.iter().filter(|line| lacks(line.0) && line.0 != "PORT").collect();
        let threads = lacks("MAX_THREADS") && !whole;
        for (name, _, path, _) in absent {
            let text = self.values.text(path).and_then(|node| node.as_text()).unwrap_or_default();
            let harmless = is_harmless(name, &text) || (*name == "MIN_THREADS" && threads);
            if whole || !harmless {
                self.values.decide(path, "", Why::NeverSet);
            }
        }
    }
}

/// Whether the line's value switches a section, which is decided before anything is placed.
fn is_switch(lines: &Lines, line: &Line) -> bool {
    line.3 == When::Either && lines.switches.iter().any(|(name, _)| *name == line.0)
        || line.1 == line.2 && !line.1.is_empty()
}

/// Mastodon's default in plain words, where the catalogue describes it.
fn default_text(name: &str, known: &str) -> String {
    match name {
        "DB_HOST" | "REDIS_HOST" => "localhost".to_owned(),
        "LOCAL_DOMAIN" => String::new(),
        _ if known.contains(' ') || known.contains('<') => String::new(),
        _ => known.to_owned(),
    }
}

/// Whether a variable that the chart adds leaves all as it was: it says Mastodon's own default or the image's, or
/// nothing reads it.
#[must_use]
pub fn is_harmless(name: &str, text: &str) -> bool {
    match name {
        "RAILS_ENV" | "NODE_ENV" => text == "production",
        // Memory for Ruby's threads; the chart's choice, and no setting of Mastodon's. No release reads the second.
        "MALLOC_ARENA_MAX" | "STREAMING_CLUSTER_NUM" => true,
        "PROMETHEUS_EXPORTER_HOST" => text == "127.0.0.1",
        "PORT" => true,
        "REDIS_HOST" => text == "localhost",
        _ => known_setting(name).is_some_and(|known| known.default == text),
    }
}
