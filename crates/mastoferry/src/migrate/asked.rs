//! How a migration is asked for.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::FrontAddress;
use crate::cli::ReachArgs;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The kubeconfig, where it is not the usual one.
    pub(crate) kubeconfig: Option<Utf8PathBuf>,
    /// The context of the kubeconfig.
    pub(crate) context: String,
    /// The namespace, which is the plan's.
    pub(crate) namespace: String,
    /// Where the front is, where the host names do not lead there.
    pub(crate) via: Option<FrontAddress>,
    /// How many times as fast as life the cluster runs: once, but for those that stand in for one.
    pub(crate) speed: f64,
    /// What it uses besides the cluster.
    #[serde(default)]
    pub(crate) reach: ReachArgs,
}
