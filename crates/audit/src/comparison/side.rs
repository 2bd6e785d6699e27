//! One side of a comparison, with what is looked up in it.

use std::collections::{BTreeSet, HashMap, HashSet};

use installation::{
    Component, Environments, Installation, Labels, Object, Role, SecretForm, asks_for_labels, finds_labels,
};
use tree::{Node, Value};

/// An installation, its objects found by name and its pods by label: comparing stays linear in their number.
pub(crate) struct Side<'a> {
    pub(crate) all: &'a Installation,
    pub(crate) environments: Environments<'a>,
    by_name: HashMap<(&'a str, &'a str), usize>,
    /// Components by each of their pods' labels.
    by_label: HashMap<(String, String), Vec<usize>>,
    /// Components by their workload.
    by_workload: HashMap<usize, Vec<usize>>,
    /// The most pods that autoscalers allow a workload.
    most_pods: HashMap<usize, u64>,
    secrets: HashMap<&'a str, KnownKeys>,
    /// Objects that make routes.
    routing: HashSet<usize>,
    /// What each component is called.
    pub(crate) names: Vec<String>,
    /// The part that each component plays, in words that are the same on both sides.
    parts: Vec<String>,
}

/// The keys of a Secret, as far as they can be seen.
#[derive(Debug, Default)]
pub(crate) struct KnownKeys {
    pub(crate) keys: BTreeSet<String>,
    /// Whether there are no others.
    pub(crate) is_all: bool,
}

impl<'a> Side<'a> {
    pub(crate) fn new(all: &'a Installation) -> Self {
        let by_name = all.objects.iter().enumerate();
        let by_name = by_name.map(|(index, object)| ((object.kind(), object.name()), index)).collect();
        let mut by_label: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_workload: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, component) in all.components.iter().enumerate() {
            by_workload.entry(component.object).or_default().push(index);
            for (key, value) in &component.labels.0 {
                by_label.entry((key.clone(), value.clone())).or_default().push(index);
            }
        }
        let mut most_pods: HashMap<usize, u64> = HashMap::new();
        for scaling in all.scaling.iter().filter(|scaling| scaling.kind.adds_pods()) {
            let most = scaling.max.as_ref().and_then(|most| most.parse::<u64>().ok());
            if let (Some(workload), Some(most)) = (scaling.workload, most) {
                let own = most_pods.entry(workload).or_default();
                *own = most.max(*own);
            }
        }
        let mut secrets: HashMap<&str, KnownKeys> = HashMap::new();
        for held in &all.secrets {
            let is_shown = matches!(held.form, SecretForm::Plain | SecretForm::Sops | SecretForm::Sealed);
            if held.object.is_some() && held.form != SecretForm::InTheOpen && !held.keys.is_empty() {
                let known = secrets.entry(&held.name).or_default();
                known.keys.extend(held.keys.iter().cloned());
                known.is_all |= is_shown;
            }
        }
        let mut side = Self {
            all,
            environments: Environments::new(&all.objects),
            by_name,
            by_label,
            by_workload,
            most_pods,
            secrets,
            routing: all.routes.iter().map(|route| route.object).collect(),
            names: Vec::new(),
            parts: all.components.iter().map(|component| component.role.component()).collect(),
        };
        side.names = side.call();
        side
    }

    /// Components by their part; where several play the same, by their workload too.
    fn call(&self) -> Vec<String> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for component in &self.all.components {
            *counts.entry(component.role.component()).or_default() += 1;
        }
        let name = |component: &Component| {
            let part = component.role.component();
            let alone = counts.get(&part) == Some(&1);
            if alone { part } else { format!("{part}@{}", self.all.workload(component).name()) }
        };
        self.all.components.iter().map(name).collect()
    }

    /// The object of a kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<usize> {
        self.by_name.get(&(kind, name)).copied()
    }

    pub(crate) fn object(&self, kind: &str, name: &str) -> Option<&'a Object> {
        self.find(kind, name).map(|index| &self.all.objects[index])
    }

    /// The keys of a Secret that stands here or is made by something that does.
    pub(crate) fn keys_of(&self, secret: &str) -> Option<&KnownKeys> {
        self.secrets.get(secret)
    }

    /// The components that run in a workload.
    pub(crate) fn components_in(&self, object: usize) -> &[usize] {
        self.by_workload.get(&object).map_or(&[], Vec::as_slice)
    }

    /// Whether a workload holds a part of Mastodon that lasts.
    pub(crate) fn is_lasting(&self, object: usize) -> bool {
        self.components_in(object).iter().any(|index| self.all.components[*index].role.is_lasting())
    }

    /// The components whose pods a selector finds.
    pub(crate) fn selected(&self, labels: &Labels) -> Vec<usize> {
        let found = labels.0.iter().map(|(key, value)| {
            self.by_label.get(&(key.clone(), value.clone())).map_or(&[][..], Vec::as_slice)
        });
        let rarest = found.min_by_key(|found| found.len()).unwrap_or_default();
        rarest.iter().copied().filter(|index| labels.select(&self.all.components[*index].labels)).collect()
    }

    /// Those components in words that are the same on both sides; empty where there are none.
    pub(crate) fn parts(&self, labels: &Labels) -> String {
        let mut parts: Vec<String> = self.selected(labels).iter().map(|index| self.part(*index)).collect();
        parts.sort();
        parts.dedup();
        parts.join(",")
    }

    /// What a `LabelSelector` finds, in the same words; empty where it asks for nothing.
    pub(crate) fn parts_found(&self, selector: &Node) -> String {
        if selector.get("matchExpressions").is_none() {
            return selector.get("matchLabels").map(|own| self.parts(&Labels::read(own))).unwrap_or_default();
        }
        let found = |index: &usize| finds_labels(selector, &self.all.components[*index].labels);
        let all = (0..self.all.components.len()).filter(|_| asks_for_labels(selector));
        let mut parts: Vec<String> = all.filter(found).map(|index| self.part(index)).collect();
        parts.sort();
        parts.dedup();
        parts.join(",")
    }

    /// A component by its part alone.
    pub(crate) fn part(&self, component: usize) -> String {
        self.parts[component].clone()
    }

    /// Calls workers as the other side calls those that they are paired with, the other's first: they are called by their
    /// queues, and one that names none before may name all of them after.
    pub(crate) fn call_as(&mut self, other: &Side<'_>, pairs: &[(usize, usize)]) {
        for (theirs, own) in pairs {
            if matches!(self.all.components[*own].role, Role::Sidekiq(_)) {
                self.parts[*own].clone_from(&other.parts[*theirs]);
            }
        }
    }

    /// A workload in words that are the same on both sides: the part of Mastodon in it, or its own name.
    pub(crate) fn workload(&self, kind: &str, name: &str) -> String {
        let found = self.find(kind, name);
        let component = found.and_then(|object| self.components_in(object).first());
        component.map_or_else(|| format!("{kind}/{name}"), |index| self.part(*index))
    }

    /// How many pods of a workload may run at once: its replicas, or the most that an autoscaler allows.
    pub(crate) fn most_pods(&self, object: usize) -> u64 {
        let most = self.most_pods.get(&object).copied();
        most.unwrap_or_else(|| u64::from(self.all.objects[object].replicas()))
    }

    /// Whether something else than the workload itself says how many pods there are.
    pub(crate) fn is_scaled(&self, object: usize) -> bool {
        self.most_pods.contains_key(&object)
    }

    /// The part of Mastodon that a container of a workload plays.
    pub(crate) fn role_of(&self, object: usize, container: usize) -> Option<&'a Role> {
        let components = self.components_in(object).iter().map(|index| &self.all.components[*index]);
        let mut own = components.filter(|component| component.container == container);
        own.next().map(|component| &component.role)
    }

    /// Whether a container plays a part of Mastodon that lasts.
    pub(crate) fn plays_part(&self, object: usize, container: usize) -> bool {
        self.role_of(object, container).is_some_and(Role::is_lasting)
    }

    /// Whether an object makes a route that is known.
    pub(crate) fn routes_by(&self, object: usize) -> bool {
        self.routing.contains(&object)
    }

    /// Whether something here makes a certificate into this Secret.
    pub(crate) fn makes_certificate(&self, secret: &str) -> bool {
        let certificates = self.all.objects.iter().filter(|object| object.kind() == "Certificate");
        certificates.into_iter().any(|object| object.node.str_at(&["spec", "secretName"]) == Some(secret))
    }

    /// A document with what only names the release taken out: selectors that find parts of Mastodon, and references to
    /// its workloads, become those parts.
    pub(crate) fn by_parts(&self, node: &Node) -> Node {
        let mut node = node.clone();
        self.name_parts(&mut node);
        node
    }

    fn name_parts(&self, node: &mut Node) {
        match &mut node.value {
            Value::Mapping(mapping) => {
                for (key, child) in mapping.iter_mut() {
                    let by_rules = child.get("matchExpressions").is_some();
                    let parts = match key.as_str() {
                        _ if by_rules => self.parts_found(child),
                        "matchLabels" | "selector" | "podSelector" if is_labels(child) => {
                            self.parts(&Labels::read(child))
                        }
                        "scaleTargetRef" | "targetRef" => self.referred(child),
                        _ => String::new(),
                    };
                    if parts.is_empty() {
                        self.name_parts(child);
                    } else if by_rules {
                        // As a selector of labels alone comes to read.
                        *child = Node::mapping().at(child.origin);
                        child.set("matchLabels", parts);
                    } else {
                        child.value = Value::String(parts);
                        child.spelling = None;
                    }
                }
            }
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.name_parts(item)),
            _ => {}
        }
    }

    /// The part of Mastodon that a reference leads to.
    fn referred(&self, reference: &Node) -> String {
        let kind = reference.str_at(&["kind"]).unwrap_or("Deployment");
        let found = reference.str_at(&["name"]).and_then(|name| self.find(kind, name));
        let component = found.and_then(|object| self.components_in(object).first());
        component.map(|index| self.part(*index)).unwrap_or_default()
    }
}

/// Whether a mapping holds nothing but texts, as labels do.
pub(crate) fn is_labels(node: &Node) -> bool {
    node.as_mapping()
        .is_some_and(|mapping| !mapping.is_empty() && mapping.values().all(|value| value.as_str().is_some()))
}

/// The queues of a worker, whatever their order.
pub(crate) fn queue_names(role: &Role) -> Vec<&str> {
    let Role::Sidekiq(command) = role else { return Vec::new() };
    let mut names: Vec<&str> = command.queues.iter().map(|queue| queue.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
