//! What one may do, asked of the API server (SelfSubjectAccessReview): nothing is tried.

use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::patience::insist;
use crate::{Cluster, ClusterError, Kind};

/// Something that one may do, or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The API group, empty for Kubernetes's core.
    pub group: String,
    /// The resource, such as `deployments`.
    pub resource: String,
    /// A part of it, such as `scale`; empty for the whole.
    pub subresource: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
    pub verb: String,
    /// Whether its objects live in no namespace.
    pub is_cluster_scoped: bool,
    /// Another namespace than the cluster's own.
    pub elsewhere: Option<String>,
}

impl Right {
    /// To do something with objects of a kind.
    #[must_use]
    pub fn to(verb: &str, kind: &Kind) -> Self {
        Self {
            group: kind.group().to_owned(),
            resource: kind.plural(),
            subresource: String::new(),
            verb: verb.to_owned(),
            is_cluster_scoped: kind.is_cluster_scoped(),
            elsewhere: None,
        }
    }

    /// The same with a part of them.
    #[must_use]
    pub fn of(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }

    /// The same in another namespace.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        self.elsewhere = Some(namespace.to_owned());
        self
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { group, resource, subresource, verb, elsewhere, .. } = self;
        write!(formatter, "{verb} {resource}")?;
        if !subresource.is_empty() {
            write!(formatter, "/{subresource}")?;
        }
        if !group.is_empty() {
            write!(formatter, ".{group}")?;
        }
        elsewhere.as_ref().map_or(Ok(()), |namespace| write!(formatter, " in {namespace}"))
    }
}

impl Cluster {
    /// Whether one may do it in this namespace.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn may(&self, right: &Right) -> Result<bool, ClusterError> {
        let kind = GroupVersionKind::gvk("authorization.k8s.io", "v1", "SelfSubjectAccessReview");
        let resource = ApiResource::from_gvk(&kind);
        let api: Api<DynamicObject> = Api::all_with(self.client().clone(), &resource);
        let own = right.elsewhere.as_deref().unwrap_or(self.namespace());
        let namespace = if right.is_cluster_scoped { "" } else { own };
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {},
            "spec": {"resourceAttributes": {
                "namespace": namespace, "verb": right.verb, "group": right.group,
                "resource": right.resource, "subresource": right.subresource,
            }},
        });
        let malformed = |_| ClusterError::Malformed { object: "a review".to_owned(), field: "spec" };
        let review: DynamicObject = serde_json::from_value(review).map_err(malformed)?;
        let parameters = PostParams::default();
        let doing = format!("ask whether one may {right}");
        let answer = insist(self.clock(), &doing, || api.create(&parameters, &review)).await?;
        Ok(answer.data["status"]["allowed"] == Value::Bool(true))
    }
}
