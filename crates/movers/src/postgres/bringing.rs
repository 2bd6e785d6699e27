//! From nothing to a target that has all: copied, dumped, or followed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::PostgresError;
use super::catalog::{OURS, fingerprint, tables};
use super::copy::{Copied, Copying};
use super::fence::Fence;
use super::made;
use super::moving::{Mode, Move, Phase, Record};
use super::preflight::plan;
use super::replication::Stream;
use super::session::Session;
use super::snapshot::Snapshot;
use crate::Meter;

/// A target this close behind its source does not make a pause long.
const CLOSE: Duration = Duration::from_millis(200);

/// A subscriber that failed so often at the same place will fail again. One that was cut off fails once.
const HOPELESS: i64 = 3;

impl Move {
    /// Copies all within one snapshot. Where `is_still`, the source takes no writes from before the snapshot until the move
    /// is cut over or rolled back; where not, the copy is of one moment, and cannot be cut over to.
    ///
    /// A copy that was interrupted is begun anew: its snapshot is gone. What it had made on the target is taken away first,
    /// and nothing else.
    ///
    /// # Errors
    /// When the preflight refuses ([`PostgresError::Preflight`]; nothing was written then), or something fails. What was made
    /// until then stays until the next attempt or [`Move::rollback`].
    pub async fn copy(
        &mut self,
        mode: Mode,
        is_still: bool,
        meter: &Arc<Meter>,
    ) -> Result<Copied, PostgresError> {
        if mode == Mode::Physical {
            let reason = "a replica is not copied: “follow --physical” begins with it";
            return Err(PostgresError::OutOfTurn { phase: self.phase().name(), reason });
        }
        let following = mode == Mode::Follow;
        self.must_be(&[Phase::New, Phase::Copying], "it must not have been copied yet")?;
        let (source, target) = self.begin(mode, is_still && !following).await?;
        let name = self.name();
        if is_still && !following {
            let fence = Fence { session: &source, name: &name };
            let standing = fence.put_up().await?;
            fence.end_earlier(&standing, self.settings.patience).await?;
        }
        let version: i32 = source
            .row("say its version", "SELECT current_setting('server_version_num')::int", &[])
            .await?
            .get(0);
        let tools = self.tools(u32::try_from(version / 10_000).unwrap_or_default())?;
        let snapshot = if following {
            self.identify(&source).await?;
            source.run("make the mover's own tables", &made::tables()).await?;
            source
                .rows(
                    "make the mover's own tables",
                    &format!("INSERT INTO {OURS}.move VALUES ($1)"),
                    &[&name],
                )
                .await?;
            Stream { from: &source, to: &target, name: &name }.publish().await?;
            Snapshot::of_new_slot(&tools, &self.sides.source, &name, &name).await?
        } else {
            Snapshot::now(Session::open(&self.sides.source, &name).await?).await?
        };
        let copying = Copying {
            source: &self.sides.source,
            target: &self.sides.target,
            name: &name,
            tools: &tools,
            folder: &self.folder,
            limits: self.settings.limits,
            owner: self.settings.owner.as_deref(),
            index_memory: self.settings.index_memory,
            margin: self.settings.sequence_margin,
            meter,
        };
        let copied = match mode {
            Mode::Dump => copying.by_dump(snapshot).await?,
            Mode::Copy | Mode::Follow | Mode::Physical => copying.run(snapshot).await?,
        };
        let (there, here) = (fingerprint(&source).await?, fingerprint(&target).await?);
        if there != here {
            let detail = "the source's tables were changed while they were copied".to_owned();
            return Err(PostgresError::Unequal { what: "the schemas differ", detail });
        }
        self.write(Record::Copied { fingerprint: here })?;
        Ok(copied)
    }

    /// Copies, and carries changes after it until the cut-over. Goes on where it was interrupted; a copy that was not
    /// complete is begun anew. Returns when the target has caught up once.
    ///
    /// # Errors
    /// As [`Move::copy`]; and when changes do not arrive.
    pub async fn follow(&mut self, meter: &Arc<Meter>) -> Result<Option<Copied>, PostgresError> {
        let copied = match self.phase() {
            Phase::New | Phase::Copying => Some(self.copy(Mode::Follow, false, meter).await?),
            _ => None,
        };
        if self.mode() != Some(Mode::Follow) {
            return Err(PostgresError::OutOfTurn {
                phase: self.phase().name(),
                reason: "it was not begun to be followed",
            });
        }
        self.must_be(&[Phase::Copied, Phase::Following], "it must not have been cut over yet")?;
        let (source, target) = self.sessions().await?;
        let name = self.name();
        let stream = Stream { from: &source, to: &target, name: &name };
        let found = stream.found().await?;
        if !found.slot || !found.publication {
            let detail = "changes since the copy are lost; roll back and begin anew".to_owned();
            return Err(PostgresError::Unequal {
                what: "the source no longer keeps changes for the target",
                detail,
            });
        }
        if !found.subscription {
            stream.subscribe(self.source_seen()).await?;
        }
        if self.phase() == Phase::Copied {
            self.write(Record::Following)?;
        }
        self.catch_up(&stream).await?;
        Ok(copied)
    }

    /// Waits until all that is committed now has arrived, as long as anything arrives at all.
    pub(super) async fn catch_up(&self, stream: &Stream<'_>) -> Result<(), PostgresError> {
        let patience = self.settings.patience;
        let (mut before, mut since) = (stream.pulse().await?, Instant::now());
        loop {
            let late = match stream.await_mark(&fresh_token(), patience).await {
                Err(late @ PostgresError::TooLong { .. }) => late,
                done => return done.map(drop),
            };
            let now = stream.pulse().await?;
            if now.reached != before.reached {
                (before, since) = (now, Instant::now());
            } else if now.errors >= before.errors + HOPELESS {
                let detail = format!("{} attempts; its log says why", now.errors - before.errors);
                return Err(PostgresError::Unequal {
                    what: "the side that follows cannot take in what comes",
                    detail,
                });
            } else if since.elapsed() >= patience * 12 {
                return Err(late);
            }
        }
    }

    /// Waits until a change arrives soon after it was made: what is behind when the fence goes up, writers wait for. A target
    /// that cannot keep up with its source does not come close, and the source goes on taking writes.
    pub(super) async fn come_close(&self, stream: &Stream<'_>) -> Result<(), PostgresError> {
        let (began, patience) = (Instant::now(), self.settings.patience);
        let bound = patience * 10;
        while began.elapsed() < bound {
            let took = stream.await_mark(&fresh_token(), bound).await?;
            // On a machine that is busy for long, what arrives well within the patience of the pause will do.
            if took <= CLOSE || (began.elapsed() > patience && took <= patience / 4) {
                return Ok(());
            }
        }
        Err(PostgresError::TooLong { what: "the target does not keep up with its source", waited: bound })
    }

    /// Looks first, writes down that it begins, and leaves both sides as a first attempt finds them.
    async fn begin(&mut self, mode: Mode, is_fenced: bool) -> Result<(Session, Session), PostgresError> {
        if self.phase() == Phase::Copying {
            if self.mode() != Some(mode) {
                let reason = "it was begun in another mode; roll back first";
                return Err(PostgresError::OutOfTurn { phase: self.phase().name(), reason });
            }
            let (source, target) = self.sessions().await?;
            self.undo(&source, &target).await?;
        }
        let plan = plan(&self.sides, &self.settings, Some(mode)).await?;
        if plan.is_refused() {
            return Err(PostgresError::Preflight { found: plan.found });
        }
        if self.phase() == Phase::New {
            let (name, sides) = (self.name(), &self.sides);
            let (source, target) = (sides.source.to_string(), sides.target.to_string());
            self.write(Record::Began { name, mode, source, target, is_fenced })?;
        }
        let (source, target) = self.sessions().await?;
        let name = self.name();
        // Nobody shall write there before it is opened.
        let fence = Fence { session: &target, name: &name };
        let standing = fence.put_up().await?;
        fence.end_earlier(&standing, self.settings.patience).await?;
        Ok((source, target))
    }

    /// Tells tables without a key how their rows are found: by an index that could be a key, or by all their columns.
    async fn identify(&mut self, source: &Session) -> Result<(), PostgresError> {
        let tables = tables(source).await?;
        let without: Vec<_> = tables.iter().filter(|table| table.is_logged && !table.is_identified).collect();
        if without.is_empty() || !self.settings.set_identities {
            return Ok(());
        }
        let alter = |table: &str, to: &str| format!("ALTER TABLE ONLY {table} REPLICA IDENTITY {to}");
        // Written down before it is done: what is put back twice is the same.
        let restore = without.iter().map(|table| alter(&table.name, "DEFAULT")).collect();
        self.write(Record::Identities { restore })?;
        for table in without {
            let to =
                table.candidate.as_ref().map_or("FULL".to_owned(), |index| format!("USING INDEX {index}"));
            let statement =
                format!("SET lock_timeout = '2s'; {}; RESET lock_timeout", alter(&table.name, &to));
            source.run("set a replica identity", &statement).await?;
        }
        Ok(())
    }
}

/// A mark that was never written before.
pub(super) fn fresh_token() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}-{}", since.as_nanos(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
