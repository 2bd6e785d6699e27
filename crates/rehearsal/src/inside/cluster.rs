//! The cluster as a whole: starting, filling, ending.

use super::{outage, secrets, storage};
use std::net::SocketAddr;
use std::path::PathBuf;

use clock::Clock;
use futures::FutureExt;
use kube::Client;
use kube::api::{Api, PostParams};
use kube::core::{ApiResource, DynamicObject};
use serde_json::Value;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::{ApiError, Kind, Store, StoreError, client};
use crate::controllers::start_controllers_with;
use crate::fault::{Fault, act, operator_client};
use crate::front::{Front, FrontError, FrontOptions, Profile};
use crate::node::HollowNode;
use crate::standin::{World, WorldError};

/// How a cluster inside is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its state is kept, so that another process can take it up; in memory alone when none.
    pub state_dir: Option<PathBuf>,
    /// The time it lives by.
    pub clock: Clock,
    /// Where objects belong that do not say.
    pub namespace: String,
    /// The release that counts as green.
    pub release: String,
    /// What shall go wrong.
    pub faults: Vec<Fault>,
    /// Where the front listens; port 0 for any.
    pub listen: SocketAddr,
    /// Whose delays and gaps the front has.
    pub front: Profile,
}

/// Why a cluster inside could not be started or filled.
#[derive(Debug, Error)]
pub enum InsideError {
    /// The directory for its state cannot be made.
    #[error("the directory {} cannot be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The objects that were kept cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows and jobs that were kept cannot be read.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The front cannot listen.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// An object without `apiVersion`, `kind` or name.
    #[error("an object has no {field}")]
    Nameless {
        /// What it lacks.
        field: &'static str,
    },
    /// The kind cannot be made known, or the namespace not made.
    #[error("{what} cannot be prepared: {cause}")]
    Unprepared {
        /// The kind or namespace.
        what: String,
        /// Why not.
        cause: ApiError,
    },
    /// The API server refuses an object. What it holds is not repeated.
    #[error("the API server refuses {what}: {reason}")]
    Refused {
        /// Kind and name.
        what: String,
        /// The server's reason, such as `Invalid`.
        reason: String,
    },
}

/// A whole cluster in this process. Dropped, it ends as a machine that loses power.
pub struct ClusterInside {
    pub(super) store: Store,
    client: Client,
    world: World,
    pub(super) front: Front,
    node: HollowNode,
    controllers: JoinSet<()>,
    pub(super) namespace: String,
    cancel: CancellationToken,
}

impl ClusterInside {
    /// Starts a cluster, or takes up the one whose state is kept in the directory given. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When its state cannot be read or its front cannot listen.
    pub fn start(options: Options) -> Result<Self, InsideError> {
        let Options { state_dir, clock, namespace, release, faults, listen, front } = options;
        if let Some(path) = &state_dir {
            let made = std::fs::create_dir_all(path);
            made.map_err(|cause| InsideError::Directory { path: path.clone(), cause })?;
        }
        let objects = state_dir.as_ref().map(|dir| dir.join("objects.log"));
        let store = Store::open(objects.as_deref(), clock)?;
        prepared(store.ensure_namespace(&namespace), || format!("namespace {namespace}"))?;
        prepared(outage::mark_unready(&store), || "the state that was kept".to_owned())?;
        let world = World::open(state_dir.as_deref())?;
        world.set_green(&release, clock);
        faults.into_iter().for_each(|fault| world.inject(fault));
        let client = client(&store, &namespace);
        let cancel = CancellationToken::new();
        let front = Front::start(
            client.clone(),
            FrontOptions { listen, profile: front, seed: 0 },
            clock,
            cancel.clone(),
        )?;
        let mut controllers = start_controllers_with(&store, clock, world.gauges(), cancel.clone());
        let node = HollowNode::start(client.clone(), world.clone(), clock, cancel.clone());
        let actors = act(client.clone(), namespace.clone(), world.clone(), clock);
        controllers.spawn(cancel.clone().run_until_cancelled_owned(actors).map(drop));
        Ok(Self { store, client, world, front, node, controllers, namespace, cancel })
    }

    /// A client of its API server.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client of its API server by the way on which faults of the API lie.
    #[must_use]
    pub fn operator_client(&self) -> Client {
        operator_client(&self.store, &self.namespace, &self.world)
    }

    /// The objects behind its API server.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its front.
    #[must_use]
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// The stores and accounts of its stand-ins.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Creates objects as they stand today. Kinds the API server does not know are registered, namespaces made.
    /// Secrets that pods require but no object gives, because nobody keeps them in a tree, are made too,
    /// with a stand-in for each key that is asked for, and so are claims and volumes: what runs today has them.
    ///
    /// Objects that stand already stay as they are, so that a load which was cut off can be done again.
    ///
    /// # Errors
    /// At the first object that is refused; those before it have been created.
    pub async fn load(&self, objects: &[Value]) -> Result<(), InsideError> {
        let absent = [
            vec![storage::class()],
            secrets::absent(objects, &self.namespace),
            storage::absent(objects, &self.namespace),
        ];
        for object in absent.iter().flatten().chain(objects) {
            match self.place(object).await {
                Err(InsideError::Refused { reason, .. }) if reason == "AlreadyExists" => {}
                placed => placed?,
            }
        }
        Ok(())
    }

    async fn place(&self, object: &Value) -> Result<(), InsideError> {
        let kind = self.known(object)?;
        let namespace = namespace_of(object, &self.namespace);
        if kind.namespaced {
            prepared(self.store.ensure_namespace(namespace), || format!("namespace {namespace}"))?;
        }
        self.create(&kind, namespace, object).await
    }

    /// Ends it: processes, connections, then everything else.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        self.front.stop().await;
        self.node.stop().await;
        self.controllers.shutdown().await;
    }

    fn known(&self, object: &Value) -> Result<std::sync::Arc<Kind>, InsideError> {
        let text = |field: &'static str| {
            object.get(field).and_then(Value::as_str).ok_or(InsideError::Nameless { field })
        };
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        if let Ok(known) = self.store.kind(api_version, kind) {
            return Ok(known);
        }
        let what = || format!("kind {kind} of {api_version}");
        prepared(self.store.register(api_version, kind), what)?;
        prepared(self.store.kind(api_version, kind), what)
    }

    async fn create(&self, kind: &Kind, namespace: &str, object: &Value) -> Result<(), InsideError> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.ok_or(InsideError::Nameless { field: "metadata.name" })?;
        if kind.kind == "Namespace" && kind.group.is_empty() {
            return prepared(self.store.ensure_namespace(name), || format!("namespace {name}"));
        }
        let resource = ApiResource {
            group: kind.group.clone(),
            version: kind.version.clone(),
            api_version: kind.api_version(),
            kind: kind.kind.clone(),
            plural: kind.plural.clone(),
        };
        let refused = |reason: String| InsideError::Refused { what: format!("{} {name}", kind.kind), reason };
        // A parser's own message may quote the value it stumbled over; it is left behind.
        let object: DynamicObject =
            serde_json::from_value(object.clone()).map_err(|_| refused("it is not an object".to_owned()))?;
        let api = if kind.namespaced {
            Api::<DynamicObject>::namespaced_with(self.client.clone(), namespace, &resource)
        } else {
            Api::all_with(self.client.clone(), &resource)
        };
        match api.create(&PostParams::default(), &object).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) => Err(refused(status.reason)),
            Err(_) => Err(refused("the answer could not be understood".to_owned())),
        }
    }
}

pub(super) fn namespace_of<'a>(object: &'a Value, default: &'a str) -> &'a str {
    object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(default)
}

fn prepared<T>(done: Result<T, ApiError>, what: impl Fn() -> String) -> Result<T, InsideError> {
    done.map_err(|cause| InsideError::Unprepared { what: what(), cause })
}
