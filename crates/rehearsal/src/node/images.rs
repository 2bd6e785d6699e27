//! Images: those that are there already, those that are pulled, those that nobody has.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::container::Keeper;
use super::status::Standing;
use crate::fault::Who;
use crate::standin::patient;

/// How long, in cluster time, a registry takes to say no, and a pull takes.
const ANSWER: Duration = Duration::from_secs(1);
/// The first and the longest wait after an image that could not be pulled.
const FIRST_BACKOFF: Duration = Duration::from_secs(10);
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// The images on a node.
#[derive(Debug, Default)]
pub(super) struct Images(Mutex<HashSet<String>>);

impl Images {
    /// Puts an image on the node; tells whether it is new there.
    fn add(&self, image: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(image.to_owned())
    }

    fn has(&self, image: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(image)
    }
}

impl Keeper<'_> {
    /// Sees to it that the container's image is there; false when the pod is to end before it is.
    pub(super) async fn pull(&self) -> bool {
        let context = self.context;
        let image = self.container.image.clone().unwrap_or_default();
        let always = self.container.image_pull_policy.as_deref() == Some("Always");
        let mut backoff = FIRST_BACKOFF;
        while self.is_image_missing() {
            self.note("Pulling", format!("Pulling image \"{image}\""));
            if !context.pause(ANSWER).await {
                return false;
            }
            let why = format!(
                "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: \
                 not found"
            );
            self.warn("Failed", format!("Failed to pull image \"{image}\": {why}"));
            self.wait_as("ErrImagePull", why.clone());
            self.warn("Failed", "Error: ErrImagePull".to_owned());
            if !context.pause(ANSWER).await {
                return false;
            }
            self.note("BackOff", format!("Back-off pulling image \"{image}\""));
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {why}");
            self.wait_as("ImagePullBackOff", message);
            self.warn("Failed", "Error: ImagePullBackOff".to_owned());
            if !context.pause(backoff).await {
                return false;
            }
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
        if context.images.has(&image) && !always {
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            self.note("Pulled", message);
            return true;
        }
        self.note("Pulling", format!("Pulling image \"{image}\""));
        context.images.add(&image);
        let message = format!(
            "Successfully pulled image \"{image}\" in 0s (0s including waiting). Image size: 0 bytes."
        );
        self.note("Pulled", message);
        true
    }

    fn is_image_missing(&self) -> bool {
        let identity = self.context.identity();
        patient(&self.component()).is_some_and(|patient| {
            let who = Who { patient, release: identity.release.as_deref(), pod: &identity.pod };
            self.context.world.faults().image_missing(&who)
        })
    }

    fn wait_as(&self, reason: &'static str, message: String) {
        self.tell(|account| account.standing = Standing::Waiting { reason, message: Some(message) });
    }
}
