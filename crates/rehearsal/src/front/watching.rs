//! Watching the cluster for routes, and laying the table anew when they have changed.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client, ResourceExt};
use tokio::sync::watch;

use super::pool::Endpoint;
use super::table::{Backend, Table};

/// How long changes are gathered before the table is laid anew, in cluster time: a Deployment touches many
/// endpoints at once, and a controller does not reload for each of them.
const GATHER: Duration = Duration::from_millis(200);

/// The label by which an EndpointSlice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// A namespace and a name.
type Key = (String, String);

enum Change {
    Ingress(Box<Event<Ingress>>),
    Service(Box<Event<Service>>),
    Slice(Box<Event<EndpointSlice>>),
}

/// Keeps the table in step with the cluster, for ever.
pub(super) async fn keep(client: Client, clock: Clock, table: watch::Sender<Arc<Table>>) {
    let mut changes = changes(&client);
    let mut known = Known::default();
    let mut endpoints = HashMap::new();
    while let Some(change) = changes.next().await {
        known.take(change);
        let gathered = clock.after(GATHER);
        while let Ok(Some(change)) = tokio::time::timeout_at(gathered, changes.next()).await {
            known.take(change);
        }
        if known.is_complete() {
            table.send_replace(Arc::new(known.table(&mut endpoints)));
        }
    }
}

fn changes(client: &Client) -> BoxStream<'static, Change> {
    // A watch that breaks is taken up again after a pause; until then what is known stays known.
    fn of<K>(client: &Client) -> BoxStream<'static, Event<K>>
    where
        K: kube::Resource<DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + Send
            + 'static,
    {
        let events = watch_objects(Api::<K>::all(client.clone()), watcher::Config::default());
        events.default_backoff().filter_map(async |event| event.ok()).boxed()
    }
    stream::select_all([
        of::<Ingress>(client).map(|event| Change::Ingress(Box::new(event))).boxed(),
        of::<Service>(client).map(|event| Change::Service(Box::new(event))).boxed(),
        of::<EndpointSlice>(client).map(|event| Change::Slice(Box::new(event))).boxed(),
    ])
    .boxed()
}

/// The objects of one kind, as last seen.
struct Shelf<K> {
    objects: BTreeMap<Key, K>,
    listing: BTreeMap<Key, K>,
    complete: bool,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), listing: BTreeMap::new(), complete: false }
    }
}

impl<K: kube::Resource> Shelf<K> {
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
struct Known {
    ingresses: Shelf<Ingress>,
    services: Shelf<Service>,
    slices: Shelf<EndpointSlice>,
}

/// Endpoints by address, kept from table to table with their connections.
type Endpoints = HashMap<SocketAddr, Arc<Endpoint>>;

impl Known {
    fn take(&mut self, change: Change) {
        match change {
            Change::Ingress(event) => self.ingresses.take(*event),
            Change::Service(event) => self.services.take(*event),
            Change::Slice(event) => self.slices.take(*event),
        }
    }

    fn is_complete(&self) -> bool {
        self.ingresses.complete && self.services.complete && self.slices.complete
    }

    fn table(&self, endpoints: &mut Endpoints) -> Table {
        let mut table = Table::default();
        let mut used = Endpoints::new();
        // Where two Ingresses claim the same, the older one keeps it.
        let mut ingresses: Vec<_> = self.ingresses.objects.values().collect();
        ingresses.sort_by_key(|ingress| ingress.creation_timestamp());
        for ingress in ingresses {
            let namespace = ingress.namespace().unwrap_or_default();
            let Some(spec) = &ingress.spec else { continue };
            let mut backend = |backend: &IngressBackend| {
                let addresses = self.addresses(&namespace, backend);
                let ready = addresses.into_iter().map(|address| {
                    let known = endpoints.get(&address).or_else(|| used.get(&address)).cloned();
                    let endpoint = known.unwrap_or_else(|| Arc::new(Endpoint::new(address)));
                    used.insert(endpoint.address(), endpoint.clone());
                    endpoint
                });
                Arc::new(Backend::new(ready.collect()))
            };
            for rule in spec.rules.iter().flatten() {
                let host = rule.host.as_deref().unwrap_or_default();
                for path in rule.http.iter().flat_map(|http| &http.paths) {
                    let given = path.path.as_deref().unwrap_or("/");
                    table.add(host, &path.path_type, given, backend(&path.backend));
                }
            }
            if let Some(default) = &spec.default_backend {
                table.set_default(backend(default));
            }
        }
        table.sort();
        *endpoints = used;
        table
    }

    /// The ready addresses behind an Ingress's backend.
    fn addresses(&self, namespace: &str, backend: &IngressBackend) -> Vec<SocketAddr> {
        let Some(wanted) = &backend.service else { return Vec::new() };
        let key = (namespace.to_owned(), wanted.name.clone());
        let ports = self.services.objects.get(&key).and_then(|service| service.spec.as_ref()?.ports.as_ref());
        let port = ports.into_iter().flatten().find(|port| match &wanted.port {
            Some(named) if named.name.is_some() => port.name == named.name,
            Some(numbered) => Some(port.port) == numbered.number,
            None => true,
        });
        let Some(port) = port else { return Vec::new() };
        let name = port.name.as_deref().unwrap_or_default();
        let mut addresses: Vec<SocketAddr> = self
            .slices
            .objects
            .values()
            .filter(|slice| slice.namespace().unwrap_or_default() == namespace)
            .filter(|slice| slice.labels().get(SERVICE_NAME) == Some(&wanted.name))
            .flat_map(|slice| ready(slice, name))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
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
