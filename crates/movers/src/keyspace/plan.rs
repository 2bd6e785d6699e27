//! What is found before anything is touched, and how the keys can move.

use redis::{Value, pipe};

use super::census::Census;
use super::checks;
use super::crossing::Route;
use super::entry;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::fence::{Fence, Means};
use super::passes::DATA_PATIENCE;
use super::record::Mode;
use super::rights::{self, Restores, Rights};
use crate::connection::Redis;
use crate::{Finding, Grade, Jobs, RedisError, Roster, Sidekiq};

/// What there is, and how it can move.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What is recommended; why is among the findings.
    pub mode: Mode,
    /// What will keep writers out of the old Redis.
    pub fence: Option<Fence>,
    /// How many keys there are.
    pub census: Census,
    /// What waits in Sidekiq's queues: lost for good where it is left behind.
    pub jobs: Jobs,
    /// What the source's data take in its memory, in bytes.
    pub bytes: u64,
}

impl Plan {
    /// Whether anything keeps the move from beginning.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.grade == Grade::Refused)
    }
}

/// All that is looked at.
pub(super) struct Sight<'a> {
    pub(super) route: &'a Route,
    pub(super) source: Facts,
    pub(super) target: Facts,
    pub(super) source_rights: Rights,
    pub(super) target_rights: Rights,
    pub(super) means: Option<Means>,
    pub(super) restores: Option<(Restores, String)>,
    pub(super) census: Census,
    /// How many of the target's keys are of what would move.
    pub(super) taken: u64,
    /// How far the clocks are apart, in milliseconds.
    pub(super) apart_ms: u64,
    pub(super) roster: Roster,
    pub(super) jobs: Jobs,
    /// Whether changes can be heard of.
    pub(super) hears: bool,
    pub(super) modules: Option<bool>,
    pub(super) sentinel: Option<bool>,
}

/// Looks at both sides. Nothing is written, on neither.
///
/// # Errors
/// When one of them cannot be reached or does not let us in.
pub async fn plan(route: &Route) -> Result<Plan, KeyspaceError> {
    Ok(judge(&look(route).await?))
}

fn judge(sight: &Sight<'_>) -> Plan {
    let (mode, mut findings) = checks::mode(sight);
    findings.extend(checks::all(sight, mode));
    Plan {
        findings,
        mode,
        fence: sight.means.as_ref().map(|means| means.fence),
        census: sight.census.clone(),
        jobs: sight.jobs.clone(),
        bytes: sight.source.number("used_memory_dataset"),
    }
}

/// What keeps a move in this mode from beginning.
pub(super) async fn refusals(route: &Route, mode: Mode) -> Result<Vec<Finding>, KeyspaceError> {
    let sight = look(route).await?;
    let mut findings = checks::all(&sight, mode);
    if mode == Mode::Replicate {
        let why = checks::why_not_replicate(&sight).into_iter();
        findings.extend(why.map(|finding| Finding { grade: Grade::Refused, ..finding }));
    }
    findings.retain(|finding| finding.grade == Grade::Refused);
    Ok(findings)
}

async fn look(route: &Route) -> Result<Sight<'_>, KeyspaceError> {
    let source = Redis::patient(route.source.clone(), DATA_PATIENCE);
    let target = Redis::patient(route.target.clone(), DATA_PATIENCE);
    // Both are reached before either is asked for more.
    let (here, there) = futures::try_join!(Facts::ask(&source), Facts::ask(&target))?;
    let source_rights = Rights::of_source(&source, !here.is_replica()).await?;
    let target_rights = Rights::of_target(&target, !there.is_replica()).await?;
    let apart_ms = clock(&source).await?.abs_diff(clock(&target).await?);
    let namespace = route.choice.namespace.as_deref();
    let can_read = source_rights.missing(&["SCAN", "DUMP", "PTTL"]).is_empty();
    let format = if can_read { rights::format_of(&source, here.version() >= (7, 0)).await? } else { None };
    let restores = match format {
        Some(format) => Some(rights::restores(&target, format).await?),
        None => None,
    };
    let census = if source_rights.allows("SCAN") {
        Census::take(&source, &route.choice).await?
    } else {
        Census::default()
    };
    let taken = if target_rights.allows("SCAN") { taken(&target, route).await? } else { 0 };
    let (roster, jobs) = match Sidekiq::open(route.source.clone(), namespace).await {
        Ok(sidekiq) => (sidekiq.roster().await?, sidekiq.jobs().await?),
        Err(RedisError::Forbidden { .. } | RedisError::Refused { .. }) => {
            (Roster::default(), Jobs::default())
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Sight {
        means: Means::of(&source_rights),
        hears: super::watch::Watch::begin(&route.source).await.is_some(),
        modules: modules(&source).await?,
        sentinel: sentinel(&source).await?,
        route,
        source: here,
        target: there,
        source_rights,
        target_rights,
        restores,
        census,
        taken,
        apart_ms,
        roster,
        jobs,
    })
}

async fn clock(redis: &Redis) -> Result<u64, RedisError> {
    let (time,): (Value,) = redis.ask("tell the time", pipe().cmd("TIME")).await?;
    Ok(entry::milliseconds(Some(&time)))
}

/// How many of the target's keys are of what would move.
async fn taken(target: &Redis, route: &Route) -> Result<u64, RedisError> {
    let (mut cursor, mut taken) = (0, 0);
    loop {
        let (next, keys) = entry::scan(target, cursor, 1_000).await?;
        taken += keys.iter().filter(|key| route.choice.has_kind_of(key)).count() as u64;
        cursor = next;
        // That there are some is enough to know.
        if cursor == 0 || taken > 100_000 {
            return Ok(taken);
        }
    }
}

/// Whether modules are loaded; none where it may not be asked.
async fn modules(redis: &Redis) -> Result<Option<bool>, RedisError> {
    match redis.ask::<(Value,)>("list its modules", pipe().cmd("MODULE").arg("LIST")).await {
        Ok((Value::Array(modules),)) => Ok(Some(!modules.is_empty())),
        Ok(_) | Err(RedisError::Forbidden { .. } | RedisError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a Sentinel watches it; none where it may not be asked.
async fn sentinel(redis: &Redis) -> Result<Option<bool>, RedisError> {
    match redis.ask::<(String,)>("list its clients", pipe().cmd("CLIENT").arg("LIST")).await {
        Ok((clients,)) => Ok(Some(clients.contains("name=sentinel-"))),
        Err(RedisError::Forbidden { .. } | RedisError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
