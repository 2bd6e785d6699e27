//! The kubelet's Events. They are written behind its back, in order: a pod never waits for its Events, and
//! what cannot be kept up with is dropped, as the real broadcaster does.

use std::sync::Arc;

use clock::Clock;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::kubelet::NODE_NAME;
use crate::events::{Correlator, Happening, Outcome};

/// How many Events may wait to be written.
const QUEUE: usize = 1000;

/// Something that happened to a pod.
#[derive(Debug)]
struct Told {
    pod: Arc<Pod>,
    /// The container's field, empty for the whole pod.
    part: String,
    warns: bool,
    reason: &'static str,
    message: String,
}

/// Takes Events to be written.
#[derive(Debug, Clone)]
pub(super) struct Pen(mpsc::Sender<Told>);

impl Pen {
    /// A pen, and what writes for it until it is dropped.
    pub(super) fn new(client: Client, clock: Clock) -> (Self, impl Future<Output = ()>) {
        let (told, waiting) = mpsc::channel(QUEUE);
        (Self(told), write(client, clock, waiting))
    }

    /// What went as it should, with a container (told by its field) or, with an empty one, the pod.
    pub(super) fn note(&self, pod: &Arc<Pod>, part: &str, reason: &'static str, message: String) {
        self.tell(pod, part, false, reason, message);
    }

    /// What somebody should look at.
    pub(super) fn warn(&self, pod: &Arc<Pod>, part: &str, reason: &'static str, message: String) {
        self.tell(pod, part, true, reason, message);
    }

    fn tell(&self, pod: &Arc<Pod>, part: &str, warns: bool, reason: &'static str, message: String) {
        let told = Told { pod: Arc::clone(pod), part: part.to_owned(), warns, reason, message };
        // Full or closed: an Event is never worth waiting for.
        drop(self.0.try_send(told));
    }
}

async fn write(client: Client, clock: Clock, mut waiting: mpsc::Receiver<Told>) {
    let mut correlator = Correlator::default();
    while let Some(told) = waiting.recv().await {
        let about = about(&told.pod);
        let happening = Happening {
            component: "kubelet",
            host: NODE_NAME,
            object: &about,
            part: &told.part,
            warns: told.warns,
            reason: told.reason,
            message: &told.message,
        };
        match correlator.hear(&happening, clock.now()) {
            Outcome::Dropped => {}
            Outcome::New(event) => {
                let namespace = event["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
                let api = Api::<Event>::namespaced(client.clone(), &namespace);
                if let Ok(event) = serde_json::from_value::<Event>(event) {
                    drop(api.create(&PostParams::default(), &event).await);
                }
            }
            Outcome::Again { namespace, name, patch } => {
                let api = Api::<Event>::namespaced(client.clone(), &namespace);
                let counted = api.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
                if matches!(&counted, Err(kube::Error::Api(answer)) if answer.code == 404) {
                    correlator.forget(&name);
                }
            }
        }
    }
}

/// As much of a pod as an Event says of it.
fn about(pod: &Pod) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod.name_any(),
            "namespace": pod.namespace(),
            "uid": pod.uid(),
            "resourceVersion": pod.resource_version(),
        },
    })
}
