//! The part that a program beside Mastodon plays, by its image and command.

use tree::Node;

use crate::NeighbourPart as Part;
use crate::command::{program, programs};
use crate::reading::text;

/// Words of an image's name, in the order in which they are asked for: a backup made with PostgreSQL's image, or an
/// exporter for Redis, is not the store.
const BY_IMAGE: [(Part, &[&str]); 12] = [
    (
        Part::Monitoring,
        &[
            "exporter",
            "statsd",
            "prometheus",
            "grafana",
            "datasource-syncer",
            "otel",
            "telegraf",
            "cadvisor",
            "loki",
        ],
    ),
    (
        Part::DatabaseProxy,
        &[
            "cloud-sql-proxy",
            "cloudsql-proxy",
            "cloud_sql_proxy",
            "gce-proxy",
            "pgbouncer",
            "pgcat",
            "pgpool",
            "odyssey",
        ],
    ),
    (Part::Backup, &["backup", "restic", "borg", "rclone", "velero", "kopia", "duplic", "pgdump", "volsync"]),
    (Part::MediaProxy, &["manael", "imgproxy", "imaginary", "thumbor", "mediaproxy"]),
    (Part::Database, &["postgres", "postgis", "timescale", "spilo", "cockroach"]),
    (Part::Redis, &["redis", "valkey", "dragonfly", "keydb"]),
    (Part::Search, &["elasticsearch", "opensearch", "meilisearch", "kibana"]),
    (Part::ObjectStore, &["minio", "seaweedfs", "garage", "fake-gcs", "localstack"]),
    (Part::Translation, &["libretranslate", "translate", "deeplx"]),
    (Part::Anonymiser, &["privoxy", "torproxy", "tor-proxy", "torsocks", "i2p"]),
    (
        Part::Proxy,
        &[
            "nginx",
            "caddy",
            "traefik",
            "varnish",
            "haproxy",
            "cloudflared",
            "envoy",
            "httpd",
            "openresty",
            "swag",
        ],
    ),
    (Part::Monitoring, &["monitor", "uptime", "fluent"]),
];

/// Programs that say the part whatever the image.
const BY_PROGRAM: [(Part, &[&str]); 8] = [
    (Part::Backup, &["pg_dump", "pg_dumpall", "pg_basebackup", "restic", "borg", "rclone", "wal-g"]),
    (Part::Monitoring, &["prometheus_exporter", "statsd_exporter", "redis_exporter", "postgres_exporter"]),
    (Part::DatabaseProxy, &["cloud_sql_proxy", "cloud-sql-proxy", "pgbouncer"]),
    (Part::Database, &["postgres"]),
    (Part::Redis, &["redis-server", "valkey-server", "keydb-server"]),
    (Part::ObjectStore, &["minio"]),
    (Part::Proxy, &["nginx", "caddy", "cloudflared", "varnishd", "haproxy"]),
    (Part::Anonymiser, &["tor", "privoxy"]),
];

/// The part of a container.
pub(crate) fn of_container(container: &Node) -> Part {
    let started = programs(container);
    let runs = |names: &[&str]| {
        let mut words = started.iter().filter_map(|command| command.words.first());
        words.any(|word| names.contains(&program(word)))
    };
    if let Some((part, _)) = BY_PROGRAM.iter().find(|(_, names)| runs(names)) {
        return *part;
    }
    let image = container.get("image").and_then(text).unwrap_or_default().to_ascii_lowercase();
    let path = image.split('@').next().unwrap_or_default();
    let path = path.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(path, |(path, _)| path);
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.split(['-', '_']).any(|word| word == "tor") {
        return Part::Anonymiser;
    }
    // The name first: `redis` in an owner's name says less than in the image's.
    [name, path]
        .iter()
        .find_map(|text| BY_IMAGE.iter().find(|(_, words)| words.iter().any(|word| text.contains(word))))
        .map_or(Part::Other, |(part, _)| *part)
}

/// The part of an operator's resource that stands for workloads which the source does not show.
pub(super) fn of_resource(api_version: &str, kind: &str) -> Option<Part> {
    let group = api_version.split('/').next().unwrap_or_default();
    Some(match kind {
        "Cluster" if group == "postgresql.cnpg.io" => Part::Database,
        "postgresql" | "PostgresCluster" | "DatabaseCluster" | "PerconaPGCluster" | "SQLInstance" => {
            Part::Database
        }
        "Pooler" => Part::DatabaseProxy,
        "RedisFailover" | "Dragonfly" | "RedisReplication" | "RedisSentinel" | "RedisCluster" => Part::Redis,
        "Redis" if group.contains("redis") => Part::Redis,
        "Elasticsearch" | "OpenSearchCluster" => Part::Search,
        "Tenant" if group.contains("min.io") => Part::ObjectStore,
        "ObjectBucketClaim" => Part::ObjectStore,
        "ScheduledBackup" | "ReplicationSource" | "ReplicationDestination" => Part::Backup,
        "ObjectStore" if group.contains("cnpg") => Part::Backup,
        _ => return None,
    })
}
