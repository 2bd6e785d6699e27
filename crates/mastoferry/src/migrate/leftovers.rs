//! What a migration leaves in the cluster beside what was planned.

use cluster::{Cluster, ClusterError, Kind, ObjectRef};
use plan::{Action, Plan};

/// `Kind/name` of everything that is there and that nobody needs once all is well.
///
/// # Errors
/// When the API server cannot be asked.
pub(crate) async fn leftovers(plan: &Plan, cluster: &Cluster) -> Result<Vec<String>, ClusterError> {
    let mut places = Vec::new();
    for step in &plan.steps {
        if let Action::AcquireLease { lease } = &step.action {
            places.push(ObjectRef::new(Kind::lease(), lease));
            places.push(ObjectRef::new(Kind::secret(), &format!("{lease}-state")));
            places.push(ObjectRef::new(Kind::secret(), &format!("{lease}-plan")));
        }
    }
    let mut left = Vec::new();
    for place in places {
        if cluster.get(&place).await?.is_some() {
            left.push(place.to_string());
        }
    }
    Ok(left)
}
