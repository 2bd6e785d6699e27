//! From objects to the model.

use std::collections::BTreeMap;

use tree::Node;

use crate::beside::{read_certificates, read_monitors, read_neighbours, read_scaling, read_schedules};
use crate::components::read_components;
use crate::findings::find;
use crate::index::Index;
use crate::needs::read_needs;
use crate::routes::{Ways, read_routes};
use crate::secrets::read_secrets;
use crate::stores::{read_mail, read_stores};
use crate::{
    Component, Installation, InstallationError, InstallationErrorKind, Labels, Object, Role, Route,
    RouteTarget, ServiceBehind, SettingValue, Version,
};

impl Installation {
    /// Makes out the Mastodon among these objects. Where there are several, `wanted` names one by its domain
    /// or `namespace/domain`. A part that is missing is a finding.
    ///
    /// # Errors
    /// If there is none, or more than one and none chosen.
    pub fn understand(objects: Vec<Object>, wanted: Option<&str>) -> Result<Self, InstallationError> {
        let index = Index::new(&objects);
        let mut components = read_components(&index);
        if components.iter().all(|component| !component.role.is_lasting()) {
            let origin = objects.first().and_then(|object| object.node.origin);
            let kind = InstallationErrorKind::NoMastodon { objects: objects.len() };
            return Err(InstallationError { kind, origin });
        }
        let chosen = choose(&objects, &components, wanted)?;
        components.retain(|component| belongs(&objects, component, &chosen));
        let services = read_services(&index, &components);
        let routes = read_routes(&index, &components);
        let domain = chosen.domain.clone().or_else(|| domain_of(&routes, &components)).unwrap_or_default();
        let needs = read_needs(&index);
        let neighbours = read_neighbours(&index, &components);
        let mut installation = Self {
            namespace: chosen.namespace,
            domain,
            services,
            routes,
            versions: read_versions(&objects, &components),
            stores: read_stores(&index, &components),
            mail: read_mail(&components),
            schedules: read_schedules(&index),
            scaling: read_scaling(&index),
            certificates: read_certificates(&index),
            monitors: read_monitors(&index, &neighbours),
            secrets: read_secrets(&index, &needs),
            neighbours,
            needs,
            findings: Vec::new(),
            objects: Vec::new(),
            components,
        };
        installation.objects = objects;
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

/// Namespace and `LOCAL_DOMAIN`. The domain is public, so it is told even where its owner keeps it in a Secret.
fn identity(objects: &[Object], component: &Component) -> Identity {
    let setting = component.environment.settings.get("LOCAL_DOMAIN");
    let setting = setting.filter(|setting| !matches!(setting.value, SettingValue::Sealed(_)));
    let domain = setting.and_then(|setting| setting.look()).filter(|text| !text.is_empty());
    Identity {
        namespace: objects[component.object].namespace().map(ToOwned::to_owned),
        domain: domain.map(ToOwned::to_owned),
    }
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
    let has_web = lasting().any(|component| component.role == Role::Web);
    for component in lasting().filter(|component| !has_web || component.role == Role::Web) {
        found.entry(identity(objects, component)).or_insert(objects[component.object].node.origin);
    }
    // Where some part says the domain, a part that does not is no other installation.
    let said: Vec<Option<String>> =
        found.keys().filter(|own| own.domain.is_some()).map(|own| own.namespace.clone()).collect();
    found.retain(|own, _| own.domain.is_some() || !said.contains(&own.namespace));
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
    Ok(found.into_keys().next().unwrap_or(Identity { namespace: None, domain: None }))
}

fn domain_of(routes: &[Route], components: &[Component]) -> Option<String> {
    let to_web = routes.iter().filter(|route| route.kind.knows_hosts() && !route.host.is_empty());
    let mut to_web = to_web.filter(|route| match route.target {
        RouteTarget::Component(index) => components[index].role == Role::Web,
        _ => false,
    });
    to_web.next().map(|route| route.host.clone())
}

/// The releases that the images of the lasting parts say they are, each image once; web's first.
fn read_versions(objects: &[Object], components: &[Component]) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    let rank = |role: &Role| usize::from(*role != Role::Web) + usize::from(!role.is_lasting());
    let mut components: Vec<&Component> = components.iter().collect();
    components.sort_by_key(|component| rank(&component.role));
    for component in components {
        let version = version_of(&objects[component.object], component);
        versions.extend(version.filter(|version| versions.iter().all(|own| own.image != version.image)));
    }
    versions
}

/// The release that a component's image says it is.
pub(crate) fn version_of(workload: &Object, component: &Component) -> Option<Version> {
    let container = workload.containers().nth(component.container)?;
    container.get("image").and_then(Version::read)
}

fn read_services(index: &Index<'_>, components: &[Component]) -> Vec<ServiceBehind> {
    let ways = Ways { index, components };
    let mut by_object: BTreeMap<usize, usize> = BTreeMap::new();
    for (position, component) in components.iter().enumerate() {
        by_object.entry(component.object).or_insert(position);
    }
    let workload = |target: &RouteTarget| match target {
        RouteTarget::Component(component) => Some(components[*component].object),
        RouteTarget::Neighbour(workload) => Some(*workload),
        RouteTarget::Unknown => None,
    };
    let mut services = Vec::new();
    let all = index.objects.iter().enumerate().filter(|(_, object)| object.kind() == "Service");
    for (position, service) in all {
        let workloads = index.behind(service);
        let Some(first) = workloads.iter().find_map(|workload| by_object.get(workload)) else { continue };
        // A selector may find more than answers: by labels that all parts share, every Service finds all of them.
        let answering = ways.answering(service);
        let part = answering.iter().flatten().find_map(|target| match target {
            RouteTarget::Component(component) => Some(*component),
            _ => None,
        });
        // A proxy in the pod of a part.
        let beside =
            || answering.iter().flatten().find_map(|target| by_object.get(&workload(target)?).copied());
        let component = match part.or_else(beside) {
            Some(component) => component,
            None if answering.is_empty() => *first,
            None => continue,
        };
        let own = components[component].object;
        let elsewhere = answering.iter().map(|found| found.iter().filter_map(workload).collect::<Vec<_>>());
        let elsewhere = elsewhere.filter(|found| !found.contains(&own));
        let mut others: Vec<usize> = elsewhere.filter_map(|found| found.first().copied()).collect();
        others.sort_unstable();
        others.dedup();
        let selector = service.node.at_keys(&["spec", "selector"]).map(Labels::read).unwrap_or_default();
        services.push(ServiceBehind { object: position, selector, component, others });
    }
    services
}

impl Installation {
    /// The container of a component.
    #[must_use]
    pub fn container(&self, component: &Component) -> Option<&Node> {
        self.workload(component).containers().nth(component.container)
    }

    /// The release that a component runs, where its image says so.
    #[must_use]
    pub fn version(&self, component: &Component) -> Option<Version> {
        version_of(self.workload(component), component)
    }
}
