//! Everything that stands in a namespace, as far as one may see it.
//!
//! The kinds are those the API server announces (discovery), custom ones included, not those of `kubectl get all`.
//! What cannot be listed is recorded with the server's reason and keeps nothing else from being read.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures::StreamExt;
use http::Request;
use serde_json::Value;

use crate::patience::once;
use crate::{Cluster, ClusterError, Kind, ObjectRef};

/// How many objects one page holds; what kubectl asks for.
const PAGE: u32 = 500;
/// How many kinds are listed at once.
const AT_ONCE: usize = 8;
/// How often a list is begun anew when its pages have run out of time.
const LISTS: u32 = 3;

/// What stands in a namespace.
#[derive(Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The objects as the server gives them out: those of the namespace, then those without a namespace that they refer
    /// to. Secrets' values are among them.
    pub objects: Vec<Value>,
    /// What could not be listed or read.
    pub unlisted: Vec<Unlisted>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("objects", &self.objects.len())
            .field("unlisted", &self.unlisted)
            .finish()
    }
}

/// Something that could not be listed or read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlisted {
    /// `resource.group`, a group and version whose kinds are unknown, or `resource.group/name`.
    pub resource: String,
    /// The server's words.
    pub reason: String,
}

/// A resource that can be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Resource {
    group: String,
    version: String,
    plural: String,
    kind: String,
    namespaced: bool,
    listable: bool,
}

impl Resource {
    fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of its objects, or of those in a namespace.
    fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let within = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
        format!("{root}/{}{within}/{}", self.api_version(), self.plural)
    }
}

/// One page of a list, or why there is none.
enum Page {
    Items { items: Vec<Value>, next: Option<String> },
    Expired,
}

impl Cluster {
    /// Lists every kind of object in the namespace, and the objects without a namespace that those refer to: volumes
    /// bound to its claims, storage, ingress and gateway classes, cluster issuers.
    ///
    /// # Errors
    /// When the server cannot be asked at all, does not know who asks, or has no such namespace. What it does not
    /// let us list is no error: see [`Snapshot::unlisted`].
    pub async fn snapshot(&self) -> Result<Snapshot, ClusterError> {
        let mut snapshot = Snapshot::default();
        self.enter(&mut snapshot).await?;
        let resources = self.discover(&mut snapshot).await?;
        let namespaced = resources.iter().filter(|resource| resource.namespaced && resource.listable);
        let lists: Vec<_> = futures::stream::iter(namespaced)
            .map(|resource| async move { (resource, self.list_all(resource).await) })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut seen = HashSet::new();
        for (resource, (items, reason)) in lists {
            for object in items {
                // A server may serve one object in two groups.
                if object["metadata"]["uid"].as_str().is_none_or(|uid| seen.insert(uid.to_owned())) {
                    snapshot.objects.push(object);
                }
            }
            if let Some(reason) = reason {
                snapshot.unlisted.push(Unlisted { resource: resource.name(), reason });
            }
        }
        self.follow(&resources, &mut snapshot).await;
        Ok(snapshot)
    }

    /// The namespace itself: it must be there, unless we may not know.
    async fn enter(&self, snapshot: &mut Snapshot) -> Result<(), ClusterError> {
        let place = ObjectRef::new(Kind::new("v1", "Namespace"), self.namespace());
        let path = format!("/api/v1/namespaces/{}", self.namespace());
        match self.fetch(&path, "read the namespace").await {
            Ok(object) => snapshot.objects.push(object),
            Err(error) if error.code() == Some(404) => return Err(ClusterError::Missing(place)),
            Err(error) if error.code() == Some(403) => {
                let resource = format!("namespaces/{}", self.namespace());
                snapshot.unlisted.push(Unlisted { resource, reason: reason(&error) });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Every resource, each in the version its group prefers. A group that cannot be asked (its server is down, its
    /// definition broken) is recorded.
    async fn discover(&self, snapshot: &mut Snapshot) -> Result<Vec<Resource>, ClusterError> {
        let mut versions: Vec<(String, String, String)> =
            vec![(String::new(), "v1".to_owned(), "/api/v1".to_owned())];
        let groups = self.fetch("/apis", "ask for the API groups").await?;
        for group in groups["groups"].as_array().into_iter().flatten() {
            let name = group["name"].as_str().unwrap_or_default();
            let preferred = group["preferredVersion"]["version"].as_str();
            let others = group["versions"].as_array().into_iter().flatten();
            let others = others.filter_map(|version| version["version"].as_str());
            let ordered = preferred.into_iter().chain(others.filter(|version| Some(*version) != preferred));
            versions.extend(
                ordered
                    .map(|version| (name.to_owned(), version.to_owned(), format!("/apis/{name}/{version}"))),
            );
        }
        let mut found: Vec<Resource> = Vec::new();
        let mut known = BTreeSet::new();
        for (group, version, path) in versions {
            match self.fetch(&path, &format!("ask what {path} serves")).await {
                Ok(list) => {
                    for resource in resources(&group, &version, &list) {
                        if known.insert((group.clone(), resource.plural.clone())) {
                            found.push(resource);
                        }
                    }
                }
                Err(error) => {
                    let resource = if group.is_empty() { version } else { format!("{group}/{version}") };
                    snapshot.unlisted.push(Unlisted { resource, reason: reason(&error) });
                }
            }
        }
        Ok(without_doubles(found))
    }

    /// All objects of a resource in the namespace, page by page; with the reason where the rest is missing.
    async fn list_all(&self, resource: &Resource) -> (Vec<Value>, Option<String>) {
        let mut lists = 1;
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            match self.page(resource, next.as_deref()).await {
                Ok(Page::Items { items, next: more }) => {
                    found.extend(items);
                    match more {
                        Some(more) => next = Some(more),
                        None => return (found, None),
                    }
                }
                Ok(Page::Expired) if lists < LISTS => {
                    lists += 1;
                    found.clear();
                    next = None;
                }
                Ok(Page::Expired) => return (found, Some("the list expired while it was read".to_owned())),
                Err(error) => return (found, Some(reason(&error))),
            }
        }
    }

    async fn page(&self, resource: &Resource, from: Option<&str>) -> Result<Page, ClusterError> {
        let mut path = format!("{}?limit={PAGE}", resource.path(Some(self.namespace())));
        if let Some(from) = from {
            path.push_str("&continue=");
            path.push_str(&escaped(from));
        }
        let mut list = match self.fetch(&path, &format!("list {}", resource.name())).await {
            Ok(list) => list,
            Err(error) if error.code() == Some(410) && from.is_some() => return Ok(Page::Expired),
            Err(error) => return Err(error),
        };
        let next = list["metadata"]["continue"].as_str().filter(|next| !next.is_empty()).map(str::to_owned);
        let items = match list["items"].take() {
            Value::Array(items) => items.into_iter().map(|item| named(item, resource)).collect(),
            _ => Vec::new(),
        };
        Ok(Page::Items { items, next })
    }

    /// Reads the objects without a namespace that those found refer to.
    async fn follow(&self, resources: &[Resource], snapshot: &mut Snapshot) {
        let mut done = BTreeSet::new();
        // A volume names a class again, so that what was found is looked through once more.
        for _ in 0..2 {
            let wanted = references(&snapshot.objects);
            for (kind, name) in wanted.difference(&done.clone()) {
                done.insert((kind.clone(), name.clone()));
                let known = resources.iter().find(|resource| !resource.namespaced && resource.kind == *kind);
                let Some(resource) = known else { continue };
                let path = format!("{}/{}", resource.path(None), escaped(name));
                match self.fetch(&path, &format!("read {kind}/{name}")).await {
                    Ok(object) => snapshot.objects.push(named(object, resource)),
                    // What is referred to and does not exist is the reference's fault, and seen there.
                    Err(error) if error.code() == Some(404) => {}
                    Err(error) => {
                        let resource = format!("{}/{name}", resource.name());
                        snapshot.unlisted.push(Unlisted { resource, reason: reason(&error) });
                    }
                }
            }
        }
    }

    async fn fetch(&self, path: &str, doing: &str) -> Result<Value, ClusterError> {
        let request = || async {
            let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
            self.client().request::<Value>(request).await
        };
        match once(self.clock(), doing, request()).await {
            // Busy servers ask to be asked again; one that is down says so at once.
            Err(ClusterError::NoAnswer { .. }) => once(self.clock(), doing, request()).await,
            Err(error) if error.code() == Some(429) => once(self.clock(), doing, request()).await,
            answer => answer,
        }
    }
}

/// What a group and version serves, parts of objects (`deployments/scale`) left out.
fn resources(group: &str, version: &str, list: &Value) -> Vec<Resource> {
    let entries = list["resources"].as_array().into_iter().flatten();
    let whole = entries.filter(|entry| entry["name"].as_str().is_some_and(|name| !name.contains('/')));
    whole
        .map(|entry| Resource {
            group: entry["group"].as_str().filter(|own| !own.is_empty()).unwrap_or(group).to_owned(),
            version: entry["version"].as_str().filter(|own| !own.is_empty()).unwrap_or(version).to_owned(),
            plural: entry["name"].as_str().unwrap_or_default().to_owned(),
            kind: entry["kind"].as_str().unwrap_or_default().to_owned(),
            namespaced: entry["namespaced"].as_bool().unwrap_or_default(),
            listable: entry["verbs"].as_array().into_iter().flatten().any(|verb| verb == "list"),
        })
        .collect()
}

/// Old servers serve workloads and Ingresses in `extensions` too, and all serve Events twice. The group that is
/// still there is kept.
fn without_doubles(found: Vec<Resource>) -> Vec<Resource> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for resource in &found {
        groups.entry(&resource.plural).or_default().insert(&resource.group);
    }
    let is_double = |resource: &Resource| {
        let others = groups.get(resource.plural.as_str());
        let in_group = |group: &str| others.is_some_and(|others| others.contains(group));
        match resource.group.as_str() {
            "extensions" => ["apps", "networking.k8s.io", "policy"].iter().any(|group| in_group(group)),
            "events.k8s.io" => in_group(""),
            _ => false,
        }
    };
    found.iter().filter(|resource| !is_double(resource)).cloned().collect()
}

/// Items of a list leave out what they are.
fn named(mut item: Value, resource: &Resource) -> Value {
    if let Some(members) = item.as_object_mut() {
        for (key, value) in [("kind", resource.kind.clone()), ("apiVersion", resource.api_version())] {
            if !members.contains_key(key) {
                members.insert(key.to_owned(), value.into());
            }
        }
    }
    item
}

/// Kind and name of what objects refer to outside their namespace.
fn references(objects: &[Value]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for object in objects {
        let mut refer = |kind: &str, name: &Value| {
            if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
                found.insert((kind.to_owned(), name.to_owned()));
            }
        };
        let (spec, annotations) = (&object["spec"], &object["metadata"]["annotations"]);
        match object["kind"].as_str().unwrap_or_default() {
            "PersistentVolumeClaim" => {
                refer("PersistentVolume", &spec["volumeName"]);
                refer("StorageClass", &spec["storageClassName"]);
            }
            "PersistentVolume" => refer("StorageClass", &spec["storageClassName"]),
            "StatefulSet" => {
                for claim in spec["volumeClaimTemplates"].as_array().into_iter().flatten() {
                    refer("StorageClass", &claim["spec"]["storageClassName"]);
                }
            }
            "Ingress" => {
                refer("IngressClass", &spec["ingressClassName"]);
                refer("IngressClass", &annotations["kubernetes.io/ingress.class"]);
                refer("ClusterIssuer", &annotations["cert-manager.io/cluster-issuer"]);
            }
            "Gateway" => {
                refer("GatewayClass", &spec["gatewayClassName"]);
                refer("ClusterIssuer", &annotations["cert-manager.io/cluster-issuer"]);
            }
            "Certificate" if spec["issuerRef"]["kind"] == "ClusterIssuer" => {
                refer("ClusterIssuer", &spec["issuerRef"]["name"]);
            }
            _ => {}
        }
    }
    found
}

/// The server's words, without the request they answer.
fn reason(error: &ClusterError) -> String {
    match error {
        ClusterError::Request { source, .. } => match source.as_ref() {
            kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

/// A text as part of a URL.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
