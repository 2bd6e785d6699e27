//! The objects of the cluster, each kind on its shelf, all counted by one version.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use clock::Clock;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::definitions;
use super::history::{Change, History};
use super::journal::{Journal, Record, StoreError};
use super::object;
use super::registry::{Kind, Registry};
use super::status::ApiError;

/// The cluster's objects. Clones share them.
#[derive(Debug, Clone)]
pub struct Store {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

/// Where an object stands on its shelf. Objects without a namespace have an empty one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    /// The key of an object.
    pub(crate) fn of(object: &Value) -> Self {
        Self { namespace: object::namespace(object).to_owned(), name: object::name(object).to_owned() }
    }

    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// An object with its text, which is made once for all who want it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) value: Arc<Value>,
    text: Arc<OnceLock<Bytes>>,
}

impl Kept {
    fn new(value: Arc<Value>) -> Self {
        Self { value, text: Arc::default() }
    }

    /// The object in JSON.
    pub(crate) fn text(&self) -> Bytes {
        self.text.get_or_init(|| serialised(&self.value)).clone()
    }
}

impl Deref for Kept {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

/// A value in JSON.
pub(crate) fn serialised(value: &Value) -> Bytes {
    // A value in memory always serialises, and writing to memory does not fail.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    objects: BTreeMap<Key, Kept>,
    pub(crate) history: History,
}

/// Everything behind the lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) registry: Registry,
    shelves: Vec<Shelf>,
    journal: Option<Journal>,
    /// Those who want to hear of every kind, those yet to be registered too.
    listeners: Vec<Weak<Notify>>,
    next_address: u32,
    next_node_port: i64,
}

impl Store {
    /// A store that keeps its objects in the file at `path`, if one is given, and finds again what an
    /// earlier process left there.
    ///
    /// # Errors
    /// When the file cannot be read or written, is in use, or is damaged before its last line.
    pub fn open(path: Option<&Path>, clock: Clock) -> Result<Self, StoreError> {
        let state = match path {
            None => State::empty(),
            Some(path) => {
                let (journal, mut state) = Journal::open(path, |records| {
                    let mut state = State::empty();
                    for record in records {
                        state.replay(record);
                    }
                    (state.records(), state)
                })?;
                state.journal = Some(journal);
                state
            }
        };
        let store = Self { clock, state: Arc::new(Mutex::new(state)) };
        store.furnish(path)?;
        Ok(store)
    }

    /// What every cluster is born with.
    fn furnish(&self, path: Option<&Path>) -> Result<(), StoreError> {
        let born = ["default", "kube-system"].iter().try_for_each(|name| self.ensure_namespace(name));
        born.map_err(|refusal| StoreError::Io {
            path: path.map(Path::to_owned).unwrap_or_default(),
            source: std::io::Error::other(refusal),
        })
    }

    /// Makes a namespace unless it is there.
    ///
    /// # Errors
    /// When the name cannot be one, or the disk refuses.
    pub fn ensure_namespace(&self, name: &str) -> Result<(), ApiError> {
        let kind = self.kind("v1", "Namespace")?;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        match self.create(&kind, "", namespace, &super::verbs::Write::by_cluster()) {
            Ok(_) | Err(ApiError::AlreadyExists(_)) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Makes a custom kind known: namespaced, with a status, its plural by Kubernetes' usual rule. A kind
    /// that is known already stays as it is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn register(&self, api_version: &str, kind: &str) -> Result<(), ApiError> {
        let mut state = self.lock();
        let (kind, is_new) = state.registry.add(Registry::custom(api_version, kind));
        state.fill_shelves();
        if is_new && let Some(journal) = &mut state.journal {
            journal.write(&Record::Kind((*kind).clone())).map_err(disk)?;
        }
        Ok(())
    }

    /// The version of the newest change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// The clock that the cluster lives by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// A kind by what objects call it.
    pub(crate) fn kind(&self, api_version: &str, kind: &str) -> Result<Arc<Kind>, ApiError> {
        self.lock().registry.by_kind(api_version, kind).ok_or(ApiError::NoSuchResource)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held cannot leave a change half done: commits come last.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object.
    pub(crate) fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        self.lock().find(kind, namespace, name)
    }

    /// The objects of a kind, of one namespace or of all.
    pub(crate) fn list(&self, kind: &Kind, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.lock().list(kind, namespace)
    }
}

impl State {
    fn empty() -> Self {
        let mut state = Self {
            version: 0,
            registry: Registry::built_in(),
            shelves: Vec::new(),
            journal: None,
            listeners: Vec::new(),
            next_address: 1,
            next_node_port: 30_000,
        };
        state.fill_shelves();
        state
    }

    /// Makes the kinds of a definition known.
    pub(crate) fn define(&mut self, definition: &Value) {
        self.registry.define(object::name(definition), definitions::kinds(definition));
        self.fill_shelves();
    }

    fn fill_shelves(&mut self) {
        while self.shelves.len() < self.registry.shelves() {
            let mut history = History::since(0);
            self.listeners.retain(|listener| listener.upgrade().inspect(|one| history.wake(one)).is_some());
            self.shelves.push(Shelf { objects: BTreeMap::new(), history });
        }
    }

    fn replay(&mut self, record: Record) {
        match record {
            Record::Version(version) => self.version = self.version.max(version),
            Record::Kind(kind) => {
                self.registry.add(kind);
                self.fill_shelves();
            }
            Record::Put { version, group, resource, object } => {
                self.version = self.version.max(version);
                if let Some(kind) = self.registry.by_resource(&group, &resource) {
                    if kind.kind == "CustomResourceDefinition" {
                        self.define(&object);
                    }
                    self.shelf_mut(&kind).objects.insert(Key::of(&object), Kept::new(Arc::new(object)));
                }
            }
            Record::Removed { version, group, resource, namespace, name } => {
                self.version = self.version.max(version);
                if let Some(kind) = self.registry.by_resource(&group, &resource) {
                    self.shelf_mut(&kind).objects.remove(&Key { namespace, name });
                }
            }
        }
    }

    /// What must be written so that the next process finds this state; also forgets all history.
    fn records(&mut self) -> Vec<Record> {
        let mut records = vec![Record::Version(self.version)];
        records.extend(self.registry.customs().into_iter().map(|kind| Record::Kind((*kind).clone())));
        let mut kinds = self.registry.each();
        // Whoever reads it must know of a kind before its objects.
        kinds.sort_by_key(|kind| kind.is_custom());
        for kind in kinds {
            self.shelf_mut(&kind).history = History::since(self.version);
            records.extend(self.shelf(&kind).objects.values().map(|kept| Record::Put {
                version: resource_version(&kept.value),
                group: kind.group.clone(),
                resource: kind.plural.clone(),
                object: (*kept.value).clone(),
            }));
        }
        records
    }

    pub(crate) fn shelf(&self, kind: &Kind) -> &Shelf {
        &self.shelves[kind.shelf]
    }

    pub(crate) fn shelf_mut(&mut self, kind: &Kind) -> &mut Shelf {
        &mut self.shelves[kind.shelf]
    }

    pub(crate) fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        let found = self.shelf(kind).objects.get(&Key::new(namespace, name));
        found.map(|kept| Arc::clone(&kept.value)).ok_or_else(|| ApiError::not_found(kind, name))
    }

    pub(crate) fn list(&self, kind: &Kind, namespace: Option<&str>) -> Vec<Arc<Value>> {
        within(&self.shelf(kind).objects, namespace).map(|kept| Arc::clone(&kept.value)).collect()
    }

    /// The objects with their texts.
    pub(crate) fn kept(&self, kind: &Kind, namespace: Option<&str>) -> Vec<Kept> {
        within(&self.shelf(kind).objects, namespace).cloned().collect()
    }

    /// The objects as they stood at a version; none when that is forgotten.
    pub(crate) fn stood(&self, kind: &Kind, namespace: Option<&str>, version: u64) -> Option<Vec<Kept>> {
        let shelf = self.shelf(kind);
        let since: Vec<&Change> = shelf.history.after(version)?.collect();
        if since.is_empty() {
            return Some(self.kept(kind, namespace));
        }
        let mut objects = shelf.objects.clone();
        for change in since.into_iter().rev() {
            let key = Key::of(&change.after.value);
            match &change.before {
                Some(before) => objects.insert(key, before.clone()),
                None => objects.remove(&key),
            };
        }
        Some(within(&objects, namespace).cloned().collect())
    }

    /// Wakes somebody at every change of every kind.
    pub(crate) fn wake_always(&mut self, listener: &Arc<Notify>) {
        for shelf in &mut self.shelves {
            shelf.history.wake(listener);
        }
        self.listeners.push(Arc::downgrade(listener));
    }

    /// Puts an object on its shelf under a new version.
    pub(crate) fn put(&mut self, kind: &Kind, mut object: Value) -> Result<Arc<Value>, ApiError> {
        let version = self.version + 1;
        object::put(&mut object, &["metadata", "resourceVersion"], version.to_string());
        if let Some(journal) = &mut self.journal {
            let (group, resource) = (kind.group.clone(), kind.plural.clone());
            let record = Record::Put { version, group, resource, object };
            journal.write(&record).map_err(disk)?;
            let Record::Put { object: written, .. } = record else { return Err(ApiError::NoSuchResource) };
            object = written;
        }
        self.version = version;
        let value = Arc::new(object);
        let after = Kept::new(Arc::clone(&value));
        let shelf = self.shelf_mut(kind);
        let before = shelf.objects.insert(Key::of(&value), after.clone());
        shelf.history.push(Change::new(version, before, after, false));
        Ok(value)
    }

    /// Takes an object off its shelf. Watchers are told what was stored last, under the version of the removal.
    pub(crate) fn remove(&mut self, kind: &Kind, stored: &Arc<Value>) -> Result<Arc<Value>, ApiError> {
        let version = self.version + 1;
        let mut object = (**stored).clone();
        object::put(&mut object, &["metadata", "resourceVersion"], version.to_string());
        let key = Key::of(&object);
        if let Some(journal) = &mut self.journal {
            journal
                .write(&Record::Removed {
                    version,
                    group: kind.group.clone(),
                    resource: kind.plural.clone(),
                    namespace: key.namespace.clone(),
                    name: key.name.clone(),
                })
                .map_err(disk)?;
        }
        self.version = version;
        let value = Arc::new(object);
        let shelf = self.shelf_mut(kind);
        let before = shelf.objects.remove(&key);
        shelf.history.push(Change::new(version, before, Kept::new(Arc::clone(&value)), true));
        Ok(value)
    }

    /// An address for a Service, from the range that kubeadm gives clusters.
    pub(crate) fn allocate_address(&mut self, services: &Kind) -> String {
        loop {
            self.next_address = self.next_address % 0xff_fe + 1;
            let address =
                Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 96, 0, 0)) + self.next_address).to_string();
            if !self
                .is_taken(services, |service| object::text(service, &["spec", "clusterIP"]) == Some(&address))
            {
                return address;
            }
        }
    }

    /// A port on the nodes for a Service.
    pub(crate) fn allocate_node_port(&mut self, services: &Kind) -> i64 {
        loop {
            self.next_node_port =
                if self.next_node_port >= 32_767 { 30_000 } else { self.next_node_port + 1 };
            let port = self.next_node_port;
            let has = |service: &Value| {
                let ports = object::items(service, &["spec", "ports"]);
                ports.iter().any(|one| object::int(one, &["nodePort"]) == Some(port))
            };
            if !self.is_taken(services, has) {
                return port;
            }
        }
    }

    fn is_taken(&self, services: &Kind, by: impl Fn(&Value) -> bool) -> bool {
        self.shelf(services).objects.values().any(|service| by(&service.value))
    }
}

/// The objects of one namespace, or of all.
fn within<'a>(
    objects: &'a BTreeMap<Key, Kept>,
    namespace: Option<&'a str>,
) -> Box<dyn Iterator<Item = &'a Kept> + 'a> {
    match namespace {
        None => Box::new(objects.values()),
        Some(namespace) => {
            let from = objects.range(Key::new(namespace, "")..);
            Box::new(from.take_while(move |(key, _)| key.namespace == namespace).map(|(_, kept)| kept))
        }
    }
}

/// An object's version as a number.
pub(crate) fn resource_version(object: &Value) -> u64 {
    object::text(object, &["metadata", "resourceVersion"])
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

fn disk(refusal: std::io::Error) -> ApiError {
    ApiError::Unavailable(format!("the cluster's state cannot be written: {refusal}"))
}
