//! Going back.

use std::time::Duration;

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::fence::{Fence, Means, do_it};
use super::promote::await_offset;
use super::record::{HandedOver, Mode, Phase, Record, Returning};
use super::replicate::forget;
use super::rights::Rights;

/// How long the source may take to take in what the target has, behind a fence there.
const CATCHES_UP: Duration = Duration::from_secs(10);

/// What came of going back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WayBack {
    /// Whether it went back from beyond the cut-over.
    pub after: bool,
    /// Whether what was written to the target since is lost.
    pub lost: bool,
    /// Keys that were taken away from the target; it keeps its keys where it was the one.
    pub removed: u64,
}

impl Crossing {
    /// Makes the source the one again. Before the cut-over nothing is lost, and the target is left as it was: empty. After
    /// it nothing is lost if the source follows the target; otherwise all that was written since is, and `accepted`
    /// has to be said.
    ///
    /// # Errors
    /// When a side cannot be asked, or something would be lost.
    pub async fn roll_back(&mut self, accepted: bool) -> Result<WayBack, KeyspaceError> {
        match self.phase() {
            Phase::New | Phase::RolledBack => Ok(WayBack { after: false, lost: false, removed: 0 }),
            Phase::Copying | Phase::Copied | Phase::Following | Phase::Handing => self.before().await,
            Phase::HandedOver => self.after(accepted).await,
            Phase::Cleaned => self.refuse("go back"),
        }
    }

    /// Whether the source follows the target, so that going back loses nothing.
    #[must_use]
    pub fn follows_back(&self) -> bool {
        self.story.follows_back
    }

    /// How many jobs wait on the target, are scheduled there, or to be tried again.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn waiting_on_target(&self) -> Result<u64, KeyspaceError> {
        let jobs = self.sidekiq(&self.route.target, false).await?.jobs().await?;
        Ok(jobs.waiting() + jobs.scheduled + jobs.retries)
    }

    async fn before(&mut self) -> Result<WayBack, KeyspaceError> {
        if let Some(handing) = self.story.handing.clone() {
            self.take_back(&handing.means).await?;
        }
        if self.mode() == Mode::Replicate {
            do_it(&self.target, &["REPLICAOF", "NO", "ONE"]).await?;
            forget(&self.target, &self.route.source).await?;
        }
        let removed = self.lanes().await?.empty_target().await?;
        self.write(Record::RolledBack)?;
        Ok(WayBack { after: false, lost: false, removed })
    }

    async fn after(&mut self, accepted: bool) -> Result<WayBack, KeyspaceError> {
        let Some(handed) = self.story.handed.clone() else { return self.refuse("go back") };
        if let Some(returning) = self.story.returning.clone() {
            let there = Facts::ask(&self.target).await?;
            let stands = returning.means.fence != Fence::ReadOnly || returning.means.stands(&there);
            if self.story.returned && stands {
                return self.serve_again(&handed, &returning).await;
            }
            // Another process did not come so far: from the beginning.
            returning.means.lift(&self.target).await?;
            returning.means.keep(&self.target).await;
        }
        let here = Facts::ask(&self.source).await?;
        if self.story.follows_back && here.is_replica() && !here.is("master_link_status", "up") {
            // It was restarted, or the network was gone: what cannot be mended is told as a loss.
            let _as_far_as_it_can = self.follow_back().await;
        }
        let here = Facts::ask(&self.source).await?;
        let follows = self.story.follows_back && here.is_replica() && here.is("master_link_status", "up");
        if !follows && !accepted {
            let jobs = self.waiting_on_target().await?;
            return Err(KeyspaceError::AtRisk { since_ms: handed.at_ms, jobs });
        }
        let rights = Rights::of_target(&self.target, true).await?;
        let pauses = do_it(&self.target, &["CLIENT", "PAUSE", "0", "WRITE"]).await.is_ok();
        let means = Means::of(&rights).map(|means| Means { waits: pauses, ..means });
        let address = self.target.address().to_string();
        let refused = || KeyspaceError::NoFence { address, reason: rights.reason("REPLICAOF") };
        let returning = Returning { means: means.ok_or_else(refused)?, follows };
        self.write(Record::Returning(returning.clone()))?;
        if let Err(error) = self.seal_target(&returning).await {
            returning.means.lift(&self.target).await?;
            returning.means.keep(&self.target).await;
            return Err(error);
        }
        self.write(Record::Returned)?;
        self.serve_again(&handed, &returning).await
    }

    /// The target lets nobody in, and the source has all of it: it serves.
    async fn serve_again(
        &mut self,
        handed: &HandedOver,
        returning: &Returning,
    ) -> Result<WayBack, KeyspaceError> {
        if Facts::ask(&self.source).await?.is_replica() {
            do_it(&self.source, &["REPLICAOF", "NO", "ONE"]).await?;
        }
        handed.means.lift(&self.source).await?;
        handed.means.keep(&self.source).await;
        if self.story.follows_back {
            forget(&self.source, &self.route.target).await?;
        }
        self.write(Record::RolledBack)?;
        returning.means.let_go(&self.target).await?;
        Ok(WayBack { after: true, lost: !returning.follows, removed: 0 })
    }

    /// Keeps writers out of the target, once the source has taken in all of it where it follows.
    async fn seal_target(&self, returning: &Returning) -> Result<(), KeyspaceError> {
        returning.means.hold(&self.target).await?;
        if returning.follows {
            await_offset(&self.target, &self.source, 0, CATCHES_UP).await?;
        }
        returning.means.seal_and_keep(&self.target).await?;
        let (here, there) = self.both_facts().await?;
        if returning.follows && here.offset() != there.offset() {
            let address = self.source.address().to_string();
            return Err(KeyspaceError::NoLink { address, seconds: CATCHES_UP.as_secs() });
        }
        Ok(())
    }
}
