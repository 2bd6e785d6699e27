//! From a host name to the object that serves it.

use tree::Node;

use crate::Component;
use crate::index::Index;

/// The host, with its port where there is one, of `scheme://user:password@host:port/path`.
pub(super) fn of_url(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// The address with a port, the default one where none is said.
pub(super) fn with_port(place: String, default: &str) -> String {
    let has_port = place.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { place } else { format!("{place}:{default}") }
}

/// Follows host names as they are known to a component's pod.
pub(crate) struct Follower<'a> {
    pub(crate) index: &'a Index<'a>,
    pub(crate) component: &'a Component,
}

impl Follower<'_> {
    /// The object that serves a host: the workload behind the Service of that name, the operator's resource whose
    /// Service it is, a workload of that name (Compose), or the pod itself for `localhost` and sockets where a sidecar
    /// can stand behind them. A Service that leads out of the source is the answer itself.
    pub(crate) fn serves(&self, address: &str) -> Option<usize> {
        let own = self.component.object;
        if address.starts_with('/') {
            return self.has_sidecar().then_some(own);
        }
        let host = match address.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => host,
            _ => address,
        };
        if matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]") {
            return self.has_sidecar().then_some(own);
        }
        let host = host.trim_end_matches('.');
        let inside = ["", ".svc", ".svc.cluster.local"].iter().any(|end| {
            let short = host.strip_suffix(end).unwrap_or(host);
            short.split('.').count() <= 3 && !end.is_empty() && host.ends_with(end)
        }) || host.split('.').count() <= 2;
        if !inside {
            return None;
        }
        let mut labels = host.split('.');
        let (first, second) = (labels.next()?, labels.next());
        self.named(first, second).or_else(|| {
            // A pod of a StatefulSet: `redis-0.redis`.
            let is_pod = first.rsplit_once('-').is_some_and(|(_, number)| number.parse::<u32>().is_ok());
            second.filter(|_| is_pod).and_then(|service| self.named(service, None))
        })
    }

    fn has_sidecar(&self) -> bool {
        self.index.objects[self.component.object].containers().count() > 1
    }

    fn named(&self, name: &str, namespace: Option<&str>) -> Option<usize> {
        let own = self.index.objects[self.component.object].namespace();
        let namespace = namespace.filter(|other| *other != "svc").or(own);
        if let Some(service) = self.index.find(namespace, "Service", name) {
            let behind = self.index.behind(&self.index.objects[service]);
            let external = || self.alias(service);
            return behind.first().copied().or_else(external).or(Some(service));
        }
        self.operated(namespace, name).or_else(|| {
            let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Pod", "ReplicationController"];
            kinds.iter().find_map(|kind| self.index.find(own, kind, name))
        })
    }

    /// Where an `ExternalName` leads.
    fn alias(&self, service: usize) -> Option<usize> {
        let name =
            self.index.objects[service].node.at_keys(&["spec", "externalName"]).and_then(Node::as_str)?;
        let mut labels = name.split('.');
        let (first, second) = (labels.next()?, labels.next());
        let kind = "Service";
        let other = self.index.find(second, kind, first).filter(|other| *other != service)?;
        self.index.behind(&self.index.objects[other]).first().copied().or(Some(other))
    }

    /// The operator's resource whose Services have this name, by the operators' documentation.
    fn operated(&self, namespace: Option<&str>, name: &str) -> Option<usize> {
        const SERVICES: [(&str, &str, &str); 24] = [
            ("Cluster", "", "-rw"),
            ("Cluster", "", "-ro"),
            ("Cluster", "", "-r"),
            ("Pooler", "", ""),
            ("postgresql", "", ""),
            ("postgresql", "", "-repl"),
            ("postgresql", "", "-pooler"),
            ("PostgresCluster", "", "-primary"),
            ("PostgresCluster", "", "-replicas"),
            ("PostgresCluster", "", "-pgbouncer"),
            ("PostgresCluster", "", "-ha"),
            ("RedisFailover", "rfr-", ""),
            ("RedisFailover", "rfs-", ""),
            ("RedisFailover", "rfrm-", ""),
            ("Redis", "", ""),
            ("Redis", "", "-master"),
            ("RedisReplication", "", ""),
            ("RedisReplication", "", "-master"),
            ("Dragonfly", "", ""),
            ("Elasticsearch", "", "-es-http"),
            ("OpenSearchCluster", "", ""),
            ("OpenSearchCluster", "", "-masters"),
            ("Tenant", "", "-hl"),
            ("DatabaseCluster", "", "-haproxy"),
        ];
        SERVICES.iter().find_map(|(kind, before, after)| {
            let own = name.strip_prefix(before)?.strip_suffix(after)?;
            self.index.find(namespace, kind, own)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urls_host_is_told_without_its_password() {
        let table = [
            ("postgres://u:made-up@db:5433/m?sslmode=require", Some("db:5433")),
            ("redis://redis", Some("redis")),
            ("rediss://:p@x@redis.example:6380/1", Some("redis.example:6380")),
            ("redis:///0", None),
            ("not a url", None),
        ];
        for (url, expected) in table {
            assert_eq!(of_url(url).as_deref(), expected, "{url}");
        }
        assert_eq!(with_port("db".into(), "5432"), "db:5432");
        assert_eq!(with_port("db:1".into(), "5432"), "db:1");
    }
}
