//! A move of keys with its journal.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use super::choice::{Choice, Kind};
use super::error::KeyspaceError;
use super::facts::Facts;
use super::passes::{DATA_PATIENCE, Lanes};
use super::record::{Begun, KIND, Mode, Phase, Record, Story};
use crate::connection::Redis;
use crate::{Journal, JournalError, Limits, Meter, RedisAddress};

/// From where to where, and what.
#[derive(Debug, Clone)]
pub struct Route {
    /// The old Redis and the database in it.
    pub source: RedisAddress,
    /// The new one.
    pub target: RedisAddress,
    /// Which keys, and under which names.
    pub choice: Choice,
    /// Host and port under which the target reaches the source, where they are others than ours.
    pub source_seen: Option<(String, u16)>,
    /// Host and port under which the source reaches the target, where they are others than ours.
    pub target_seen: Option<(String, u16)>,
}

/// A move of keys. One process at a time holds it.
pub struct Crossing {
    pub(super) route: Route,
    pub(super) limits: Limits,
    pub(super) source: Redis,
    pub(super) target: Redis,
    pub(super) story: Story,
    journal: Journal<Record>,
    meter: Arc<Meter>,
}

impl std::fmt::Debug for Crossing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Crossing").field("route", &self.route).finish_non_exhaustive()
    }
}

impl Crossing {
    /// Opens the move whose journal is in a folder, or a new one there.
    ///
    /// # Errors
    /// When the journal cannot be used, or is that of another move.
    pub fn open(route: Route, limits: Limits, state: &Path) -> Result<Self, KeyspaceError> {
        let failed = |source| JournalError::File { path: state.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(failed)?;
        let (journal, records) = Journal::open(&state.join("redis.journal"), KIND)?;
        let story = Story::read(records);
        let crossing = Self {
            source: Redis::patient(route.source.clone(), DATA_PATIENCE),
            target: Redis::patient(route.target.clone(), DATA_PATIENCE),
            meter: Arc::new(Meter::default()),
            route,
            limits,
            story,
            journal,
        };
        match &crossing.story.begun {
            Some(begun) if *begun != crossing.begun(begun.mode) => Err(KeyspaceError::OtherMove {
                source_at: begun.source.clone(),
                target_at: begun.target.clone(),
            }),
            _ => Ok(crossing),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.story.phase()
    }

    /// How the keys move; [`Mode::Leave`] before it begins.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.story.mode()
    }

    /// Counts what arrives, and what is compared.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// What the journal calls this move.
    pub(super) fn begun(&self, mode: Mode) -> Begun {
        let name = |address: &RedisAddress| format!("{address}/{}", address.database());
        let (source, target) = (name(&self.route.source), name(&self.route.target));
        Begun { mode, source, target, choice: self.route.choice.clone() }
    }

    /// Writes an event down, and takes it in.
    pub(super) fn write(&mut self, record: Record) -> Result<(), KeyspaceError> {
        self.journal.write(&record)?;
        self.story.tell(record);
        Ok(())
    }

    /// Refuses what does not fit where the move stands.
    pub(super) fn refuse<T>(&self, asked: &'static str) -> Result<T, KeyspaceError> {
        Err(KeyspaceError::Phase { phase: self.phase(), asked })
    }

    /// Connections that carry keys; the sides are asked how well they know times.
    pub(super) async fn lanes(&self) -> Result<Lanes, KeyspaceError> {
        let (here, there) = futures::try_join!(Facts::ask(&self.source), Facts::ask(&self.target))?;
        let exact = (here.version() >= (7, 0), there.version() >= (7, 0));
        let sides = (&self.route.source, &self.route.target);
        Ok(Lanes::new(sides, exact, self.route.choice.clone(), &self.limits, self.meter()))
    }

    pub(super) fn moves_jobs(&self) -> bool {
        self.route.choice.has(Kind::Sidekiq)
    }
}
