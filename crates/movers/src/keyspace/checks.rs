//! What each thing that was seen means for the move.

use super::choice::Kind;
use super::plan::Sight;
use super::record::Mode;
use super::rights::Restores;
use crate::{Finding, Grade};

/// Clocks further apart than this are told of: keys would live longer or shorter by it.
const APART_MS: u64 = 1_000;
/// What a target needs beyond what the source takes: fragments and buffers.
const ROOM: f64 = 1.2;
/// Lists and sets of jobs with more than this are read and written in one piece each, which blocks both servers.
const MANY_JOBS: u64 = 200_000;

/// What is recommended, and why.
pub(super) fn mode(sight: &Sight<'_>) -> (Mode, Vec<Finding>) {
    let copying = copy_needs(sight);
    let why_not = why_not_replicate(sight);
    if why_not.is_empty() {
        (Mode::Replicate, vec![Finding::new(Grade::Ok, "redis-mode-replicate")])
    } else if copying.is_empty() {
        let mut findings = vec![Finding::new(Grade::Ok, "redis-mode-copy")];
        findings.extend(why_not);
        (Mode::Copy, findings)
    } else {
        let mut findings = vec![leave(sight)];
        findings.extend(why_not);
        findings.extend(copying);
        (Mode::Leave, findings)
    }
}

/// What is lost where nothing moves.
fn leave(sight: &Sight<'_>) -> Finding {
    let jobs = sight.jobs.waiting() + sight.jobs.scheduled + sight.jobs.retries;
    let feeds = sight.census.moving.get(Kind::Feeds.name()).copied().unwrap_or_default();
    Finding::new(Grade::Warning, "redis-mode-leave")
        .with("jobs", jobs.to_string())
        .with("dead", sight.jobs.dead.to_string())
        .with("feeds", feeds.to_string())
}

/// Why the target cannot become a replica; each in words of its own.
pub(super) fn why_not_replicate(sight: &Sight<'_>) -> Vec<Finding> {
    let mut why = Vec::new();
    let mut because = |id| why.push(Finding::new(Grade::Ok, id));
    let route = sight.route;
    if !route.choice.is_whole() {
        because("redis-copy-choice");
    }
    if route.source.database() != route.target.database() {
        because("redis-copy-database");
    }
    if sight.target.databases().values().sum::<u64>() > sight.taken {
        because("redis-copy-neighbours");
    }
    if !sight.target_rights.allows("REPLICAOF") {
        because("redis-copy-replicaof");
    }
    if route.source.credentials().1.is_some() && !sight.target_rights.allows("CONFIG") {
        because("redis-copy-config");
    }
    if route.source.is_encrypted() && sight.target_rights.setting("tls-replication") != Some("yes") {
        because("redis-copy-tls");
    }
    if sight.means.as_ref().is_some_and(|means| !means.can_hold()) {
        because("redis-copy-hold");
    }
    if route.source.place().is_none() && route.source_seen.is_none() {
        because("redis-copy-socket");
    }
    why
}

/// What a copy needs and is refused.
fn copy_needs(sight: &Sight<'_>) -> Vec<Finding> {
    let mut refused = Vec::new();
    let source = sight.source_rights.missing(&["SCAN", "DUMP", "PTTL"]);
    if !source.is_empty() {
        refused.push(Finding::new(Grade::Refused, "redis-rights-source").with("commands", source.join(", ")));
    }
    let mut target = sight.target_rights.missing(&["SCAN", "DUMP", "UNLINK"]);
    if matches!(sight.restores, Some((Restores::Refused, _))) {
        target.push("RESTORE".to_owned());
    }
    if !target.is_empty() {
        refused.push(Finding::new(Grade::Refused, "redis-rights-target").with("commands", target.join(", ")));
    }
    refused
}

/// All checks, in an order in which a person would make them.
pub(super) fn all(sight: &Sight<'_>, mode: Mode) -> Vec<Finding> {
    let mut found = vec![versions(sight), roles(sight), emptiness(sight)];
    found.extend(memory(sight));
    found.push(eviction(sight));
    found.push(persistence(sight));
    found.push(clocks(sight));
    found.push(fence(sight));
    found.push(workers(sight));
    if mode == Mode::Copy {
        found.extend(copy_needs(sight));
        found.push(hearing(sight));
        found.push(modules(sight));
        found.extend(large(sight));
    }
    found.extend(surroundings(sight, mode));
    found
}

fn versions(sight: &Sight<'_>) -> Finding {
    let too_new = matches!(sight.restores, Some((Restores::TooNew, _)))
        || (sight.restores.is_none() && sight.target.version() < sight.source.version());
    let (grade, id) = match too_new {
        true => (Grade::Refused, "redis-versions-older"),
        false => (Grade::Ok, "redis-versions"),
    };
    Finding::new(grade, id)
        .with("source", sight.source.text("redis_version"))
        .with("target", sight.target.text("redis_version"))
}

fn roles(sight: &Sight<'_>) -> Finding {
    let refused = |id| Finding::new(Grade::Refused, id);
    if sight.source.run() == sight.target.run() {
        refused("redis-same")
    } else if sight.source.number("cluster_enabled") + sight.target.number("cluster_enabled") > 0 {
        refused("redis-cluster")
    } else if sight.source.is_replica() {
        refused("redis-source-replica")
    } else if sight.target.is_replica() {
        refused("redis-target-replica")
    } else if sight.source.number("loading") + sight.target.number("loading") > 0 {
        refused("redis-loading")
    } else {
        Finding::new(Grade::Ok, "redis-roles")
    }
}

fn emptiness(sight: &Sight<'_>) -> Finding {
    if sight.taken == 0 {
        return Finding::new(Grade::Ok, "redis-target-empty");
    }
    Finding::new(Grade::Refused, "redis-target-keys").with("keys", sight.taken.to_string())
}

fn memory(sight: &Sight<'_>) -> Vec<Finding> {
    let needed = (sight.source.number("used_memory_dataset") as f64 * ROOM) as u64;
    let most = sight.target.number("maxmemory");
    let free = most.saturating_sub(sight.target.number("used_memory"));
    let told =
        |grade, id| Finding::new(grade, id).with("needed", mebibytes(needed)).with("free", mebibytes(free));
    let full = matches!(sight.restores, Some((Restores::Full, _)));
    vec![if full || (most > 0 && free < needed) {
        told(Grade::Refused, "redis-memory-short")
    } else if most == 0 {
        told(Grade::Ok, "redis-memory-unbounded")
    } else {
        told(Grade::Ok, "redis-memory")
    }]
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

fn eviction(sight: &Sight<'_>) -> Finding {
    let policy = sight.target.text("maxmemory_policy");
    let jobs = sight.route.choice.has(Kind::Sidekiq);
    let (grade, id) = match policy {
        "" => (Grade::Unchecked, "redis-eviction-unknown"),
        "noeviction" => (Grade::Ok, "redis-eviction"),
        _ if policy.starts_with("allkeys") && jobs => (Grade::Refused, "redis-eviction-keys"),
        _ => (Grade::Warning, "redis-eviction-some"),
    };
    Finding::new(grade, id).with("policy", policy)
}

fn persistence(sight: &Sight<'_>) -> Finding {
    let appends = sight.target.is("aof_enabled", "1");
    match sight.target_rights.setting("save") {
        _ if appends => Finding::new(Grade::Ok, "redis-persistence"),
        Some("") => Finding::new(Grade::Warning, "redis-persistence-none"),
        Some(_) => Finding::new(Grade::Warning, "redis-persistence-snapshots"),
        None => Finding::new(Grade::Unchecked, "redis-persistence-unknown"),
    }
}

fn clocks(sight: &Sight<'_>) -> Finding {
    let (grade, id) = match sight.apart_ms > APART_MS {
        true => (Grade::Warning, "redis-clocks-apart"),
        false => (Grade::Ok, "redis-clocks"),
    };
    Finding::new(grade, id).with("milliseconds", sight.apart_ms.to_string())
}

fn fence(sight: &Sight<'_>) -> Finding {
    match &sight.means {
        None => Finding::new(Grade::Refused, "redis-fence-none"),
        Some(means) if means.waits => {
            Finding::new(Grade::Ok, "redis-fence").with("fence", means.fence.name())
        }
        Some(means) => Finding::new(Grade::Warning, "redis-fence-errors").with("fence", means.fence.name()),
    }
}

fn workers(sight: &Sight<'_>) -> Finding {
    let alive = &sight.roster.alive;
    let working = alive.iter().filter(|process| !process.is_drained()).count();
    match working {
        0 => Finding::new(Grade::Ok, "redis-workers-none"),
        _ => Finding::new(Grade::Warning, "redis-workers").with("processes", working.to_string()),
    }
}

fn hearing(sight: &Sight<'_>) -> Finding {
    match sight.hears {
        true => Finding::new(Grade::Ok, "redis-tracking"),
        false => Finding::new(Grade::Warning, "redis-tracking-none"),
    }
}

fn modules(sight: &Sight<'_>) -> Finding {
    match sight.modules {
        Some(false) => Finding::new(Grade::Ok, "redis-modules-none"),
        Some(true) => Finding::new(Grade::Warning, "redis-modules"),
        None => Finding::new(Grade::Unchecked, "redis-modules-unknown"),
    }
}

fn large(sight: &Sight<'_>) -> Option<Finding> {
    let jobs = &sight.jobs;
    let lists = jobs.queues.values().copied().chain([jobs.scheduled, jobs.retries, jobs.dead]);
    let most = lists.max().unwrap_or_default();
    (most > MANY_JOBS).then(|| Finding::new(Grade::Warning, "redis-large").with("jobs", most.to_string()))
}

/// What stands around the two.
fn surroundings(sight: &Sight<'_>, mode: Mode) -> Vec<Finding> {
    let mut found = Vec::new();
    match sight.sentinel {
        Some(true) => found.push(Finding::new(Grade::Warning, "redis-sentinel")),
        Some(false) => {}
        None => found.push(Finding::new(Grade::Unchecked, "redis-sentinel-unknown")),
    }
    let replicas = sight.source.number("connected_slaves");
    if replicas > 0 {
        found.push(Finding::new(Grade::Warning, "redis-replicas").with("replicas", replicas.to_string()));
    }
    let own = sight.route.source.database();
    let others: Vec<String> =
        sight.source.databases().keys().filter(|number| **number != own).map(ToString::to_string).collect();
    if !others.is_empty() {
        let id = if mode == Mode::Replicate { "redis-databases-taken" } else { "redis-databases-left" };
        found.push(Finding::new(Grade::Warning, id).with("databases", others.join(", ")));
    }
    if sight.census.strange > 0 {
        let strange = Finding::new(Grade::Warning, "redis-namespace-strange");
        found.push(strange.with("keys", sight.census.strange.to_string()));
    }
    found
}
