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

fn selects(service: &Value, selector: &BTreeMap<String, String>) -> bool {
    let found = service["spec"]["selector"].as_object();
    let found = found.map(|found| found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect());
    let wanted: BTreeMap<&str, Option<&str>> =
        selector.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
    found == Some(wanted)
}
