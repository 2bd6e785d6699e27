//! The cut-over: the last changes behind a fence, what proves them, and the new side let loose.

use std::time::{Duration, Instant};

use futures::try_join;
use redis::{Value, pipe};

use super::crossing::Crossing;
use super::entry;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::fence::{Fence, Means};
use super::passes::Lanes;
use super::record::{HandedOver, Handing, Mode, Phase, Record};
use super::rights::Rights;
use super::verify::Proof;
use super::watch::Watch;
use crate::connection::Redis;
use crate::{RedisAddress, RedisError, Sidekiq};

/// With no more changes than this, the last are carried behind the fence.
const FEW: usize = 64;
/// After so many rounds the fence comes down anyway: fewer changes there will not be.
const ROUNDS: usize = 20;
/// How often everything is compared anew because changes went unheard.
const ATTEMPTS: usize = 3;

/// What the owner agrees to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// Sidekiq processes may still run on the source: what they run then is lost, if it writes.
    pub workers_running: bool,
    /// The source shall follow the target afterwards, so that going back loses nothing (replicate only).
    pub follow_back: bool,
}

/// What came of a cut-over.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    /// How the keys moved.
    pub mode: Mode,
    /// What keeps writers out of the source.
    pub fence: Fence,
    /// For how long nobody could write; unknown where another process ended what one began.
    pub pause: Option<Duration>,
    /// Jobs of Sidekiq at that moment, the same on both sides.
    pub jobs: u64,
    /// Whether the source follows the target.
    pub follows_back: bool,
    /// Whether the source still lets no writer in after all of this: a restart in between may have taken the fence down, and
    /// what was written there since is not on the target.
    pub fenced: bool,
    /// What the comparison found, made after the pause; none where an earlier process made it, and all was the same.
    pub proof: Option<Proof>,
}

/// What is prepared for a cut-over: the pause begins when it is given to [`Crossing::hand_over`].
pub struct Ready(Prepared);

enum Prepared {
    /// An earlier process has handed it over.
    Done,
    Replica(Means),
    Copy(Box<Copied>),
}

/// A copy that is level with its source, but for what is heard from then on.
struct Copied {
    means: Means,
    lanes: Lanes,
    before: (Facts, Facts),
    watch: Option<Watch>,
}

/// What was handed over, and what hears what is written to it; to be given to [`Crossing::prove_handover`].
pub struct Handed {
    watch: Option<Watch>,
    is_new: bool,
}

impl Crossing {
    /// Carries the last changes behind a fence and makes the target the one. When this returns, the source lets no writer
    /// in and the target has all that it had; the comparison of every key is made after the pause and is in what is
    /// given. It is [`Crossing::prepare`], [`Crossing::hand_over`] and [`Crossing::prove_handover`], one after the other.
    ///
    /// # Errors
    /// When anything is not as it must be: the fence is taken down and the source serves as before. If even that
    /// fails, the phase stays [`Phase::Handing`], and this or [`Crossing::roll_back`] goes on from there.
    pub async fn cut_over(&mut self, terms: Terms) -> Result<Handover, KeyspaceError> {
        let ready = self.prepare(terms).await?;
        let handed = self.hand_over(ready).await?;
        self.prove_handover(terms, handed).await
    }

    /// All of a cut-over that can be done while the source serves.
    ///
    /// # Errors
    /// As [`Crossing::cut_over`].
    pub async fn prepare(&mut self, terms: Terms) -> Result<Ready, KeyspaceError> {
        if self.phase() == Phase::Handing {
            self.settle().await?;
        }
        match (self.phase(), self.mode()) {
            (Phase::HandedOver, _) => Ok(Ready(Prepared::Done)),
            (Phase::Copied, Mode::Copy) => {
                self.refuse_workers(terms).await?;
                let means = self.means().await?;
                Ok(Ready(Prepared::Copy(Box::new(self.levelled(means).await?))))
            }
            (Phase::Following, Mode::Replicate) => {
                self.refuse_workers(terms).await?;
                let means = self.means().await?;
                self.nearly_there().await?;
                Ok(Ready(Prepared::Replica(means)))
            }
            _ => self.refuse("cut over"),
        }
    }

    /// The pause: the fence, the last changes, and the target is the one.
    ///
    /// # Errors
    /// As [`Crossing::cut_over`].
    pub async fn hand_over(&mut self, ready: Ready) -> Result<Handed, KeyspaceError> {
        match ready.0 {
            Prepared::Done => Ok(Handed { watch: None, is_new: false }),
            Prepared::Replica(means) => {
                Ok(Handed { watch: self.hand_over_replica(&means).await?, is_new: true })
            }
            Prepared::Copy(copied) => {
                let mut copied = *copied;
                for _ in 0..ATTEMPTS {
                    let means = copied.means.clone();
                    if let Some(watch) = self.hand_over_copy(copied).await? {
                        return Ok(Handed { watch, is_new: true });
                    }
                    copied = self.levelled(means).await?;
                }
                Err(KeyspaceError::Restless)
            }
        }
    }

    /// What comes after the pause: the way back, where it was asked for, and the comparison of every key.
    ///
    /// # Errors
    /// When a side cannot be asked; the target is the one nevertheless.
    pub async fn prove_handover(&mut self, terms: Terms, handed: Handed) -> Result<Handover, KeyspaceError> {
        if handed.is_new && terms.follow_back && self.mode() == Mode::Replicate {
            self.follow_back().await?;
        }
        let proof = match handed {
            Handed { watch, is_new: true } => Some(self.prove(watch).await?),
            Handed { .. } if self.story.proven => None,
            // Whoever handed it over did not come so far, or found what is still so.
            Handed { .. } => Some(self.prove(Watch::begin(&self.route.target).await).await?),
        };
        if let Some(proof) = &proof {
            self.write(Record::Proven { holds: proof.holds() })?;
        }
        let Some(handed) = self.story.handed.clone() else { return self.refuse("cut over") };
        let fenced =
            handed.means.fence != Fence::ReadOnly || handed.means.stands(&Facts::ask(&self.source).await?);
        Ok(Handover {
            fenced,
            mode: self.mode(),
            fence: handed.means.fence,
            pause: handed.pause_us.map(Duration::from_micros),
            jobs: handed.jobs,
            follows_back: self.story.follows_back,
            proof,
        })
    }

    async fn refuse_workers(&self, terms: Terms) -> Result<(), KeyspaceError> {
        if terms.workers_running || !self.moves_jobs() {
            return Ok(());
        }
        let roster = self.sidekiq(&self.route.source, true).await?.roster().await?;
        match roster.alive.iter().filter(|process| !process.is_drained()).count() {
            0 => Ok(()),
            processes => Err(KeyspaceError::Workers { processes }),
        }
    }

    pub(super) async fn sidekiq(&self, at: &RedisAddress, is_source: bool) -> Result<Sidekiq, RedisError> {
        let namespace = self.route.choice.namespace.as_deref().filter(|_| is_source);
        Sidekiq::open(at.clone(), namespace).await
    }

    async fn means(&self) -> Result<Means, KeyspaceError> {
        let rights = Rights::of_source(&self.source, true).await?;
        let address = || self.source.address().to_string();
        Means::of(&rights)
            .ok_or_else(|| KeyspaceError::NoFence { address: address(), reason: rights.reason("REPLICAOF") })
    }

    /// Compares everything once, and hears of changes from then on.
    async fn levelled(&self, means: Means) -> Result<Copied, KeyspaceError> {
        let lanes = self.lanes().await?;
        let before = self.both_facts().await?;
        let watch = Watch::begin(&self.route.source).await;
        lanes.level().await?;
        Ok(Copied { means, lanes, before, watch })
    }

    /// One attempt by copying; none where changes went unheard and everything has to be compared anew. What is given
    /// hears what is written to the target from then on.
    async fn hand_over_copy(&mut self, copied: Copied) -> Result<Option<Option<Watch>>, KeyspaceError> {
        let Copied { means, lanes, before, mut watch } = copied;
        let means = &means;
        if let Some(heard) = &watch
            && !settle_down(&lanes, heard).await?
        {
            return Ok(None);
        }
        let target_watch = Watch::begin(&self.route.target).await;
        self.write(Record::Handing(Handing { means: means.clone(), target_run: before.1.run() }))?;
        let began = Instant::now();
        let done = self.behind_the_fence(means, &lanes, watch.as_mut(), &before).await;
        match done {
            Ok(Some(jobs)) => {
                // What we wrote ourselves is nobody's change.
                if let Some(watch) = &target_watch {
                    watch.changed().await;
                }
                self.release(means, began, jobs).await?;
                Ok(Some(target_watch))
            }
            Ok(None) => self.take_back(means).await.map(|()| None),
            Err(error) => {
                self.take_back(means).await?;
                Err(error)
            }
        }
    }

    /// Carries the last changes while nobody writes. Gives the number of jobs, or none where changes went unheard.
    async fn behind_the_fence(
        &self,
        means: &Means,
        lanes: &Lanes,
        watch: Option<&mut Watch>,
        before: &(Facts, Facts),
    ) -> Result<Option<u64>, KeyspaceError> {
        means.hold(&self.source).await?;
        match watch {
            None => {
                means.seal_and_keep(&self.source).await?;
                lanes.level().await?;
            }
            Some(watch) => {
                // Once while they wait, and once more when they are kept out for good: a pause may have run out.
                let last = watch.changed().await;
                lanes.carry_each(last.keys).await?;
                means.seal_and_keep(&self.source).await?;
                let after = watch.changed().await;
                lanes.carry_each(after.keys).await?;
                if last.more || after.more {
                    return Ok(None);
                }
            }
        }
        let after = self.same_runs(before).await?;
        let (was, is) = (before.1.number("evicted_keys"), after.1.number("evicted_keys"));
        if was != is {
            return Err(KeyspaceError::Full { address: self.target.address().to_string() });
        }
        self.equal_jobs().await.map(Some)
    }

    pub(super) async fn both_facts(&self) -> Result<(Facts, Facts), KeyspaceError> {
        Ok(try_join!(Facts::ask(&self.source), Facts::ask(&self.target))?)
    }

    /// What both say of themselves, neither restarted since `before`: a fence does not outlive a restart, nor what was not
    /// written to a disk.
    pub(super) async fn same_runs(&self, before: &(Facts, Facts)) -> Result<(Facts, Facts), KeyspaceError> {
        let now = self.both_facts().await?;
        let restarted = if now.0.run() != before.0.run() {
            &self.source
        } else if now.1.run() != before.1.run() {
            &self.target
        } else {
            return Ok(now);
        };
        Err(KeyspaceError::Restarted { address: restarted.address().to_string() })
    }

    /// Counts Sidekiq's jobs on both sides, which must be the same.
    pub(super) async fn equal_jobs(&self) -> Result<u64, KeyspaceError> {
        if !self.moves_jobs() {
            return Ok(0);
        }
        let prefix = self.route.choice.namespace.as_ref().map_or_else(String::new, |name| format!("{name}:"));
        let (here, there) = try_join!(jobs(&self.source, &prefix), jobs(&self.target, ""))?;
        if here != there {
            let told = |jobs: Vec<u64>| jobs.iter().sum::<u64>().to_string();
            let (source_has, target_has) = (told(here), told(there));
            return Err(KeyspaceError::Unequal { what: "jobs", source_has, target_has });
        }
        Ok(here.iter().sum())
    }

    /// The target is the one: written down first, and then writers are let go, who meet the fence.
    pub(super) async fn release(
        &mut self,
        means: &Means,
        began: Instant,
        jobs: u64,
    ) -> Result<(), KeyspaceError> {
        let at_ms = clock(&self.target).await?;
        let handed = HandedOver { means: means.clone(), at_ms, pause_us: None, jobs };
        self.write(Record::HandedOver(handed.clone()))?;
        means.let_go(&self.source).await?;
        // Known only now; the writing down was part of it.
        let pause_us = Some(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
        self.write(Record::HandedOver(HandedOver { pause_us, ..handed }))
    }

    /// The source serves as before.
    pub(super) async fn take_back(&mut self, means: &Means) -> Result<(), KeyspaceError> {
        means.lift(&self.source).await?;
        means.keep(&self.source).await;
        self.write(Record::Released)
    }
}

/// Carries changes until only few come at once; whether all were heard of.
async fn settle_down(lanes: &Lanes, watch: &Watch) -> Result<bool, KeyspaceError> {
    for _ in 0..ROUNDS {
        let changed = watch.changed().await;
        if changed.more {
            return Ok(false);
        }
        let count = changed.keys.len();
        lanes.carry_each(changed.keys).await?;
        if count <= FEW {
            break;
        }
    }
    Ok(true)
}

/// What waits in each queue, in order of the names, and what is scheduled, to be tried again, and given up.
async fn jobs(redis: &Redis, prefix: &str) -> Result<Vec<u64>, RedisError> {
    const DOING: &str = "count the jobs";
    let (mut names,): (Vec<String>,) =
        redis.ask(DOING, pipe().cmd("SMEMBERS").arg(format!("{prefix}queues"))).await?;
    names.sort_unstable();
    let mut questions = pipe();
    for name in &names {
        questions.cmd("LLEN").arg(format!("{prefix}queue:{name}"));
    }
    for set in ["schedule", "retry", "dead"] {
        questions.cmd("ZCARD").arg(format!("{prefix}{set}"));
    }
    redis.ask(DOING, &questions).await
}

pub(super) async fn clock(redis: &Redis) -> Result<u64, RedisError> {
    let (time,): (Value,) = redis.ask("tell the time", pipe().cmd("TIME")).await?;
    Ok(entry::milliseconds(Some(&time)))
}
