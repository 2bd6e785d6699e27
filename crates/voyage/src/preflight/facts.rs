//! What is read of a cluster before anything is judged.

use cluster::{Cluster, ClusterError, Kind, ObjectRef, Right, Server, Snapshot, Tenure};
use plan::{Action, Plan};
use serde_json::Value;

use super::{inside, rights};
use crate::step::assumed;
use crate::{StateCopy, StepError, copies};

/// The cluster as it stands. Values of Secrets are among it, and are shown nowhere.
#[derive(Default)]
pub struct Facts {
    /// What the API server says of itself.
    pub server: Option<Server>,
    /// Everything in the namespace, as far as one may see it.
    pub snapshot: Snapshot,
    /// The cluster's nodes; nothing where they may not be listed.
    pub nodes: Option<Vec<Value>>,
    /// The pods of all namespaces; nothing where they may not be listed.
    pub pods: Option<Vec<Value>>,
    /// What one may do of what the plan needs.
    pub rights: Vec<(Right, bool)>,
    /// Where the namespace is not as the plan says.
    pub drift: Vec<String>,
    /// Who holds the plan's Lease.
    pub tenure: Option<Tenure>,
    /// Migrations of which the cluster keeps the state.
    pub copies: Vec<StateCopy>,
    /// What a pod of web said of stores and volumes; nothing where it could not be asked.
    pub reach: Option<String>,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Facts").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}

/// Why the facts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The cluster refused, or could not be asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The plan or a copy cannot be read.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl Facts {
    /// Reads them. Nothing is changed; a command is run in a pod of web, which opens and closes connections and looks at files.
    ///
    /// # Errors
    /// When the API server cannot be asked, or there is no such namespace.
    pub async fn read(plan: &Plan, cluster: &Cluster) -> Result<Self, FactsError> {
        let snapshot = cluster.snapshot().await?;
        let mut held = Vec::new();
        for right in rights::needed(plan) {
            let may = cluster.may(&right).await?;
            held.push((right, may));
        }
        let may = |wanted: &Right| held.iter().any(|(right, may)| right == wanted && *may);
        let may_list_nodes = may(&rights::list_nodes());
        let may_list_pods = may(&rights::list_all_pods());
        let may_run = may(&rights::run_in_pods());
        let (nodes, pods) = (
            if may_list_nodes { cluster.list(&Kind::new("v1", "Node"), None).await.ok() } else { None },
            if may_list_pods { cluster.list_everywhere(&Kind::pod()).await.ok() } else { None },
        );
        let lease = plan.steps.iter().find_map(|step| match &step.action {
            Action::AcquireLease { lease } => Some(lease),
            _ => None,
        });
        let tenure = match lease {
            Some(lease) => allowed(cluster.tenure_of(lease).await.map_err(StepError::from))?,
            None => None,
        };
        Ok(Self {
            server: cluster.server().await.ok(),
            reach: if may_run { inside::ask(plan, cluster, &snapshot).await } else { None },
            drift: allowed(assumed(plan, cluster).await)?,
            copies: allowed(copies(cluster).await)?,
            snapshot,
            nodes,
            pods,
            rights: held,
            tenure,
        })
    }

    /// The objects of a kind in the namespace.
    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.snapshot.objects.iter().filter(move |object| object["kind"] == kind)
    }

    /// An object of the namespace.
    pub(super) fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.snapshot
            .objects
            .iter()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
    }

    /// Whether objects of a resource, such as `secrets`, could not be listed.
    pub(super) fn is_hidden(&self, resource: &str) -> bool {
        self.snapshot.unlisted.iter().any(|unlisted| unlisted.resource.split('.').next() == Some(resource))
    }
}

/// What one may not look at is no fact; that it is not allowed is one, among the rights.
fn allowed<T: Default>(found: Result<T, StepError>) -> Result<T, StepError> {
    match found {
        Err(StepError::Cluster(error)) if error.code() == Some(403) => Ok(T::default()),
        found => found,
    }
}

/// The kinds of an object, for what is asked of the cluster by reference.
pub(super) fn place(object: &Value) -> Option<ObjectRef> {
    ObjectRef::of(object).ok()
}
