//! How a staging rehearsal is asked for.

use serde::{Deserialize, Serialize};

/// Where the databases of the rehearsal are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StoresAt {
    /// At other addresses than production's.
    Elsewhere,
    /// In the namespace of the rehearsal: a name without a dot leads there and nowhere else.
    InNamespace,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The context of the kubeconfig.
    pub(crate) context: String,
    /// The namespace to rehearse in.
    pub(crate) namespace: String,
    /// The host that stands for the domain; without one, no Ingress or HTTPRoute is made.
    pub(crate) host: Option<String>,
    /// Settings of containers, laid over those of production.
    pub(crate) settings: Vec<(String, String)>,
    /// Settings of stores that may be the same as in production.
    pub(crate) shared: Vec<String>,
    /// Where the databases are.
    pub(crate) stores: StoresAt,
    /// Whether pods may reach addresses beyond private networks.
    pub(crate) open_egress: bool,
    /// Whether what was made stays.
    pub(crate) keep: bool,
}
