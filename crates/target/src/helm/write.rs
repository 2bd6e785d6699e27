//! An installation as values of the chart, patches and supplements.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use installation::chart::OfficialChart;
use installation::{Component, Installation, Object, Role};
use tree::{Mapping, Node, Value};

use super::desired::{Desired, PortNames, is_exporter, media_claim, rename_ports};
use super::difference::difference;
use super::model::{HelmTarget, Options, Patch, Why};
use super::part::{Part, choose, draft};
use super::rendering;
use super::secrets;
use super::settings::{ConfigMapChanges, Distribution};
use super::values::Values;
use super::wanted::{Form, Wanted, wiring};
use super::workloads;
use crate::follow::follow;
use crate::manifests::{
    config_maps_of, each_leads_to_one, is_shared, rename, says_something, selector_keys, switch_service,
};
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};
use crate::workload::green_workload;
use crate::{GreenObject, Naming, Stage, Switched, TargetError};

/// Writes an installation for Helm.
///
/// # Errors
/// If no name can be found that collides with nothing, the one asked for does, the chart is not known, two components
/// share a pod, which the chart cannot do, or a Service leads to several workloads.
pub fn write_helm(installation: &Installation, options: Options<'_>) -> Result<HelmTarget, TargetError> {
    each_leads_to_one(installation)?;
    let naming = Naming::choose(installation, options.release)?;
    let chosen = choose(installation)?;
    let mut notes = Vec::new();
    let own: BTreeSet<usize> = chosen.iter().map(|(component, _)| component.object).collect();
    let config_maps = copied_config_maps(installation, &naming, &own);
    let old_keys = selector_keys(installation);
    let parts: Vec<Part<'_>> = chosen
        .into_iter()
        .map(|(component, label)| Part {
            component,
            path: match component.role {
                Role::Web => "mastodon.web",
                Role::Streaming => "mastodon.streaming",
                _ => "mastodon.sidekiq",
            },
            worker: label.strip_prefix("sidekiq-").map(ToOwned::to_owned),
            draft: draft(installation, component, &label, &naming, &config_maps, &old_keys, &mut notes),
            wanted: Wanted::of(installation, component),
            label,
        })
        .collect();
    for part in &parts {
        let workload = installation.workload(part.component);
        let container = workload.containers().nth(part.component.container);
        let wiring = container.map(|container| wiring(container, &part.wanted)).unwrap_or_default();
        for (origin, reason) in wiring {
            let target = format!("ConfigMap/{}", naming.object("env"));
            let change = if reason == Reason::Outdone { Change::Inert } else { Change::Translated };
            notes.push(Note { origin, change, reason, target });
        }
    }
    outdone(installation, &parts, &mut notes);
    let writer = Writer { installation, naming, parts, config_maps, old_keys, notes };
    writer.write(options.chart)
}

struct Writer<'a> {
    installation: &'a Installation,
    naming: Naming,
    parts: Vec<Part<'a>>,
    config_maps: IndexMap<usize, String>,
    old_keys: BTreeSet<String>,
    notes: Vec<Note>,
}

/// What the chart makes, the patches to it, and how ports are called now, by component.
struct Made {
    rendered: Vec<Object>,
    patches: Vec<Patch>,
    ports: Vec<PortNames>,
}

impl Writer<'_> {
    fn write(mut self, chart: OfficialChart) -> Result<HelmTarget, TargetError> {
        let moved = self.naming.object("settings");
        let mut values = Values::new(chart);
        self.names(&mut values);
        decisions(&mut values);
        let wanted: Vec<Wanted> = self.parts.iter().map(|part| part.wanted.clone()).collect();
        self.media(&mut values, &wanted);
        self.metrics(&mut values, &wanted);
        workloads::give(&mut values, &self.parts, &mut self.notes);
        let extra = self.extra_config_map();
        if let Some((name, others)) = extra {
            values.set("mastodon.extraEnvFrom", name);
            self.notes.extend(others.into_iter().map(|origin| {
                let target = "values.yaml mastodon.extraEnvFrom".to_owned();
                Note { origin, change: Change::Translated, reason: Reason::SaidOnce, target }
            }));
        }
        let changes = Distribution::new(&mut values, &wanted, &mut self.notes).run();
        secrets::refer(&mut values, &wanted, &moved);
        let keys = secrets::list(&values, &wanted, &moved);
        let Made { rendered, patches, ports } = self.render(&values, &changes, &moved)?;
        values.sort();
        let watched = watched(&wanted, &rendered, &changes, &values);
        let mut target = HelmTarget {
            chart,
            naming: self.naming.clone(),
            values: values.given,
            comments: values.comments,
            rendered,
            patches,
            supplements: Vec::new(),
            switched: Vec::new(),
            secrets: keys,
            watched,
            kept: Vec::new(),
            removed: Vec::new(),
            notes: Vec::new(),
        };
        self.objects(&mut target, &ports);
        target.notes = self.notes;
        Ok(target)
    }

    fn names(&self, values: &mut Values) {
        let naming = &self.naming;
        if naming.name_label != "mastodon" {
            values.decide("nameOverride", naming.name_label.as_str(), Why::Named);
        }
        let by_rule = if naming.release.contains(&naming.name_label) {
            naming.release.clone()
        } else {
            format!("{}-{}", naming.release, naming.name_label)
        };
        if by_rule != naming.full_name {
            values.decide("fullnameOverride", naming.full_name.as_str(), Why::Named);
        }
    }

    /// Media: S3 where the settings say so, the claim that holds them, or whatever a Secret taken whole says. The
    /// chart renders only with one of S3 and claims; what it then adds, patches take away.
    fn media(&self, values: &mut Values, wanted: &[Wanted]) {
        let says = |name: &str| wanted.iter().any(|own| own.variables.contains_key(name));
        let on_s3 = wanted.iter().find_map(|own| own.text("S3_ENABLED")).and_then(Node::as_text);
        let claim = self
            .parts
            .iter()
            .filter(|part| part.label != "streaming")
            .find_map(|part| media_claim(part.pod()?, part.component.container));
        let whole = wanted.iter().any(|own| !own.whole.is_empty());
        let hidden = whole && on_s3.is_none() && claim.is_none();
        let by_default = values.is_filled("mastodon.s3.enabled");
        let perhaps = hidden || (on_s3.is_none() && says("S3_BUCKET"));
        if on_s3.as_deref() == Some("true") || (by_default && perhaps) {
            return;
        }
        let [assets_claim, system_claim] = values.lines.claims;
        values.decide("mastodon.s3.enabled", false, Why::NeverSet);
        values.decide("mastodon.pvc.enabled", true, Why::Demanded);
        let unused = || Node::from(self.naming.object("no-claim"));
        // Assets are in the image: a claim over them would hide them, and a patch takes it away.
        let assets = claim.as_ref().map_or_else(unused, |held| held.claim.clone().without_places());
        values.decide(assets_claim, assets, Why::Demanded);
        match claim {
            Some(held) => values.set(system_claim, held.claim),
            None => values.decide(system_claim, unused(), Why::Demanded),
        }
    }

    /// The chart's exporter, where web has one beside it and says so.
    fn metrics(&self, values: &mut Values, wanted: &[Wanted]) {
        let Some(web) = self.parts.iter().position(|part| part.label == "web") else { return };
        let text = wanted[web].text("MASTODON_PROMETHEUS_EXPORTER_ENABLED");
        let Some(enabled) = text.filter(|text| text.as_text().as_deref() == Some("true")) else { return };
        let part = &self.parts[web];
        let containers = part.pod().and_then(|pod| pod.get("containers"));
        let beside = containers.into_iter().flat_map(Node::items).enumerate().any(|(index, container)| {
            index != part.component.container && is_exporter(container, &part.component.role)
        });
        if beside {
            values.set("mastodon.metrics.prometheus.enabled", Node::from(true).at(enabled.origin));
        }
    }

    /// The one ConfigMap that all components take whole and the source does not hold, if it is the first thing that
    /// they take, and where the others name it.
    fn extra_config_map(&self) -> Option<(Node, Vec<tree::Origin>)> {
        let first = |part: &Part<'_>| {
            let whole = part.wanted.whole.first().filter(|whole| !whole.is_secret)?;
            let plain = whole.item.get("prefix").is_none();
            whole.item.at_keys(&["configMapRef", "name"]).filter(|_| plain).cloned()
        };
        let name = first(self.parts.first()?)?;
        let same = |part: &Part<'_>| first(part).is_some_and(|own| own.as_text() == name.as_text());
        let others = self.parts.iter().skip(1).filter_map(|part| first(part)?.origin);
        let others = others.filter(|origin| name.origin != Some(*origin)).collect();
        self.parts.iter().all(same).then_some((name, others))
    }

    /// What the chart makes, and the patches to it.
    fn render(
        &mut self,
        values: &Values,
        changes: &ConfigMapChanges,
        moved: &str,
    ) -> Result<Made, TargetError> {
        let web = self.parts.first().map(|part| self.installation.workload(part.component));
        let mut rendered = rendering::render(values, &self.naming, web.and_then(Object::namespace))?;
        let mut patches = Vec::new();
        let mut data = Mapping::new();
        if let Some(config_map) = find(&mut rendered, "ConfigMap", &self.naming.object("env")) {
            data = config_map.node.get("data").and_then(Node::as_mapping).cloned().unwrap_or_default();
            data.retain(|name, _| !changes.removed.contains(name));
            data.extend(changes.set.clone());
            // What the chart says by itself carries what says the same.
            for (name, text) in &changes.said {
                let same = |slot: &&mut Node| slot.origin.is_none() && slot.as_text() == text.as_text();
                if let Some(slot) = data.get_mut(name).filter(same) {
                    slot.origin = text.origin;
                }
            }
            let mut wanted = config_map.node.clone();
            *wanted.ensure(&["data"]) = Value::Mapping(data.clone()).into();
            patches.extend(patch(&mut config_map.node, &wanted));
        }
        let keys = known_keys(&self.parts);
        let mut carried = values.origins();
        carried.extend(data.values().filter_map(|node| node.origin));
        let mut ports = Vec::new();
        for part in &self.parts {
            let name = self.naming.object(&part.label);
            let Some(object) = find(&mut rendered, "Deployment", &name) else {
                ports.push(PortNames::new());
                continue;
            };
            let desired = Desired {
                part,
                skeleton: object,
                config_map: &data,
                known_keys: &keys,
                carried: &carried,
                moved,
                scaled: is_scaled(self.installation, part.component),
                notes: &mut self.notes,
            };
            let (wanted, names) = desired.make();
            patches.extend(patch(&mut object.node, &wanted));
            ports.push(names);
        }
        Ok(Made { rendered, patches, ports })
    }

    fn objects(&mut self, target: &mut HelmTarget, ports: &[PortNames]) {
        let names: IndexMap<usize, String> =
            self.parts.iter().map(|part| (part.component.object, self.naming.object(&part.label))).collect();
        let mut taken = BTreeSet::new();
        for (index, object) in self.installation.objects.iter().enumerate() {
            let behind = self.installation.services.iter().find(|behind| behind.object == index);
            let own = self.installation.components.iter().find(|component| component.object == index);
            let follower = follow(
                self.installation,
                object,
                &self.naming,
                &names,
                &self.old_keys,
                &mut taken,
                &mut self.notes,
            );
            if names.contains_key(&index) {
                target.removed.push(index);
            } else if let Some(component) = own {
                let made = self.extra_workload(index, object, component);
                target.supplements.push(made);
                target.removed.push(index);
            } else if let Some(behind) = behind {
                target.switched.push(self.switched(index, object, behind.component, ports));
            } else if let Some(mut follower) = follower {
                let id = object.id().to_string();
                self.rename_followed(&mut follower.node, &follower.component, &id, ports);
                let stage = if object.kind() == "NetworkPolicy" { Stage::Dark } else { Stage::Adopted };
                target.supplements.push(made(follower.node, stage, index, &follower.component));
                let place = if follower.original_stays { &mut target.kept } else { &mut target.removed };
                place.push(index);
            } else {
                self.config_map(index, object, &names, target);
            }
        }
    }

    /// A ConfigMap goes with blue where only blue's containers read it; what else reads it keeps it, or a copy.
    fn config_map(
        &mut self,
        index: usize,
        object: &Object,
        names: &IndexMap<usize, String>,
        target: &mut HelmTarget,
    ) {
        if let Some(name) = self.config_maps.get(&index) {
            let mut copy = object.node.clone();
            rename(&mut copy, name, &mut self.notes);
            target.supplements.push(made(copy, Stage::Dark, index, ""));
        }
        let workloads: IndexMap<usize, String> = names
            .clone()
            .into_iter()
            .chain(self.installation.components.iter().map(|own| (own.object, String::new())))
            .collect();
        let ours = object.kind() == "ConfigMap"
            && says_something(object)
            && self.installation.components.iter().any(|component| {
                let workload = self.installation.workload(component);
                workload.namespace() == object.namespace()
                    && config_maps_of(workload).iter().any(|name| name == object.name())
            });
        if ours && !is_shared(self.installation, index, &workloads) {
            target.removed.push(index);
            if !self.config_maps.contains_key(&index) {
                self.absorbed(object);
            }
        } else {
            target.kept.push(index);
        }
    }

    /// The settings of this ConfigMap live in the chart's; what only identifies the object goes with it.
    fn absorbed(&mut self, object: &Object) {
        let target = format!("ConfigMap/{}", self.naming.object("env"));
        for (key, child) in object.node.as_mapping().into_iter().flatten() {
            if key == "data" {
                continue;
            }
            for leaf in child.leaves() {
                if let Some(origin) = leaf.node.origin {
                    let target = target.clone();
                    let note = Note { origin, change: Change::Translated, reason: Reason::Absorbed, target };
                    self.notes.push(note);
                }
            }
        }
    }

    fn extra_workload(&mut self, index: usize, object: &Object, component: &Component) -> GreenObject {
        let suffix = object.name().trim_start_matches("mastodon-").to_owned();
        let name = self.naming.object(&suffix);
        let copy = green_workload(
            self.installation,
            object,
            component,
            &name,
            &self.naming,
            &self.config_maps,
            &self.old_keys,
            &mut self.notes,
        );
        let stage = if object.kind() == "Job" { Stage::Withheld } else { Stage::Dark };
        made(copy, stage, index, &component_label(self.installation, component))
    }

    /// A Service that stays. A port that it finds by name is found by number: blue and green call theirs differently.
    fn switched(&mut self, index: usize, object: &Object, component: usize, ports: &[PortNames]) -> Switched {
        let own = &self.installation.components[component];
        let part = self.parts.iter().position(|part| std::ptr::eq(part.component, own));
        let label = part.map_or_else(|| own.role.component(), |part| self.parts[part].label.clone());
        let mut node = switch_service(object, &self.naming, &label, &mut self.notes);
        let id = object.id().to_string();
        let entries = node.ensure(&["spec"]).get_mut("ports").and_then(Node::as_sequence_mut);
        for entry in entries.into_iter().flatten() {
            let old = entry.str_at(&["targetPort"]).map(ToOwned::to_owned);
            let number = part.and_then(|part| ports[part].get(&old?)).map(|(_, number)| *number);
            if let Some(number) = number {
                let slot = entry.ensure(&["targetPort"]);
                if let Some(origin) = slot.origin {
                    let target = format!("{id} spec.ports.targetPort");
                    let (change, reason) = (Change::Translated, Reason::PortName);
                    self.notes.push(Note { origin, change, reason, target });
                }
                *slot = Node::from(number).at(slot.origin);
            }
        }
        Switched { from: index, object: Object::new(node), component: label }
    }

    fn rename_followed(&mut self, node: &mut Node, component: &str, id: &str, ports: &[PortNames]) {
        if let Some(part) = self.parts.iter().position(|part| part.label == component) {
            rename_ports(node, &ports[part], id, &mut self.notes);
            let kind = node.get_mut("spec").and_then(|spec| spec.get_mut("scaleTargetRef"));
            if let Some(kind) = kind.and_then(|reference| reference.get_mut("kind"))
                && kind.as_str() != Some("Deployment")
            {
                if let Some(origin) = kind.origin {
                    let target = format!("{id} spec.scaleTargetRef.kind");
                    let (change, reason) = (Change::Translated, Reason::DeploymentOnly);
                    self.notes.push(Note { origin, change, reason, target });
                }
                kind.value = Value::String("Deployment".to_owned());
            }
        }
    }
}

fn made(node: Node, stage: Stage, from: usize, component: &str) -> GreenObject {
    GreenObject {
        object: Object::new(node),
        stage,
        supplement: true,
        from: Some(from),
        component: component.to_owned(),
    }
}

/// What is so wherever one moves to this chart.
fn decisions(values: &mut Values) {
    for (path, why) in values.lines.decisions {
        values.decide(path, false, *why);
    }
}

fn find<'a>(rendered: &'a mut [Object], kind: &str, name: &str) -> Option<&'a mut Object> {
    rendered.iter_mut().find(|object| object.kind() == kind && object.name() == name)
}

/// The patch that makes `from` into `to`, with the identity of the object.
fn patch(from: &mut Node, to: &Node) -> Option<Patch> {
    let object = Object::new(from.clone());
    let change = difference(object.kind(), from, to)?;
    let mut node = Node::mapping();
    node.set("apiVersion", object.api_version());
    node.set("kind", object.kind());
    // No namespace: what Helm renders has none before it is installed.
    node.ensure(&["metadata"]).set("name", object.name());
    for (key, child) in change.as_mapping().into_iter().flatten() {
        match (key.as_str(), child.as_mapping()) {
            ("metadata", Some(members)) => {
                for (key, member) in members {
                    node.ensure(&["metadata"]).set(key, member.clone());
                }
            }
            _ => node.set(key, child.clone()),
        }
    }
    Some(Patch { node })
}

/// Every key of a Secret that some component takes by name.
fn known_keys(parts: &[Part<'_>]) -> BTreeMap<String, Node> {
    let forms = parts.iter().flat_map(|part| &part.wanted.variables);
    forms
        .filter_map(|(name, form)| match form {
            Form::Key(key) => Some((name.clone(), key.from.get("secretKeyRef")?.clone())),
            _ => None,
        })
        .collect()
}

/// Settings that won over something taken whole and now stand before it, in the ConfigMap, and those that stood before it
/// and now win, in a container's `env`.
fn watched(
    wanted: &[Wanted],
    rendered: &[Object],
    changes: &ConfigMapChanges,
    values: &Values,
) -> Vec<String> {
    let config_map = rendered.iter().find(|object| object.kind() == "ConfigMap");
    let data = config_map.and_then(|object| object.node.get("data")).and_then(Node::as_mapping);
    let shared = |name: &str| {
        let given = changes.set.get(name).or_else(|| data.and_then(|data| data.get(name)));
        given.filter(|_| !changes.removed.contains(name)).and_then(Node::as_text)
    };
    let mut names = BTreeSet::new();
    for own in wanted {
        names.extend(own.strong.iter().filter(|name| shared(name).is_some()).cloned());
        let part = match own.letter {
            'w' => "web",
            'n' => "streaming",
            _ => "sidekiq",
        };
        let alone = |name: &str| values.given.at_keys(&["mastodon", part, "extraEnvVars", name]).is_some();
        let same = |name: &&String| {
            !alone(name)
                && own
                    .text(name)
                    .is_some_and(|text| shared(name).is_some_and(|shared| text.as_text() == Some(shared)))
        };
        names.extend(own.weak.iter().filter(|name| !same(name)).cloned());
    }
    names.into_iter().collect()
}

/// Whether an autoscaler of the source sets the number of a component's pods.
fn is_scaled(installation: &Installation, component: &Component) -> bool {
    let workload = installation.workload(component);
    installation.objects.iter().any(|object| {
        matches!(object.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
            && object.node.str_at(&["spec", "scaleTargetRef", "name"]) == Some(workload.name())
            && object.namespace() == workload.namespace()
    })
}

/// ConfigMaps that something other than the environment of the chart's containers reads, with the names of their
/// copies.
fn copied_config_maps(
    installation: &Installation,
    naming: &Naming,
    own: &BTreeSet<usize>,
) -> IndexMap<usize, String> {
    let mut copied = IndexMap::new();
    for component in &installation.components {
        let workload = installation.workload(component);
        let names = if own.contains(&component.object) {
            let mut without = workload.clone();
            if let Some(keys) = workload.template_keys() {
                strip_environment(without.node.ensure(keys), component.container);
            }
            config_maps_of(&without)
        } else {
            config_maps_of(workload)
        };
        for name in names {
            let found = installation.objects.iter().position(|object| {
                object.kind() == "ConfigMap"
                    && object.name() == name
                    && object.namespace() == workload.namespace()
                    && says_something(object)
            });
            if let Some(index) = found {
                let suffix = name.trim_start_matches("mastodon-");
                // The chart makes `env` and `env-predeploy` itself.
                let suffix = match suffix {
                    "env" => "settings",
                    "env-predeploy" => "settings-predeploy",
                    other => other,
                };
                copied.entry(index).or_insert_with(|| naming.object(suffix));
            }
        }
    }
    copied
}

/// Settings of ConfigMaps that take effect in no container, since another part of its environment wins.
fn outdone(installation: &Installation, parts: &[Part<'_>], notes: &mut Vec<Note>) {
    let effective: BTreeSet<tree::Origin> = installation
        .components
        .iter()
        .flat_map(|component| component.environment.settings.values())
        .flat_map(|setting| setting.origins.iter().copied())
        .collect();
    let names: BTreeSet<String> =
        parts.iter().flat_map(|part| config_maps_of(installation.workload(part.component))).collect();
    for object in installation.objects.iter().filter(|object| object.kind() == "ConfigMap") {
        if !names.contains(object.name()) {
            continue;
        }
        for (key, value) in object.node.get("data").and_then(Node::as_mapping).into_iter().flatten() {
            let is_variable = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if let Some(origin) = value.origin.filter(|origin| is_variable && !effective.contains(origin)) {
                let target = String::new();
                notes.push(Note { origin, change: Change::Inert, reason: Reason::Outdone, target });
            }
        }
    }
}

fn strip_environment(template: &mut Node, main: usize) {
    let containers = template.ensure(&["spec", "containers"]).as_sequence_mut();
    let container = containers.and_then(|containers| containers.get_mut(main));
    if let Some(members) = container.and_then(Node::as_mapping_mut) {
        members.retain(|key: &String, _: &mut Node| !matches!(key.as_str(), "env" | "envFrom"));
    }
}
