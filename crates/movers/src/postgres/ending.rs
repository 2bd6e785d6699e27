//! The ends of a move: back to the source, or nothing left of the mover.

use serde::{Deserialize, Serialize};

use super::PostgresError;
use super::catalog::OURS;
use super::fence::Fence;
use super::moving::{Mode, Move, Phase, Record, drop_ours};
use super::physical::{SLOT, is_in_recovery};
use super::pooler::Pooler;
use super::replication::{Stream, settle};
use super::session::Session;

/// What going back came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Milliseconds in which nobody could write; nothing where the source had taken writes all the time.
    pub pause_ms: Option<f64>,
    /// Whether the target keeps a copy, which takes no writes.
    pub target_keeps_copy: bool,
}

/// What is left of a move, named so that a person can find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Publications, slots, subscriptions and schemas that are still there.
    pub objects: Vec<String>,
    /// Whether the source still refuses writes. After a move that is right: it is not to be written to again.
    pub source_is_fenced: bool,
}

impl Move {
    /// Goes back: the source serves, and has all that was written meanwhile. Before the target was opened nothing of the
    /// move stays; after it, what was written to the target is carried back first, and the target keeps its copy without
    /// taking writes.
    ///
    /// # Errors
    /// When there is no way back any more ([`PostgresError::OutOfTurn`]; nothing was changed then), or something fails.
    pub async fn rollback(&mut self, pooler: Option<&Pooler>) -> Result<Returned, PostgresError> {
        let reason = "there is nothing to go back from";
        let phase = self.phase();
        if matches!(phase, Phase::New | Phase::RolledBack | Phase::Cleaned) {
            return Err(PostgresError::OutOfTurn { phase: phase.name(), reason });
        }
        if self.mode() == Some(Mode::Physical) {
            return self.stand_down(pooler).await;
        }
        let (source, target) = self.sessions().await?;
        let name = self.name();
        let is_open = match phase {
            // Whether it was opened, only it can say. No session of the mover that could still open it is left.
            Phase::Opening => !Fence { session: &target, name: &name }.stands().await?,
            Phase::Opened | Phase::WayBack => true,
            _ => false,
        };
        if is_open {
            return self.come_back(&source, &target, pooler).await;
        }
        // Users first.
        let fence = Fence { session: &source, name: &name };
        let was_fenced = self.began().is_some_and(|(_, _, is_fenced)| is_fenced)
            || self.records.iter().any(|record| matches!(record, Record::Fenced));
        if was_fenced {
            fence.take_down_surely().await?
        } else {
            fence.take_down().await?
        }
        if let Some(pooler) = pooler {
            pooler.resume().await?;
        }
        self.undo(&source, &target).await?;
        self.write(Record::RolledBack)?;
        Ok(Returned { pause_ms: None, target_keeps_copy: false })
    }

    /// The cut-over in the other direction.
    async fn come_back(
        &mut self,
        source: &Session,
        target: &Session,
        pooler: Option<&Pooler>,
    ) -> Result<Returned, PostgresError> {
        if self.phase() != Phase::WayBack {
            let can = self.records.iter().rev().find_map(|record| match record {
                Record::Opening { way_back, .. } => Some(*way_back),
                _ => None,
            });
            if can != Some(true) {
                let reason = "what was written to the target since is nowhere else: there is no way back without losing it";
                return Err(PostgresError::OutOfTurn { phase: self.phase().name(), reason });
            }
            self.turn_round(source, target).await?;
        }
        let (name, back) = (self.name(), self.name_back());
        let way = Stream { from: target, to: source, name: &back };
        let fence = Fence { session: target, name: &name };
        let on_source = Fence { session: source, name: &name };
        let is_closed = fence.stands().await?;
        if !is_closed {
            self.catch_up(&way).await?;
        }
        // An earlier process that let writers back to the source had carried all there, and may have ended the streams.
        let had_returned = matches!(self.records.last(), Some(Record::Returning));
        if had_returned && is_closed && !on_source.stands().await? {
            on_source.take_down_surely().await?;
            if let Some(pooler) = pooler {
                pooler.point_to(&self.sides.source).await?;
                pooler.resume().await?;
            }
            self.let_back(source, target).await?;
            return Ok(Returned { pause_ms: None, target_keeps_copy: true });
        }
        let began = std::time::Instant::now();
        self.write(Record::Returning)?;
        if let Err(error) = self.close_target(&way, pooler).await {
            // An earlier process may have let writers back to the source: then the target stays closed.
            if (Fence { session: source, name: &name }).stands().await? {
                // What broke may have broken the session as well.
                let target = Session::open(&self.sides.target, &name).await?;
                Fence { session: &target, name: &name }.take_down().await?;
                if let Some(pooler) = pooler {
                    pooler.resume().await?;
                }
            }
            return Err(error);
        }
        on_source.take_down().await?;
        if let Some(pooler) = pooler {
            pooler.point_to(&self.sides.source).await?;
            pooler.resume().await?;
        }
        let pause_ms = began.elapsed().as_secs_f64() * 1000.0;
        self.let_back(source, target).await?;
        Ok(Returned { pause_ms: Some(pause_ms), target_keeps_copy: true })
    }

    /// The source has all, and takes writes: nothing is carried any more.
    async fn let_back(&mut self, source: &Session, target: &Session) -> Result<(), PostgresError> {
        let (name, back) = (self.name(), self.name_back());
        self.end_streams(source, target, &name, &back).await?;
        self.restore_identities(source).await?;
        drop_ours(source, &name).await?;
        self.write(Record::RolledBack)
    }

    /// From the target's fence until all that was written to it is on the source.
    async fn close_target(&self, way: &Stream<'_>, pooler: Option<&Pooler>) -> Result<(), PostgresError> {
        let patience = self.settings.patience;
        if let Some(pooler) = pooler {
            pooler.pause(patience).await?;
        }
        let name = self.name();
        let fence = Fence { session: way.from, name: &name };
        let standing = fence.put_up().await?;
        fence.end_earlier(&standing, patience).await?;
        settle(way, &fence, &standing, self.settings.sequence_margin, patience).await
    }

    /// Ends the move: from here on there is no way back. Replication, marks and the mover's own tables go from both sides; the
    /// source goes on refusing writes.
    ///
    /// # Errors
    /// When it was not cut over or rolled back, or something cannot be removed.
    pub async fn cleanup(&mut self) -> Result<Left, PostgresError> {
        let over = [Phase::Opened, Phase::WayBack, Phase::RolledBack, Phase::Cleaned];
        self.must_be(&over, "it must be cut over, or rolled back")?;
        let (source, target) = self.sessions().await?;
        let (name, back) = (self.name(), self.name_back());
        // A replica has what its source has, and nothing of its own.
        if !is_in_recovery(&target).await? {
            self.end_streams(&source, &target, &name, &back).await?;
        }
        drop_ours(&source, &name).await?;
        if !is_in_recovery(&target).await? {
            drop_ours(&target, &name).await?;
        }
        let mut objects = Vec::new();
        // What is gone from the source goes from its replica in a moment.
        let sides = if is_in_recovery(&target).await? { vec![&source] } else { vec![&source, &target] };
        for session in sides {
            objects.extend(left(session, &name).await?);
        }
        if self.phase() != Phase::Cleaned {
            self.write(Record::Cleaned)?;
        }
        let _gone = std::fs::remove_dir_all(self.folder.join("dump"));
        let _gone = std::fs::remove_file(self.folder.join("schema.dump"));
        let source_is_fenced = Fence { session: &source, name: &name }.stands().await?;
        Ok(Left { objects, source_is_fenced })
    }
}

/// What of a move's name is still on a side.
async fn left(session: &Session, name: &str) -> Result<Vec<String>, PostgresError> {
    let sql = format!(
        "SELECT 'publication ' || pubname FROM pg_publication WHERE pubname LIKE $1 || '%' \
        UNION ALL SELECT 'replication slot ' || slot_name FROM pg_replication_slots WHERE slot_name LIKE $1 || '%' \
            OR (slot_name = '{SLOT}' AND NOT active) \
        UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE subname LIKE $1 || '%' \
        UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = '{OURS}'"
    );
    let rows = session.rows("look for what is left", &sql, &[&name]).await?;
    let address = &session.address;
    Ok(rows.iter().map(|row| format!("{address}: {}", row.get::<_, String>(0))).collect())
}
