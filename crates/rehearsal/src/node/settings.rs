//! The environment of a container, resolved as the kubelet does, and refused as it refuses.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVar, EnvVarSource, Pod, PodSpec, Secret, Volume};
use kube::api::Api;
use kube::{Client, ResourceExt};
use thiserror::Error;

/// Why a container cannot be configured. Names only: never a value.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub(super) enum SettingsError {
    #[error("{kind} {name:?} not found")]
    Missing { kind: &'static str, name: String },
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    NoKey { key: String, kind: &'static str, namespace: String, name: String },
    #[error("failed to read {kind} {name:?} from the API server")]
    Unreadable { kind: &'static str, name: String },
}

/// Reads the objects that settings come from.
pub(super) struct Settings<'a> {
    client: &'a Client,
    namespace: String,
}

const CONFIG_MAP: &str = "configmap";
const SECRET: &str = "secret";

type Values = BTreeMap<String, String>;

impl<'a> Settings<'a> {
    pub(super) fn of(client: &'a Client, pod: &Pod) -> Self {
        Self { client, namespace: pod.namespace().unwrap_or_default() }
    }

    /// What the container's environment holds: `envFrom` in its order, then `env`, later over earlier.
    pub(super) async fn environment(
        &self,
        pod: &Pod,
        container: &Container,
    ) -> Result<Values, SettingsError> {
        let mut environment = Values::new();
        for source in container.env_from.iter().flatten() {
            let (kind, name, optional) = match (&source.config_map_ref, &source.secret_ref) {
                (Some(map), _) => (CONFIG_MAP, &map.name, map.optional),
                (None, Some(secret)) => (SECRET, &secret.name, secret.optional),
                (None, None) => continue,
            };
            let prefix = source.prefix.as_deref().unwrap_or_default();
            if let Some(values) = self.required(kind, name, optional).await? {
                environment.extend(values.into_iter().map(|(key, value)| (format!("{prefix}{key}"), value)));
            }
        }
        for variable in container.env.iter().flatten() {
            if let Some(value) = self.value(pod, variable).await? {
                environment.insert(variable.name.clone(), value);
            }
        }
        Ok(environment)
    }

    /// Whether every object that is to be mounted is there; the volume for which one is not.
    pub(super) async fn volumes<'s>(&self, spec: &'s PodSpec) -> Result<(), (&'s str, SettingsError)> {
        for volume in spec.volumes.iter().flatten() {
            for (kind, name, optional) in mounted(volume) {
                let found = self.required(kind, name, optional).await;
                found.map_err(|refusal| (volume.name.as_str(), refusal))?;
            }
        }
        Ok(())
    }

    /// The files of the ConfigMap that a container has at a folder, by their keys; none where there is none.
    pub(super) async fn files(&self, pod: &Pod, container: &Container, folder: &str) -> Values {
        let mounts = container.volume_mounts.iter().flatten();
        let mount = mounts.into_iter().find(|mount| mount.mount_path.trim_end_matches('/') == folder);
        let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
        let volume = mount.and_then(|mount| volumes.into_iter().find(|volume| volume.name == mount.name));
        match volume.and_then(|volume| volume.config_map.as_ref()) {
            Some(map) => self.config_map(&map.name).await.ok().flatten().unwrap_or_default(),
            None => Values::new(),
        }
    }

    async fn value(&self, pod: &Pod, variable: &EnvVar) -> Result<Option<String>, SettingsError> {
        let Some(source) = &variable.value_from else {
            return Ok(Some(variable.value.clone().unwrap_or_default()));
        };
        let (kind, name, key, optional) = match (&source.config_map_key_ref, &source.secret_key_ref) {
            (Some(map), _) => (CONFIG_MAP, &map.name, &map.key, map.optional),
            (None, Some(secret)) => (SECRET, &secret.name, &secret.key, secret.optional),
            (None, None) => return Ok(Some(field(pod, source))),
        };
        let Some(mut values) = self.required(kind, name, optional).await? else { return Ok(None) };
        match values.remove(key) {
            Some(value) => Ok(Some(value)),
            None if optional == Some(true) => Ok(None),
            None => Err(SettingsError::NoKey {
                key: key.clone(),
                kind,
                namespace: self.namespace.clone(),
                name: name.clone(),
            }),
        }
    }

    async fn required(
        &self,
        kind: &'static str,
        name: &str,
        optional: Option<bool>,
    ) -> Result<Option<Values>, SettingsError> {
        let read = if kind == CONFIG_MAP { self.config_map(name).await } else { self.secret(name).await };
        match read {
            Ok(Some(values)) => Ok(Some(values)),
            Ok(None) if optional == Some(true) => Ok(None),
            Ok(None) => Err(SettingsError::Missing { kind, name: name.to_owned() }),
            // The error's own text may quote what was received; it stays behind.
            Err(_) => Err(SettingsError::Unreadable { kind, name: name.to_owned() }),
        }
    }

    async fn config_map(&self, name: &str) -> kube::Result<Option<Values>> {
        let api = Api::<ConfigMap>::namespaced(self.client.clone(), &self.namespace);
        Ok(api.get_opt(name).await?.map(|map| map.data.unwrap_or_default()))
    }

    async fn secret(&self, name: &str) -> kube::Result<Option<Values>> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        let text = |ByteString(bytes)| String::from_utf8_lossy(&bytes).into_owned();
        let values = |secret: Secret| {
            let data = secret.data.unwrap_or_default();
            // An API server folds `stringData` into `data`; one that keeps it apart is understood too.
            let mut values: Values = data.into_iter().map(|(key, value)| (key, text(value))).collect();
            values.extend(secret.string_data.unwrap_or_default());
            values
        };
        Ok(api.get_opt(name).await?.map(values))
    }
}

/// The ConfigMaps and Secrets a volume is made of.
fn mounted(volume: &Volume) -> Vec<(&'static str, &str, Option<bool>)> {
    let mut found = Vec::new();
    if let Some(map) = &volume.config_map {
        found.push((CONFIG_MAP, map.name.as_str(), map.optional));
    }
    if let Some(secret) = &volume.secret {
        found.push((SECRET, secret.secret_name.as_deref().unwrap_or_default(), secret.optional));
    }
    for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
        if let Some(map) = &source.config_map {
            found.push((CONFIG_MAP, map.name.as_str(), map.optional));
        }
        if let Some(secret) = &source.secret {
            found.push((SECRET, secret.name.as_str(), secret.optional));
        }
    }
    // The token and certificate volumes that a real control plane adds are made by it, not by users.
    found.retain(|(_, name, _)| *name != "kube-root-ca.crt");
    found
}

/// The downward API, as far as names go; a stand-in reads nothing else from it.
fn field(pod: &Pod, source: &EnvVarSource) -> String {
    match source.field_ref.as_ref().map(|field| field.field_path.as_str()) {
        Some("metadata.name") => pod.name_any(),
        Some("metadata.namespace") => pod.namespace().unwrap_or_default(),
        Some("metadata.uid") => pod.uid().unwrap_or_default(),
        _ => String::new(),
    }
}
