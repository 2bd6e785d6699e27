//! What becomes of each keyword of a Compose file (reference of the Compose file, Docker's documentation).

use crate::Change::{Inert, Kept, Replaced, Translated};
use crate::{Change, Reason};

/// What became of a leaf below a keyword.
pub(super) type Fate = (Change, Reason);

/// Keywords of a service: what becomes of a leaf that stands nowhere as it was written.
pub(super) fn of_service(keyword: &str) -> Option<Fate> {
    Some(match keyword {
        "image" => (Translated, Reason::Interpolated),
        "command" | "entrypoint" => (Translated, Reason::Words),
        "environment" => (Translated, Reason::VariableForm),
        "env_file" => (Translated, Reason::EnvFile),
        "ports" | "expose" => (Translated, Reason::ServicePort),
        "volumes" | "tmpfs" => (Translated, Reason::VolumeClaim),
        "configs" => (Translated, Reason::FileMount),
        "secrets" => (Translated, Reason::SecretMount),
        "healthcheck" => (Translated, Reason::Healthcheck),
        "depends_on" | "links" | "external_links" => (Translated, Reason::StartOrder),
        "restart" | "restart_policy" => (Translated, Reason::AlwaysRestarted),
        "networks" | "network_mode" | "mac_address" => (Translated, Reason::ClusterNetwork),
        "container_name" | "hostname" | "domainname" => (Translated, Reason::PodName),
        "logging" | "log_driver" | "log_opt" | "attach" => (Translated, Reason::NodeSetting),
        "ulimits"
        | "sysctls"
        | "shm_size"
        | "init"
        | "security_opt"
        | "cgroup"
        | "cgroup_parent"
        | "cgroupns_mode"
        | "pids_limit"
        | "oom_kill_disable"
        | "oom_score_adj"
        | "ipc"
        | "pid"
        | "platform"
        | "runtime"
        | "storage_opt"
        | "blkio_config"
        | "cpu_shares"
        | "cpu_quota"
        | "cpu_period"
        | "cpuset"
        | "cpu_count"
        | "cpu_percent"
        | "mem_swappiness"
        | "memswap_limit"
        | "userns_mode"
        | "uts"
        | "devices"
        | "device_cgroup_rules"
        | "isolation"
        | "group_add"
        | "extra_hosts"
        | "stop_signal"
        | "dns"
        | "dns_search"
        | "dns_opt"
        | "volumes_from"
        | "pids"
        | "credential_spec"
        | "gpus" => (Replaced, Reason::NodeSetting),
        "build" | "pull_policy" => (Translated, Reason::ImageBuilt),
        "placement" | "endpoint_mode" | "mode" => (Replaced, Reason::Placement),
        "update_config" | "rollback_config" => (Translated, Reason::Rollout),
        "resources" | "mem_limit" | "mem_reservation" | "cpus" | "user" | "stop_grace_period"
        | "replicas" | "scale" | "working_dir" | "tty" | "stdin_open" | "privileged" | "read_only"
        | "cap_add" | "cap_drop" => (Translated, Reason::Quantity),
        "profiles" | "extends" | "develop" | "annotations" | "label_file" => {
            (Translated, Reason::ProjectForm)
        }
        _ => return None,
    })
}

/// What becomes of a leaf of Mastodon's own that stands nowhere: what must stand has no excuse, and an amount that could not
/// be written is no amount in another form.
pub(super) fn gone(keyword: &str, is_disabled: bool, text: &str) -> Option<Fate> {
    match (keyword, of_service(keyword)?) {
        ("image" | "command" | "entrypoint" | "environment", _) => None,
        ("healthcheck", fate) if matches!(text, "CMD" | "CMD-SHELL") => Some(fate),
        ("healthcheck", _) if is_disabled || text == "NONE" => Some((Inert, Reason::Unused)),
        ("healthcheck", _) => Some((Replaced, Reason::Healthcheck)),
        (_, (_, Reason::Quantity)) => Some((Replaced, Reason::NodeSetting)),
        (_, fate) => Some(fate),
    }
}

/// The first word of a path below `deploy` or `services.<name>` that a keyword is.
pub(super) fn keyword<'a>(keys: &[&'a str]) -> Option<&'a str> {
    // `deploy` and `blkio_config` hold keywords of their own; all else below a keyword belongs to it.
    keys.iter().copied().find(|key| of_service(key).is_some() || *key == "labels")
}

/// What a label of a service of Mastodon's tells.
pub(super) fn of_label(name: &str) -> Fate {
    let of_proxy = name.starts_with("traefik.") || name.starts_with("caddy");
    let routes = [
        ".rule",
        ".entrypoints",
        ".tls",
        ".certresolver",
        ".server.port",
        ".service",
        ".enable",
        ".port",
        ".backend",
        ".docker.network",
        ".swarm.network",
        "reverse_proxy",
        ".handle",
        ".priority",
    ];
    let is_route = routes.iter().any(|end| name.ends_with(end)) || name == "caddy";
    match (of_proxy, is_route) {
        (true, true) => (Translated, Reason::ProxyLabels),
        (true, false) => (Replaced, Reason::ProxyOptions),
        (false, _) => (Inert, Reason::DockerLabel),
    }
}

/// Sections at the top of a Compose file, for leaves that stand nowhere and belong to no service.
pub(super) fn of_section(section: &str) -> Option<Fate> {
    Some(match section {
        "name" | "version" | "include" | "models" => (Translated, Reason::ProjectForm),
        "networks" => (Translated, Reason::ClusterNetwork),
        _ if section.starts_with("x-") => (Inert, Reason::Unused),
        _ => return None,
    })
}

/// What stays with a service that stays.
pub(super) const STAYS: Fate = (Kept, Reason::StaysOnHost);

/// What becomes of a leaf of a store that is made anew: PostgreSQL as an operator's resource takes its release, name and
/// user, nothing else.
pub(super) fn of_store(keyword: Option<&str>) -> Fate {
    match keyword {
        Some("command" | "entrypoint" | "shm_size" | "ulimits" | "sysctls") => {
            (Replaced, Reason::StoreInCluster)
        }
        _ => (Translated, Reason::StoreInCluster),
    }
}
