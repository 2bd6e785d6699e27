//! Watching everything in a namespace: one event for every version of every object, in the server's order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::core::ApiResource;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::condition;
use crate::failure::Failure;
use crate::kinds::{Kind, Kinds};

/// How long a watch is asked to last; longer than any scenario.
const LASTS: u32 = 290;
/// How long to wait before asking again for a kind that is not served yet.
const AGAIN: Duration = Duration::from_millis(50);
/// At the longest, how long the cluster is given to come to rest before the record is cut anyway.
const UNREST: Duration = Duration::from_secs(12);

/// One version of one object.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The server's version: one order for all objects of all kinds.
    pub(crate) version: u64,
    pub(crate) gone: bool,
    pub(crate) word: String,
    pub(crate) object: Arc<Value>,
}

impl Event {
    pub(crate) fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// What tells the object from all others, later ones of its name among them.
    pub(crate) fn uid(&self) -> &str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Seen {
    events: Vec<Event>,
    last: Option<Instant>,
    gap: Option<String>,
    ready: usize,
    /// What stands, by uid.
    standing: HashMap<String, (String, Arc<Value>)>,
}

/// A recorder at work.
#[derive(Debug)]
pub(crate) struct Recorder {
    seen: Arc<Mutex<Seen>>,
    _watches: JoinSet<()>,
}

impl Recorder {
    /// Begins to watch all kinds in a namespace; returns when every kind that is served is watched.
    pub(crate) async fn start(client: &Client, namespace: &str, kinds: &Kinds) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let mut watches = JoinSet::new();
        let mut built_in = 0;
        let known = Kinds::default();
        for kind in kinds.watched() {
            built_in += usize::from(known.watched().any(|one| one == kind));
            watches.spawn(watch(client.clone(), namespace.to_owned(), kind.clone(), Arc::clone(&seen)));
        }
        while lock(&seen).ready < built_in && lock(&seen).gap.is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Self { seen, _watches: watches }
    }

    /// Waits until nothing has changed for a while and nothing is under way, and gives what was seen since the last time,
    /// in the server's order.
    pub(crate) async fn rest(&self, quiet: Duration) -> Result<Vec<Event>, Failure> {
        let began = Instant::now();
        loop {
            {
                let mut seen = lock(&self.seen);
                if let Some(gap) = &seen.gap {
                    return Err(Failure::Gap(gap.clone()));
                }
                let since = seen.last.map_or(began, |last| last.max(began));
                let calm = since.elapsed() >= quiet;
                if calm && (at_rest(&seen.standing) || began.elapsed() >= UNREST) {
                    let mut events = std::mem::take(&mut seen.events);
                    events.sort_by_key(|event| event.version);
                    return Ok(events);
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What stands now, with the words of the kinds.
    pub(crate) fn standing(&self) -> Vec<(String, Arc<Value>)> {
        lock(&self.seen).standing.values().cloned().collect()
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether no controller owes anything that can be told from the objects themselves.
fn at_rest(standing: &HashMap<String, (String, Arc<Value>)>) -> bool {
    let of = |word: &'static str| {
        standing.values().filter(move |(kind, _)| kind == word).map(|(_, object)| object.as_ref())
    };
    let observed = ["deployment", "replicaset", "statefulset"].into_iter().flat_map(of).all(|object| {
        let seen = object["status"]["observedGeneration"].as_i64().unwrap_or(0);
        seen >= object["metadata"]["generation"].as_i64().unwrap_or(0)
    });
    let pods_end = of("pod").all(|pod| pod["metadata"].get("deletionTimestamp").is_none());
    let served = of("service").all(|service| {
        let Some(selector) = service["spec"]["selector"].as_object() else { return true };
        let selected = |pod: &&Value| {
            selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value)
                && condition::ready(pod)
        };
        let reached = of("endpointslice")
            .filter(|slice| {
                slice["metadata"]["labels"]["kubernetes.io/service-name"] == service["metadata"]["name"]
            })
            .flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten())
            .filter(|endpoint| endpoint["conditions"]["ready"] == true)
            .count();
        of("pod").filter(selected).count() == reached
    });
    observed && pods_end && served
}

async fn watch(client: Client, namespace: String, kind: Kind, seen: Arc<Mutex<Seen>>) {
    let (group, version) = kind.api_version.split_once('/').unwrap_or(("", &kind.api_version));
    let resource = ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: kind.api_version.clone(),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client, &namespace, &resource);
    // Custom kinds are served once their definition is: what stands then is new, and told as such.
    let version = loop {
        match api.list(&ListParams::default()).await {
            Ok(list) if list.items.is_empty() => break list.metadata.resource_version.unwrap_or_default(),
            Ok(_) => break "0".to_owned(),
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    let parameters = WatchParams::default().timeout(LASTS);
    let mut events = match api.watch(&parameters, &version).await {
        Ok(events) => events.boxed(),
        Err(error) => return gap(&seen, &kind, &error.to_string()),
    };
    lock(&seen).ready += 1;
    while let Some(event) = events.next().await {
        match event {
            Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => note(&seen, &kind, object, false),
            Ok(WatchEvent::Deleted(object)) => note(&seen, &kind, object, true),
            Ok(WatchEvent::Bookmark(_)) => {}
            Ok(WatchEvent::Error(error)) => return gap(&seen, &kind, &error.message),
            Err(error) => return gap(&seen, &kind, &error.to_string()),
        }
    }
    gap(&seen, &kind, "the server ended the watch");
}

fn gap(seen: &Mutex<Seen>, kind: &Kind, why: &str) {
    lock(seen).gap.get_or_insert(format!("{}: {why}", kind.plural));
}

fn note(seen: &Mutex<Seen>, kind: &Kind, object: DynamicObject, gone: bool) {
    let Ok(mut object) = serde_json::to_value(object) else { return };
    if kind.word == "configmap" && object["metadata"]["name"] == "kube-root-ca.crt" {
        return;
    }
    object["apiVersion"] = kind.api_version.clone().into();
    object["kind"] = kind.kind.clone().into();
    let version = object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
    let object = Arc::new(object);
    let event =
        Event { version: version.unwrap_or(0), gone, word: kind.word.clone(), object: Arc::clone(&object) };
    let mut seen = lock(seen);
    seen.last = Some(Instant::now());
    if gone {
        seen.standing.remove(event.uid());
    } else {
        seen.standing.insert(event.uid().to_owned(), (kind.word.clone(), object));
    }
    seen.events.push(event);
}
