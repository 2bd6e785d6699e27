//! The cut-over: from the last write on the source to the first on the target.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::PostgresError;
use super::catalog::{OURS, fingerprint, materialised};
use super::copy::refresh;
use super::fence::Fence;
use super::moving::{Mode, Move, Phase, Record};
use super::pooler::Pooler;
use super::proof::{Moments, Proof, compare};
use super::replication::{Stream, settle};
use super::session::Session;
use super::snapshot::Snapshot;
use crate::Meter;

/// What a cut-over came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Switched {
    /// Milliseconds from the last instant at which the source took writes to the first at which the target does. Nothing
    /// where it was finished by a later process.
    pub pause_ms: Option<f64>,
    /// What they went into, in their order.
    pub parts: Vec<(String, f64)>,
    /// Both sides compared as of the pause. Nothing where it was finished by a later process: the moment is gone.
    pub proof: Option<Proof>,
    /// Whether writes are carried back until the move is cleaned up.
    pub way_back: bool,
}

/// What has to be done in the pause besides: behind the source's fence, before the target opens. It is polled then and not
/// before.
pub type Behind<'a> = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// What is there while it is cut over.
struct Ready<'a> {
    source: &'a Session,
    target: &'a Session,
    name: &'a str,
    back: &'a str,
    pooler: Option<&'a Pooler>,
    patience: Duration,
    margin: u32,
    way_back: bool,
}

/// The time since the last part.
pub(super) struct Parts(pub(super) Vec<(String, f64)>, Instant);

impl Parts {
    pub(super) fn begin() -> Self {
        Self(Vec::new(), Instant::now())
    }

    pub(super) fn end(&mut self, name: &str) {
        self.0.push((name.to_owned(), self.1.elapsed().as_secs_f64() * 1000.0));
        self.1 = Instant::now();
    }
}

impl Move {
    /// Cuts over. What takes long is done before and after the pause; what fails within the pause is undone, and the source
    /// takes writes again. Goes on where an earlier process was interrupted.
    ///
    /// # Errors
    /// When it cannot begin, or something within the pause failed ([`Move::phase`] says where that left it).
    pub async fn cutover(
        &mut self,
        pooler: Option<&Pooler>,
        meter: &Arc<Meter>,
    ) -> Result<Switched, PostgresError> {
        self.cutover_with(pooler, Box::pin(std::future::ready(Ok(()))), meter).await
    }

    /// The same, with something else that happens in the pause: nobody writes to the source any more, and nobody writes to
    /// the target yet. Where it fails, the source takes writes again. It is not done where the target was about to be opened
    /// when an earlier process ended: it was done then.
    ///
    /// # Errors
    /// As [`Move::cutover`]; [`PostgresError::Behind`] where that failed.
    pub async fn cutover_with(
        &mut self,
        pooler: Option<&Pooler>,
        behind: Behind<'_>,
        meter: &Arc<Meter>,
    ) -> Result<Switched, PostgresError> {
        let reason = "it must be following, or copied while nobody wrote";
        let may = [Phase::Copied, Phase::Following, Phase::Fenced, Phase::Opening, Phase::Opened];
        self.must_be(&may, reason)?;
        let (_, mode, is_still) = self.began().ok_or(PostgresError::OutOfTurn { phase: "new", reason })?;
        if self.phase() == Phase::Copied && (mode == Mode::Follow || !is_still) {
            return Err(PostgresError::OutOfTurn { phase: Phase::Copied.name(), reason });
        }
        if let Some(pooler) = pooler {
            pooler.look().await?;
        }
        let (source, target) = self.sessions().await?;
        if mode == Mode::Physical {
            return if matches!(self.phase(), Phase::Opening | Phase::Opened) {
                self.go_on_promoting(target, pooler).await
            } else {
                self.cut_over_standby(source, target, pooler, meter).await
            };
        }
        if matches!(self.phase(), Phase::Opening | Phase::Opened) {
            return self.go_on(&source, &target, pooler).await;
        }
        if mode == Mode::Follow {
            self.cut_over_moving((source, target), pooler, behind, meter).await
        } else {
            self.cut_over_still((source, target), pooler, behind, meter).await
        }
    }

    /// Nobody wrote since before the copy: what is proven is proven before anything is opened.
    async fn cut_over_still(
        &mut self,
        (source, target): (Session, Session),
        pooler: Option<&Pooler>,
        behind: Behind<'_>,
        meter: &Arc<Meter>,
    ) -> Result<Switched, PostgresError> {
        let name = self.name();
        let fence = Fence { session: &source, name: &name };
        if !fence.stands().await? {
            let detail = "what was written since is not on the target".to_owned();
            return Err(PostgresError::Unequal { what: "the source's write fence was taken down", detail });
        }
        let sides = (&self.sides.source, &self.sides.target);
        let moments = Moments::now(sides, &name).await?;
        let proof = compare(sides, &name, moments, self.settings.limits.connections.get(), meter).await?;
        if !proof.is_equal() {
            return Err(unequal(&proof));
        }
        behind.await.map_err(PostgresError::Behind)?;
        self.write(Record::Fenced)?;
        self.write(Record::Opening { way_back: false, skipped: None })?;
        Fence { session: &target, name: &name }.take_down().await?;
        if let Some(pooler) = pooler {
            pooler.pause(self.settings.patience).await?;
            pooler.point_to(&self.sides.target).await?;
            pooler.resume().await?;
        }
        self.write(Record::Opened { pause_ms: -1.0 })?;
        Ok(Switched { pause_ms: None, parts: Vec::new(), proof: Some(proof), way_back: false })
    }

    async fn cut_over_moving(
        &mut self,
        (source, target): (Session, Session),
        pooler: Option<&Pooler>,
        behind: Behind<'_>,
        meter: &Arc<Meter>,
    ) -> Result<Switched, PostgresError> {
        let (name, back) = (self.name(), self.name_back());
        let way_back = self.prepare(&source, &target).await?;
        let ready = Ready {
            source: &source,
            target: &target,
            name: &name,
            back: &back,
            pooler,
            patience: self.settings.patience,
            margin: self.settings.sequence_margin,
            way_back,
        };
        let holders = (
            Session::open(&self.sides.source, &name).await?,
            Session::open(&self.sides.target, &name).await?,
        );
        if self.phase() != Phase::Fenced {
            self.write(Record::Fenced)?;
        }
        let mut parts = Parts::begin();
        let began = Instant::now();
        let closed = async {
            let closed = close(&ready, holders, &mut parts).await?;
            behind.await.map_err(PostgresError::Behind)?;
            parts.end("others");
            Ok(closed)
        };
        let (moments, skipped) = match closed.await {
            Ok(closed) => closed,
            Err(error) => {
                self.reopen_source(&ready).await?;
                return Err(error);
            }
        };
        self.write(Record::Opening { way_back, skipped })?;
        // Nobody waits for the disk: whoever writes on the target from now on has it bring all before to the disk with his own.
        target.run("open the target", "SET synchronous_commit = off").await?;
        Fence { session: &target, name: &name }.take_down().await?;
        parts.end("open");
        if let Some(pooler) = pooler {
            pooler.point_to(&self.sides.target).await?;
            pooler.resume().await?;
            parts.end("pooler");
        }
        let pause_ms = began.elapsed().as_secs_f64() * 1000.0;
        let safe = format!("RESET synchronous_commit; DELETE FROM {OURS}.mark");
        target.run("put all on the disk", &safe).await?;
        self.write(Record::Opened { pause_ms })?;
        self.turn_round(&source, &target).await?;
        refresh(&target, &materialised(&target).await?).await?;
        let sides = (&self.sides.source, &self.sides.target);
        let proof = compare(sides, &name, moments, self.settings.limits.connections.get(), meter).await?;
        if !proof.is_equal() {
            return Err(unequal(&proof));
        }
        Ok(Switched { pause_ms: Some(pause_ms), parts: parts.0, proof: Some(proof), way_back })
    }

    /// All that can be done before the pause. Whether there is a way back.
    async fn prepare(&self, source: &Session, target: &Session) -> Result<bool, PostgresError> {
        let (name, back) = (self.name(), self.name_back());
        // An earlier process may have put it up; nothing was opened since.
        Fence { session: target, name: &name }.put_up().await?;
        if fingerprint(source).await? != fingerprint(target).await? {
            let detail = "tables were changed on the source since the copy".to_owned();
            return Err(PostgresError::Unequal { what: "the schemas differ", detail });
        }
        let prepared = "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()";
        if source.row("look for prepared transactions", prepared, &[]).await?.get::<_, i64>(0) > 0 {
            let detail = "they could be committed behind the fence".to_owned();
            return Err(PostgresError::Unequal { what: "the source has prepared transactions", detail });
        }
        let stream = Stream { from: source, to: target, name: &name };
        self.catch_up(&stream).await?;
        refresh(target, &materialised(source).await?).await?;
        // Roles that older servers do not know nobody has.
        let may = |role: &str| {
            format!(
                "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR coalesce((SELECT pg_has_role(oid, 'MEMBER') \
                FROM pg_roles WHERE rolname = '{role}'), false)"
            )
        };
        let doing = "see whether there is a way back";
        let publishes =
            format!("SELECT current_setting('wal_level') = 'logical' AND ({})", may("pg_checkpoint"));
        let subscribes = format!("SELECT {}", may("pg_create_subscription"));
        let can = target.row(doing, &publishes, &[]).await?.get::<_, bool>(0)
            && source.row(doing, &subscribes, &[]).await?.get::<_, bool>(0);
        let way = Stream { from: target, to: source, name: &back };
        if can {
            let found = way.found().await?;
            if !found.publication {
                way.publish().await?;
            }
            if !found.slot {
                way.make_slot().await?;
            }
        }
        // Filling views wrote much; the pause shall find nothing waiting.
        self.catch_up(&stream).await?;
        self.come_close(&stream).await?;
        Ok(can)
    }

    /// The source takes writes again.
    async fn reopen_source(&mut self, ready: &Ready<'_>) -> Result<(), PostgresError> {
        // What broke may have broken the sessions as well.
        let source = Session::open(&self.sides.source, ready.name).await?;
        Fence { session: &source, name: ready.name }.take_down().await?;
        if let Some(pooler) = ready.pooler {
            pooler.resume().await?;
        }
        self.write(Record::Following)
    }

    /// Ends what carried changes to the target, and begins to carry them back.
    pub(super) async fn turn_round(
        &mut self,
        source: &Session,
        target: &Session,
    ) -> Result<(), PostgresError> {
        let (name, back) = (self.name(), self.name_back());
        let opening = self.records.iter().rev().find_map(|record| match record {
            Record::Opening { way_back, skipped } => Some((*way_back, skipped.clone())),
            _ => None,
        });
        let forth = Stream { from: source, to: target, name: &name };
        // First this: what comes back must not go forth again.
        forth.unsubscribe().await?;
        forth.unpublish().await?;
        if let Some((true, skipped)) = opening {
            let way = Stream { from: target, to: source, name: &back };
            if !way.found().await?.subscription {
                if let Some(position) = skipped {
                    way.stay_at(&position).await?;
                }
                way.subscribe(self.target_seen()).await?;
            }
            self.write(Record::WayBack)?;
        }
        Ok(())
    }

    /// Finishes what an earlier process began: the target was about to be opened, or is.
    async fn go_on(
        &mut self,
        source: &Session,
        target: &Session,
        pooler: Option<&Pooler>,
    ) -> Result<Switched, PostgresError> {
        let name = self.name();
        Fence { session: target, name: &name }.take_down_surely().await?;
        if let Some(pooler) = pooler {
            pooler.point_to(&self.sides.target).await?;
            pooler.resume().await?;
        }
        if self.phase() == Phase::Opening {
            self.write(Record::Opened { pause_ms: -1.0 })?;
        }
        self.turn_round(source, target).await?;
        refresh(target, &materialised(target).await?).await?;
        let way_back = self.phase() == Phase::WayBack;
        Ok(Switched { pause_ms: None, parts: Vec::new(), proof: None, way_back })
    }
}

/// Everything within the pause but the opening.
async fn close(
    ready: &Ready<'_>,
    holders: (Session, Session),
    parts: &mut Parts,
) -> Result<(Moments, Option<String>), PostgresError> {
    if let Some(pooler) = ready.pooler {
        pooler.pause(ready.patience).await?;
        parts.end("pooler-pause");
    }
    let fence = Fence { session: ready.source, name: ready.name };
    let standing = fence.put_up().await?;
    fence.end_earlier(&standing, ready.patience).await?;
    parts.end("fence");
    let stream = Stream { from: ready.source, to: ready.target, name: ready.name };
    settle(&stream, &fence, &standing, ready.margin, ready.patience).await?;
    parts.end("last-changes");
    let moments =
        Moments { source: Snapshot::now(holders.0).await?, target: Snapshot::now(holders.1).await? };
    let mut skipped = None;
    if ready.way_back {
        // What came from the source is not to go back there.
        let way = Stream { from: ready.target, to: ready.source, name: ready.back };
        skipped = Some(way.skip_to_now().await?);
    }
    parts.end("way-back");
    Ok((moments, skipped))
}

/// What differs, in an error.
pub(super) fn unequal(proof: &Proof) -> PostgresError {
    let mut parts: Vec<String> = proof
        .differing()
        .into_iter()
        .map(|(table, (here, there))| format!("{table} ({here} rows, {there} on the target)"))
        .collect();
    for (what, names) in [
        ("sequences behind", &proof.sequences_behind),
        ("missing", &proof.missing),
        ("invalid", &proof.invalid),
        ("views without rows", &proof.views_empty),
    ] {
        if !names.is_empty() {
            parts.push(format!("{what}: {}", names.join(", ")));
        }
    }
    if !proof.same_schema {
        parts.push("columns differ".to_owned());
    }
    PostgresError::Unequal { what: "both sides differ", detail: parts.join("; ") }
}
