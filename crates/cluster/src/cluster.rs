//! Reading and writing objects.

use clock::Clock;
use kube::Client;
use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use serde_json::Value;

use crate::patience::{Patience, insist, insist_on_change, once, passes_by_itself};
use crate::{ClusterError, Kind, ObjectRef, Selector};

/// The field manager of everything this program applies.
pub const MANAGER: &str = "mastoferry";

/// How often a read-change-write is begun anew at once when somebody else wrote between; then with pauses.
const WRITES: u32 = 8;

/// What happens to what an object owns when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// The object stays, marked, until what it owns is gone.
    Foreground,
    /// What it owns is collected afterwards.
    Background,
}

/// A namespace of a cluster, and the clock that runs in it.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    namespace: String,
    clock: Clock,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A namespace as seen through a client.
    #[must_use]
    pub fn new(client: Client, namespace: &str, clock: Clock) -> Self {
        Self { client, namespace: namespace.to_owned(), clock }
    }

    /// Another namespace of the same cluster.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Self {
        Self { client: self.client.clone(), namespace: namespace.to_owned(), clock: self.clock }
    }

    /// The clock that runs in the cluster.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn api(&self, kind: &Kind) -> Api<DynamicObject> {
        let resource = kind.resource();
        if kind.is_cluster_scoped() {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
        }
    }

    /// An object as it stands, if it exists.
    ///
    /// # Errors
    /// When the API server refuses or cannot be asked. A kind it does not serve counts as no object.
    pub async fn get(&self, place: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let api = self.api(&place.kind);
        let found = insist(self.clock, &format!("read {place}"), || api.get_opt(&place.name)).await?;
        found.map(|object| plain(object, &place.kind)).transpose()
    }

    /// An object that must exist.
    ///
    /// # Errors
    /// As [`Cluster::get`], and [`ClusterError::Missing`].
    pub async fn need(&self, place: &ObjectRef) -> Result<Value, ClusterError> {
        self.get(place).await?.ok_or_else(|| ClusterError::Missing(place.clone()))
    }

    /// The objects of a kind, those a selector selects or all.
    ///
    /// # Errors
    /// When the API server refuses or cannot be asked.
    pub async fn list(&self, kind: &Kind, selector: Option<&Selector>) -> Result<Vec<Value>, ClusterError> {
        let api = self.api(kind);
        let parameters = selector
            .map_or_else(ListParams::default, |selector| ListParams::default().labels(selector.as_str()));
        let doing = format!("list {}", kind.kind);
        let found = insist(self.clock, &doing, || api.list(&parameters)).await?;
        found.items.into_iter().map(|object| plain(object, kind)).collect()
    }

    /// The objects of a kind in all namespaces.
    ///
    /// # Errors
    /// When the API server refuses or cannot be asked.
    pub async fn list_everywhere(&self, kind: &Kind) -> Result<Vec<Value>, ClusterError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind.resource());
        let doing = format!("list {} of all namespaces", kind.kind);
        let parameters = ListParams::default();
        let found = insist(self.clock, &doing, || api.list(&parameters)).await?;
        found.items.into_iter().map(|object| plain(object, kind)).collect()
    }

    /// Applies an object, server-side. Fields that another manager holds are a conflict unless `force`,
    /// which is for objects that are ours.
    ///
    /// # Errors
    /// When the API server refuses (409 where another manager holds a field) or cannot be asked.
    pub async fn apply(&self, object: &Value, force: bool) -> Result<Value, ClusterError> {
        let place = ObjectRef::of(object)?;
        let api = self.api(&place.kind);
        let mut parameters = PatchParams::apply(MANAGER);
        parameters.force = force;
        let patch = Patch::Apply(object);
        let doing = format!("apply {place}");
        let applied =
            insist_on_change(self.clock, &doing, || api.patch(&place.name, &parameters, &patch)).await?;
        plain(applied, &place.kind)
    }

    /// Creates an object anew. Where an answer was lost, a second try meets the first one's success: what stands then and
    /// is all that was wanted counts as created.
    ///
    /// # Errors
    /// When the API server refuses (409 where it exists) or cannot be asked.
    pub async fn create(&self, object: &Value) -> Result<Value, ClusterError> {
        let place = ObjectRef::of(object)?;
        let api = self.api(&place.kind);
        let doing = format!("create {place}");
        let typed = typed(object, &place)?;
        let parameters = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let mut patience = Patience::new(self.clock);
        let mut unsure = false;
        loop {
            match once(self.clock, &doing, api.create(&parameters, &typed)).await {
                Ok(created) => return plain(created, &place.kind),
                Err(error) if error.code() == Some(409) && unsure => {
                    let found = self.get(&place).await?;
                    return found.filter(|found| covers(found, object)).ok_or(error);
                }
                Err(error) if passes_by_itself(&error) && patience.lasts(&error).await => unsure = true,
                Err(error) => return Err(error),
            }
        }
    }

    /// Changes the fields a merge patch names; `null` removes one. A patch that names a resource version is refused
    /// where another wrote since; where nobody did, and in any other patch, a conflict passes by itself.
    ///
    /// # Errors
    /// When the API server refuses or cannot be asked.
    pub async fn patch_merge(&self, place: &ObjectRef, patch: &Value) -> Result<Value, ClusterError> {
        let api = self.api(&place.kind);
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let version = &patch["metadata"]["resourceVersion"];
        let merge = Patch::Merge(patch);
        let doing = format!("change {place}");
        let request = || api.patch(&place.name, &parameters, &merge);
        if version.is_null() {
            return plain(insist_on_change(self.clock, &doing, request).await?, &place.kind);
        }
        let mut patience = Patience::new(self.clock);
        loop {
            match insist(self.clock, &doing, request).await {
                Ok(changed) => return plain(changed, &place.kind),
                Err(error) if error.code() == Some(409) => {
                    let stands = self.need(place).await?;
                    if stands["metadata"]["resourceVersion"] != *version || !patience.lasts(&error).await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads an object, changes it and writes it back as a whole, provided nobody wrote between; begins
    /// anew when somebody did. Writes nothing when the change changes nothing.
    ///
    /// # Errors
    /// When the object is missing, the API server refuses, or others keep writing.
    pub async fn edit<F>(&self, place: &ObjectRef, change: F) -> Result<Value, ClusterError>
    where
        F: Fn(&mut Value) + Send + Sync,
    {
        let api = self.api(&place.kind);
        let parameters = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let doing = format!("write {place}");
        let mut patience = Patience::new(self.clock);
        let mut writes = 1;
        loop {
            let found = self.need(place).await?;
            let mut wanted = found.clone();
            change(&mut wanted);
            if wanted == found {
                return Ok(found);
            }
            let typed = typed(&wanted, place)?;
            let written = insist(self.clock, &doing, || api.replace(&place.name, &parameters, &typed)).await;
            match written {
                Ok(object) => return plain(object, &place.kind),
                Err(error) if error.code() == Some(409) && writes < WRITES => writes += 1,
                Err(error) if error.code() == Some(409) && patience.lasts(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Deletes an object that was read before: the same one (`uid`), and none that a controller would
    /// bring back. An object that is gone already is no error.
    ///
    /// # Errors
    /// [`ClusterError::Replaced`], [`ClusterError::Owned`], or when the API server refuses.
    pub async fn delete(&self, read: &Value, propagation: Propagation) -> Result<(), ClusterError> {
        let place = ObjectRef::of(read)?;
        if let Some(owner) = controller(read) {
            return Err(ClusterError::Owned { object: place, owner });
        }
        let uid = read["metadata"]["uid"].as_str().map(str::to_owned);
        let parameters = match propagation {
            Propagation::Foreground => DeleteParams::foreground(),
            Propagation::Background => DeleteParams::background(),
        }
        .preconditions(Preconditions { uid, resource_version: None });
        let api = self.api(&place.kind);
        let doing = format!("delete {place}");
        let mut patience = Patience::new(self.clock);
        loop {
            match insist(self.clock, &doing, || api.delete(&place.name, &parameters)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.code() == Some(409) => {
                    // Another object by the name, or a writer who came between: only reading tells.
                    let found = self.get(&place).await?;
                    if found.is_some_and(|found| found["metadata"]["uid"] != read["metadata"]["uid"]) {
                        return Err(ClusterError::Replaced { object: place });
                    }
                    if !patience.lasts(&error).await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether an object has all that was wanted of it; what the server adds by itself is no difference.
fn covers(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            key == "status" || found.get(key).is_some_and(|found| covers(found, wanted))
        }),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| covers(found, wanted))
        }
        (found, wanted) => found == wanted,
    }
}

/// `Kind/name` of what controls an object.
fn controller(object: &Value) -> Option<String> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == Value::Bool(true))?;
    Some(format!("{}/{}", owner["kind"].as_str()?, owner["name"].as_str()?))
}

/// Lists leave out each item's kind; here every object says what it is.
fn plain(mut object: DynamicObject, kind: &Kind) -> Result<Value, ClusterError> {
    let types = kube::core::TypeMeta { api_version: kind.api_version.clone(), kind: kind.kind.clone() };
    object.types.get_or_insert(types);
    serde_json::to_value(object)
        .map_err(|_| ClusterError::Malformed { object: kind.kind.clone(), field: "JSON" })
}

pub(crate) fn typed(object: &Value, place: &ObjectRef) -> Result<DynamicObject, ClusterError> {
    serde_json::from_value(object.clone())
        .map_err(|_| ClusterError::Malformed { object: place.to_string(), field: "metadata" })
}
