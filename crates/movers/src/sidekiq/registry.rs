//! Reading what Sidekiq keeps in Redis, and leaving signals there.

use std::time::Duration;

use redis::pipe;

use super::{Jobs, Process, Roster};
use crate::connection::Redis;
use crate::{RedisAddress, RedisError};

/// How long after its last heartbeat a process that did not sign off is still registered.
pub const HEARTBEAT_EXPIRES: Duration = Duration::from_secs(60);

/// Takes no more jobs (`TSTP`); a process cannot be told to take some again.
const QUIET: &str = "TSTP";

/// What a process runs, as it wrote it.
type Works = Vec<Vec<u8>>;

/// Sidekiq as its Redis knows it.
pub struct Sidekiq {
    redis: Redis,
    prefix: String,
}

impl std::fmt::Debug for Sidekiq {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sidekiq").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Sidekiq {
    /// Opens the Redis that Sidekiq uses (`SIDEKIQ_REDIS_URL`, or else `REDIS_URL`); `namespace` is `REDIS_NAMESPACE`,
    /// which Mastodon knows up to 4.3.
    ///
    /// # Errors
    /// When it cannot be reached or does not let us in.
    pub async fn open(address: RedisAddress, namespace: Option<&str>) -> Result<Self, RedisError> {
        let prefix =
            namespace.filter(|name| !name.is_empty()).map_or_else(String::new, |name| format!("{name}:"));
        let sidekiq = Self { redis: Redis::new(address), prefix };
        let _count: (u64,) = sidekiq
            .redis
            .ask("count the processes", pipe().cmd("SCARD").arg(sidekiq.key("processes")))
            .await?;
        Ok(sidekiq)
    }

    /// Who is registered.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn roster(&self) -> Result<Roster, RedisError> {
        const DOING: &str = "read the processes";
        let processes = self.key("processes");
        let (mut identities,): (Vec<String>,) =
            self.redis.ask(DOING, pipe().cmd("SMEMBERS").arg(processes)).await?;
        identities.sort_unstable();
        let mut roster = Roster::default();
        for identity in identities {
            let key = self.key(&identity);
            let mut questions = pipe();
            questions.cmd("HMGET").arg(&key).arg(&["info", "concurrency", "busy", "beat", "quiet"]);
            questions.cmd("HVALS").arg(format!("{key}:work"));
            questions.cmd("HVALS").arg(format!("{key}:workers"));
            let answers: (Vec<Option<String>>, Works, Works) = self.redis.ask(DOING, &questions).await?;
            let (fields, mut running, before) = answers;
            running.extend(before);
            match Process::read(&identity, &fields, &running) {
                Some(process) => roster.alive.push(process),
                None => roster.expired.push(identity),
            }
        }
        Ok(roster)
    }

    /// Numbers of jobs.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn jobs(&self) -> Result<Jobs, RedisError> {
        const DOING: &str = "count the jobs";
        let (names,): (Vec<String>,) =
            self.redis.ask(DOING, pipe().cmd("SMEMBERS").arg(self.key("queues"))).await?;
        let mut questions = pipe();
        for set in ["schedule", "retry", "dead"] {
            questions.cmd("ZCARD").arg(self.key(set));
        }
        let (scheduled, retries, dead) = self.redis.ask(DOING, &questions).await?;
        let counters = [self.key("stat:processed"), self.key("stat:failed")];
        let (counted,): (Vec<Option<u64>>,) =
            self.redis.ask(DOING, pipe().cmd("MGET").arg(&counters)).await?;
        let counted = |index: usize| counted.get(index).copied().flatten().unwrap_or_default();
        let mut jobs =
            Jobs { scheduled, retries, dead, processed: counted(0), failed: counted(1), ..Jobs::default() };
        for name in names {
            let key = self.key(&format!("queue:{name}"));
            let (length,): (u64,) = self.redis.ask(DOING, pipe().cmd("LLEN").arg(key)).await?;
            jobs.queues.insert(name, length);
        }
        Ok(jobs)
    }

    /// Leaves word for a process to take no more jobs; it reads it with its next heartbeat. As `Process#quiet!` does.
    pub(super) async fn quiet(&self, process: &Process) -> Result<(), RedisError> {
        let key = self.key(&format!("{}-signals", process.identity));
        let mut words = pipe();
        words.atomic();
        words.cmd("LPUSH").arg(&key).arg(QUIET).ignore();
        words.cmd("EXPIRE").arg(&key).arg(HEARTBEAT_EXPIRES.as_secs()).ignore();
        self.redis.ask("leave a signal for a process", &words).await
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
