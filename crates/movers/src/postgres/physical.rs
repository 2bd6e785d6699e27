//! A target that is the source's streaming replica, and is promoted: the same major version, the whole server, byte by byte.
//!
//! Who makes the replica is the operator (`pg_basebackup`, an operator of Kubernetes, a provider): that runs on the target's
//! machine as the server's user. The preflight says the command, and sees whether it was done. All from there on is the
//! mover's: fence, mark, promotion, proof. The fence is in the catalogue, and so it comes along: a replica that is promoted,
//! by whomever and whenever, takes no writes before the mover opens it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::PostgresError;
use super::bringing::fresh_token;
use super::catalog::OURS;
use super::cutover::{Parts, Switched, unequal};
use super::ending::Returned;
use super::fence::Fence;
use super::made;
use super::moving::{Mode, Move, Phase, Record, drop_ours};
use super::pooler::Pooler;
use super::preflight::plan;
use super::proof::{Moments, compare};
use super::replication::Stream;
use super::session::Session;
use super::snapshot::Snapshot;
use crate::Meter;

/// The slot that the command which the preflight shows makes for the replica.
pub(crate) const SLOT: &str = "mastoferry_standby";

impl Move {
    /// Begins a move to a target that is the source's streaming replica, and waits until it has caught up once. How long a
    /// write took to arrive there.
    ///
    /// # Errors
    /// When the preflight refuses ([`PostgresError::Preflight`]; nothing was written then), or what is written does not
    /// arrive.
    pub async fn stand_by(&mut self) -> Result<Duration, PostgresError> {
        let reason = "it must not have been begun in another mode, nor be cut over yet";
        self.must_be(&[Phase::New, Phase::Copying, Phase::Following], reason)?;
        if self.phase() == Phase::New {
            let plan = plan(&self.sides, &self.settings, Some(Mode::Physical)).await?;
            if plan.is_refused() {
                return Err(PostgresError::Preflight { found: plan.found });
            }
            let (name, sides) = (self.name(), &self.sides);
            let (source, target) = (sides.source.to_string(), sides.target.to_string());
            self.write(Record::Began { name, mode: Mode::Physical, source, target, is_fenced: false })?;
        }
        if self.mode() != Some(Mode::Physical) {
            return Err(PostgresError::OutOfTurn { phase: self.phase().name(), reason });
        }
        let (source, target) = self.sessions().await?;
        let name = self.name();
        if made::whose(&source).await?.as_deref() != Some(&name) {
            let doing = "make the mover's own tables";
            source.run(doing, &format!("BEGIN; {}", made::tables())).await?;
            source.rows(doing, &format!("INSERT INTO {OURS}.move VALUES ($1)"), &[&name]).await?;
            source.run(doing, "COMMIT").await?;
        }
        let arrived = arrive(&source, &target, &name, self.settings.patience * 6).await?;
        if self.phase() == Phase::Copying {
            self.write(Record::Following)?;
        }
        Ok(arrived)
    }

    /// The cut-over to a replica: fence, mark, promotion.
    pub(super) async fn cut_over_standby(
        &mut self,
        source: Session,
        target: Session,
        pooler: Option<&Pooler>,
        meter: &Arc<Meter>,
    ) -> Result<Switched, PostgresError> {
        let (name, patience) = (self.name(), self.settings.patience);
        if !is_in_recovery(&target).await? {
            let detail = "somebody has promoted it before the source was fenced".to_owned();
            return Err(PostgresError::Unequal { what: "the target is no replica any more", detail });
        }
        arrive(&source, &target, &name, patience * 6).await?;
        let holder = Session::open(&self.sides.source, &name).await?;
        if self.phase() != Phase::Fenced {
            self.write(Record::Fenced)?;
        }
        let began = Instant::now();
        let mut parts = Parts::begin();
        let fence = Fence { session: &source, name: &name };
        let closing = async {
            if let Some(pooler) = pooler {
                pooler.pause(patience).await?;
                parts.end("pooler-pause");
            }
            let standing = fence.put_up().await?;
            fence.end_earlier(&standing, patience).await?;
            parts.end("fence");
            for _ in 0..10 {
                arrive(&source, &target, &name, patience).await?;
                if fence.end_earlier(&standing, patience).await? == 0 {
                    parts.end("last-changes");
                    return Snapshot::now(holder).await;
                }
            }
            Err(PostgresError::TooLong {
                what: "sessions that could write keep turning up",
                waited: patience,
            })
        };
        let here = match closing.await {
            Ok(here) => here,
            Err(error) => {
                let source = Session::open(&self.sides.source, &name).await?;
                Fence { session: &source, name: &name }.take_down().await?;
                if let Some(pooler) = pooler {
                    pooler.resume().await?;
                }
                self.write(Record::Following)?;
                return Err(error);
            }
        };
        self.write(Record::Opening { way_back: false, skipped: None })?;
        let target = self.promote(target).await?;
        parts.end("promotion");
        let there = Snapshot::now(Session::open(&self.sides.target, &name).await?).await?;
        self.let_in(&target, pooler).await?;
        parts.end("open");
        let pause_ms = began.elapsed().as_secs_f64() * 1000.0;
        self.write(Record::Opened { pause_ms })?;
        let sides = (&self.sides.source, &self.sides.target);
        let moments = Moments { source: here, target: there };
        let proof = compare(sides, &name, moments, self.settings.limits.connections.get(), meter).await?;
        if !proof.is_equal() {
            return Err(unequal(&proof));
        }
        Ok(Switched { pause_ms: Some(pause_ms), parts: parts.0, proof: Some(proof), way_back: false })
    }

    /// Finishes what an earlier process began: the last change had arrived before the promotion was asked for.
    pub(super) async fn go_on_promoting(
        &mut self,
        target: Session,
        pooler: Option<&Pooler>,
    ) -> Result<Switched, PostgresError> {
        let target = self.promote(target).await?;
        self.let_in(&target, pooler).await?;
        if self.phase() == Phase::Opening {
            self.write(Record::Opened { pause_ms: -1.0 })?;
        }
        Ok(Switched { pause_ms: None, parts: Vec::new(), proof: None, way_back: false })
    }

    async fn let_in(&self, target: &Session, pooler: Option<&Pooler>) -> Result<(), PostgresError> {
        Fence { session: target, name: &self.name() }.take_down_surely().await?;
        if let Some(pooler) = pooler {
            pooler.point_to(&self.sides.target).await?;
            pooler.resume().await?;
        }
        Ok(())
    }

    /// Promotes the target where it still is a replica. A session with a server that takes writes, behind the fence.
    async fn promote(&self, target: Session) -> Result<Session, PostgresError> {
        let (doing, patience) = ("become the primary", self.settings.patience);
        if is_in_recovery(&target).await? {
            target.rows(doing, "SELECT pg_promote(false)", &[]).await?;
        }
        let began = Instant::now();
        while is_in_recovery(&target).await? {
            if began.elapsed() > patience {
                return Err(PostgresError::TooLong {
                    what: "the target does not become the primary",
                    waited: patience,
                });
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // One that began with the replica would go on as its reader.
        Session::open(&self.sides.target, &self.name()).await
    }

    /// Before the promotion: the source takes writes, and its replica goes on as before.
    pub(super) async fn stand_down(&mut self, pooler: Option<&Pooler>) -> Result<Returned, PostgresError> {
        if !matches!(self.phase(), Phase::Copying | Phase::Following | Phase::Fenced) {
            let reason = "the target may have been promoted, and has what was written since alone: “cutover” goes on, there is no way back";
            return Err(PostgresError::OutOfTurn { phase: self.phase().name(), reason });
        }
        let name = self.name();
        let source = Session::open(&self.sides.source, &name).await?;
        source.end_namesakes(&name).await?;
        Fence { session: &source, name: &name }.take_down().await?;
        if let Some(pooler) = pooler {
            pooler.resume().await?;
        }
        drop_ours(&source, &name).await?;
        self.write(Record::RolledBack)?;
        Ok(Returned { pause_ms: None, target_keeps_copy: false })
    }
}

/// Whether it is a replica.
pub(super) async fn is_in_recovery(session: &Session) -> Result<bool, PostgresError> {
    Ok(session.row("say whether it is a replica", "SELECT pg_is_in_recovery()", &[]).await?.get(0))
}

/// Waits until a mark has come through: the log is replayed in its order, so all before it is there as well.
async fn arrive(
    source: &Session,
    target: &Session,
    name: &str,
    patience: Duration,
) -> Result<Duration, PostgresError> {
    let began = Instant::now();
    // The table for marks is made on the source, and comes by the same way; one of an earlier move may be there until then.
    loop {
        match made::whose(target).await {
            Ok(Some(whose)) if whose == name => break,
            Err(error) if error.code() != Some("42P01") => return Err(error),
            Ok(_) | Err(_) => {}
        }
        if began.elapsed() > patience {
            return Err(PostgresError::TooLong { what: "the last change does not arrive", waited: patience });
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Stream { from: source, to: target, name }.await_mark(&fresh_token(), patience).await
}
