//! Replicas, pod labels and Service selectors.

use std::collections::BTreeMap;

use kube::api::{Patch, PatchParams};
use serde_json::{Map, Value, json};

use crate::patience::insist_on_change;
use crate::{Cluster, ClusterError, Kind, MANAGER, ObjectRef, Selector};

impl Cluster {
    /// Asks a Deployment for this many pods, through its scale subresource.
    ///
    /// # Errors
    /// When the Deployment is missing or the API server refuses.
    pub async fn scale(&self, deployment: &str, replicas: u32) -> Result<(), ClusterError> {
        let api = self.api(&Kind::deployment());
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        let doing = format!("scale Deployment/{deployment} to {replicas}");
        insist_on_change(self.clock(), &doing, || api.patch_scale(deployment, &parameters, &patch)).await?;
        Ok(())
    }

    /// How many pods a Deployment is asked for.
    ///
    /// # Errors
    /// When the Deployment is missing or the API server refuses.
    pub async fn replicas(&self, deployment: &str) -> Result<u32, ClusterError> {
        let found = self.need(&ObjectRef::new(Kind::deployment(), deployment)).await?;
        // Absent means one, by the API's own default.
        let replicas = found["spec"]["replicas"].as_u64().unwrap_or(1);
        Ok(u32::try_from(replicas).unwrap_or(u32::MAX))
    }

    /// Puts labels on every pod selected; says how many lacked one of them.
    ///
    /// # Errors
    /// When the API server refuses. A pod that ends meanwhile is no error.
    pub async fn label_pods(
        &self,
        selector: &Selector,
        labels: &BTreeMap<String, String>,
    ) -> Result<usize, ClusterError> {
        let lacks = |pod: &Value| labels.iter().any(|(key, value)| pod["metadata"]["labels"][key] != **value);
        self.relabel(selector, lacks, &json!(labels)).await
    }

    /// Takes labels off every pod selected; says how many had one of them.
    ///
    /// # Errors
    /// When the API server refuses. A pod that ends meanwhile is no error.
    pub async fn unlabel_pods(
        &self,
        selector: &Selector,
        labels: &BTreeMap<String, String>,
    ) -> Result<usize, ClusterError> {
        let has = |pod: &Value| labels.keys().any(|key| !pod["metadata"]["labels"][key].is_null());
        let removed: Map<String, Value> = labels.keys().map(|key| (key.clone(), Value::Null)).collect();
        self.relabel(selector, has, &Value::Object(removed)).await
    }

    async fn relabel(
        &self,
        selector: &Selector,
        concerns: impl Fn(&Value) -> bool,
        labels: &Value,
    ) -> Result<usize, ClusterError> {
        let patch = json!({"metadata": {"labels": labels}});
        let mut changed = 0;
        for pod in self.list(&Kind::pod(), Some(selector)).await?.iter().filter(|pod| concerns(pod)) {
            match self.patch_merge(&ObjectRef::of(pod)?, &patch).await {
                Ok(_) => changed += 1,
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    /// Takes labels off one pod, and makes it the first to go when its Deployment shall have one less
    /// (`controller.kubernetes.io/pod-deletion-cost`).
    ///
    /// # Errors
    /// When the API server refuses. A pod that is gone already is no error.
    pub async fn retire_pod(&self, pod: &str, labels: &BTreeMap<String, String>) -> Result<(), ClusterError> {
        let removed: Map<String, Value> = labels.keys().map(|key| (key.clone(), Value::Null)).collect();
        self.remark(pod, &json!({"labels": removed, "annotations": {DELETION_COST: GOES_FIRST}})).await
    }

    /// Undoes [`Cluster::retire_pod`] for every pod selected that was retired; says how many were.
    ///
    /// # Errors
    /// When the API server refuses. A pod that is gone is no error.
    pub async fn recall_pods(
        &self,
        selector: &Selector,
        labels: &BTreeMap<String, String>,
    ) -> Result<usize, ClusterError> {
        let pods = self.list(&Kind::pod(), Some(selector)).await?;
        let retired: Vec<&Value> = pods.iter().filter(|pod| is_retired(pod)).collect();
        for pod in &retired {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            self.remark(name, &json!({"labels": labels, "annotations": {DELETION_COST: null}})).await?;
        }
        Ok(retired.len())
    }

    async fn remark(&self, pod: &str, metadata: &Value) -> Result<(), ClusterError> {
        let place = ObjectRef::new(Kind::pod(), pod);
        match self.patch_merge(&place, &json!({"metadata": metadata})).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes a Service select exactly these labels, in one write.
    ///
    /// # Errors
    /// When the Service is missing, the API server refuses, or others keep writing.
    pub async fn set_selector(
        &self,
        service: &str,
        selector: &BTreeMap<String, String>,
    ) -> Result<(), ClusterError> {
        let place = ObjectRef::new(Kind::service(), service);
        self.edit(&place, |object| {
            if !selects(object, selector) {
                object["spec"]["selector"] = json!(selector);
            }
        })
        .await?;
        Ok(())
    }

    /// Whether a Service selects exactly these labels.
    ///
    /// # Errors
    /// When the Service is missing or the API server refuses.
    pub async fn service_selects(
        &self,
        service: &str,
        selector: &BTreeMap<String, String>,
    ) -> Result<bool, ClusterError> {
        let found = self.need(&ObjectRef::new(Kind::service(), service)).await?;
        Ok(selects(&found, selector))
    }
}

/// Tells the ReplicaSet controller which pods go first.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const GOES_FIRST: &str = "-1000";

/// Whether [`Cluster::retire_pod`] retired a pod.
#[must_use]
pub fn is_retired(pod: &Value) -> bool {
    pod["metadata"]["annotations"][DELETION_COST] == GOES_FIRST
}

fn selects(service: &Value, selector: &BTreeMap<String, String>) -> bool {
    let found = service["spec"]["selector"].as_object();
    let found = found.map(|found| found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect());
    let wanted: BTreeMap<&str, Option<&str>> =
        selector.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
    found == Some(wanted)
}
