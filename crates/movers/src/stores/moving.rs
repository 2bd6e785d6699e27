//! To the new side.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::error::{Looked, StoreKind, StoresError};
use crate::keyspace::{self, Crossing, Route, Terms};
use crate::media::{Asked, Mover, Outcome, Place, Ran};
use crate::postgres::{self, Pooler, Settings, Sides};
use crate::{Limits, Meter};

/// A database and how it moves.
pub struct GivenPostgres {
    /// From where to where.
    pub sides: Sides,
    /// How.
    pub settings: Settings,
    /// In which mode: [`postgres::Mode::Follow`] while users write, any other only when nobody does any more.
    pub mode: postgres::Mode,
    /// The pooler that clients wait at, where one stands.
    pub pooler: Option<Pooler>,
}

/// Keys and how they move.
pub struct GivenRedis {
    /// Which Redis: [`StoreKind::Redis`], or the one of Sidekiq's or the cache's own.
    pub store: StoreKind,
    /// From where to where, and which.
    pub route: Route,
    /// What it may take.
    pub limits: Limits,
    /// [`keyspace::Mode::Replicate`] or [`keyspace::Mode::Copy`].
    pub mode: keyspace::Mode,
}

/// Media and how they move.
pub struct GivenMedia {
    /// Where they are.
    pub from: Place,
    /// Where they shall be.
    pub to: Place,
    /// What it may take.
    pub limits: Limits,
}

/// What moves.
#[derive(Default)]
pub struct Given {
    /// The database, where it moves.
    pub postgres: Option<GivenPostgres>,
    /// Every Redis that moves.
    pub redis: Vec<GivenRedis>,
    /// The media, where they move.
    pub media: Option<GivenMedia>,
}

pub(super) struct Database {
    pub(super) course: postgres::Move,
    pub(super) mode: postgres::Mode,
    pub(super) pooler: Option<Pooler>,
    sides: Sides,
    settings: Settings,
}

pub(super) struct Keys {
    pub(super) store: StoreKind,
    pub(super) crossing: Crossing,
    mode: keyspace::Mode,
    route: Route,
}

/// The stores of one Mastodon on their way.
pub struct Stores {
    pub(super) database: Option<Database>,
    pub(super) keys: Vec<Keys>,
    pub(super) media: Option<Mover>,
    pub(super) meter: Arc<Meter>,
}

/// What stands on the new side while the old one serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Followed {
    /// Rows that were copied in this run; none where an earlier one did it.
    pub rows: u64,
    /// Objects that were copied in this run.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
}

/// What the cut-over came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CutOver {
    /// When the old side took its last write at the latest: milliseconds since 1970, by this machine's clock. Nothing where an
    /// earlier process had begun it.
    pub closed_at_ms: Option<u64>,
    /// When the new side took its first at the earliest.
    pub opened_at_ms: Option<u64>,
    /// Milliseconds in which nobody could write, all stores together.
    pub pause_ms: Option<f64>,
    /// Tables compared row by row, and their rows; nothing where an earlier process ended the pause.
    pub rows: Option<(usize, u64)>,
    /// Keys compared.
    pub keys: Option<u64>,
    /// Jobs of Sidekiq in the pause, the same on both sides.
    pub jobs: Option<u64>,
    /// Objects that the new place has, and how many of them were carried in the pause.
    pub objects: Option<(u64, u64)>,
    /// Whether everything that is written from now on is carried back until the moves are cleaned up.
    pub loses_nothing_back: bool,
}

impl Stores {
    /// Opens the state in a folder, or begins it: `postgres`, `media` and the names of Redis ([`StoreKind::name`]) are in it
    /// what `--state` is of the commands for one store.
    ///
    /// # Errors
    /// When a folder cannot be used, another process has it, or it is of another move.
    pub fn open(given: Given, state: &Path) -> Result<Self, StoresError> {
        let database = given.postgres.map(|given| {
            let (sides, settings) = (given.sides.clone(), given.settings.clone());
            let course = postgres::Move::open(&state.join("postgres"), given.sides, given.settings)?;
            Ok::<_, StoresError>(Database { course, mode: given.mode, pooler: given.pooler, sides, settings })
        });
        let keys = given.redis.into_iter().map(|given| {
            let (store, route) = (given.store, given.route.clone());
            let crossing = Crossing::open(given.route, given.limits, &state.join(store.name()))?;
            Ok::<_, StoresError>(Keys { store, crossing, mode: given.mode, route })
        });
        let media =
            given.media.map(|given| Mover::open(given.from, given.to, &state.join("media"), given.limits));
        Ok(Self {
            database: database.transpose()?,
            keys: keys.collect::<Result<_, _>>()?,
            media: media.transpose()?,
            meter: Arc::default(),
        })
    }

    /// How far the database's copy is.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Looks at every store that was not begun. A few objects are written to the new place for media, and removed again;
    /// nothing else is written.
    ///
    /// # Errors
    /// When a side cannot be asked at all.
    pub async fn check(&self) -> Result<Vec<Looked>, StoresError> {
        let mut looked = Vec::new();
        if let Some(Database { course, mode, sides, settings, .. }) = &self.database
            && course.phase() == postgres::Phase::New
        {
            let found = Box::pin(postgres::plan(sides, settings, Some(*mode))).await?.found;
            looked.push(Looked { store: StoreKind::Postgres, findings: found });
        }
        for Keys { store, crossing, route, .. } in &self.keys {
            if crossing.phase() == keyspace::Phase::New {
                let found = Box::pin(keyspace::plan(route)).await?.findings;
                looked.push(Looked { store: *store, findings: found });
            }
        }
        if let Some(mover) = &self.media
            && mover.events().len() == 1
        {
            looked.push(Looked { store: StoreKind::Media, findings: mover.plan().await? });
        }
        Ok(looked)
    }

    /// Has the new side have everything while the old one serves, and follow it as far as that can be. A database that
    /// cannot be followed waits for the pause.
    ///
    /// # Errors
    /// [`StoresError::Refused`] before anything was written, or what went wrong; what was begun stays until it is
    /// repeated or [`Stores::go_back`].
    pub async fn follow(&mut self) -> Result<Followed, StoresError> {
        let looked = self.check().await?;
        if looked.iter().any(|one| one.refusals().next().is_some()) {
            return Err(StoresError::Refused(looked));
        }
        let mut followed = Followed::default();
        // What takes longest first: a database that is followed keeps its log meanwhile.
        if let Some(mover) = &mut self.media {
            let outcome = pass(mover, false).await?;
            (followed.objects, followed.object_bytes) = (outcome.copied, outcome.copied_bytes);
        }
        for Keys { crossing, mode, .. } in &mut self.keys {
            match (mode, crossing.phase()) {
                (_, keyspace::Phase::Handing | keyspace::Phase::HandedOver) => {}
                (keyspace::Mode::Replicate, _) => {
                    crossing.replicate().await?;
                }
                (_, keyspace::Phase::Copied) => {}
                (_, _) => {
                    crossing.copy().await?;
                }
            }
        }
        if let Some(Database { course, mode: postgres::Mode::Follow, .. }) = &mut self.database {
            use postgres::Phase::{Copied, Copying, Following, New};
            if matches!(course.phase(), New | Copying | Copied | Following) {
                let copied = Box::pin(course.follow(&self.meter)).await?;
                followed.rows = copied.map_or(0, |copied| copied.rows);
            }
        }
        Ok(followed)
    }

    /// Whether every store follows, as far as that can be.
    #[must_use]
    pub fn is_following(&self) -> bool {
        use keyspace::Phase::{Copied, Following, Handing};
        use postgres::Phase as Rows;
        let database = self.database.as_ref().is_none_or(|own| match own.course.phase() {
            Rows::Following | Rows::Fenced | Rows::Opening | Rows::Opened | Rows::WayBack => true,
            Rows::New | Rows::Copying | Rows::Copied => own.mode != postgres::Mode::Follow,
            Rows::RolledBack | Rows::Cleaned => false,
        });
        let keys = self.keys.iter().all(|own| {
            matches!(own.crossing.phase(), Copied | Following | Handing | keyspace::Phase::HandedOver)
        });
        let media = self.media.as_ref().is_none_or(|mover| {
            mover.events().iter().any(|event| matches!(event, crate::media::Event::Ended { .. }))
        });
        database && keys && media
    }

    /// Whether the new side is the one.
    #[must_use]
    pub fn is_cut_over(&self) -> bool {
        let database = self.database.as_ref().is_none_or(|own| {
            matches!(own.course.phase(), postgres::Phase::Opened | postgres::Phase::WayBack)
        });
        let keys = self.keys.iter().all(|own| own.crossing.phase() == keyspace::Phase::HandedOver);
        database && keys
    }

    /// The one pause, and the proofs after it. Sidekiq's processes of the old side must be gone before.
    ///
    /// # Errors
    /// When anything is not as it must be. Where the new side did not open, the old one takes writes again (but for a
    /// database that cannot be followed: that waits for this to be repeated, or for [`Stores::go_back`]).
    pub async fn cut_over(&mut self) -> Result<CutOver, StoresError> {
        let terms = Terms { workers_running: false, follow_back: true };
        if let Some(mover) = &mut self.media {
            pass(mover, false).await?;
        }
        let mut ready = Vec::new();
        for Keys { crossing, .. } in &mut self.keys {
            ready.push(Box::pin(crossing.prepare(terms)).await?);
        }
        if let Some(Database { course, mode, .. }) = &mut self.database
            && *mode != postgres::Mode::Follow
            && matches!(course.phase(), postgres::Phase::New | postgres::Phase::Copying)
        {
            Box::pin(course.copy(*mode, true, &self.meter)).await?;
        }
        let (media, keys) = (&mut self.media, &mut self.keys);
        let mut others = Others::default();
        let began = Instant::now();
        let switched = match &mut self.database {
            Some(Database { course, pooler, .. }) => {
                let behind = async {
                    others = Others::pass(media, keys, ready).await?;
                    Ok(())
                };
                Some(Box::pin(course.cutover_with(pooler.as_ref(), Box::pin(behind), &self.meter)).await?)
            }
            None => {
                others = Others::pass(media, keys, ready).await?;
                None
            }
        };
        let pause_ms = match &switched {
            Some(switched) => switched.pause_ms,
            None => Some(began.elapsed().as_secs_f64() * 1000.0),
        };
        let mut handovers = Vec::new();
        for (Keys { crossing, .. }, handed) in self.keys.iter_mut().zip(others.handed) {
            let handover = Box::pin(crossing.prove_handover(terms, handed)).await?;
            if !handover.fenced {
                return Err(StoresError::FenceFell);
            }
            if let Some(proof) = handover.proof.as_ref().filter(|proof| !proof.holds()) {
                return Err(StoresError::KeysDiffer { different: proof.different, extra: proof.extra });
            }
            handovers.push(handover);
        }
        let compared = handovers.iter().filter_map(|own| own.proof.as_ref()).map(|proof| proof.compared);
        let proof = switched.as_ref().and_then(|switched| switched.proof.as_ref());
        let opened_at_ms = others.opened_at_ms.or_else(|| pause_ms.map(|_| now_ms()));
        let closed = opened_at_ms.zip(pause_ms).map(|(at, pause)| at.saturating_sub(pause.ceil() as u64));
        Ok(CutOver {
            closed_at_ms: closed,
            opened_at_ms,
            pause_ms,
            rows: proof
                .map(|proof| (proof.tables.len(), proof.tables.iter().map(|table| table.rows.0).sum())),
            keys: compared.reduce(|sum, own| sum + own),
            jobs: handovers.iter().map(|own| own.jobs).reduce(|sum, own| sum + own),
            objects: others.media.as_ref().map(|outcome| (outcome.objects, outcome.copied)),
            loses_nothing_back: !self.would_lose(),
        })
    }
}

/// What passes behind the database's fence.
#[derive(Default)]
struct Others {
    media: Option<Outcome>,
    handed: Vec<keyspace::Handed>,
    opened_at_ms: Option<u64>,
}

impl Others {
    async fn pass(
        media: &mut Option<Mover>,
        keys: &mut [Keys],
        ready: Vec<keyspace::Ready>,
    ) -> Result<Self, StoresError> {
        let media = match media {
            Some(mover) => Some(pass(mover, true).await?),
            None => None,
        };
        let mut handed = Vec::new();
        for (Keys { crossing, .. }, ready) in keys.iter_mut().zip(ready) {
            handed.push(Box::pin(crossing.hand_over(ready)).await?);
        }
        Ok(Self { media, handed, opened_at_ms: Some(now_ms()) })
    }
}

/// One pass over media; anything that is missing afterwards is an error.
async fn pass(mover: &mut Mover, deletes: bool) -> Result<Outcome, StoresError> {
    match mover.pass(&Asked { deletes, ..Asked::default() }).await? {
        Ran::Refused(findings) => {
            Err(StoresError::Refused(vec![Looked { store: StoreKind::Media, findings }]))
        }
        Ran::Ended(outcome) if outcome.is_complete() => Ok(*outcome),
        Ran::Ended(outcome) => Err(StoresError::MediaIncomplete {
            failed: outcome.failed.count + outcome.unusable.count,
            conflicts: outcome.conflicts.count,
        }),
    }
}

fn now_ms() -> u64 {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
