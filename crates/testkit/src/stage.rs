//! Where scenarios are played: the cluster inside, or a real one with a hollow node.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clock::Clock;
use http::Method;
use kube::Client;
use rehearsal::node::Addresses;
use rehearsal::{ClusterInside, HollowNode, World};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::wire;

/// How much faster than life nodes, stand-ins and the cluster inside are. A real control plane keeps its own pace.
const SPEED: f64 = 10.0;
/// The release that counts as green for faults.
pub(crate) const GREEN: &str = "green";
/// The network of pods' addresses on a real control plane: the testbed has a route to it.
const PODS: Ipv4Addr = Ipv4Addr::new(10, 244, 0, 0);
/// How long nothing must change before an act is over: inside, and where requests go over sockets and controllers batch.
const QUIET_INSIDE: Duration = Duration::from_millis(250);
const QUIET_REAL: Duration = Duration::from_millis(900);

static STAGES: AtomicUsize = AtomicUsize::new(0);

/// Which cluster scenarios are played on.
#[derive(Clone)]
pub enum Ground {
    /// A cluster inside, one for each scenario.
    Inside,
    /// The real API server behind a client; one namespace for each scenario.
    Real(Client),
}

impl Ground {
    /// The cluster that `KUBECONFIG` names.
    ///
    /// # Errors
    /// When there is none.
    pub async fn real() -> Result<Self, Failure> {
        let no_cluster = |why: String| Failure::NoCluster(why);
        let mut config = kube::Config::infer().await.map_err(|error| no_cluster(error.to_string()))?;
        // What the server answers is what a scenario is about, were it only 429.
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|error| no_cluster(error.to_string()))?;
        Ok(Self::Real(client))
    }
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Inside => "Inside",
            Self::Real(_) => "Real",
        })
    }
}

/// A node that runs the pods of a real control plane.
pub(crate) struct Node {
    node: HollowNode,
    world: World,
}

impl Node {
    /// Starts the node with a world of its own.
    pub(crate) fn start(client: &Client) -> Result<Self, Failure> {
        let world = World::open(None).map_err(|error| Failure::NoCluster(error.to_string()))?;
        let clock = Clock::faster(SPEED).dated_by_the_wall();
        world.set_green(GREEN, clock);
        let (client, cancel) = (client.clone(), CancellationToken::new());
        let node = HollowNode::start_within(Addresses::network(PODS), client, world.clone(), clock, cancel);
        Ok(Self { node, world })
    }

    pub(crate) async fn stop(self) {
        self.node.stop().await;
    }

    pub(crate) fn world(&self) -> World {
        self.world.clone()
    }
}

/// One scenario's place.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) quiet: Duration,
    inside: Option<ClusterInside>,
}

impl Stage {
    /// A client by the way on which faults of the API lie.
    pub(crate) fn operator_client(&self) -> Client {
        match &self.inside {
            Some(inside) => inside.operator_client(),
            None => {
                rehearsal::operator_client_of(self.client.clone(), &self.namespace, &self.world, self.clock)
            }
        }
    }

    /// Makes a place for a scenario. On a real cluster `world` is that of the node.
    pub(crate) async fn set(ground: &Ground, name: &str, world: Option<World>) -> Result<Self, Failure> {
        let clock = Clock::faster(SPEED);
        match ground {
            Ground::Inside => {
                let namespace = "the-only-stage".to_owned();
                let options = rehearsal::Options {
                    state_dir: None,
                    clock,
                    namespace: namespace.clone(),
                    release: GREEN.to_owned(),
                    faults: Vec::new(),
                    listen: (Ipv4Addr::LOCALHOST, 0).into(),
                    front: rehearsal::Profile::IngressNginx,
                };
                let inside =
                    ClusterInside::start(options).map_err(|error| Failure::NoCluster(error.to_string()))?;
                let (client, world) = (inside.client(), inside.world().clone());
                Ok(Self { client, namespace, clock, world, quiet: QUIET_INSIDE, inside: Some(inside) })
            }
            Ground::Real(client) => {
                let number = STAGES.fetch_add(1, Ordering::Relaxed);
                let namespace = format!("scenario-{name}-{}-{number}", std::process::id());
                make_namespace(client, &namespace).await?;
                let world = world.ok_or_else(|| Failure::NoCluster("the node does not run".to_owned()))?;
                Ok(Self { client: client.clone(), namespace, clock, world, quiet: QUIET_REAL, inside: None })
            }
        }
    }

    /// Takes the place down; on a real cluster the namespace goes in its own time.
    pub(crate) async fn strike(self) {
        match self.inside {
            Some(inside) => inside.stop().await,
            None => {
                self.empty().await;
                let path = format!("/api/v1/namespaces/{}", self.namespace);
                let _gone_with_the_cluster = wire::send(&self.client, Method::DELETE, &path, None).await;
            }
        }
    }
}

/// Makes a namespace and waits for the account that its pods run as.
async fn make_namespace(client: &Client, namespace: &str) -> Result<(), Failure> {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let content = Some(("application/json", &object));
    let made = wire::send(client, Method::POST, "/api/v1/namespaces", content).await?;
    if !made.is_good() {
        return Err(Failure::NoCluster(format!("namespace {namespace}: {}", made.verdict())));
    }
    let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
    for _ in 0..200 {
        if wire::send(client, Method::GET, &account, None).await?.is_good() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Failure::NoCluster(format!("namespace {namespace} gets no service account")))
}

impl Stage {
    /// Where the front listens, where the cluster has one.
    pub(crate) fn front(&self) -> Option<std::net::SocketAddr> {
        self.inside.as_ref().map(|inside| inside.front().address())
    }

    /// Takes the workloads away and waits for their pods: a namespace is slow to go, and what runs in it until then would
    /// run beside the next scenario's.
    async fn empty(&self) {
        let kinds = [
            "apps/v1/{}/deployments",
            "apps/v1/{}/statefulsets",
            "batch/v1/{}/cronjobs",
            "batch/v1/{}/jobs",
            "apps/v1/{}/replicasets",
        ];
        for kind in kinds {
            let path = format!("/apis/{}", kind.replace("{}", &format!("namespaces/{}", self.namespace)));
            let options =
                json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
            let content = Some(("application/json", &options));
            // What is left goes with the namespace.
            let _ = wire::send(&self.client, Method::DELETE, &path, content).await;
        }
        let pods = format!("/api/v1/namespaces/{}/pods", self.namespace);
        let at_once = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
        for _ in 0..100 {
            let _ =
                wire::send(&self.client, Method::DELETE, &pods, Some(("application/json", &at_once))).await;
            match wire::send(&self.client, Method::GET, &pods, None).await {
                Ok(left) if left.body["items"].as_array().is_none_or(Vec::is_empty) => return,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}
