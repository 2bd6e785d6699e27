//! The target as a replica of the source.

use std::time::{Duration, Instant};

use redis::{Value, pipe};

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::fence::do_it;
use super::record::{Mode, Phase, Record};
use crate::RedisAddress;
use crate::connection::Redis;

/// How long a first answer of the source may take, and a pause in which no more arrives.
const LINKS: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// How far a replica is.
#[derive(Debug, Clone, PartialEq)]
pub struct Following {
    /// How many bytes of the stream of changes it has yet to take in.
    pub behind: u64,
    /// How long it took until it followed.
    pub took: Duration,
}

impl Crossing {
    /// Makes the target a replica of the source, and waits until it follows. May be repeated.
    ///
    /// # Errors
    /// When the checks refuse it, or it does not become one: it is none then.
    pub async fn replicate(&mut self) -> Result<Following, KeyspaceError> {
        let began = Instant::now();
        match (self.phase(), self.mode()) {
            (Phase::New, _) => self.begin(Mode::Replicate).await?,
            (Phase::Copying | Phase::Following, Mode::Replicate) => {}
            _ => return self.refuse("replicate"),
        }
        self.write(Record::Following)?;
        self.follow().await?;
        let behind = self.behind().await?;
        Ok(Following { behind, took: began.elapsed() })
    }

    /// How many bytes of changes the target has yet to take in.
    async fn behind(&self) -> Result<u64, KeyspaceError> {
        let there = Facts::ask(&self.target).await?;
        let here = Facts::ask(&self.source).await?;
        Ok(here.offset().saturating_sub(there.offset()))
    }

    /// Makes the target follow the source unless it does.
    pub(super) async fn follow(&self) -> Result<(), KeyspaceError> {
        let place = self.route.source_seen.clone().or_else(|| self.route.source.place());
        let (host, port) = place.unwrap_or_default();
        follow(&self.target, &self.route.source, (&host, port)).await?;
        let linked = self.await_link(&self.target, &self.source).await;
        if linked.is_err() {
            // Nothing was lost by having tried; it must not go on trying.
            let _gone_either_way = do_it(&self.target, &["REPLICAOF", "NO", "ONE"]).await;
        }
        linked
    }

    /// Waits until a replica is linked: as long as anything arrives.
    pub(super) async fn await_link(&self, replica: &Redis, primary: &Redis) -> Result<(), KeyspaceError> {
        let meter = self.meter();
        let mut seen = Instant::now();
        let mut last = (0, String::new());
        loop {
            let facts = Facts::ask(replica).await?;
            let is_linked =
                facts.is("master_link_status", "up") && facts.number("master_sync_in_progress") == 0;
            if is_linked && !facts.rewrites() {
                return Ok(());
            }
            let read = facts.number("master_sync_read_bytes");
            meter.expect(0, facts.number("master_sync_total_bytes"));
            // While the source writes its snapshot nothing arrives yet, nor while the replica writes its own file; they
            // tell that they write.
            let saving = match is_linked {
                true => facts.text("aof_current_rewrite_time_sec").to_owned(),
                false => Facts::ask(primary).await?.text("rdb_current_bgsave_time_sec").to_owned(),
            };
            let now = (read, saving);
            if now != last {
                meter.add(0, read.saturating_sub(last.0));
                (last, seen) = (now, Instant::now());
            }
            if seen.elapsed() > LINKS {
                let address = replica.address().to_string();
                return Err(KeyspaceError::NoLink { address, seconds: LINKS.as_secs() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Tells one to follow another, with what it needs to be let in there. The password goes into the memory of the one that
/// needs it, and nowhere else.
pub(super) async fn follow(
    replica: &Redis,
    primary: &RedisAddress,
    (host, port): (&str, u16),
) -> Result<(), KeyspaceError> {
    let facts = Facts::ask(replica).await?;
    if facts.is("master_host", host) && facts.is("master_port", &port.to_string()) {
        return Ok(());
    }
    let (user, password) = primary.credentials();
    if let Some(password) = password {
        let mut words = pipe();
        words.cmd("CONFIG").arg("SET").arg("masterauth").arg(password).ignore();
        words.cmd("CONFIG").arg("SET").arg("masteruser").arg(user.unwrap_or_default()).ignore();
        replica.ask::<()>("take the password of the other side (CONFIG SET)", &words).await?;
    }
    do_it(replica, &["REPLICAOF", host, &port.to_string()]).await
}

/// Takes back what [`follow`] has told: the password.
pub(super) async fn forget(replica: &Redis, primary: &RedisAddress) -> Result<(), KeyspaceError> {
    if primary.credentials().1.is_some() {
        for name in ["masterauth", "masteruser"] {
            let mut words = pipe();
            words.cmd("CONFIG").arg("SET").arg(name).arg("");
            let _answer: (Value,) = replica.ask("forget the password of the other side", &words).await?;
        }
    }
    Ok(())
}
