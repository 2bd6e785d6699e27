//! The names of kinds: what JSON calls them, and the ends of their messages' ids.

use installation::{FindingKind, Flavour, NeighbourPart, RouteKind, ScalingKind, SecretForm, StoreKind};
use source::Form;

/// A form's name.
pub(crate) fn form(form: Form) -> &'static str {
    match form {
        Form::Kustomize => "kustomize",
        Form::Manifests => "manifests",
        Form::Compose => "compose",
        Form::HelmValues => "helm-values",
        Form::Live => "live",
    }
}

/// A flavour's name.
pub(crate) fn flavour(flavour: &Flavour) -> &'static str {
    match flavour {
        Flavour::Mastodon => "mastodon",
        Flavour::GlitchSoc => "glitch-soc",
        Flavour::Hometown => "hometown",
        Flavour::LinuxServer => "linuxserver",
        Flavour::Own => "own",
    }
}

/// A store's name.
pub(crate) fn store(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::PostgreSql => "postgresql",
        StoreKind::PostgreSqlReplica => "postgresql-replica",
        StoreKind::Redis => "redis",
        StoreKind::RedisSidekiq => "redis-sidekiq",
        StoreKind::RedisCache => "redis-cache",
        StoreKind::Search => "search",
        StoreKind::S3 => "s3",
        StoreKind::GoogleCloudStorage => "google-cloud-storage",
        StoreKind::Minio => "minio",
        StoreKind::Swift => "swift",
        StoreKind::Azure => "azure",
        StoreKind::FileSystem => "file-system",
    }
}

/// A kind of scaling's name.
pub(crate) fn scaling(kind: ScalingKind) -> &'static str {
    match kind {
        ScalingKind::Horizontal => "horizontal",
        ScalingKind::Vertical => "vertical",
        ScalingKind::Keda => "keda",
        ScalingKind::DisruptionBudget => "disruption-budget",
    }
}

/// What makes a route.
pub(crate) fn route(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::Ingress => "ingress",
        RouteKind::HttpRoute => "http-route",
        RouteKind::IngressRoute => "ingress-route",
        RouteKind::OpenShift => "openshift-route",
        RouteKind::LoadBalancer => "load-balancer",
        RouteKind::NodePort => "node-port",
        RouteKind::HostPort => "host-port",
        RouteKind::ProxyLabels => "proxy-labels",
    }
}

/// A neighbour's part.
pub(crate) fn part(part: NeighbourPart) -> &'static str {
    match part {
        NeighbourPart::Database => "database",
        NeighbourPart::DatabaseProxy => "database-proxy",
        NeighbourPart::Redis => "redis",
        NeighbourPart::Search => "search",
        NeighbourPart::ObjectStore => "object-store",
        NeighbourPart::Proxy => "proxy",
        NeighbourPart::MediaProxy => "media-proxy",
        NeighbourPart::Anonymiser => "anonymiser",
        NeighbourPart::Backup => "backup",
        NeighbourPart::Monitoring => "monitoring",
        NeighbourPart::Translation => "translation",
        NeighbourPart::Other => "other",
    }
}

/// How a secret is held.
pub(crate) fn secret_form(form: SecretForm) -> &'static str {
    match form {
        SecretForm::Plain => "plain",
        SecretForm::InTheOpen => "in-the-open",
        SecretForm::EnvFile => "env-file",
        SecretForm::Sops => "sops",
        SecretForm::Sealed => "sealed",
        SecretForm::External => "external",
        SecretForm::OnePassword => "one-password",
        SecretForm::Vault => "vault",
        SecretForm::GitCrypt => "git-crypt",
        SecretForm::Elsewhere => "elsewhere",
    }
}

/// A finding's name.
pub(crate) fn finding(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::SeveralSchedulers => "several-schedulers",
        FindingKind::SchedulerOverlapsOnUpdate => "scheduler-overlaps",
        FindingKind::ShortGracePeriod => "short-grace-period",
        FindingKind::UnservedQueue => "unserved-queue",
        FindingKind::FloatingImage => "floating-image",
        FindingKind::SeveralSchedulerWorkers => "several-scheduler-workers",
        FindingKind::MissingComponent => "missing-component",
        FindingKind::MediaApart => "media-apart",
        FindingKind::MediaVolatile => "media-volatile",
        FindingKind::MissingSettings => "missing-settings",
        FindingKind::CannotTellSettings => "cannot-tell-settings",
        FindingKind::ObsoleteSettings => "obsolete-settings",
        FindingKind::EarlySettings => "early-settings",
        FindingKind::MisspeltSettings => "misspelt-settings",
        FindingKind::VersionsApart => "versions-apart",
        FindingKind::SecretsInTheOpen => "secrets-in-the-open",
        FindingKind::RedisNamespace => "redis-namespace",
        FindingKind::StreamingUnrouted => "streaming-unrouted",
        FindingKind::MigratesOnStart => "migrates-on-start",
        FindingKind::OwnSidekiqConfig => "own-sidekiq-config",
    }
}
