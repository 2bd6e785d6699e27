//! What the cluster says of routes, as last seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::core::DynamicObject;
use kube::runtime::watcher::Event;

use super::manner::Manner;
use super::route::{Group, Routes};
use super::shaping::{Members, Wanted};
use super::{Profile, gateway, ingress, outside};

/// The label by which an EndpointSlice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// A namespace and a name.
pub(super) type Key = (String, String);

pub(super) enum Change {
    Ingress(Box<Event<Ingress>>),
    Service(Box<Event<Service>>),
    Slice(Box<Event<EndpointSlice>>),
    /// Of the Gateway API's `v1` or `v1beta1`.
    HttpRoute(usize, Box<Event<DynamicObject>>),
    Gateway(usize, Box<Event<DynamicObject>>),
}

/// The objects of one kind, as last seen.
pub(super) struct Shelf<K> {
    objects: BTreeMap<Key, K>,
    listing: BTreeMap<Key, K>,
    complete: bool,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), listing: BTreeMap::new(), complete: false }
    }
}

impl<K: ResourceExt> Shelf<K> {
    fn take(&mut self, event: Event<K>) {
        let key = |object: &K| (object.namespace().unwrap_or_default(), object.name_any());
        match event {
            Event::Apply(object) => {
                self.objects.insert(key(&object), object);
            }
            Event::Delete(object) => {
                self.objects.remove(&key(&object));
            }
            Event::Init => self.listing.clear(),
            Event::InitApply(object) => {
                self.listing.insert(key(&object), object);
            }
            Event::InitDone => {
                self.objects = std::mem::take(&mut self.listing);
                self.complete = true;
            }
        }
    }
}

/// Everything routes are made of.
#[derive(Default)]
pub(super) struct Known {
    ingresses: Shelf<Ingress>,
    services: Shelf<Service>,
    slices: Shelf<EndpointSlice>,
    http_routes: [Shelf<DynamicObject>; 2],
    gateways: [Shelf<DynamicObject>; 2],
}

impl Known {
    pub(super) fn take(&mut self, change: Change) {
        match change {
            Change::Ingress(event) => self.ingresses.take(*event),
            Change::Service(event) => self.services.take(*event),
            Change::Slice(event) => self.slices.take(*event),
            Change::HttpRoute(version, event) => self.http_routes[version].take(*event),
            Change::Gateway(version, event) => self.gateways[version].take(*event),
        }
    }

    /// Whether all that every cluster has is known; the kinds of the Gateway API may not be there at all.
    pub(super) fn is_complete(&self) -> bool {
        self.ingresses.complete && self.services.complete && self.slices.complete
    }

    /// HTTPRoutes, each once, in the newest version that has it.
    pub(super) fn http_routes(&self) -> impl Iterator<Item = &DynamicObject> {
        newest(&self.http_routes)
    }

    /// Gateways, likewise.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &DynamicObject> {
        newest(&self.gateways)
    }

    /// Whether there is a Service with this port.
    pub(super) fn exists(&self, group: &Group) -> bool {
        self.port_name(group).is_some()
    }

    pub(super) fn wanted(&self, profile: Profile, manner: &Manner) -> Wanted {
        let mut routes = Routes::default();
        ingress::add(&mut routes, self.ingresses.objects.values(), profile, manner);
        gateway::add(&mut routes, self.http_routes(), manner, |group| self.exists(group));
        if profile == Profile::OutsideNginx && routes.routes.is_empty() {
            outside::add(&mut routes, self.services.objects.values(), manner);
        }
        if manner.skips_missing {
            routes.routes.retain(|route| route.groups().all(|group| self.exists(group)));
        }
        let groups: BTreeSet<Group> = routes.groups().cloned().collect();
        let members: Members =
            groups.into_iter().map(|group| (group.clone(), self.addresses(&group))).collect();
        Wanted { routes, members }
    }

    /// The name of a Service's port that a group asks for.
    fn port_name(&self, group: &Group) -> Option<&str> {
        let key = (group.namespace.clone(), group.service.clone());
        let ports = self.services.objects.get(&key)?.spec.as_ref()?.ports.as_ref()?;
        let port = ports.iter().find(|port| {
            group.port.is_empty()
                || port.name.as_deref() == Some(group.port.as_str())
                || port.port.to_string() == group.port
        })?;
        Some(port.name.as_deref().unwrap_or_default())
    }

    /// The ready addresses behind a group.
    fn addresses(&self, group: &Group) -> BTreeSet<SocketAddr> {
        let Some(port) = self.port_name(group) else { return BTreeSet::new() };
        let slices = self.slices.objects.values().filter(|slice| {
            slice.namespace().unwrap_or_default() == group.namespace
                && slice.labels().get(SERVICE_NAME) == Some(&group.service)
        });
        slices.flat_map(|slice| ready(slice, port)).collect()
    }
}

fn newest(versions: &[Shelf<DynamicObject>; 2]) -> impl Iterator<Item = &DynamicObject> {
    let [first, second] = versions;
    let older = second.objects.iter().filter(|(key, _)| !first.objects.contains_key(*key));
    first.objects.values().chain(older.map(|(_, object)| object))
}

/// The ready endpoints of a slice at the port of this name. Readiness not told counts as ready.
fn ready(slice: &EndpointSlice, port: &str) -> Vec<SocketAddr> {
    let port = slice
        .ports
        .iter()
        .flatten()
        .find(|other| other.name.as_deref().unwrap_or_default() == port)
        .and_then(|port| u16::try_from(port.port?).ok());
    let Some(port) = port else { return Vec::new() };
    slice
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true))
        .flat_map(|endpoint| &endpoint.addresses)
        .filter_map(|address| Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, port)))
        .collect()
}
