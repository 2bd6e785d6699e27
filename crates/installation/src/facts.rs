//! What is known of an installation beside its components: the shapes that `inspect` shows and writers rely on.

use tree::Origin;

/// Whose Mastodon runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flavour {
    /// `ghcr.io/mastodon/…`, or the older `tootsuite/mastodon`.
    Mastodon,
    /// glitch-soc.
    GlitchSoc,
    /// Hometown.
    Hometown,
    /// linuxserver.io's image, which runs all parts in one container.
    LinuxServer,
    /// An image of the owner's own, or one that is built from a folder.
    Own,
}

/// The release that an image says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Whose Mastodon.
    pub flavour: Flavour,
    /// The image as written.
    pub image: String,
    /// Major, minor and patch, as far as the tag says.
    pub release: Option<(u32, Option<u32>, Option<u32>)>,
    /// Where the image is written.
    pub origin: Option<Origin>,
}

/// What a store is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreKind {
    /// The database.
    PostgreSql,
    /// A read replica of it (`REPLICA_DB_*`).
    PostgreSqlReplica,
    /// Timelines, locks and streaming (`REDIS_*`), and all else that has no Redis of its own.
    Redis,
    /// Sidekiq's own (`SIDEKIQ_REDIS_*`).
    RedisSidekiq,
    /// The cache's own (`CACHE_REDIS_*`).
    RedisCache,
    /// Elasticsearch or OpenSearch (`ES_*`).
    Search,
    /// Media on S3 or what speaks its protocol (`S3_*`).
    S3,
    /// The same, by its endpoint or host known to be Google Cloud Storage.
    GoogleCloudStorage,
    /// The same, known to be MinIO.
    Minio,
    /// Media on OpenStack Swift (`SWIFT_*`).
    Swift,
    /// Media on Azure Blob Storage (`AZURE_*`).
    Azure,
    /// Media in a folder (`public/system`).
    FileSystem,
}

/// A store that the installation uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// What it is for.
    pub kind: StoreKind,
    /// `host:port`, bucket, or volume as far as the source says; `None` where a Secret or an environment that the
    /// source does not hold says it. Never a password.
    pub address: Option<String>,
    /// The object in the source that serves it, by index.
    pub served_by: Option<usize>,
    /// The settings that name it.
    pub settings: Vec<String>,
    /// Where they are written.
    pub origins: Vec<Origin>,
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `host:port`, where the source says.
    pub server: Option<String>,
    /// The sender.
    pub from: Option<String>,
    /// Whether this is the separate server for bulk mail (`BULK_SMTP_*`).
    pub bulk: bool,
    /// Where it is written.
    pub origins: Vec<Origin>,
}

/// Something that runs by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Index of the object.
    pub object: usize,
    /// The five fields of cron, or a word such as `@daily`.
    pub schedule: String,
    /// The time zone, where one is named.
    pub time_zone: Option<String>,
    /// What runs, in the words of its command line.
    pub command: String,
    /// Whether it is of Mastodon (`tootctl`, `rails`), rather than a neighbour's.
    pub of_mastodon: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Where the schedule is written.
    pub origin: Option<Origin>,
}

/// What changes or bounds the number of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalingKind {
    /// `HorizontalPodAutoscaler`.
    Horizontal,
    /// `VerticalPodAutoscaler`.
    Vertical,
    /// KEDA's `ScaledObject`.
    Keda,
    /// `PodDisruptionBudget`.
    DisruptionBudget,
}

impl ScalingKind {
    /// Whether it changes the number of pods.
    #[must_use]
    pub fn adds_pods(self) -> bool {
        matches!(self, Self::Horizontal | Self::Keda)
    }
}

/// An object that scales or protects a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaling {
    /// What it is.
    pub kind: ScalingKind,
    /// Index of the object.
    pub object: usize,
    /// Index of the workload it is about, where the source holds it.
    pub workload: Option<usize>,
    /// The least number of pods (`minReplicas`, `minAvailable`), as written.
    pub min: Option<String>,
    /// The most (`maxReplicas`, `maxUnavailable`), as written.
    pub max: Option<String>,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// A certificate that users are served with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The host names, where the source says.
    pub hosts: Vec<String>,
    /// The Secret that holds it, where there is one.
    pub secret: Option<String>,
    /// Who makes it: an issuer's name, `ManagedCertificate/x`, a Traefik resolver; `None` where a person does.
    pub issuer: Option<String>,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// Something that watches the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// Index of the object (a `ServiceMonitor`, `PodMonitor`, `PodMonitoring`, or the workload with the sidecar).
    pub object: usize,
    /// The sidecar's container name, where it is one (an exporter, statsd).
    pub container: Option<String>,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// The part that a neighbour plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeighbourPart {
    /// PostgreSQL, or an operator's resource for one.
    Database,
    /// A connection pooler or a Cloud SQL proxy.
    DatabaseProxy,
    /// Redis, Valkey, Dragonfly, KeyDB.
    Redis,
    /// Elasticsearch or OpenSearch.
    Search,
    /// An object store (MinIO).
    ObjectStore,
    /// nginx, Caddy, Traefik, Varnish, cloudflared.
    Proxy,
    /// A proxy for media (Manael, imgproxy).
    MediaProxy,
    /// tor, privoxy.
    Anonymiser,
    /// A backup.
    Backup,
    /// An exporter or collector of metrics.
    Monitoring,
    /// LibreTranslate and other translators.
    Translation,
    /// What is none of these.
    Other,
}

/// A workload, or an operator's resource that stands for one, beside Mastodon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Index of the object.
    pub object: usize,
    /// The container's name, where it is a sidecar in a pod of Mastodon's.
    pub container: Option<String>,
    /// The part it plays.
    pub part: NeighbourPart,
    /// Its image, where it has one.
    pub image: Option<String>,
    /// Whether it is a proxy that leads to web, as its configuration or its place in web's pod says.
    pub in_front: bool,
}

/// How a secret is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretForm {
    /// A Secret with its values in the source.
    Plain,
    /// Values written into a ConfigMap or a container.
    InTheOpen,
    /// An env file of Docker Compose, which is where Compose's users keep them.
    EnvFile,
    /// Encrypted by SOPS, as a whole or value by value.
    Sops,
    /// Bitnami's `SealedSecret`.
    Sealed,
    /// `ExternalSecret` of the External Secrets Operator.
    External,
    /// 1Password's `OnePasswordItem`.
    OnePassword,
    /// Vault's operator (`VaultStaticSecret`, `VaultDynamicSecret`) or agent annotations.
    Vault,
    /// A file that git-crypt has encrypted.
    GitCrypt,
    /// The source only refers to it.
    Elsewhere,
}

/// Something secret that the installation holds or refers to. Values are never here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSecret {
    /// How it is held.
    pub form: SecretForm,
    /// Name of the Secret it is or becomes. Empty for an env file, whose name its place tells.
    pub name: String,
    /// Index of the object that holds it.
    pub object: Option<usize>,
    /// Its keys, where they can be seen.
    pub keys: Vec<String>,
    /// Where it is written.
    pub origin: Option<Origin>,
}
