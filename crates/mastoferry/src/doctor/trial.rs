//! Every change of a plan, decided by the API server and not made.

use cluster::{Cluster, ClusterError};
use plan::Plan;
use voyage::preflight;

use crate::migrate::{Asked, connect, runtime};
use crate::problem::Problem;
use crate::words::Words;

/// A change, and what the API server says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tried {
    /// The step it belongs to.
    pub(crate) step: String,
    /// The change, such as `apply Deployment/social-web`.
    pub(crate) change: String,
    /// Why it would be refused; nothing where it would be made.
    pub(crate) refusal: Option<String>,
}

/// Tries every change that can be tried.
///
/// # Errors
/// When there is no way to the cluster.
pub(crate) fn try_out(plan: &Plan, asked: &Asked, words: &Words) -> Result<Vec<Tried>, Problem> {
    runtime(words)?.block_on(async { Ok(changes(plan, &connect(asked, words).await?).await) })
}

pub(super) async fn changes(plan: &Plan, cluster: &Cluster) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (step, change) in preflight::changes(plan) {
        let refusal = cluster.try_out(&change).await.err().map(|error| why(&error));
        tried.push(Tried { step: step.0, change: change.to_string(), refusal });
    }
    tried
}

/// The server's words, where it has some.
fn why(error: &ClusterError) -> String {
    let ClusterError::Request { source, .. } = error else { return error.to_string() };
    source.to_string()
}
