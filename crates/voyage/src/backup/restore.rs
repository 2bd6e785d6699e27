//! Putting back exactly what was kept.

use std::collections::BTreeSet;

use cluster::{Cluster, Kind, ObjectRef};
use serde_json::{Value, json};

use super::{Backup, BackupError};
use crate::differences;
use crate::step::{VOYAGE, bare, put_back};

/// How an object that was kept stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// As it was kept, but for what the server counts and stamps.
    Same,
    /// It does not exist.
    Missing,
    /// It differs at these paths.
    Differs(Vec<String>),
}

/// Objects that others need come first, and what runs and routes comes last.
const ORDER: [&str; 12] = [
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Service",
    "StatefulSet",
    "Deployment",
    "CronJob",
    "HorizontalPodAutoscaler",
    "Ingress",
];

impl Backup {
    /// `kind/name` of tasks that were kept because the move removes them. They are not put back: they would run again.
    #[must_use]
    pub fn tasks(&self) -> Vec<String> {
        let tasks = self.objects().iter().filter(|kept| is_task(kept));
        tasks.filter_map(|kept| Some(format!("Job/{}", kept["metadata"]["name"].as_str()?))).collect()
    }

    /// How each object that was kept stands now, in the order in which they are put back.
    ///
    /// # Errors
    /// When the cluster refuses.
    pub async fn compare(&self, cluster: &Cluster) -> Result<Vec<(ObjectRef, Standing)>, BackupError> {
        let mut standing = Vec::new();
        for kept in self.in_order() {
            let place = ObjectRef::of(&kept)?;
            let seen = match cluster.get(&place).await? {
                None => Standing::Missing,
                Some(found) => compared(&at(&kept, cluster), &found),
            };
            standing.push((place, seen));
        }
        Ok(standing)
    }

    /// Puts back every object that does not stand as it was kept; says which.
    ///
    /// # Errors
    /// When pods of a new side still run, which would work the same queues; or the cluster refuses.
    pub async fn put_back(&self, cluster: &Cluster) -> Result<Vec<ObjectRef>, BackupError> {
        let running = self.new_side(cluster).await?;
        if !running.is_empty() {
            return Err(BackupError::NewSideRuns(running));
        }
        let mut changed = Vec::new();
        for kept in self.in_order() {
            let kept = at(&kept, cluster);
            let place = ObjectRef::of(&kept)?;
            let found = cluster.get(&place).await?;
            if found.is_some_and(|found| compared(&kept, &found) == Standing::Same) {
                continue;
            }
            put_back(cluster, &kept).await?;
            changed.push(place);
        }
        Ok(changed)
    }

    /// Deployments of a voyage's own that run pods and are not part of what was kept.
    async fn new_side(&self, cluster: &Cluster) -> Result<Vec<String>, BackupError> {
        let own: BTreeSet<&str> =
            self.objects().iter().filter_map(|kept| kept["metadata"]["name"].as_str()).collect();
        let deployments = cluster.list(&Kind::deployment(), None).await?;
        let made = deployments.iter().filter(|found| found["metadata"]["annotations"][VOYAGE].is_string());
        let running = made.filter(|found| found["spec"]["replicas"].as_u64() != Some(0));
        let names = running.filter_map(|found| found["metadata"]["name"].as_str());
        Ok(names.filter(|name| !own.contains(name)).map(|name| format!("Deployment/{name}")).collect())
    }

    fn in_order(&self) -> Vec<Value> {
        let mut objects: Vec<Value> = self.objects().iter().filter(|kept| !is_task(kept)).cloned().collect();
        let rank = |object: &Value| {
            let kind = object["kind"].as_str().unwrap_or_default();
            ORDER.iter().position(|known| *known == kind).unwrap_or(6)
        };
        objects.sort_by_key(rank);
        objects
    }
}

fn is_task(object: &Value) -> bool {
    object["kind"] == "Job"
}

/// An object in the namespace where it is put back.
fn at(kept: &Value, cluster: &Cluster) -> Value {
    let mut object = kept.clone();
    if object["metadata"].get("namespace").is_some() {
        object["metadata"]["namespace"] = json!(cluster.namespace());
    }
    object
}

/// What somebody wrote of an object: neither what the server stamps, nor what a Deployment's controller counts.
fn written(object: &Value) -> Value {
    let mut object = bare(object);
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.remove("deployment.kubernetes.io/revision");
    }
    object
}

/// Both ways, so that what came since is seen as well; of Secrets only that their data differ.
fn compared(kept: &Value, found: &Value) -> Standing {
    let (kept, found) = (written(kept), written(found));
    let mut paths: BTreeSet<String> = differences(&kept, &found).into_iter().collect();
    paths.extend(differences(&found, &kept));
    for field in ["data", "stringData"].iter().filter(|_| kept["kind"] == "Secret") {
        if kept[*field] != found[*field] {
            paths.insert((*field).to_owned());
        }
    }
    if paths.is_empty() { Standing::Same } else { Standing::Differs(paths.into_iter().collect()) }
}
