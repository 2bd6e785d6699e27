//! The raised installation, put together.

use std::collections::BTreeSet;

use installation::{Component, Flavour, Installation, NeighbourPart, Object, Role, Version};
use tree::{Node, Origin, Value};

use super::model::{Decision, DecisionKind, RaiseOptions, Raised};
use super::stores::Hosts;
use super::{gateway, jobs, route, settings, volumes, workload};
use crate::{Naming, Note, TargetError};

/// A container that runs a part of Mastodon, and where it was described.
pub(super) struct Workload<'a> {
    /// What its workload is called.
    pub(super) name: String,
    /// The part it plays.
    pub(super) component: &'a Component,
    /// The workload that it was read as.
    pub(super) object: &'a Object,
    /// Its container there.
    pub(super) container: &'a Node,
    /// The service in the project's final form.
    pub(super) service: &'a Node,
    /// Whether the container runs other parts too.
    pub(super) shares: bool,
}

impl Workload<'_> {
    /// A place for what is made on behalf of the service.
    pub(super) fn place(&self) -> Option<Origin> {
        beside(self.object.node.origin)
    }
}

/// Raises an installation that was read from Docker Compose. `project` is what `docker compose config` makes of the
/// source, with its places.
///
/// # Errors
/// If an image runs all parts in one container and cannot do otherwise, a store that is to be elsewhere has no address,
/// or no name for the release can be found.
pub fn raise(
    installation: &Installation,
    project: &Node,
    options: &RaiseOptions<'_>,
) -> Result<Raised, TargetError> {
    let workloads = workloads(installation, project)?;
    // The Secret is named after the release, whose name depends on what else is there.
    let draft = assemble(installation, project, options, &workloads, &Naming::of("mastodon"))?;
    let naming = Naming::choose(&draft.installation, options.release)?;
    assemble(installation, project, options, &workloads, &naming)
}

fn assemble(
    installation: &Installation,
    project: &Node,
    options: &RaiseOptions<'_>,
    workloads: &[Workload<'_>],
    naming: &Naming,
) -> Result<Raised, TargetError> {
    let (mut notes, mut decisions) = (Vec::new(), Vec::new());
    let hosts = Hosts::read(installation, project, workloads, options, &mut decisions);
    if let Some((service, origin)) = hosts.without_address(options) {
        return Err(TargetError::AddressNeeded { service: service.to_owned(), origin });
    }
    let environments = settings::split(workloads, &hosts, naming, &mut notes, &mut decisions);
    let mut claims = volumes::Claims::new(options.claim_size, project);
    let mut objects: Vec<Node> = environments.config_map.into_iter().collect();
    let mut raised = Vec::new();
    for (workload, (env_from, env)) in workloads.iter().zip(environments.of) {
        let mounted = claims.mount(workload, &mut notes, &mut decisions);
        raised.push(workload::raised(workload, env_from, env, mounted, &mut notes));
        built_image(workload, &mut decisions);
    }
    let migration = jobs::migration(workloads, &raised);
    let schedules = jobs::schedules(project, workloads, &raised, &mut notes);
    let project_secrets = claims.secrets();
    objects.extend(claims.objects(&mut decisions));
    objects.extend(raised);
    objects.extend(migration);
    objects.extend(schedules);
    let made = hosts.objects(installation, workloads, options, &mut decisions);
    objects.extend(made.objects);
    let routes = route::routes(installation, &mut decisions);
    let parents = gateway::parents(options.way_in, &routes, &mut decisions);
    pass_over(installation, workloads, &mut decisions);
    let objects = objects.into_iter().map(Object::new).collect();
    let understood = Installation::understand(objects, None)
        .map_err(|error| TargetError::NotRecognised(Box::new(error)))?;
    let mut raised = Raised {
        installation: understood,
        notes,
        secrets: environments.secrets,
        project_secrets,
        database_secrets: made.database_secrets,
        decisions: Vec::new(),
        routes,
        parents,
        stays: stays(project, workloads, &made.in_cluster),
        in_cluster: made.in_cluster.into_iter().collect(),
    };
    raised.decide(decisions);
    Ok(raised)
}

/// What must happen in its order while both sides are there.
fn pass_over(installation: &Installation, workloads: &[Workload<'_>], decisions: &mut Vec<Decision>) {
    let decide = |kind, object: &Object| Decision {
        kind,
        arguments: vec![("service", object.name().to_owned())],
        origin: object.node.origin,
    };
    for workload in workloads {
        if matches!(&workload.component.role, Role::Sidekiq(command) if command.schedules()) {
            decisions.push(decide(DecisionKind::Scheduler, workload.object));
        }
    }
    for beside in installation.neighbours.iter().filter(|beside| beside.part == NeighbourPart::Proxy) {
        decisions.push(decide(DecisionKind::Proxy, &installation.objects[beside.object]));
    }
}

fn stays(project: &Node, workloads: &[Workload<'_>], in_cluster: &[String]) -> BTreeSet<String> {
    let services = project.get("services").and_then(Node::as_mapping).into_iter().flatten();
    services
        .map(|(name, _)| name)
        .filter(|name| !in_cluster.contains(name))
        .filter(|name| !workloads.iter().any(|workload| workload.object.name() == *name))
        .cloned()
        .collect()
}

/// The containers that run Mastodon, each once for every part that can be run apart, with names of their own.
fn workloads<'a>(
    installation: &'a Installation,
    project: &'a Node,
) -> Result<Vec<Workload<'a>>, TargetError> {
    let mut workloads: Vec<Workload<'a>> = Vec::new();
    for component in &installation.components {
        let object = installation.workload(component);
        let (Some(container), Some(service)) =
            (installation.container(component), project.at_keys(&["services", object.name()]))
        else {
            continue;
        };
        let others = installation.components.iter().filter(|other| other.object == component.object);
        let shares = others.count() > 1;
        if shares && is_bundled(container) {
            return Err(TargetError::Bundled {
                object: object.name().to_owned(),
                image: container.str_at(&["image"]).unwrap_or_default().to_owned(),
                origin: container.get("image").and_then(|image| image.origin).or(object.node.origin),
            });
        }
        let wanted = name_of(object.name(), component, shares);
        let taken = |name: &str| workloads.iter().any(|own| own.name == name);
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken(name));
        let name = name.unwrap_or(wanted);
        workloads.push(Workload { name, component, object, container, service, shares });
    }
    workloads.sort_by_key(|workload| !workload.component.role.is_lasting());
    Ok(workloads)
}

/// The service's name, without what would clash with the release's.
fn name_of(service: &str, component: &Component, shares: bool) -> String {
    let name = slug(service);
    let name = name.strip_prefix("mastodon").unwrap_or(&name).trim_matches('-');
    match component.role {
        Role::Migration | Role::Tootctl if !name.is_empty() => name.to_owned(),
        _ if shares || name.is_empty() => component.role.component(),
        _ => name.to_owned(),
    }
}

/// Whether an image has a supervisor of its own that starts all parts, and no way to start one of them.
fn is_bundled(container: &Node) -> bool {
    let image = container.get("image").and_then(Version::read);
    image.is_some_and(|version| version.flavour == Flavour::LinuxServer)
}

fn built_image(workload: &Workload<'_>, decisions: &mut Vec<Decision>) {
    let Some(build) = workload.service.get("build") else { return };
    let image = workload.container.str_at(&["image"]).unwrap_or_default();
    let arguments = vec![("image", image.to_owned()), ("service", workload.object.name().to_owned())];
    decisions.push(Decision { kind: DecisionKind::BuiltImage, arguments, origin: build.origin });
}

/// A place for what is made because of a leaf, which is not the leaf itself: the ledger must not take one for the other.
pub(super) fn beside(origin: Option<Origin>) -> Option<Origin> {
    origin.map(|origin| Origin { length: 0, ..origin })
}

/// A text with a place.
pub(super) fn text(value: impl Into<String>, origin: Option<Origin>) -> Node {
    Node::from(value.into()).at(origin)
}

/// The beginning of an object.
pub(super) fn start(api_version: &str, kind: &str, name: &str, place: Option<Origin>) -> Node {
    let mut object = Node::mapping().at(place);
    object.set("apiVersion", text(api_version, place));
    object.set("kind", text(kind, place));
    object.ensure(&["metadata"]).set("name", text(name, place));
    object
}

/// Gives every node that has no place that of what it was made for.
pub(super) fn made_at(mut node: Node, place: Option<Origin>) -> Node {
    node.origin = node.origin.or(place);
    match &mut node.value {
        Value::Mapping(members) => {
            for child in members.values_mut() {
                *child = made_at(std::mem::replace(child, Node::mapping()), place);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                *item = made_at(std::mem::replace(item, Node::mapping()), place);
            }
        }
        _ => {}
    }
    node
}

/// A name as Kubernetes allows it: letters, digits and dashes, beginning with a letter, at most 50 characters.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(50);
    let slug = slug.trim_matches('-');
    match slug.chars().next() {
        None => "unnamed".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("n-{slug}"),
        Some(_) => slug.to_owned(),
    }
}

/// What of a note's fields a made thing needs.
pub(super) fn note(
    notes: &mut Vec<Note>,
    origin: Option<Origin>,
    change: crate::Change,
    reason: crate::Reason,
    target: String,
) {
    if let Some(origin) = origin {
        notes.push(Note { origin, change, reason, target });
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_become_what_kubernetes_allows() {
        let table = [
            ("mastodon_db", "mastodon-db"),
            (".env.production", "env-production"),
            ("DB", "db"),
            ("9lives", "n-9lives"),
            ("__", "unnamed"),
        ];
        for (name, expected) in table {
            assert_eq!(slug(name), expected);
        }
    }
}
