//! What is asked for, and what is given back.

use std::collections::{BTreeMap, BTreeSet};

use installation::Installation;
use tree::{Node, Origin};

use crate::Note;
use crate::helm::SecretKey;

/// Where PostgreSQL, Redis and the search engine are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stores {
    /// Where they are: on the Docker host, reached from the cluster under the names that the settings say.
    Stay,
    /// Made anew in the cluster: CloudNativePG for PostgreSQL, a StatefulSet for each of the others. Empty: their data
    /// is to be moved.
    InCluster,
    /// At addresses that are given; the settings say them from then on.
    External,
}

/// What stands in front of Mastodon's Services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WayIn<'a> {
    /// An Ingress.
    #[default]
    Ingress,
    /// An HTTPRoute of the Gateway API, on a Gateway that somebody else keeps.
    Gateway(Option<GatewayName<'a>>),
}

/// A Gateway's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayName<'a> {
    /// Its namespace, where it is not that of Mastodon.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// How to raise.
#[derive(Debug, Clone, Copy)]
pub struct RaiseOptions<'a> {
    /// The release name that will be asked for, if one is.
    pub release: Option<&'a str>,
    /// Where the stores are to be.
    pub stores: Stores,
    /// Host names or IP addresses of services that are not in the cluster, by the service's name.
    pub addresses: &'a BTreeMap<String, String>,
    /// Size of each claim that is made of a folder or volume of the host, as Kubernetes writes it (`20Gi`). Compose says
    /// none.
    pub claim_size: &'a str,
    /// Size of the claim of each store that is made anew.
    pub store_size: &'a str,
    /// What is to stand in front.
    pub way_in: WayIn<'a>,
}

/// An installation as Kubernetes has it, made of one that it does not run yet.
#[derive(Debug, Clone)]
pub struct Raised {
    /// The installation. Nothing of it stands in a cluster.
    pub installation: Installation,
    /// What became of leaves that were changed.
    pub notes: Vec<Note>,
    /// The keys of Secrets that must be made.
    pub secrets: Vec<SecretKey>,
    /// The project's own `secrets`, of which Secrets must be made.
    pub project_secrets: Vec<ProjectSecret>,
    /// The Secrets that databases made anew ask for.
    pub database_secrets: Vec<DatabaseSecret>,
    /// What only a person can decide or do.
    pub decisions: Vec<Decision>,
    /// The ways in that the Ingress or the HTTPRoutes will have.
    pub routes: Vec<RaisedRoute>,
    /// `spec.parentRefs` of the HTTPRoutes; none where an Ingress is made.
    pub parents: Option<Node>,
    /// The services that go on running where they run.
    pub stays: BTreeSet<String>,
    /// The services that were made anew in the cluster.
    pub in_cluster: BTreeSet<String>,
}

/// A Secret of the type `kubernetes.io/basic-auth` that a database made anew takes its user from. Mastodon's `DB_PASS` must
/// be its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSecret {
    /// The Secret.
    pub secret: String,
    /// The user whose name and password it has.
    pub username: String,
}

/// One of a project's `secrets`: a Secret with one key, mounted as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSecret {
    /// The Secret.
    pub secret: String,
    /// Its key.
    pub key: String,
    /// Where its value is today.
    pub from: SecretFrom,
}

/// Where the value of one of a project's `secrets` is. It is never read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretFrom {
    /// In this file.
    File(String),
    /// In this variable of the environment around Compose.
    Variable(String),
    /// Outside the project (`external`).
    Elsewhere,
}

impl SecretFrom {
    /// Reads an entry of `secrets` in the project's final form.
    pub(super) fn of(resource: &Node) -> Self {
        let said = |key: &str| resource.str_at(&[key]).map(ToOwned::to_owned);
        match (said("file"), said("environment")) {
            (Some(file), _) => Self::File(file),
            (_, Some(variable)) => Self::Variable(variable),
            _ => Self::Elsewhere,
        }
    }
}

impl Raised {
    /// Adds decisions, those of one kind together, each once.
    pub fn decide(&mut self, more: Vec<Decision>) {
        for decision in more {
            let same = |own: &Decision| own.kind == decision.kind && own.arguments == decision.arguments;
            if !self.decisions.iter().any(same) {
                self.decisions.push(decision);
            }
        }
        self.decisions.sort_by_key(|decision| decision.kind);
    }
}

/// A way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedRoute {
    /// The host name.
    pub host: String,
    /// The path prefix.
    pub path: String,
    /// `web` or `streaming`.
    pub component: &'static str,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// Something that only a person can decide or do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub kind: DecisionKind,
    /// What it names, by the name of the message's variable. Never a secret.
    pub arguments: Vec<(&'static str, String)>,
    /// Where what it is about is written.
    pub origin: Option<Origin>,
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionKind {
    /// A worker that runs the schedule (`service`): it must be stopped before the new one starts.
    Scheduler,
    /// A proxy that stays in front of the old containers (`service`).
    Proxy,
    /// Nothing says the domain (`host` is a placeholder).
    Domain,
    /// A claim's size, and the data to copy into it (`claim`, `size`, `from`).
    Claim,
    /// The address of a service that stays outside (`service`, `address`).
    Address,
    /// A database that was made anew, empty (`service`, `cluster`, `database`, `owner`, `user`, `secret`).
    EmptyDatabase,
    /// A Redis that was made anew, empty (`service`, `name`).
    EmptyStore,
    /// A search engine that was made anew, empty (`service`).
    EmptySearch,
    /// A proxy to a database that stays with the database (`service`).
    DatabaseProxy,
    /// A Secret to make from an env file that is not at hand (`secret`, `file`).
    SecretFromFile,
    /// A ConfigMap to make from a file of the host (`config_map`, `key`, `file`).
    FileToConfigMap,
    /// An image that Compose builds, to be pushed to a registry (`image`, `service`).
    BuiltImage,
    /// A name that Kubernetes allows no Service to have, in a setting that cannot be changed here (`service`, `name`).
    ServiceName,
    /// A host that containers on the Docker host know, and pods do not (`host`, `service`).
    HostName,
    /// Another domain's own pages (`host`): WebFinger must be redirected from there.
    WebFinger,
    /// Nothing says which Gateway the routes hang on (`gateway` is a placeholder).
    Gateway,
    /// What a Gateway must do that an Ingress says of itself (`hosts`).
    Listener,
    /// An env file that is not at hand comes after others (`file`, `service`), and may set some of theirs otherwise
    /// (`names`).
    LateEnvFile,
    /// An env file that kubectl reads otherwise than Compose (`file`, `names`: each with its line).
    EnvFileDialect,
    /// An env file that kubectl refuses (`file`, `line`).
    EnvFileRefused,
    /// A Secret to make of one of the project's own (`secret`).
    ProjectSecret,
}

impl DecisionKind {
    /// The message id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Scheduler => "decide-scheduler",
            Self::Proxy => "decide-proxy",
            Self::Domain => "decide-domain",
            Self::Claim => "decide-claim",
            Self::Address => "decide-address",
            Self::EmptyDatabase => "decide-empty-database",
            Self::EmptyStore => "decide-empty-store",
            Self::EmptySearch => "decide-empty-search",
            Self::DatabaseProxy => "decide-database-proxy",
            Self::SecretFromFile => "decide-secret-from-file",
            Self::FileToConfigMap => "decide-file-to-config-map",
            Self::BuiltImage => "decide-built-image",
            Self::ServiceName => "decide-service-name",
            Self::HostName => "decide-host-name",
            Self::WebFinger => "decide-web-finger",
            Self::Gateway => "decide-gateway",
            Self::Listener => "decide-listener",
            Self::LateEnvFile => "decide-late-env-file",
            Self::EnvFileDialect => "decide-env-file-dialect",
            Self::EnvFileRefused => "decide-env-file-refused",
            Self::ProjectSecret => "decide-project-secret",
        }
    }
}
