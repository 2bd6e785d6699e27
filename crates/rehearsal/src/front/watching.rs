//! Watching the cluster for routes, and laying the table anew when the front's manner says so.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clock::Clock;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client};
use tokio::sync::watch;

use super::Profile;
use super::gateway_status::Teller;
use super::known::{Change, Known};
use super::manner::Manner;
use super::pool::Endpoint;
use super::route::Group;
use super::shaping::{Laid, Shaping};
use super::table::{Backend, Table};

/// How long a watch that broke is left alone, in cluster time.
const PAUSE: Duration = Duration::from_secs(1);

/// The versions in which the Gateway API's kinds are served, newest first.
pub(super) const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// A kind of the Gateway API.
pub(super) fn gateway_kind(kind: &str, plural: &str, version: usize) -> ApiResource {
    let (group, version) = ("gateway.networking.k8s.io", VERSIONS[version]);
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: format!("{group}/{version}"),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

/// What users meet at one instant.
#[derive(Debug, Default)]
pub(super) struct Stand {
    pub(super) table: Table,
    /// How often worker processes were replaced.
    pub(super) reloads: u64,
}

/// What keeping a front in step needs.
pub(super) struct Keeper {
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) profile: Profile,
    pub(super) seed: u64,
    pub(super) stand: watch::Sender<Arc<Stand>>,
    /// Whether any user has come yet.
    pub(super) visited: Arc<AtomicBool>,
}

impl Keeper {
    /// Keeps the table in step with the cluster, for ever.
    pub(super) async fn keep(self) {
        let manner = Manner::of(self.profile);
        let mut changes = changes(&self.client, self.clock);
        let mut known = Known::default();
        let mut shaping = Shaping::new(manner, self.seed);
        let mut layer = Layer::new(manner);
        let mut teller = Teller::new(self.client.clone(), self.profile);
        loop {
            let now = self.clock.elapsed();
            let next = shaping.next(now).map(|at| self.clock.after(at.saturating_sub(now)));
            tokio::select! {
                change = changes.next() => {
                    let Some(change) = change else { return };
                    known.take(change);
                    // Whatever else has arrived meanwhile is one with it.
                    while let Some(Some(change)) = futures::FutureExt::now_or_never(changes.next()) {
                        known.take(change);
                    }
                    if !known.is_complete() {
                        continue;
                    }
                    let now = self.clock.elapsed();
                    shaping.hear(now, known.wanted(self.profile, &manner));
                    if !self.visited.load(Ordering::Relaxed) {
                        shaping.skip(now);
                    }
                    teller.tell(&known).await;
                }
                () = wait(next) => {}
            }
            if let Some(stand) = layer.lay(shaping.at(self.clock.elapsed())) {
                self.stand.send_replace(Arc::new(stand));
            }
        }
    }
}

async fn wait(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Makes tables, and keeps endpoints from one to the next with their connections.
struct Layer {
    manner: Manner,
    last: Option<Laid>,
    endpoints: HashMap<SocketAddr, Arc<Endpoint>>,
}

impl Layer {
    fn new(manner: Manner) -> Self {
        Self { manner, last: None, endpoints: HashMap::new() }
    }

    /// A new stand, where it differs from the last one.
    fn lay(&mut self, laid: Laid) -> Option<Stand> {
        if self.last.as_ref() == Some(&laid) {
            return None;
        }
        let mut backends: HashMap<Group, Arc<Backend>> = HashMap::new();
        let mut used: BTreeSet<SocketAddr> = laid.draining.clone();
        for (group, addresses) in &laid.members {
            let endpoints = addresses.iter().map(|address| {
                used.insert(*address);
                let endpoint = self.endpoints.entry(*address);
                endpoint.or_insert_with(|| Arc::new(Endpoint::new(*address))).clone()
            });
            backends.insert(group.clone(), Arc::new(Backend::new(endpoints.collect())));
        }
        let ends = self.manner.drain.is_some();
        self.endpoints.retain(|address, endpoint| {
            let stays = used.contains(address);
            if !stays && ends {
                endpoint.cut();
            }
            stays
        });
        let stand =
            Stand { table: Table::lay(&laid.routes, &backends, self.manner.ranking), reloads: laid.reloads };
        self.last = Some(laid);
        Some(stand)
    }
}

/// A watch that breaks is taken up again after a pause; until then what is known stays known.
#[derive(Debug, Clone, Copy)]
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.0)
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {}
}

fn changes(client: &Client, clock: Clock) -> BoxStream<'static, Change> {
    let pauses = Pauses(clock.on_the_wall(PAUSE).max(Duration::from_millis(10)));
    fn of<K>(api: Api<K>, pauses: Pauses) -> BoxStream<'static, Event<K>>
    where
        K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        let events = watch_objects(api, watcher::Config::default());
        events.backoff(pauses).filter_map(async |event| event.ok()).boxed()
    }
    let dynamic = |kind: &str, plural: &str, version: usize| {
        Api::<DynamicObject>::all_with(client.clone(), &gateway_kind(kind, plural, version))
    };
    let mut all = vec![
        of(Api::all(client.clone()), pauses).map(|event| Change::Ingress(Box::new(event))).boxed(),
        of(Api::all(client.clone()), pauses).map(|event| Change::Service(Box::new(event))).boxed(),
        of(Api::all(client.clone()), pauses).map(|event| Change::Slice(Box::new(event))).boxed(),
    ];
    for version in 0..VERSIONS.len() {
        let routes = of(dynamic("HTTPRoute", "httproutes", version), pauses);
        all.push(routes.map(move |event| Change::HttpRoute(version, Box::new(event))).boxed());
        let gateways = of(dynamic("Gateway", "gateways", version), pauses);
        all.push(gateways.map(move |event| Change::Gateway(version, Box::new(event))).boxed());
    }
    stream::select_all(all).boxed()
}
