//! A move of media from its first look to its end.

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::bucket::Patience;
use super::error::MediaError;
use super::folder::Role;
use super::job::Boundaries;
use super::ledger::{Fate, Ledger, Record};
use super::object::KeyRange;
use super::pass::{self, Outcome, Pass, Survey};
use super::place::Place;
use super::preflight;
use super::sorted::{Last, Sorted};
use super::store::{Store, blocking};
use super::transfer::Transfer;
use super::verify::{self, Verdict};
use crate::{Finding, Journal, Limits, Meter, Pace};

/// What the journal is called inside.
const KIND: &str = "mastoferry media";

/// What happened in a move, in its journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// From where to where, as it is shown.
    Opened {
        /// The source.
        from: String,
        /// The target.
        to: String,
        /// Of this move alone: what it has on the target before that has a name of its own is under this one.
        id: String,
    },
    /// A pass began.
    Began {
        /// Seconds since 1970.
        at: u64,
        /// Whether it deletes what the source does not have any more.
        deletes: bool,
    },
    /// It came to its end.
    Ended {
        /// Seconds since 1970.
        at: u64,
        /// How it went.
        outcome: Outcome,
    },
    /// It was cut short by what is wrong for all objects.
    Stopped {
        /// Seconds since 1970.
        at: u64,
        /// What that was.
        reason: String,
    },
    /// Both sides were read and compared.
    Verified {
        /// Seconds since 1970.
        at: u64,
        /// How they compare.
        verdict: Verdict,
    },
}

/// How a pass shall go.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Delete what is ours on the target and the source does not have any more.
    pub deletes: bool,
    /// Read everything again on both sides, whatever the marks say: also finds ACLs and headers that changed in a bucket,
    /// and writes anew what the target has lost since.
    pub rereads: bool,
    /// Only keys within.
    pub range: KeyRange,
}

/// How a pass came about, or why it did not.
#[derive(Debug)]
pub enum Ran {
    /// The preflight refused; nothing was written.
    Refused(Vec<Finding>),
    /// It ran to its end.
    Ended(Box<Outcome>),
}

/// A move from one place to another, with its state in a folder that one process at a time holds.
#[derive(Debug)]
pub struct Mover {
    from: Place,
    to: Place,
    state: PathBuf,
    limits: Limits,
    meter: Arc<Meter>,
    journal: Journal<Event>,
    events: Vec<Event>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Mover {
    /// Opens the state in a folder, making it where there is none (only its owner reads it).
    ///
    /// # Errors
    /// When it cannot be used, another process holds it, or it is that of a move between other places.
    pub fn open(from: Place, to: Place, state: &Path, limits: Limits) -> Result<Self, MediaError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state);
        made.map_err(|source| MediaError::State { path: state.to_owned(), source })?;
        let (mut journal, mut events) = Journal::open(&state.join("journal"), KIND)?;
        let (here, there) = (from.to_string(), to.to_string());
        match events.first() {
            Some(Event::Opened { from, to, .. }) if (from, to) != (&here, &there) => {
                let (from, to) = (from.clone(), to.clone());
                return Err(MediaError::Other { path: state.to_owned(), from, to });
            }
            Some(_) => {}
            None => {
                let opened = Event::Opened { from: here, to: there, id: fresh_id() };
                journal.write(&opened)?;
                events.push(opened);
            }
        }
        let ledger = Arc::new(Mutex::new(Ledger::open(&state.join("ledger"))?));
        let meter = Arc::new(Meter::default());
        Ok(Self { from, to, state: state.to_owned(), limits, meter, journal, events, ledger })
    }

    /// How far it is; to be read by another thread.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }

    /// What happened so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Looks at both sides and tries on the target what will be needed there: a few objects under a name of ours, which
    /// are removed again. Nothing else is written.
    ///
    /// # Errors
    /// When the state cannot be used; what is wrong with the places is among the findings.
    pub async fn plan(&self) -> Result<Vec<Finding>, MediaError> {
        let look = self.look(&KeyRange::ALL).await?;
        Ok(look.0)
    }

    async fn look(&self, range: &KeyRange) -> Result<(Vec<Finding>, Option<Survey>), MediaError> {
        let ledger = self.sorted_ledger().await?;
        let look = preflight::Look { id: self.id(), range, folder: &self.state, limits: &self.limits };
        look.at((&self.from, &self.to), &ledger).await
    }

    /// Has the target have what the source has. The first pass looks first, as [`Self::plan`] does, and writes nothing
    /// where that refuses; later ones go on from what the ledger knows.
    ///
    /// # Errors
    /// When something is wrong for all objects; what is on the target is whole nevertheless, and the next pass goes on.
    pub async fn pass(&mut self, asked: &Asked) -> Result<Ran, MediaError> {
        let looked = self.look(&asked.range).await?;
        let survey = match looked {
            (found, Some(survey)) if !found.iter().any(|it| it.grade == crate::Grade::Refused) => survey,
            (found, _) => return Ok(Ran::Refused(found)),
        };
        self.write(Event::Began { at: now(), deletes: asked.deletes })?;
        match self.run(asked, survey).await {
            Ok(outcome) => {
                self.write(Event::Ended { at: now(), outcome: outcome.clone() })?;
                Ok(Ran::Ended(Box::new(outcome)))
            }
            Err(error) => {
                self.write(Event::Stopped { at: now(), reason: error.to_string() })?;
                Err(error)
            }
        }
    }

    async fn run(&self, asked: &Asked, survey: Survey) -> Result<Outcome, MediaError> {
        let (source, target) = self.stores()?;
        self.end_uploads(&target, false).await?;
        let ledger = self.sorted_ledger().await?;
        let asks_access = asks_access(&source, &target);
        let pace = Pace::new(&self.limits);
        let pass = Pass {
            transfer: Arc::new(Transfer::new(
                (source, target.clone()),
                (asks_access, asked.rereads),
                pace,
                self.limits.connections.get(),
                self.ledger.clone(),
            )),
            ledger: self.ledger.clone(),
            meter: self.meter.clone(),
            in_flight: self.limits.connections.get() * 2,
            deletes: asked.deletes,
            trusts_marks: !asked.rereads,
            range: asked.range.clone(),
        };
        let outcome = pass.run(survey, ledger).await?;
        self.end_uploads(&target, true).await?;
        Ok(outcome)
    }

    fn stores(&self) -> Result<(Store, Store), MediaError> {
        let source = Store::open(&self.from, Role::Source, Patience::Long, self.id())?;
        Ok((source, Store::open(&self.to, Role::Target, Patience::Long, self.id())?))
    }

    fn id(&self) -> &str {
        match self.events.first() {
            Some(Event::Opened { id, .. }) => id,
            _ => "move",
        }
    }

    async fn sorted_ledger(&self) -> Result<Sorted<Record>, MediaError> {
        let (ledger, state) = (self.ledger.clone(), self.state.clone());
        blocking(move || ledger.lock().unwrap_or_else(PoisonError::into_inner).sorted(&state)).await
    }

    /// Ends the uploads in parts that a crash left behind, and removes files that have no name yet.
    ///
    /// A mover can die after the server has begun an upload and before it knows its id, and a request that is sent again may
    /// begin a second one. So what the server lists is looked through as well, for keys that this move was about to write; and
    /// while nobody else writes there (`of_written`), for those that it has written.
    async fn end_uploads(&self, target: &Store, of_written: bool) -> Result<(), MediaError> {
        let bucket = match target {
            Store::Folder(folder) => return folder.clear(),
            Store::Bucket(bucket) => bucket,
        };
        let mut begun: HashMap<String, Vec<String>> = HashMap::new();
        match bucket.begun().await {
            Ok(listed) => listed.into_iter().for_each(|(key, id)| begun.entry(key).or_default().push(id)),
            // Not every server lists them, and not to everybody; those whose ids are known are ended all the same.
            Err(MediaError::Denied { .. } | MediaError::Refused { .. } | MediaError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        let failed = |source| MediaError::State { path: self.state.clone(), source };
        let ledger = self.sorted_ledger().await?;
        let mut records = ledger.read().and_then(Last::new).map_err(failed)?;
        while let Some(record) = records.next().map_err(failed)? {
            let is_ours = match record.fate {
                Fate::Upload { id } => {
                    bucket.abort(&record.key, &id).await?;
                    let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
                    ledger.add(&Record { key: record.key.clone(), fate: Fate::Intent })?;
                    ledger.sync()?;
                    true
                }
                Fate::Intent => true,
                Fate::Written { ours, .. } => ours && of_written,
                Fate::Deleted => false,
            };
            if is_ours {
                for id in begun.remove(&record.key).into_iter().flatten() {
                    bucket.abort(&record.key, &id).await?;
                }
            }
        }
        Ok(())
    }

    /// Reads everything on both sides and compares it: content, size, who may read it, and what is told with it.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub async fn verify(&mut self) -> Result<Verdict, MediaError> {
        let (source, target) = self.stores()?;
        let survey = Survey::make(&source, &target, &KeyRange::ALL, &self.state).await?;
        self.meter.expect(survey.objects, survey.bytes);
        let pace = Arc::new(Pace::new(&self.limits));
        let compare = verify::Compare { source, target, pace, meter: self.meter.clone() };
        let verdict = compare.all(survey, self.limits.connections.get()).await?;
        self.write(Event::Verified { at: now(), verdict: verdict.clone() })?;
        Ok(verdict)
    }

    /// How many objects the target has that the source has not: after a cut-over, what was sent since, and what was there
    /// before.
    ///
    /// # Errors
    /// When a side cannot be listed.
    pub async fn only_on_target(&self) -> Result<u64, MediaError> {
        let (source, target) = self.stores()?;
        let survey = Survey::make(&source, &target, &KeyRange::ALL, &self.state).await?;
        survey.only_on_target().map_err(|source| MediaError::State { path: self.state.clone(), source })
    }

    /// Keys from all over the source, to be fetched from outside; none that only Mastodon may read.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub async fn sample(&self, count: usize) -> Result<Vec<String>, MediaError> {
        let (source, target) = self.stores()?;
        let survey = Survey::make(&source, &target, &KeyRange::ALL, &self.state).await?;
        verify::sample(&source, &survey, count).await
    }

    /// The hash of an object on the target, in hexadecimal digits.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn hash(&self, key: &str) -> Result<String, MediaError> {
        Ok(self.stores()?.1.content(key).await?.hash.hex())
    }

    /// Cuts the source into ranges of keys that are about as much work each.
    ///
    /// # Errors
    /// When the source cannot be listed.
    pub async fn boundaries(&self, parts: std::num::NonZeroUsize) -> Result<Boundaries, MediaError> {
        let (source, _) = self.stores()?;
        let (listed, _) = pass::list(&source, &KeyRange::ALL, &self.state).await?;
        Boundaries::cut(&listed, parts)
            .map_err(|source| MediaError::State { path: self.state.clone(), source })
    }

    /// Removes what only the move itself needed from the target: uploads that were begun, files without a name. What was
    /// copied stays, and so does the state.
    ///
    /// # Errors
    /// When the target cannot be reached, or does not permit it.
    pub async fn cleanup(&self) -> Result<(), MediaError> {
        let (_, target) = self.stores()?;
        self.end_uploads(&target, false).await
    }

    fn write(&mut self, event: Event) -> Result<(), MediaError> {
        self.journal.write(&event)?;
        self.events.push(event);
        Ok(())
    }
}

/// What happened in the move whose state is in a folder.
///
/// # Errors
/// When there is none, or a process is at it.
pub fn events(state: &Path) -> Result<Vec<Event>, MediaError> {
    let path = state.join("journal");
    // Opened to be written, one would be made.
    std::fs::metadata(&path).map_err(|source| MediaError::State { path: path.clone(), source })?;
    Ok(Journal::open(&path, KIND)?.1)
}

/// Whether the ACLs of the source's objects are to be asked for: both sides have some.
pub(super) fn asks_access(source: &Store, target: &Store) -> bool {
    match (source, target) {
        (Store::Bucket(source), Store::Bucket(target)) => {
            source.settings().permission.is_some() && target.settings().permission.is_some()
        }
        (Store::Bucket(source), Store::Folder(_)) => source.settings().permission.is_some(),
        (Store::Folder(_), _) => false,
    }
}

/// A name that no other move has: pods number their processes alike.
fn fresh_id() -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    format!("{:016x}", std::hash::RandomState::new().build_hasher().finish())
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
