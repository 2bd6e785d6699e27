//! The cut-over to a replica, and what another process left in the middle.

use std::time::{Duration, Instant};

use super::crossing::Crossing;
use super::entry;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::fence::{Means, do_it};
use super::record::{HandedOver, Handing, Mode, Record};
use super::replicate::{follow, forget};
use super::watch::Watch;
use crate::connection::Redis;

/// How far a replica may be behind when the fence comes down, in bytes.
const CLOSE: u64 = 1 << 20;
/// How long it may take to come as close, and to take in the rest behind the fence.
const CATCHES_UP: Duration = Duration::from_secs(60);
const BEHIND_THE_FENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(1);

impl Crossing {
    /// Waits until the target is close behind the source.
    pub(super) async fn nearly_there(&self) -> Result<(), KeyspaceError> {
        self.follow().await?;
        self.await_offset(CLOSE, CATCHES_UP).await?;
        self.caught_up().await
    }

    /// Waits until the target has what the source has now. A source begins to send a new replica what was written during
    /// its first copy up to a second after that.
    pub(super) async fn caught_up(&self) -> Result<(), KeyspaceError> {
        self.await_offset(0, CATCHES_UP).await
    }

    /// Promotes the target once it has all that the source has.
    pub(super) async fn hand_over_replica(&mut self, means: &Means) -> Result<Option<Watch>, KeyspaceError> {
        self.nearly_there().await?;
        let before = self.both_facts().await?;
        let target = &before.1;
        if target.number("maxmemory") > 0 && target.number("used_memory") >= target.number("maxmemory") {
            return Err(KeyspaceError::Full { address: self.target.address().to_string() });
        }
        let processes = self.identities().await?;
        let watch = Watch::begin(&self.route.target).await;
        self.write(Record::Handing(Handing { means: means.clone(), target_run: target.run() }))?;
        let began = Instant::now();
        match self.promote(means, &before, watch.as_ref()).await {
            Ok(jobs) => {
                self.forget_processes(&processes).await?;
                self.release(means, began, jobs).await?;
                forget(&self.target, &self.route.source).await?;
                Ok(watch)
            }
            Err(error) => {
                self.take_back(means).await?;
                Err(error)
            }
        }
    }

    /// Everything behind the fence. The source lets nobody in for good before the target lets anybody in.
    async fn promote(
        &self,
        means: &Means,
        before: &(Facts, Facts),
        watch: Option<&Watch>,
    ) -> Result<u64, KeyspaceError> {
        means.hold(&self.source).await?;
        self.await_offset(0, BEHIND_THE_FENCE).await?;
        means.seal_and_keep(&self.source).await?;
        let (here, there) = self.same_runs(before).await?;
        // They wait for a while only: on a machine that stood still for longer somebody may have written in between.
        if here.offset() != there.offset() {
            let told = |facts: &Facts| facts.offset().to_string();
            let (source_has, target_has) = (told(&here), told(&there));
            return Err(KeyspaceError::Unequal { what: "offsets", source_has, target_has });
        }
        if !there.keeps() {
            return Err(KeyspaceError::Unkept { address: self.target.address().to_string() });
        }
        if here.databases() != there.databases() {
            let told = |facts: &Facts| format!("{:?}", facts.databases());
            let (source_has, target_has) = (told(&here), told(&there));
            return Err(KeyspaceError::Unequal { what: "numbers of keys", source_has, target_has });
        }
        let jobs = self.equal_jobs().await?;
        if let Some(watch) = watch {
            // What came from the source is no change of the target's own; whatever comes from here on is.
            watch.changed().await;
        }
        do_it(&self.target, &["REPLICAOF", "NO", "ONE"]).await?;
        Ok(jobs)
    }

    /// Waits until the target is no more than so many bytes behind.
    async fn await_offset(&self, most: u64, bound: Duration) -> Result<(), KeyspaceError> {
        await_offset(&self.source, &self.target, most, bound).await
    }

    /// The old side's processes: they are registered on the target as well, and will never sign off there.
    async fn identities(&self) -> Result<Vec<String>, KeyspaceError> {
        let roster = self.sidekiq(&self.route.source, true).await?.roster().await?;
        let alive = roster.alive.into_iter().map(|process| process.identity);
        Ok(alive.chain(roster.expired).collect())
    }

    async fn forget_processes(&self, processes: &[String]) -> Result<(), KeyspaceError> {
        let mut keys = vec!["processes".to_owned()];
        for process in processes {
            keys.extend(["", ":work", ":workers", "-signals"].map(|end| format!("{process}{end}")));
        }
        entry::remove(&self.target, &keys).await
    }

    /// Ends a cut-over that another process began: forward where the target had been promoted, back otherwise. Nobody was
    /// told to use the target before.
    pub(super) async fn settle(&mut self) -> Result<(), KeyspaceError> {
        let Some(handing) = self.story.handing.clone() else { return Ok(()) };
        let there = Facts::ask(&self.target).await?;
        let here = Facts::ask(&self.source).await?;
        let promoted = self.mode() == Mode::Replicate
            && !there.is_replica()
            && there.run() == handing.target_run
            && handing.means.stands(&here);
        if !promoted {
            return self.take_back(&handing.means).await;
        }
        // It was promoted only once it had everything, behind a fence that still stands.
        let jobs = self.equal_jobs().await?;
        let processes = self.identities().await?;
        self.forget_processes(&processes).await?;
        let at_ms = super::cutover::clock(&self.target).await?;
        let means = handing.means;
        self.write(Record::HandedOver(HandedOver { means: means.clone(), at_ms, pause_us: None, jobs }))?;
        means.let_go(&self.source).await?;
        forget(&self.target, &self.route.source).await
    }

    /// Makes the source follow the target, so that going back loses nothing. A target that forgets what it held when it is
    /// restarted would take the source's copy with it: it must keep an append-only file.
    pub(super) async fn follow_back(&mut self) -> Result<(), KeyspaceError> {
        let target = Facts::ask(&self.target).await?;
        if !target.is("aof_enabled", "1") {
            return Ok(());
        }
        let place = self.route.target_seen.clone().or_else(|| self.route.target.place());
        let (host, port) = place.unwrap_or_default();
        self.write(Record::FollowsBack)?;
        follow(&self.source, &self.route.target, (&host, port)).await?;
        self.await_link(&self.source, &self.target).await
    }
}

/// Waits until a replica is no more than so many bytes behind its primary.
pub(super) async fn await_offset(
    primary: &Redis,
    replica: &Redis,
    most: u64,
    bound: Duration,
) -> Result<(), KeyspaceError> {
    let began = Instant::now();
    let mut goal = Facts::ask(primary).await?.offset();
    loop {
        let there = Facts::ask(replica).await?;
        if there.is_replica() && there.is("master_link_status", "up") && there.offset() + most >= goal {
            return Ok(());
        }
        if began.elapsed() > bound {
            let address = replica.address().to_string();
            return Err(KeyspaceError::NoLink { address, seconds: bound.as_secs() });
        }
        if most > 0 {
            goal = Facts::ask(primary).await?.offset();
        }
        tokio::time::sleep(LOOK).await;
    }
}
