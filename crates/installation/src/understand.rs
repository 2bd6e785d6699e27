//! From objects to the model.

use std::collections::{BTreeMap, BTreeSet};

use tree::Node;

use crate::{
    Component, Finding, FindingKind, Installation, InstallationError, InstallationErrorKind, Labels, Need,
    Object, Role, RouteTarget, ServiceBehind, SettingValue, all_queues, read_routes, resolve_environment,
};

impl Installation {
    /// Makes out the Mastodon among these objects. Where there are several, `wanted` names one by its domain
    /// or `namespace/domain`.
    ///
    /// # Errors
    /// If there is none, more than one and none chosen, or one without web.
    pub fn understand(objects: Vec<Object>, wanted: Option<&str>) -> Result<Self, InstallationError> {
        let mut components = read_components(&objects);
        if components.iter().all(|component| !component.role.is_lasting()) {
            let origin = objects.first().and_then(|object| object.node.origin);
            let kind = InstallationErrorKind::NoMastodon { objects: objects.len() };
            return Err(InstallationError { kind, origin });
        }
        let chosen = choose(&objects, &components, wanted)?;
        components.retain(|component| belongs(&objects, component, &chosen));
        if !components.iter().any(|component| component.role == Role::Web) {
            let origin = components.first().and_then(|component| objects[component.object].node.origin);
            let kind = InstallationErrorKind::MissingComponent { component: "web".to_owned() };
            return Err(InstallationError { kind, origin });
        }
        let services = read_services(&objects, &components);
        let routes = read_routes(&objects, &services);
        let domain = chosen.domain.clone().unwrap_or_else(|| {
            let to_web = routes.iter().find(|route| match route.target {
                RouteTarget::Component(index) => components[index].role == Role::Web,
                _ => false,
            });
            to_web.map(|route| route.host.clone()).unwrap_or_default()
        });
        let needs = read_needs(&objects);
        let mut installation = Self {
            namespace: chosen.namespace,
            domain,
            objects,
            components,
            services,
            routes,
            needs,
            findings: Vec::new(),
            versions: Vec::new(),
            stores: Vec::new(),
            mail: Vec::new(),
            schedules: Vec::new(),
            scaling: Vec::new(),
            certificates: Vec::new(),
            monitors: Vec::new(),
            neighbours: Vec::new(),
            secrets: Vec::new(),
        };
        installation.findings = find(&installation);
        Ok(installation)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    namespace: Option<String>,
    domain: Option<String>,
}

impl Identity {
    fn name(&self) -> String {
        let namespace = self.namespace.as_deref().unwrap_or("default");
        format!("{namespace}/{}", self.domain.as_deref().unwrap_or("?"))
    }
}

fn identity(objects: &[Object], component: &Component) -> Identity {
    let domain =
        component.environment.settings.get("LOCAL_DOMAIN").and_then(|setting| match &setting.value {
            SettingValue::Text(text) => Some(text.clone()),
            _ => None,
        });
    Identity { namespace: objects[component.object].namespace().map(ToOwned::to_owned), domain }
}

/// Whether a component is part of the chosen installation: same namespace, and no other domain of its own.
fn belongs(objects: &[Object], component: &Component, chosen: &Identity) -> bool {
    let own = identity(objects, component);
    own.namespace == chosen.namespace && (own.domain.is_none() || own.domain == chosen.domain)
}

fn choose(
    objects: &[Object],
    components: &[Component],
    wanted: Option<&str>,
) -> Result<Identity, InstallationError> {
    let lasting = || components.iter().filter(|component| component.role.is_lasting());
    let mut found: BTreeMap<Identity, Option<tree::Origin>> = BTreeMap::new();
    for component in lasting().filter(|component| component.role == Role::Web) {
        found.entry(identity(objects, component)).or_insert(objects[component.object].node.origin);
    }
    let choices = || found.keys().map(Identity::name).collect::<Vec<_>>();
    if let Some(wanted) = wanted {
        let mut matching =
            found.keys().filter(|own| own.name() == wanted || own.domain.as_deref() == Some(wanted));
        return match (matching.next(), matching.next()) {
            (Some(one), None) => Ok(one.clone()),
            _ => {
                let kind =
                    InstallationErrorKind::NoSuchMastodon { wanted: wanted.to_owned(), choices: choices() };
                Err(InstallationError { kind, origin: None })
            }
        };
    }
    if found.len() > 1 {
        let origin = found.values().nth(1).copied().flatten();
        return Err(InstallationError {
            kind: InstallationErrorKind::SeveralMastodons { choices: choices() },
            origin,
        });
    }
    let only = found.into_keys().next();
    Ok(only
        .or_else(|| lasting().next().map(|component| identity(objects, component)))
        .unwrap_or(Identity { namespace: None, domain: None }))
}

fn read_components(objects: &[Object]) -> Vec<Component> {
    let mut components = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        for (position, container) in object.containers().enumerate() {
            let Some(role) = Role::of(container) else { continue };
            let scope: Vec<Object> = objects
                .iter()
                .filter(|other| other.namespace() == object.namespace())
                .filter(|other| matches!(other.kind(), "ConfigMap" | "Secret"))
                .cloned()
                .collect();
            components.push(Component {
                role,
                object: index,
                container: position,
                labels: object.pod_labels(),
                environment: resolve_environment(container, &scope),
            });
        }
    }
    components
}

fn read_services(objects: &[Object], components: &[Component]) -> Vec<ServiceBehind> {
    let mut services = Vec::new();
    for (index, object) in objects.iter().enumerate().filter(|(_, object)| object.kind() == "Service") {
        let selector = object.node.at_keys(&["spec", "selector"]).map(Labels::read).unwrap_or_default();
        let behind = components.iter().position(|component| {
            selector.select(&component.labels) && objects[component.object].namespace() == object.namespace()
        });
        if let Some(component) = behind {
            services.push(ServiceBehind { object: index, selector, component });
        }
    }
    services
}

/// Secrets and ConfigMaps that any pod refers to and no document holds.
fn read_needs(objects: &[Object]) -> Vec<Need> {
    let mut needs: BTreeMap<(String, String), (BTreeSet<String>, bool)> = BTreeMap::new();
    let mut need = |kind: &str, name: Option<&str>, key: Option<&str>, whole: bool| {
        let Some(name) = name else { return };
        if objects.iter().any(|object| object.kind() == kind && object.name() == name) {
            return;
        }
        let entry = needs.entry((kind.to_owned(), name.to_owned())).or_default();
        entry.0.extend(key.map(ToOwned::to_owned));
        entry.1 |= whole;
    };
    for spec in objects.iter().filter_map(|object| object.template()?.get("spec")) {
        for container in
            ["containers", "initContainers"].iter().filter_map(|key| spec.get(key)).flat_map(Node::items)
        {
            for source in container.get("envFrom").into_iter().flat_map(Node::items) {
                need("Secret", source.str_at(&["secretRef", "name"]), None, true);
                need("ConfigMap", source.str_at(&["configMapRef", "name"]), None, true);
            }
            for from in
                container.get("env").into_iter().flat_map(Node::items).filter_map(|env| env.get("valueFrom"))
            {
                let reference = |kind: &str| {
                    let reference = from.get(kind)?;
                    Some((reference.str_at(&["name"]), reference.str_at(&["key"])))
                };
                if let Some((name, key)) = reference("secretKeyRef") {
                    need("Secret", name, key, false);
                }
                if let Some((name, key)) = reference("configMapKeyRef") {
                    need("ConfigMap", name, key, false);
                }
            }
        }
        for volume in spec.get("volumes").into_iter().flat_map(Node::items) {
            need("Secret", volume.str_at(&["secret", "secretName"]), None, false);
            need("ConfigMap", volume.str_at(&["configMap", "name"]), None, false);
        }
    }
    needs
        .into_iter()
        .map(|((kind, name), (keys, whole))| Need { kind, name, keys: keys.into_iter().collect(), whole })
        .collect()
}

fn find(installation: &Installation) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut served = BTreeSet::new();
    for component in &installation.components {
        let workload = installation.workload(component);
        let mut add = |kind, node: Option<&Node>| {
            let origin = node.and_then(|node| node.origin).or(workload.node.origin);
            findings.push(Finding { kind, object: workload.id(), origin });
        };
        let container = workload.containers().nth(component.container);
        let image = container.and_then(|container| container.get("image"));
        if image.and_then(Node::as_str).is_some_and(is_floating) {
            add(FindingKind::FloatingImage, image);
        }
        let Role::Sidekiq(command) = &component.role else { continue };
        served.extend(command.queues.iter().map(|queue| queue.name.clone()));
        let grace = workload
            .template()
            .and_then(|template| template.at_keys(&["spec", "terminationGracePeriodSeconds"]));
        if grace.and_then(Node::as_i64).is_some_and(|seconds| seconds <= 25) {
            add(FindingKind::ShortGracePeriod, grace);
        }
        if !command.schedules() {
            continue;
        }
        let scaler = installation.objects.iter().find(|object| {
            object.kind() == "HorizontalPodAutoscaler"
                && object.node.str_at(&["spec", "scaleTargetRef", "name"]) == Some(workload.name())
                && object.node.at_keys(&["spec", "maxReplicas"]).and_then(Node::as_i64) > Some(1)
        });
        if workload.replicas() > 1 || scaler.is_some() {
            let place = scaler.and_then(|object| object.node.at_keys(&["spec", "maxReplicas"]));
            add(FindingKind::SeveralSchedulers, place.or(workload.node.at_keys(&["spec", "replicas"])));
        }
        let strategy = workload.node.at_keys(&["spec", "strategy", "type"]);
        if strategy.and_then(Node::as_str) != Some("Recreate") {
            add(FindingKind::SchedulerOverlapsOnUpdate, strategy);
        }
    }
    let unserved = all_queues().into_iter().find(|queue| !served.contains(&queue.name));
    let worker = installation.components_where(|role| matches!(role, Role::Sidekiq(_))).next();
    if let (Some(_), Some((_, component))) = (unserved, worker) {
        let workload = installation.workload(component);
        findings.push(Finding {
            kind: FindingKind::UnservedQueue,
            object: workload.id(),
            origin: workload.node.origin,
        });
    }
    findings
}

/// Whether an image may change under its name: no digest, and a tag that moves.
fn is_floating(image: &str) -> bool {
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    !image.contains('@') && matches!(tag, None | Some("latest" | "nightly" | "edge" | "stable"))
}
