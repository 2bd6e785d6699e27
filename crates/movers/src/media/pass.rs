//! One pass over both sides: what is to be done follows from the listings and the ledger, compared key by key.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::MediaError;
use super::ledger::{Fate, Ledger, Record};
use super::object::{Entry, Found, KeyRange};
use super::sorted::{Keyed, Last, Sorted, Sorter};
use super::store::{Store, blocking};
use super::transfer::{Done, Transfer};
use crate::Meter;

/// Intents that come to the disk together.
const INTENTS: usize = 256;

/// What was written is noted after so many objects, or so long, whichever comes first.
const NOTED: (usize, Duration) = (512, Duration::from_secs(2));

/// So many names are told; the rest is counted.
const FEW: usize = 20;

impl Keyed for Entry {
    fn key(&self) -> &str {
        &self.key
    }
}

/// How many, and the first few by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Few {
    /// All of them.
    pub count: u64,
    /// The first ones, with the reason where there is one.
    pub first: Vec<String>,
}

impl Few {
    pub(super) fn add(&mut self, name: String) {
        self.count += 1;
        if self.first.len() < FEW {
            self.first.push(name);
        }
    }
}

/// How a pass went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Objects that the source has, and their bytes.
    pub objects: u64,
    /// Bytes that the source has.
    pub bytes: u64,
    /// Objects that were written and read back equal.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that have not changed since they were written, by their marks on both sides.
    pub unchanged: u64,
    /// Objects that were read, and are equal.
    pub equal: u64,
    /// Objects that the source lost while the pass ran, or before.
    pub gone: u64,
    /// Objects deleted from the target because the source does not have them any more.
    pub deleted: u64,
    /// Objects of ours that the source does not have any more, left for a pass that deletes.
    pub surplus: u64,
    /// Objects on the target that are not ours, and that the source does not have.
    pub foreign: Few,
    /// Objects on the target that are not ours, where the source has something else.
    pub conflicts: Few,
    /// Objects whose content type, cache control or disposition the target did not keep.
    pub untold: Few,
    /// Objects that could not be moved.
    pub failed: Few,
    /// Names at the source that cannot be moved.
    pub unusable: Few,
    /// How long it took.
    pub seconds: f64,
}

impl Outcome {
    /// Whether the target has all that the source had when it was listed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.count == 0 && self.conflicts.count == 0 && self.unusable.count == 0
    }
}

/// What is where.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) source: Sorted<Entry>,
    pub(super) target: Sorted<Entry>,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) unusable: Few,
}

#[derive(Debug)]
pub(super) struct Listing {
    sorter: Option<Sorter<Entry>>,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) unusable: Few,
}

/// Lists a place; the files of the sorted listing are in a folder.
pub(super) async fn list(
    store: &Store,
    range: &KeyRange,
    folder: &Path,
) -> Result<(Sorted<Entry>, Listing), MediaError> {
    let listing =
        Listing { sorter: Some(Sorter::new(folder)), objects: 0, bytes: 0, unusable: Few::default() };
    let listing = Arc::new(Mutex::new(listing));
    let (told, path) = (listing.clone(), folder.to_owned());
    let tell = move |found| {
        let mut listing = told.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Found::Object(entry) => {
                listing.objects += 1;
                listing.bytes += entry.size;
                let sorter = listing.sorter.as_mut().ok_or(MediaError::Lost)?;
                sorter.push(entry).map_err(|source| MediaError::State { path: path.clone(), source })
            }
            Found::Unusable { name, why } => {
                listing.unusable.add(format!("{name}: {why}"));
                Ok(())
            }
        }
    };
    store.list(range, tell).await?;
    let listing = Arc::into_inner(listing).ok_or(MediaError::Lost)?;
    let mut listing = listing.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sorted = listing.sorter.take().ok_or(MediaError::Lost)?.finish();
    Ok((sorted.map_err(|source| MediaError::State { path: folder.to_owned(), source })?, listing))
}

impl Survey {
    /// Lists both sides. What is listed goes to files in a folder where memory is not enough.
    pub(super) async fn make(
        source: &Store,
        target: &Store,
        range: &KeyRange,
        folder: &Path,
    ) -> Result<Self, MediaError> {
        let (here, there) =
            futures::future::try_join(list(source, range, folder), list(target, range, folder)).await?;
        Ok(Self::of(here, there.0))
    }

    /// How many keys only the target has.
    pub(super) fn only_on_target(&self) -> std::io::Result<u64> {
        let (mut source, mut target) = (Last::new(self.source.read()?)?, Last::new(self.target.read()?)?);
        let mut count = 0;
        while let Some(key) = target.key().map(str::to_owned) {
            while source.key().is_some_and(|own| own < key.as_str()) {
                source.next()?;
            }
            target.take(&key)?;
            count += u64::from(source.take(&key)?.is_none());
        }
        Ok(count)
    }

    pub(super) fn of((source, here): (Sorted<Entry>, Listing), target: Sorted<Entry>) -> Self {
        Self { source, target, objects: here.objects, bytes: here.bytes, unusable: here.unusable }
    }
}

/// What is to be done about one key.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// The target has nothing, or something of ours that does not count.
    Copy(Entry),
    /// It was written once, but the marks differ.
    Refresh(Entry, Record),
    /// The target has something that the ledger does not know.
    Adopt(Entry, Entry),
    /// The marks are as they were.
    Nothing,
    /// The source does not have it any more; whether the ledger knows it as ours.
    Surplus(String, bool),
    /// Not ours, and the source does not have it.
    Foreign(String),
    /// Neither side has it any more.
    Forget(String),
}

/// Compares listings and ledger key by key.
pub(super) struct Decisions {
    source: Last<Entry>,
    target: Last<Entry>,
    ledger: Last<Record>,
    range: KeyRange,
    /// Whether marks count; where not, everything is read again.
    trusts_marks: bool,
}

impl Decisions {
    pub(super) fn new(
        survey: &Survey,
        ledger: &Sorted<Record>,
        range: &KeyRange,
        trusts_marks: bool,
    ) -> std::io::Result<Self> {
        Ok(Self {
            source: Last::new(survey.source.read()?)?,
            target: Last::new(survey.target.read()?)?,
            ledger: Last::new(ledger.read()?)?,
            range: range.clone(),
            trusts_marks,
        })
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Work>> {
        loop {
            let keys = [self.source.key(), self.target.key(), self.ledger.key()];
            let Some(key) = keys.into_iter().flatten().min().map(str::to_owned) else { return Ok(None) };
            let (here, there) = (self.source.take(&key)?, self.target.take(&key)?);
            let known = self.ledger.take(&key)?;
            if self.range.holds(&key)
                && let Some(work) = self.decide(key, here, there, known)
            {
                return Ok(Some(work));
            }
        }
    }

    fn decide(
        &self,
        key: String,
        here: Option<Entry>,
        there: Option<Entry>,
        known: Option<Record>,
    ) -> Option<Work> {
        let fate = known.as_ref().map(|record| &record.fate);
        match (here, there, fate) {
            (None, None, None | Some(Fate::Deleted)) => None,
            (None, None, Some(_)) => Some(Work::Forget(key)),
            (Some(here), None, _) => Some(Work::Copy(here)),
            (Some(here), Some(there), Some(Fate::Written { size, source, target, .. })) => {
                if there.size != *size || there.mark != *target {
                    // Somebody has written over it: it is looked at as if we had not.
                    return Some(Work::Adopt(here, there));
                }
                let is_same = self.trusts_marks && here.size == *size && here.mark == *source;
                Some(match known {
                    Some(record) if !is_same => Work::Refresh(here, record),
                    _ => Work::Nothing,
                })
            }
            (Some(here), Some(_), Some(Fate::Intent | Fate::Upload { .. })) => Some(Work::Copy(here)),
            (Some(here), Some(there), None | Some(Fate::Deleted)) => Some(Work::Adopt(here, there)),
            (None, Some(_), Some(Fate::Intent | Fate::Upload { .. })) => Some(Work::Surplus(key, true)),
            (None, Some(there), Some(Fate::Written { target, ours: true, .. })) if there.mark == *target => {
                Some(Work::Surplus(key, true))
            }
            (None, Some(_), Some(Fate::Written { .. })) => Some(Work::Foreign(key)),
            (None, Some(_), None | Some(Fate::Deleted)) => Some(Work::Surplus(key, false)),
        }
    }
}

/// What a pass is given.
pub(super) struct Pass {
    pub(super) transfer: Arc<Transfer>,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) meter: Arc<Meter>,
    /// Objects on their way at once, with those that are being read back.
    pub(super) in_flight: usize,
    /// Whether what the source does not have any more is deleted.
    pub(super) deletes: bool,
    pub(super) trusts_marks: bool,
    pub(super) range: KeyRange,
}

impl Pass {
    /// Does what is to be done. An error is one of all objects; those of single ones are in the outcome.
    pub(super) async fn run(&self, survey: Survey, ledger: Sorted<Record>) -> Result<Outcome, MediaError> {
        let began = Instant::now();
        let mut outcome = Outcome {
            objects: survey.objects,
            bytes: survey.bytes,
            unusable: survey.unusable.clone(),
            ..Outcome::default()
        };
        self.meter.expect(survey.objects, survey.bytes);
        let (send, receive) = mpsc::channel(INTENTS);
        let decisions =
            Decisions::new(&survey, &ledger, &self.range, self.trusts_marks).map_err(unreadable)?;
        let producer = Producer {
            send,
            decisions,
            ledger: self.ledger.clone(),
            meter: self.meter.clone(),
            deletes: self.deletes,
            counted: Outcome::default(),
        };
        let decided = tokio::task::spawn_blocking(move || producer.run());
        self.work(receive, &mut outcome).await?;
        let counted = decided.await.map_err(|_| MediaError::Lost)??;
        // What went one by one is gone; where all went at once, a volume was unmounted, or a bucket removed.
        if outcome.gone > 0 && self.transfer.source().is_empty().await? {
            return Err(MediaError::Absent { place: self.transfer.source().place().to_owned() });
        }
        outcome.unchanged = counted.unchanged;
        outcome.surplus += counted.surplus;
        outcome.foreign = merged(outcome.foreign, counted.foreign);
        outcome.seconds = began.elapsed().as_secs_f64();
        Ok(outcome)
    }

    async fn work(&self, mut receive: mpsc::Receiver<Work>, outcome: &mut Outcome) -> Result<(), MediaError> {
        let mut working = JoinSet::new();
        let (mut written, mut noted) = (Vec::new(), Instant::now());
        let (mut failed, mut is_decided) = (None, false);
        loop {
            tokio::select! {
                work = receive.recv(), if !is_decided && working.len() < self.in_flight => match work {
                    Some(work) => {
                        let transfer = self.transfer.clone();
                        working.spawn(async move { (key_of(&work), size_of(&work), carry_out(&transfer, work).await) });
                    }
                    None => is_decided = true,
                },
                Some(joined) = working.join_next(), if !working.is_empty() => {
                    let (key, size, done) = joined.map_err(|_| MediaError::Lost)?;
                    match done {
                        Ok(done) => {
                            self.meter.add(1, size);
                            written.extend(count(outcome, key, done));
                        }
                        Err(error) if error.is_of_all() => {
                            failed = Some(error);
                            break;
                        }
                        Err(error) => outcome.failed.add(format!("{key}: {error}")),
                    }
                }
                else => break,
            }
            if written.len() >= NOTED.0 || (!written.is_empty() && noted.elapsed() >= NOTED.1) {
                self.note(std::mem::take(&mut written)).await?;
                noted = Instant::now();
            }
        }
        // What is on its way is cut short; its intents stay.
        working.abort_all();
        drop(receive);
        let is_noted = self.note(written).await;
        failed.map_or(is_noted, Err)
    }

    /// Has the target bring what was written to its disk, and notes it then.
    async fn note(&self, written: Vec<Record>) -> Result<(), MediaError> {
        if written.is_empty() {
            return Ok(());
        }
        self.transfer.target().sync().await?;
        let ledger = self.ledger.clone();
        blocking(move || {
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            for record in &written {
                ledger.add(record)?;
            }
            ledger.sync()
        })
        .await
    }
}

fn unreadable(source: std::io::Error) -> MediaError {
    MediaError::State { path: "the sorted listing".into(), source }
}

fn merged(mut one: Few, other: Few) -> Few {
    one.count += other.count;
    one.first.extend(other.first);
    one.first.truncate(FEW);
    one
}

fn key_of(work: &Work) -> String {
    match work {
        Work::Copy(entry) | Work::Refresh(entry, _) | Work::Adopt(entry, _) => entry.key.clone(),
        Work::Surplus(key, _) | Work::Foreign(key) | Work::Forget(key) => key.clone(),
        Work::Nothing => String::new(),
    }
}

fn size_of(work: &Work) -> u64 {
    match work {
        Work::Copy(entry) | Work::Refresh(entry, _) | Work::Adopt(entry, _) => entry.size,
        _ => 0,
    }
}

async fn carry_out(transfer: &Transfer, work: Work) -> Result<Done, MediaError> {
    match work {
        Work::Copy(entry) => transfer.copy(&entry).await,
        Work::Refresh(entry, record) => transfer.refresh(&entry, &record).await,
        Work::Adopt(entry, there) => transfer.adopt(&entry, &there).await,
        Work::Surplus(key, is_known) => transfer.delete(&key, is_known).await,
        Work::Forget(key) => Ok(Done::Deleted { record: Record { key, fate: Fate::Deleted } }),
        Work::Nothing | Work::Foreign(_) => Ok(Done::Kept),
    }
}

/// Counts what was done; with it what is to be noted of it.
fn count(outcome: &mut Outcome, key: String, done: Done) -> Option<Record> {
    match done {
        Done::Copied { record, bytes, is_untold } => {
            outcome.copied += 1;
            outcome.copied_bytes += bytes;
            if is_untold {
                outcome.untold.add(key);
            }
            return Some(record);
        }
        Done::Equal { record } => {
            outcome.equal += 1;
            return Some(record);
        }
        Done::Deleted { record } => {
            outcome.deleted += 1;
            return Some(record);
        }
        Done::Back => {}
        Done::Gone => outcome.gone += 1,
        Done::Conflict => outcome.conflicts.add(key),
        Done::Kept => outcome.foreign.add(key),
    }
    None
}

/// Decides, brings the intents to the disk, and hands the work on.
struct Producer {
    send: mpsc::Sender<Work>,
    decisions: Decisions,
    ledger: Arc<Mutex<Ledger>>,
    meter: Arc<Meter>,
    deletes: bool,
    counted: Outcome,
}

impl Producer {
    fn run(mut self) -> Result<Outcome, MediaError> {
        let mut batch = Vec::with_capacity(INTENTS);
        while let Some(work) = self.decisions.next().map_err(unreadable)? {
            match work {
                Work::Nothing => {
                    self.counted.unchanged += 1;
                    self.meter.add(1, 0);
                }
                Work::Surplus(_, true) if !self.deletes => self.counted.surplus += 1,
                Work::Surplus(key, false) if !self.deletes => self.counted.foreign.add(key),
                Work::Foreign(key) => self.counted.foreign.add(key),
                work => batch.push(work),
            }
            if batch.len() >= INTENTS && !self.hand_on(&mut batch)? {
                return Ok(self.counted);
            }
        }
        self.hand_on(&mut batch)?;
        Ok(self.counted)
    }

    /// Whether anybody still takes it.
    fn hand_on(&mut self, batch: &mut Vec<Work>) -> Result<bool, MediaError> {
        {
            let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            for work in batch.iter() {
                // What is there and not known to be ours gets no intent: an intent would make it ours.
                if let Work::Copy(entry) | Work::Refresh(entry, _) = work {
                    ledger.add(&Record { key: entry.key.clone(), fate: Fate::Intent })?;
                }
            }
            ledger.sync()?;
        }
        Ok(batch.drain(..).all(|work| self.send.blocking_send(work).is_ok()))
    }
}
