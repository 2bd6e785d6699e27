//! What became of every leaf of a Compose project.

use std::collections::{HashMap, HashSet};

use tree::{Leaf, Node, Origin, Segment};

use super::keywords::{Fate, STAYS, gone, keyword, of_label, of_section, of_service, of_store};
use super::model::Raised;
use crate::{Change, Note, Reason};

/// A Compose project as it was written.
#[derive(Debug, Clone, Copy)]
pub struct ComposeSource<'a> {
    /// The Compose files.
    pub files: &'a [&'a Node],
    /// The env files, of services and of the project.
    pub settings: &'a [&'a Node],
    /// What `docker compose config` makes of it.
    pub project: &'a Node,
    /// Scalars with variables in them, and where those are set in an env file.
    pub interpolated: &'a [(Origin, Origin)],
    /// Leaves that another overrode.
    pub overridden: &'a [(Origin, Origin)],
}

/// Says what became of the leaves of a project that stand nowhere as they were written. `written` is everything that
/// was written, each document with what it is called; `known` is what is said already.
#[must_use]
pub fn account_compose<'a>(
    source: &ComposeSource<'_>,
    raised: &Raised,
    written: impl Iterator<Item = (String, &'a Node)>,
    known: &[Note],
) -> Vec<Note> {
    let mut standing: HashMap<Origin, Vec<(String, &Node)>> = HashMap::new();
    for (label, node) in written {
        for leaf in leaves(node) {
            if let Some(origin) = leaf.node.origin {
                standing.entry(origin).or_default().push((format!("{label} {}", leaf.path), leaf.node));
            }
        }
    }
    let books = Books {
        raised,
        standing,
        known: known.iter().map(|note| note.origin).collect(),
        overridden: source.overridden.iter().map(|(origin, _)| *origin).collect(),
        interpolated: source.interpolated.iter().map(|(origin, _)| *origin).collect(),
        filled_in: source.interpolated.iter().map(|(_, origin)| *origin).collect(),
        uses: uses(source.project),
        project: source.project,
    };
    let mut notes = Vec::new();
    for file in source.files {
        notes.extend(leaves(file).iter().filter_map(|leaf| books.of_file(leaf)));
    }
    for file in source.settings {
        notes.extend(leaves(file).iter().filter_map(|leaf| books.of_setting(leaf)));
    }
    notes
}

fn leaves(node: &Node) -> Vec<Leaf<'_>> {
    node.leaves()
}

/// The services that a leaf takes effect in, with the way to it in the project's final form.
fn uses(project: &Node) -> HashMap<Origin, Vec<(String, Vec<String>)>> {
    let mut uses: HashMap<Origin, Vec<(String, Vec<String>)>> = HashMap::new();
    for (name, service) in project.get("services").and_then(Node::as_mapping).into_iter().flatten() {
        for leaf in service.leaves() {
            if let Some(origin) = leaf.node.origin {
                let keys = keys(&leaf).into_iter().map(ToOwned::to_owned).collect();
                uses.entry(origin).or_default().push((name.clone(), keys));
            }
        }
    }
    uses
}

fn keys<'a>(leaf: &'a Leaf<'_>) -> Vec<&'a str> {
    let keys = leaf.path.0.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    keys.collect()
}

struct Books<'a> {
    raised: &'a Raised,
    standing: HashMap<Origin, Vec<(String, &'a Node)>>,
    known: HashSet<Origin>,
    overridden: HashSet<Origin>,
    interpolated: HashSet<Origin>,
    filled_in: HashSet<Origin>,
    uses: HashMap<Origin, Vec<(String, Vec<String>)>>,
    project: &'a Node,
}

impl Books<'_> {
    fn of_file(&self, leaf: &Leaf<'_>) -> Option<Note> {
        let origin = leaf.node.origin?;
        if self.known.contains(&origin) || self.stands_as_written(origin, leaf.node) {
            return None;
        }
        let place = self.standing.get(&origin).and_then(|places| places.first());
        let (change, reason) = match place {
            Some(_) => self.form(origin, leaf)?,
            None if self.overridden.contains(&origin) => return None,
            None => self.fate(origin, leaf)?,
        };
        let target = place.map(|(label, _)| label.clone()).unwrap_or_default();
        Some(Note { origin, change, reason, target })
    }

    fn stands_as_written(&self, origin: Origin, node: &Node) -> bool {
        let text = |node: &Node| match node.as_secret() {
            Some(secret) => Some(secret.reveal().to_owned()),
            None => node.as_text(),
        };
        let mut places = self.standing.get(&origin).into_iter().flatten();
        places.any(|(_, own)| own.value == node.value || text(own).is_some_and(|own| text(node) == Some(own)))
    }

    /// How a leaf that stands in another form came to it.
    fn form(&self, origin: Origin, leaf: &Leaf<'_>) -> Option<Fate> {
        let (_, (change, reason)) = self.by_keyword(origin, leaf)?;
        let reason = match reason {
            _ if self.interpolated.contains(&origin) => Reason::Interpolated,
            _ if matches!(change, Change::Inert) => Reason::VariableForm,
            reason => reason,
        };
        Some((Change::Translated, reason))
    }

    fn fate(&self, origin: Origin, leaf: &Leaf<'_>) -> Option<Fate> {
        let owners = self.owners(origin, leaf);
        let path = keys(leaf);
        if !owners.is_empty() && owners.iter().all(|owner| self.raised.stays.contains(owner)) {
            return Some(STAYS);
        }
        let all_made =
            |owner: &String| self.raised.in_cluster.contains(owner) || self.raised.stays.contains(owner);
        if !owners.is_empty() && owners.iter().all(all_made) {
            return Some(of_store(keyword(path.get(2..).unwrap_or_default())));
        }
        if let ["services", name, ..] = path[..] {
            let is_there = self.project.at_keys(&["services", name]).is_some();
            if !is_there && owners.is_empty() && keyword(&path[2..]) != Some("env_file") {
                return Some((Change::Inert, Reason::NotSwitchedOn));
            }
        }
        let section = path.first().copied().unwrap_or_default();
        match (section, self.by_keyword(origin, leaf)) {
            (_, Some((keyword, (_, Reason::VariableForm))))
                if keyword == "environment" && is_nothing(leaf) =>
            {
                Some((Change::Inert, Reason::Unused))
            }
            (_, Some((keyword, _))) if keyword != "labels" => {
                gone(&keyword, path.contains(&"disable"), &leaf.node.as_text().unwrap_or_default())
            }
            (_, Some((_, fate))) => Some(fate),
            ("volumes" | "configs" | "secrets", None) => {
                Some(self.of_volume(section, path.get(1).copied().unwrap_or_default()))
            }
            (section, None) => of_section(section),
        }
    }

    /// The services in which a leaf takes effect: by its place in the final form, else by where it is written.
    fn owners(&self, origin: Origin, leaf: &Leaf<'_>) -> Vec<String> {
        if let Some(uses) = self.uses.get(&origin) {
            return uses.iter().map(|(name, _)| name.clone()).collect();
        }
        match keys(leaf)[..] {
            ["services", name, ..] if self.project.at_keys(&["services", name]).is_some() => {
                vec![name.to_owned()]
            }
            _ => Vec::new(),
        }
    }

    /// What the keyword says that a leaf stands under, in the final form or as written.
    fn by_keyword(&self, origin: Origin, leaf: &Leaf<'_>) -> Option<(String, Fate)> {
        let written = keys(leaf);
        let of_mastodon = self.uses.get(&origin).into_iter().flatten();
        let mut of_mastodon = of_mastodon.filter(|(name, _)| !self.raised.stays.contains(name));
        let path: Vec<&str> = match of_mastodon.next() {
            Some((_, path)) => path.iter().map(String::as_str).collect(),
            None => match written[..] {
                ["services", _, ref rest @ ..] => rest.to_vec(),
                [section, ref rest @ ..] if section.starts_with("x-") => rest.to_vec(),
                _ => return None,
            },
        };
        let keyword = keyword(&path)?;
        let fate =
            if keyword == "labels" { Some(of_label(&label(&path, leaf))) } else { of_service(keyword) };
        Some((keyword.to_owned(), fate?))
    }

    fn of_volume(&self, section: &str, name: &str) -> Fate {
        let services = self.project.get("services").and_then(Node::as_mapping).into_iter().flatten();
        let mut users = services.filter(|(_, service)| {
            service
                .get(section)
                .into_iter()
                .flat_map(Node::items)
                .any(|item| item.str_at(&["source"]) == Some(name))
        });
        let mut used = false;
        let raised = users.any(|(service, _)| {
            used = true;
            !self.raised.stays.contains(service)
        });
        match (raised, used) {
            (true, _) if section == "secrets" => (Change::Translated, Reason::SecretMount),
            (true, _) if section == "configs" => (Change::Translated, Reason::FileMount),
            (true, _) => (Change::Translated, Reason::VolumeClaim),
            (false, true) => STAYS,
            (false, false) => (Change::Inert, Reason::Unused),
        }
    }

    /// A variable of an env file that stands nowhere by itself.
    fn of_setting(&self, leaf: &Leaf<'_>) -> Option<Note> {
        let origin = leaf.node.origin?;
        if self.known.contains(&origin) || self.stands_as_written(origin, leaf.node) {
            return None;
        }
        let place = self.standing.get(&origin).and_then(|places| places.first());
        let owners: Vec<&String> =
            self.uses.get(&origin).into_iter().flatten().map(|(name, _)| name).collect();
        let (change, reason) = match place {
            Some(_) => (Change::Translated, Reason::VariableForm),
            None if !owners.is_empty() && owners.iter().all(|own| self.raised.stays.contains(*own)) => STAYS,
            None if !owners.is_empty() && owners.iter().all(|own| self.raised.in_cluster.contains(*own)) => {
                (Change::Translated, Reason::StoreInCluster)
            }
            None if self.filled_in.contains(&origin) => (Change::Translated, Reason::Interpolated),
            None if self.overridden.contains(&origin) => return None,
            None if owners.is_empty() => (Change::Inert, Reason::Unused),
            None => return None,
        };
        let target = place.map(|(label, _)| label.clone()).unwrap_or_default();
        Some(Note { origin, change, reason, target })
    }
}

/// The name of a label, in either form of the list.
fn label(path: &[&str], leaf: &Leaf<'_>) -> String {
    let text = leaf.node.as_text().unwrap_or_default();
    match path.last() {
        Some(&"labels") | None => text.split('=').next().unwrap_or_default().to_owned(),
        Some(name) => (*name).to_owned(),
    }
}

/// A variable that is named and set nowhere reaches no container: `NAME:` or `- NAME`.
fn is_nothing(leaf: &Leaf<'_>) -> bool {
    let is_item = matches!(leaf.path.0.last(), Some(Segment::Index(_)));
    match &leaf.node.value {
        tree::Value::Null => true,
        tree::Value::String(text) => is_item && !text.contains('='),
        _ => false,
    }
}
