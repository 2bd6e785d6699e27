//! Finding the API server: the user's kubeconfig, or the cluster this program runs in.

use std::path::Path;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

/// Why there is no way to a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a kubeconfig nor a cluster around this program.
    #[error("there is no kubeconfig, and this is no pod of a cluster")]
    NoKubeconfig,
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context {wanted}")]
    NoSuchContext {
        /// The context asked for.
        wanted: String,
        /// The contexts there are.
        known: Vec<String>,
    },
    /// The kubeconfig names no current context.
    #[error("the kubeconfig has no current context")]
    NoCurrentContext {
        /// The contexts there are.
        known: Vec<String>,
    },
    /// The kubeconfig, or what it points to, cannot be used.
    #[error("the kubeconfig cannot be used: {0}")]
    Unusable(String),
}

/// A client, and the name of the context it came from.
pub struct Connection {
    /// The client.
    pub client: Client,
    /// The context; `in-cluster` within a pod.
    pub context: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").field("context", &self.context).finish_non_exhaustive()
    }
}

/// Connects as kubectl would: `$KUBECONFIG`, else `~/.kube/config`, else the pod this program runs in. Nothing is
/// asked of the API server yet.
///
/// # Errors
/// When there is no kubeconfig, it lacks the context, or what it holds cannot be used.
pub async fn connect(context: Option<&str>) -> Result<Connection, ConnectError> {
    connect_by(None, context).await
}

/// The same by a kubeconfig of one's own, where there is one.
///
/// # Errors
/// As [`connect`]; and when that kubeconfig cannot be read.
pub async fn connect_by(file: Option<&Path>, context: Option<&str>) -> Result<Connection, ConnectError> {
    let read = file.map_or_else(Kubeconfig::read, Kubeconfig::read_from);
    let kubeconfig = match read {
        Err(error) if file.is_some() => return Err(ConnectError::Unusable(error.to_string())),
        Ok(kubeconfig) => kubeconfig,
        Err(KubeconfigError::FindPath) => return inside(context),
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == std::io::ErrorKind::NotFound => {
            return inside(context);
        }
        Err(error) => return Err(ConnectError::Unusable(error.to_string())),
    };
    let known: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    let wanted = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone());
    let Some(wanted) = wanted.filter(|name| !name.is_empty()) else {
        return Err(ConnectError::NoCurrentContext { known });
    };
    if !known.contains(&wanted) {
        return Err(ConnectError::NoSuchContext { wanted, known });
    }
    let options = KubeConfigOptions { context: Some(wanted.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|error| ConnectError::Unusable(error.to_string()))?;
    client(config, wanted)
}

fn inside(context: Option<&str>) -> Result<Connection, ConnectError> {
    if let Some(wanted) = context {
        return Err(ConnectError::NoSuchContext { wanted: wanted.to_owned(), known: Vec::new() });
    }
    let config = Config::incluster().map_err(|_| ConnectError::NoKubeconfig)?;
    client(config, "in-cluster".to_owned())
}

fn client(mut config: Config, context: String) -> Result<Connection, ConnectError> {
    // What is asked again, and when, is for this room to say, in the cluster's time. The library would take a pod's own 503
    // with `Retry-After` (the maintenance page) for the server's, and ask until nobody waits any more.
    config.default_retry = false;
    let client = Client::try_from(config).map_err(|error| ConnectError::Unusable(error.to_string()))?;
    Ok(Connection { client, context })
}
