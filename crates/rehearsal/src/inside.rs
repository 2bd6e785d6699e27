//! The cluster inside, put together.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::{ApiError, Store, StoreError, Write, client};
use crate::controllers::start_controllers;
use crate::{Fault, Front, FrontError, HollowNode, World, WorldError};

/// How a cluster inside is wanted.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where its state is kept, so that it can be taken up after the death of its process; in memory without.
    pub directory: Option<PathBuf>,
    /// The time that it lives by.
    pub clock: Clock,
    /// The namespace of the installation.
    pub namespace: String,
    /// The release whose pods are green.
    pub release: String,
    /// What shall go wrong.
    pub faults: Vec<Fault>,
}

/// A Secret that the source does not hold and the rehearsal makes up.
#[derive(Debug, Clone)]
pub struct Invented {
    /// Its name.
    pub secret: String,
    /// The keys that pods ask for.
    pub keys: Vec<String>,
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// The API server's state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stand-ins' state.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The front.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// An object that the API server refuses.
    #[error("{object} is refused: {refusal}")]
    Refused {
        /// Kind and name.
        object: String,
        /// The API server's words.
        refusal: String,
    },
}

/// A running cluster: API server, controllers, one node, one front.
#[derive(Debug)]
pub struct Inside {
    store: Store,
    world: World,
    namespace: String,
    front: Front,
    node: HollowNode,
    controllers: JoinSet<()>,
    cancel: CancellationToken,
}

impl Inside {
    /// Starts a cluster, or takes up the one whose state is in the directory: its objects stand again, and every
    /// process of its pods starts anew, as after a node's failure.
    ///
    /// # Errors
    /// When its state cannot be read or the front finds no address.
    pub async fn start(setup: Setup) -> Result<Self, InsideError> {
        let cancel = CancellationToken::new();
        let path = setup.directory.as_ref().map(|directory| directory.join("objects.log"));
        let store = Store::open(path.as_deref(), setup.clock)?;
        let world = World::open(setup.directory.as_deref())?;
        world.set_green(&setup.release);
        for fault in setup.faults {
            world.inject(fault);
        }
        store.ensure_namespace(&setup.namespace).map_err(|error| refused("Namespace", &error))?;
        let controllers = start_controllers(&store, setup.clock, cancel.child_token());
        let api = client(&store, &setup.namespace);
        let node = HollowNode::start(api.clone(), world.clone(), setup.clock, cancel.child_token());
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let front = Front::start(api, listen, setup.clock, cancel.child_token()).await?;
        Ok(Self { store, world, namespace: setup.namespace, front, node, controllers, cancel })
    }

    /// Puts an installation into the cluster. Objects that stand already stay as they are. Values of Secrets
    /// are made up, whatever was given: a rehearsal needs none.
    ///
    /// # Errors
    /// When the API server refuses an object.
    pub fn load(&self, objects: &[Value], invented: &[Invented]) -> Result<(), InsideError> {
        let secrets = invented.iter().map(|need| {
            let data: serde_json::Map<String, Value> =
                need.keys.iter().map(|key| (key.clone(), json!(INVENTED))).collect();
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": need.secret}, "data": data})
        });
        for object in secrets.chain(objects.iter().cloned()) {
            self.put(object)?;
        }
        Ok(())
    }

    fn put(&self, mut object: Value) -> Result<(), InsideError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let id = format!("{kind}/{}", text(&object["metadata"]["name"]));
        let refused = |error: &ApiError| refused(&id, error);
        let namespace = match object["metadata"]["namespace"].as_str() {
            Some(own) => own.to_owned(),
            None => self.namespace.clone(),
        };
        if kind == "Secret" {
            make_up(&mut object);
        }
        self.store.ensure_namespace(&namespace).map_err(|error| refused(&error))?;
        self.store.register(&api_version, &kind).map_err(|error| refused(&error))?;
        let known = self.store.kind(&api_version, &kind).map_err(|error| refused(&error))?;
        let namespace = if known.namespaced { namespace.as_str() } else { "" };
        let write = Write { manager: Some("kubectl-create".to_owned()), ..Write::default() };
        match self.store.create(&known, namespace, object, &write) {
            Ok(_) | Err(ApiError::AlreadyExists(_)) => Ok(()),
            Err(error) => Err(refused(&error)),
        }
    }

    /// An object as it stands, of the installation's namespace unless it names another.
    #[must_use]
    pub fn standing(&self, like: &Value) -> Option<Arc<Value>> {
        let kind = self.store.kind(like["apiVersion"].as_str()?, like["kind"].as_str()?).ok()?;
        let own = like["metadata"]["namespace"].as_str().unwrap_or(&self.namespace);
        let namespace = if kind.namespaced { own } else { "" };
        self.store.get(&kind, namespace, like["metadata"]["name"].as_str()?).ok()
    }

    /// Waits until every Deployment has as many ready pods as it wants, and every one of these routes leads to a
    /// ready pod.
    ///
    /// # Errors
    /// The Deployments and routes that are not ready.
    pub async fn ready(&self, routes: &[(String, String)], within: Duration) -> Result<(), Vec<String>> {
        let deadline = tokio::time::Instant::now() + self.store.clock().on_the_wall(within);
        loop {
            let missing = self.unready();
            if missing.is_empty() {
                break;
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(missing);
            }
            // Objects change many times a second while pods boot; looking again is cheap.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.led(routes, deadline).await
    }

    /// Waits until every one of these routes leads to a ready pod, whatever else is not ready.
    ///
    /// # Errors
    /// The first route that leads nowhere when the time is over.
    pub async fn reachable(&self, routes: &[(String, String)], within: Duration) -> Result<(), Vec<String>> {
        self.led(routes, tokio::time::Instant::now() + self.store.clock().on_the_wall(within)).await
    }

    async fn led(
        &self,
        routes: &[(String, String)],
        deadline: tokio::time::Instant,
    ) -> Result<(), Vec<String>> {
        for (host, path) in routes {
            let led = tokio::time::timeout_at(deadline, self.front.routes(host, path)).await;
            led.map_err(|_| vec![format!("{host}{path}")])?;
        }
        Ok(())
    }

    fn unready(&self) -> Vec<String> {
        let Ok(kind) = self.store.kind("apps/v1", "Deployment") else { return Vec::new() };
        let deployments = self.store.list(&kind, None);
        let unready = deployments.iter().filter(|deployment| {
            let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
            let observed = deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"];
            !observed || deployment["status"]["readyReplicas"].as_i64().unwrap_or(0) < wanted
        });
        unready
            .filter_map(|deployment| deployment["metadata"]["name"].as_str())
            .map(ToOwned::to_owned)
            .collect()
    }

    /// A client of its API server, in this process and without a socket.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        client(&self.store, &self.namespace)
    }

    /// Where its front listens.
    #[must_use]
    pub fn front(&self) -> SocketAddr {
        self.front.address()
    }

    /// What its stand-ins share: rows, jobs, faults.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Ends everything, jobs in hand put back into their queues first.
    pub async fn stop(self) {
        self.node.stop().await;
        self.cancel.cancel();
        let mut controllers = self.controllers;
        while controllers.join_next().await.is_some() {}
    }
}

/// Base64 of `invented`.
const INVENTED: &str = "aW52ZW50ZWQ=";

fn make_up(secret: &mut Value) {
    let mut keys: Vec<String> = Vec::new();
    for field in ["data", "stringData"] {
        keys.extend(secret[field].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
    }
    if let Some(members) = secret.as_object_mut() {
        members.remove("stringData");
    }
    secret["data"] =
        keys.into_iter().map(|key| (key, json!(INVENTED))).collect::<serde_json::Map<_, _>>().into();
}

fn refused(object: &str, error: &ApiError) -> InsideError {
    InsideError::Refused { object: object.to_owned(), refusal: error.to_string() }
}
