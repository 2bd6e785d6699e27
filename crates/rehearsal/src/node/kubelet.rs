//! Watching for pods bound to the node, and running each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::address::Addresses;
use super::events::Pen;
use super::pod::{self, Wish};
use crate::standin::World;

/// The name pods are bound to.
pub const NODE_NAME: &str = "hollow-0";

/// How often the node says that it is alive, in cluster time, and at most that often in real time.
const HEARTBEAT: Duration = Duration::from_secs(10);
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(200);

/// A running hollow node. It ends, and every process on it with it, when it is dropped or its token is
/// cancelled: as a machine that loses power, it reports nothing then.
#[derive(Debug)]
pub struct HollowNode {
    cancel: CancellationToken,
    watching: AbortOnDropHandle<()>,
}

impl HollowNode {
    /// Starts the node. It takes up whatever is bound to it, now and later; of pods that ran on it before,
    /// every process is started again and counted as restarted.
    #[must_use]
    pub fn start(client: Client, world: World, clock: Clock, cancel: CancellationToken) -> Self {
        Self::start_within(Addresses::loopback(), client, world, clock, cancel)
    }

    /// Starts the node as [`HollowNode::start`] does, with pods' addresses from the range given.
    #[must_use]
    pub fn start_within(
        addresses: Addresses,
        client: Client,
        world: World,
        clock: Clock,
        cancel: CancellationToken,
    ) -> Self {
        let cancel = cancel.child_token();
        let until = cancel.clone();
        let watching = tokio::spawn(async move {
            let (pen, writing) = Pen::new(client.clone(), clock);
            let images = Arc::default();
            let host =
                pod::Host { client: client.clone(), world: world.clone(), clock, addresses, pen, images };
            let mut kubelet = Kubelet::new(host);
            tokio::select! {
                () = until.cancelled() => {}
                () = kubelet.run() => {}
                () = be_known(client, clock) => {}
                () = writing => {}
            }
            kubelet.pods.shutdown().await;
            world.still().await;
        });
        Self { cancel, watching: AbortOnDropHandle::new(watching) }
    }

    /// Ends the node and waits until its sockets are closed and its jobs are back in their queues.
    pub async fn stop(self) {
        self.cancel.cancel();
        // A panic in a pod's task has been told by the runtime already.
        let _ = self.watching.await;
    }
}

struct Kubelet {
    host: pod::Host,
    wishes: HashMap<String, watch::Sender<Wish>>,
    pods: JoinSet<String>,
    listed: HashSet<String>,
}

impl Kubelet {
    fn new(host: pod::Host) -> Self {
        let (wishes, pods, listed) = (HashMap::new(), JoinSet::new(), HashSet::new());
        Self { host, wishes, pods, listed }
    }

    async fn run(&mut self) {
        let bound = watcher::Config::default().fields(&format!("spec.nodeName={NODE_NAME}"));
        let mut events =
            watch_objects(Api::<Pod>::all(self.host.client.clone()), bound).default_backoff().boxed();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => self.take(event),
                    // The watch takes itself up again.
                    Some(Err(_)) => {}
                    None => return,
                },
                Some(ended) = self.pods.join_next() => {
                    if let Ok(uid) = ended {
                        self.wishes.remove(&uid);
                    }
                }
            }
        }
    }

    fn take(&mut self, event: Event<Pod>) {
        match event {
            Event::Apply(pod) => self.wish(pod),
            Event::Delete(pod) => self.forget(&pod.uid().unwrap_or_default()),
            Event::Init => self.listed.clear(),
            Event::InitApply(pod) => {
                self.listed.insert(pod.uid().unwrap_or_default());
                self.wish(pod);
            }
            Event::InitDone => {
                let gone: Vec<String> =
                    self.wishes.keys().filter(|uid| !self.listed.contains(*uid)).cloned().collect();
                for uid in gone {
                    self.forget(&uid);
                }
            }
        }
    }

    fn wish(&mut self, pod: Pod) {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
        if node != Some(NODE_NAME) {
            return;
        }
        let uid = pod.uid().unwrap_or_default();
        let pod = Arc::new(pod);
        if let Some(known) = self.wishes.get(&uid) {
            known.send_replace(Wish::Stands(pod));
            return;
        }
        let (wish, wishes) = watch::channel(Wish::Stands(pod.clone()));
        self.wishes.insert(uid.clone(), wish);
        let life = pod::run(self.host.clone(), pod, wishes);
        self.pods.spawn(async move {
            life.await;
            uid
        });
    }

    fn forget(&mut self, uid: &str) {
        if let Some(known) = self.wishes.get(uid) {
            known.send_replace(Wish::Gone);
        }
    }
}

/// Makes the Node object and keeps it fresh. A server without Nodes has no use for one, so nothing that
/// fails here matters to the pods.
async fn be_known(client: Client, clock: Clock) {
    let nodes = Api::<Node>::all(client);
    let capacity = json!({"cpu": "1000", "memory": "4Ti", "pods": "10000"});
    let node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE_NAME, "labels": {"kubernetes.io/hostname": NODE_NAME}},
    });
    if let Ok(node) = serde_json::from_value::<Node>(node) {
        let _ = nodes.create(&PostParams::default(), &node).await;
    }
    let since = jiff::Timestamp::try_from(clock.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string();
    loop {
        let now = jiff::Timestamp::try_from(clock.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string();
        let status = json!({"status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "kubelet is posting ready status", "lastHeartbeatTime": now,
                "lastTransitionTime": since,
            }],
        }});
        let _ = nodes.patch_status(NODE_NAME, &PatchParams::default(), &Patch::Merge(status)).await;
        tokio::time::sleep(clock.on_the_wall(HEARTBEAT).max(SHORTEST_HEARTBEAT)).await;
    }
}
