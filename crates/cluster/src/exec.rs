//! A command in a running container.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams};
use tokio::io::AsyncReadExt;

use crate::patience::once;
use crate::{Cluster, ClusterError};

/// How much of what it says is read.
const MOST_BYTES: u64 = 64 << 10;

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its standard output, read as UTF-8 as far as it is.
    pub out: String,
    /// Whether it ended well.
    pub succeeded: bool,
}

impl Cluster {
    /// Runs a command in a container and waits until it has ended.
    ///
    /// # Errors
    /// When the API server refuses, or the command has not ended within the limit of real time.
    pub async fn run_in_pod(
        &self,
        pod: &str,
        container: &str,
        command: &[&str],
        limit: Duration,
    ) -> Result<Ran, ClusterError> {
        let api: Api<Pod> = Api::namespaced(self.client().clone(), self.namespace());
        let doing = format!("run a command in Pod/{pod}");
        let parameters = AttachParams::default().container(container).stdout(true).stderr(false);
        let asked = async {
            let mut process = api.exec(pod, command.iter().copied(), &parameters).await?;
            let mut out = Vec::new();
            if let Some(stdout) = process.stdout() {
                stdout.take(MOST_BYTES).read_to_end(&mut out).await.map_err(kube::Error::ReadEvents)?;
            }
            let status = match process.take_status() {
                Some(status) => status.await,
                None => None,
            };
            let succeeded = status.is_some_and(|status| status.status.as_deref() == Some("Success"));
            Ok(Ran { out: String::from_utf8_lossy(&out).into_owned(), succeeded })
        };
        match tokio::time::timeout(limit, once(self.clock(), &doing, asked)).await {
            Ok(ran) => ran,
            Err(_) => Err(ClusterError::NoAnswer { doing, within: limit }),
        }
    }
}
