//! The hosts that settings name: stores and other services beside Mastodon, and how the cluster finds them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use indexmap::IndexMap;
use installation::{Installation, NeighbourPart};
use tree::{Node, Origin, Value};

use super::assemble::{Workload, beside, made_at, slug, start, text};
use super::database::{Database, service_name};
use super::model::{DatabaseSecret, Decision, DecisionKind, RaiseOptions, Stores};
use super::settings::env_files;
use crate::{Change, Note, Reason};

/// Names of the Docker host itself, which mean nothing in a pod, or the pod.
const HOST_ITSELF: [&str; 7] = [
    "localhost",
    "127.0.0.1",
    "172.17.0.1",
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
    "host-gateway",
];

/// The services beside Mastodon that its settings name.
pub(super) struct Hosts {
    /// By the name that a setting says.
    named: IndexMap<String, Beside>,
    /// The setting's text → what it says from now on, by name.
    renamed: BTreeMap<String, (String, Reason)>,
}

/// A service beside Mastodon.
#[derive(Clone)]
struct Beside {
    service: String,
    part: NeighbourPart,
    port: u16,
    origin: Option<Origin>,
    /// Whether only settings that cannot be changed here name it.
    hidden: bool,
    /// Whether one such setting names it, or may.
    concealed: bool,
}

/// What stands in the cluster for services beside Mastodon.
pub(super) struct Made {
    pub(super) objects: Vec<Node>,
    pub(super) in_cluster: Vec<String>,
    pub(super) database_secrets: Vec<DatabaseSecret>,
}

impl Hosts {
    /// Reads the hosts of all settings. Where an env file is not at hand, it most likely names every store.
    pub(super) fn read(
        installation: &Installation,
        project: &Node,
        workloads: &[Workload<'_>],
        options: &RaiseOptions<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Self {
        let known = service_names(project, workloads);
        let mut hosts = Self { named: IndexMap::new(), renamed: BTreeMap::new() };
        for workload in workloads {
            for item in workload.container.get("env").into_iter().flat_map(Node::items) {
                let (Some(name), Some(value)) = (item.str_at(&["name"]), item.get("value")) else { continue };
                if !says_host(name) {
                    continue;
                }
                let open = value.as_text();
                let look = value.as_secret().map_or(open.as_deref(), |secret| Some(secret.reveal()));
                let Some(host) = look.map(host_of).filter(|host| !host.is_empty()) else { continue };
                if HOST_ITSELF.contains(&host) {
                    // Without the host's network a container's localhost was the container before, too.
                    let own = matches!(host, "localhost" | "127.0.0.1");
                    if own && workload.service.str_at(&["network_mode"]) != Some("host") {
                        continue;
                    }
                    tell_host(name, host, workload, value.origin, decisions);
                } else if let Some(service) = known.get(host) {
                    hosts.add(installation, host, service, value.origin, open.is_none());
                }
            }
        }
        if workloads.iter().any(|workload| !env_files(workload.container).is_empty()) {
            let stores: Vec<(String, Option<Origin>)> = installation
                .neighbours
                .iter()
                .filter(|beside| is_store(beside.part) && beside.container.is_none())
                .map(|beside| &installation.objects[beside.object])
                .map(|object| (object.name().to_owned(), object.node.origin))
                .collect();
            for (service, origin) in stores {
                let mut known = false;
                for own in hosts.named.values_mut().filter(|own| own.service == service) {
                    (known, own.concealed) = (true, true);
                }
                if !known {
                    hosts.add(installation, &service.clone(), &service, origin, true);
                }
            }
        }
        hosts.rename(options);
        hosts
    }

    fn add(
        &mut self,
        installation: &Installation,
        host: &str,
        service: &str,
        origin: Option<Origin>,
        hidden: bool,
    ) {
        let beside = installation.neighbours.iter().find(|beside| {
            beside.container.is_none() && installation.objects[beside.object].name() == service
        });
        let part = beside.map_or(NeighbourPart::Other, |beside| beside.part);
        let declared = installation
            .objects
            .iter()
            .find(|object| object.kind() == "Service" && object.name() == service)
            .and_then(|object| object.node.at_keys(&["spec", "ports"])?.items().next()?.get("port")?.as_i64())
            .and_then(|port| u16::try_from(port).ok());
        let port = port_of(part).or(declared).unwrap_or(80);
        let entry = self.named.entry(host.to_owned());
        let (service, concealed) = (service.to_owned(), hidden);
        let own = entry.or_insert(Beside { service, part, port, origin, hidden, concealed });
        own.hidden &= hidden;
        own.concealed |= hidden;
    }

    /// Names that settings are to say from now on: those that Kubernetes allows, or the address that was given.
    fn rename(&mut self, options: &RaiseOptions<'_>) {
        for (host, beside) in &self.named {
            let given = options.addresses.get(&beside.service).or_else(|| options.addresses.get(host));
            let new = match given {
                Some(address) if options.stores == Stores::External && is_store(beside.part) => {
                    (address.clone(), Reason::StoreElsewhere)
                }
                _ if options.stores == Stores::InCluster
                    && beside.part == NeighbourPart::Database
                    && !beside.concealed =>
                {
                    (service_name(&slug(host)), Reason::StoreInCluster)
                }
                _ => (slug(host), Reason::ServiceName),
            };
            if new.0 != *host {
                self.renamed.insert(host.clone(), new);
            }
        }
    }

    /// A setting's value with the host's new name, where it has one.
    pub(super) fn rewritten(&self, name: &str, value: &Node, notes: &mut Vec<Note>) -> Node {
        let Some(plain) = value.as_text() else { return value.clone() };
        let same = Node::from(plain.as_str()).at(value.origin);
        if !says_host(name) {
            return same;
        }
        let host = host_of(&plain).to_owned();
        let Some((new, reason)) = self.renamed.get(&host) else { return same };
        if let Some(origin) = value.origin {
            let change = Change::Translated;
            notes.push(Note { origin, change, reason: *reason, target: format!("{name} {new}") });
        }
        Node::from(plain.replacen(&host, new, 1)).at(value.origin)
    }

    /// The stores that need an address and have none.
    pub(super) fn without_address(&self, options: &RaiseOptions<'_>) -> Option<(&str, Option<Origin>)> {
        let missing = |host: &String, beside: &Beside| {
            is_store(beside.part)
                && !options.addresses.contains_key(&beside.service)
                && !options.addresses.contains_key(host)
        };
        let external = options.stores == Stores::External;
        let mut stores = self.named.iter().filter(|(host, beside)| external && missing(host, beside));
        stores.next().map(|(_, beside)| (beside.service.as_str(), beside.origin))
    }

    /// Makes the objects by which the cluster finds each of them, or runs it.
    pub(super) fn objects(
        &self,
        installation: &Installation,
        workloads: &[Workload<'_>],
        options: &RaiseOptions<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Made {
        let mut made = Made { objects: Vec::new(), in_cluster: Vec::new(), database_secrets: Vec::new() };
        for (host, beside) in &self.named {
            let name = slug(host);
            let of_setting = |kind| Decision {
                kind,
                arguments: vec![("service", host.clone()), ("name", name.clone())],
                origin: beside.origin,
            };
            if beside.hidden && name != *host {
                decisions.push(of_setting(DecisionKind::ServiceName));
            }
            if options.stores == Stores::InCluster && is_run(beside.part) {
                let store = super::jobs::Store { name: &name, service: &beside.service, port: beside.port };
                let (part, size, concealed) = (beside.part, options.store_size, beside.concealed);
                made.objects.extend(store.objects(installation, workloads, part, size, concealed));
                made.in_cluster.push(beside.service.clone());
                if part == NeighbourPart::Database {
                    let database = Database::read(&name, workloads);
                    decisions.push(beside.empty(&database));
                    made.database_secrets.push(database.secret());
                } else {
                    let is_search = part == NeighbourPart::Search;
                    let kind = if is_search { DecisionKind::EmptySearch } else { DecisionKind::EmptyStore };
                    let arguments = vec![("service", beside.service.clone()), ("name", name)];
                    decisions.push(Decision { kind, arguments, origin: beside.origin });
                }
                continue;
            }
            if options.stores == Stores::InCluster && beside.part == NeighbourPart::DatabaseProxy {
                let arguments = vec![("service", beside.service.clone())];
                let kind = DecisionKind::DatabaseProxy;
                decisions.push(Decision { kind, arguments, origin: beside.origin });
            }
            let given = options.addresses.get(&beside.service).or_else(|| options.addresses.get(host));
            let settled = matches!(self.renamed.get(host), Some((_, Reason::StoreElsewhere)));
            if settled && !beside.hidden {
                continue;
            }
            let place = beside_place(beside);
            match given.map(|address| (address, address.parse::<IpAddr>())) {
                Some((_, Ok(address))) => made.objects.extend(at_address(&name, beside.port, address, place)),
                Some((address, Err(_))) => made.objects.push(alias(&name, address, place)),
                None => {
                    let address = format!("{name}.address-to-be-given.invalid");
                    made.objects.push(alias(&name, &address, place));
                    let arguments = vec![("service", name.clone()), ("address", address)];
                    let origin = beside.origin;
                    decisions.push(Decision { kind: DecisionKind::Address, arguments, origin });
                }
            }
        }
        made
    }
}

impl Beside {
    /// That a database is empty, and how its data gets in.
    fn empty(&self, database: &Database) -> Decision {
        let DatabaseSecret { secret, username } = database.secret();
        let arguments = vec![
            ("service", self.service.clone()),
            ("cluster", database.cluster.clone()),
            ("database", database.name.clone()),
            ("owner", database.owner.clone()),
            ("user", username),
            ("secret", secret),
        ];
        Decision { kind: DecisionKind::EmptyDatabase, arguments, origin: self.origin }
    }
}

fn beside_place(own: &Beside) -> Option<Origin> {
    beside(own.origin)
}

fn tell_host(
    name: &str,
    host: &str,
    workload: &Workload<'_>,
    origin: Option<Origin>,
    decisions: &mut Vec<Decision>,
) {
    let arguments = vec![("host", host.to_owned()), ("service", name.to_owned())];
    let decision =
        Decision { kind: DecisionKind::HostName, arguments, origin: origin.or(workload.object.node.origin) };
    if !decisions.iter().any(|other| other.arguments == decision.arguments) {
        decisions.push(decision);
    }
}

/// Every name by which a container of the project finds another, with the service; those that are raised left out.
fn service_names(project: &Node, workloads: &[Workload<'_>]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (key, service) in project.get("services").and_then(Node::as_mapping).into_iter().flatten() {
        if workloads.iter().any(|workload| workload.object.name() == key) {
            continue;
        }
        let mut add = |name: String| {
            names.entry(name).or_insert_with(|| key.clone());
        };
        add(key.clone());
        service.get("container_name").and_then(Node::as_text).into_iter().for_each(&mut add);
        for network in
            service.get("networks").and_then(Node::as_mapping).into_iter().flat_map(|own| own.values())
        {
            let aliases = network.get("aliases").into_iter().flat_map(Node::items);
            aliases.filter_map(Node::as_text).for_each(&mut add);
        }
    }
    names
}

/// Whether a setting of this name says a host.
fn says_host(name: &str) -> bool {
    const ENDS: [&str; 7] = ["_HOST", "_URL", "_SERVER", "_ENDPOINT", "_HOSTNAME", "_SENTINELS", "_ADDR"];
    ENDS.iter().any(|end| name.ends_with(end)) || name.to_ascii_lowercase().ends_with("_proxy")
}

/// The host in a text: of a URL, or before a port.
fn host_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let end = rest.find([':', '/', '?', '#', ',', ' ']).unwrap_or(rest.len());
    &rest[..end]
}

/// Whether it keeps Mastodon's data.
fn is_store(part: NeighbourPart) -> bool {
    matches!(
        part,
        NeighbourPart::Database
            | NeighbourPart::DatabaseProxy
            | NeighbourPart::Redis
            | NeighbourPart::Search
            | NeighbourPart::ObjectStore
    )
}

/// Whether it can be made anew in the cluster.
fn is_run(part: NeighbourPart) -> bool {
    matches!(part, NeighbourPart::Database | NeighbourPart::Redis | NeighbourPart::Search)
}

fn port_of(part: NeighbourPart) -> Option<u16> {
    Some(match part {
        NeighbourPart::Database => 5432,
        NeighbourPart::Redis => 6379,
        NeighbourPart::Search => 9200,
        _ => return None,
    })
}

/// A Service that leads to a host name elsewhere.
fn alias(name: &str, address: &str, place: Option<Origin>) -> Node {
    let mut service = start("v1", "Service", name, place);
    let spec = service.ensure(&["spec"]);
    spec.set("type", "ExternalName");
    spec.set("externalName", text(address, place));
    made_at(service, place)
}

/// A Service without a selector and the address behind it.
fn at_address(name: &str, port: u16, address: IpAddr, place: Option<Origin>) -> [Node; 2] {
    let entry = |keys: &[&str]| {
        let mut entry = Node::mapping();
        entry.set("name", "tcp");
        for key in keys {
            entry.set(key, i64::from(port));
        }
        Value::Sequence(vec![entry])
    };
    let mut service = start("v1", "Service", name, place);
    service.ensure(&["spec"]).set("ports", entry(&["port", "targetPort"]));
    let mut slice = start("discovery.k8s.io/v1", "EndpointSlice", &format!("{name}-address"), place);
    *slice.ensure(&["metadata", "labels", "kubernetes.io/service-name"]) = name.into();
    slice.set("addressType", if address.is_ipv4() { "IPv4" } else { "IPv6" });
    slice.set("ports", entry(&["port"]));
    let mut endpoint = Node::mapping();
    endpoint.set("addresses", Value::Sequence(vec![address.to_string().into()]));
    slice.set("endpoints", Value::Sequence(vec![endpoint]));
    [made_at(service, place), made_at(slice, place)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_every_form_of_setting() {
        for (text, host) in [
            ("db", "db"),
            ("redis:6379", "redis"),
            ("postgres://u:made-up@db:5432/x", "db"),
            ("http://libretranslate:5000", "libretranslate"),
            ("", ""),
        ] {
            assert_eq!(host_of(text), host, "{text}");
        }
        assert!(says_host("DB_HOST") && says_host("http_proxy") && !says_host("DB_NAME"));
    }
}
