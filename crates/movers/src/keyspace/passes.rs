//! Going over keys: all of them, or those that changed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, TryStreamExt as _, stream};

use super::choice::Choice;
use super::content;
use super::entry::{self, BATCH, Entry};
use super::error::KeyspaceError;
use crate::connection::Redis;
use crate::{Limits, Meter, Pace, RedisAddress, RedisError};

/// How many keys are listed at once.
const LISTED: usize = 5 * BATCH;

/// How long an answer with the contents of keys may take.
pub(super) const DATA_PATIENCE: Duration = Duration::from_secs(60);

/// A batch of keys; with its last keys where a listing goes on after it.
struct Batch {
    number: usize,
    keys: Vec<Vec<u8>>,
    after: Option<u64>,
}

/// Pairs of connections that carry keys side by side.
pub(super) struct Lanes {
    pub(super) choice: Choice,
    lanes: Vec<(Redis, Redis)>,
    lister: (Redis, Redis),
    /// Whether the source, and the target, know exact times of expiry (7.0).
    exact: (bool, bool),
    pace: Pace,
    meter: Arc<Meter>,
}

impl Lanes {
    pub(super) fn new(
        (source, target): (&RedisAddress, &RedisAddress),
        exact: (bool, bool),
        choice: Choice,
        limits: &Limits,
        meter: Arc<Meter>,
    ) -> Self {
        let open = |address: &RedisAddress| Redis::patient(address.clone(), DATA_PATIENCE);
        let pair = || (open(source), open(target));
        let lanes = (0..limits.connections.get()).map(|_| pair()).collect();
        Self { choice, lanes, lister: pair(), exact, pace: Pace::new(limits), meter }
    }

    fn lane(&self, number: usize) -> &(Redis, Redis) {
        &self.lanes[number % self.lanes.len()]
    }

    /// Copies every key from a cursor on, without a look at the target; `reached` is told every cursor up to which all
    /// keys have arrived.
    pub(super) async fn carry_all(
        &self,
        from: u64,
        mut reached: impl FnMut(u64) -> Result<(), KeyspaceError>,
    ) -> Result<(), KeyspaceError> {
        let batches = batches(&self.lister.0, from).map_err(KeyspaceError::from);
        let carried = batches.map_ok(|batch| async move {
            self.carry(batch.number, &batch.keys, false).await?;
            Ok(batch.after)
        });
        let mut carried = std::pin::pin!(carried.try_buffered(self.lanes.len()));
        while let Some(after) = carried.try_next().await? {
            if let Some(cursor) = after {
                reached(cursor)?;
            }
        }
        Ok(())
    }

    /// Carries keys over as they are now; with `removing`, those that are gone are taken away from the target. Gives how
    /// many were carried.
    pub(super) async fn carry(
        &self,
        number: usize,
        keys: &[Vec<u8>],
        removing: bool,
    ) -> Result<u64, KeyspaceError> {
        let (source, target) = self.lane(number);
        let placed: Vec<_> = keys.iter().filter_map(|key| Some((key, self.choice.place(key)?))).collect();
        let names: Vec<&Vec<u8>> = placed.iter().map(|(key, _)| *key).collect();
        let entries = entry::read(source, &names, self.exact.0).await?;
        let both = || placed.iter().zip(&entries);
        let write: Vec<(&[u8], &Entry)> =
            both().filter_map(|((_, name), entry)| Some((name.as_ref(), entry.as_ref()?))).collect();
        self.write(target, &write).await?;
        if removing {
            let gone: Vec<_> =
                both().filter(|(_, entry)| entry.is_none()).map(|((_, name), _)| name.as_ref()).collect();
            entry::remove(target, &gone).await?;
        }
        Ok(write.len() as u64)
    }

    async fn write(&self, target: &Redis, entries: &[(&[u8], &Entry)]) -> Result<(), KeyspaceError> {
        let bytes = entries.iter().map(|(name, entry)| (name.len() + entry.payload.len()) as u64).sum();
        self.pace.let_through(bytes).await;
        entry::write(target, entries).await?;
        self.meter.add(entries.len() as u64, bytes);
        Ok(())
    }

    /// Carries keys, many at once, as they are now, and takes away those that are gone.
    pub(super) async fn carry_each(&self, keys: Vec<Vec<u8>>) -> Result<u64, KeyspaceError> {
        let chunks: Vec<(usize, Vec<Vec<u8>>)> =
            keys.chunks(BATCH).map(<[Vec<u8>]>::to_vec).enumerate().collect();
        let carried = stream::iter(chunks.into_iter().map(Ok::<_, KeyspaceError>));
        let carried = carried.map_ok(|(number, keys)| async move { self.carry(number, &keys, true).await });
        carried.try_buffer_unordered(self.lanes.len()).try_fold(0, async |sum, more| Ok(sum + more)).await
    }

    /// Makes the target like the source: what differs is carried, what the source has not is taken away. Gives how many
    /// keys were compared. What changes meanwhile has to be known from elsewhere.
    pub(super) async fn level(&self) -> Result<u64, KeyspaceError> {
        let batches = batches(&self.lister.0, 0).map_err(KeyspaceError::from);
        let levelled = batches.map_ok(|batch| async move {
            let different = self.different(batch.number, &batch.keys).await?;
            self.carry(batch.number, &different, true).await?;
            self.meter.add((batch.keys.len() - different.len()) as u64, 0);
            Ok(batch.keys.len() as u64)
        });
        let compared =
            levelled.try_buffered(self.lanes.len()).try_fold(0, async |sum, more| Ok(sum + more)).await?;
        self.each_stray(async |lane, strays| entry::remove(&self.lane(lane).1, &strays).await).await?;
        Ok(compared)
    }

    /// The keys of a batch that the target has not, or otherwise. Nothing is written.
    pub(super) async fn different(
        &self,
        number: usize,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, KeyspaceError> {
        let (source, target) = self.lane(number);
        let placed: Vec<_> = keys.iter().filter_map(|key| Some((key, self.choice.place(key)?))).collect();
        let names: Vec<&Vec<u8>> = placed.iter().map(|(key, _)| *key).collect();
        let places: Vec<&[u8]> = placed.iter().map(|(_, name)| name.as_ref()).collect();
        let (here, there) = futures::try_join!(
            entry::read(source, &names, self.exact.0),
            entry::read(target, &places, self.exact.1)
        )?;
        let mut different = Vec::new();
        let mut unlike = Vec::new();
        for (index, sides) in here.iter().zip(&there).enumerate() {
            match sides {
                (Some(here), Some(there)) if !self.expire_together(here, there) => different.push(index),
                (Some(here), Some(there)) if here.body() != there.body() => unlike.push(index),
                (Some(_), Some(_)) | (None, None) => {}
                _ => different.push(index),
            }
        }
        let pairs: Vec<(&[u8], &[u8])> =
            unlike.iter().map(|index| (names[*index].as_slice(), places[*index])).collect();
        let same = content::same(source, target, &pairs).await?;
        different.extend(unlike.iter().zip(same).filter(|(_, same)| !same).map(|(index, _)| *index));
        Ok(different.into_iter().map(|index| names[index].clone()).collect())
    }

    fn expire_together(&self, here: &Entry, there: &Entry) -> bool {
        match self.exact {
            (true, true) => here.expires_ms == there.expires_ms,
            _ => here.expires_with(there),
        }
    }

    /// The target's keys that are of this move and that the source has not, batch by batch.
    pub(super) async fn each_stray<F>(
        &self,
        mut then: impl FnMut(usize, Vec<Vec<u8>>) -> F,
    ) -> Result<(), KeyspaceError>
    where
        F: Future<Output = Result<(), KeyspaceError>>,
    {
        let mut batches = std::pin::pin!(batches(&self.lister.1, 0));
        while let Some(batch) = batches.try_next().await? {
            let strays = self.strays(batch.number, batch.keys).await?;
            then(batch.number, strays).await?;
        }
        Ok(())
    }

    /// Those of a target's keys that are of this move and that the source has not.
    pub(super) async fn strays(&self, number: usize, keys: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, RedisError> {
        let ours: BTreeSet<Vec<u8>> = keys.into_iter().filter(|key| self.choice.owns(key)).collect();
        let origins: Vec<(Vec<u8>, Vec<u8>)> = ours
            .iter()
            .flat_map(|key| self.choice.origins(key).into_iter().map(|origin| (key.clone(), origin)))
            .collect();
        let names: Vec<&Vec<u8>> = origins.iter().map(|(_, origin)| origin).collect();
        let there = entry::exist(&self.lane(number).0, &names).await?;
        let known: BTreeSet<&Vec<u8>> =
            origins.iter().zip(there).filter(|(_, there)| *there).map(|((key, _), _)| key).collect();
        Ok(ours.iter().filter(|key| !known.contains(key)).cloned().collect())
    }

    /// Those of these names that the target has.
    pub(super) async fn on_target(
        &self,
        number: usize,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, RedisError> {
        let there = entry::exist(&self.lane(number).1, keys).await?;
        Ok(keys.iter().zip(there).filter(|(_, there)| *there).map(|(key, _)| key.clone()).collect())
    }

    /// The source's keys, batch by batch, those that differ handed on.
    pub(super) async fn each_different(
        &self,
        mut then: impl FnMut(usize, Vec<Vec<u8>>),
    ) -> Result<(), KeyspaceError> {
        let batches = batches(&self.lister.0, 0).map_err(KeyspaceError::from);
        let compared = batches.map_ok(|batch| async move {
            let moving = batch.keys.iter().filter(|key| self.choice.place(key).is_some()).count();
            let different = self.different(batch.number, &batch.keys).await?;
            self.meter.add(batch.keys.len() as u64, 0);
            Ok((moving, different))
        });
        let mut compared = std::pin::pin!(compared.try_buffered(self.lanes.len()));
        while let Some((moving, different)) = compared.try_next().await? {
            then(moving, different);
        }
        Ok(())
    }

    /// Takes every key of this move away from the target.
    pub(super) async fn empty_target(&self) -> Result<u64, KeyspaceError> {
        let mut gone = 0;
        let mut batches = std::pin::pin!(batches(&self.lister.1, 0));
        while let Some(batch) = batches.try_next().await? {
            let ours: Vec<_> = batch.keys.into_iter().filter(|key| self.choice.has_kind_of(key)).collect();
            entry::remove(&self.lane(batch.number).1, &ours).await?;
            gone += ours.len() as u64;
        }
        Ok(gone)
    }
}

/// A server's keys in batches, from a cursor on. Keys that are there all the time are among them, at least once.
fn batches(redis: &Redis, from: u64) -> impl Stream<Item = Result<Batch, RedisError>> + '_ {
    let begin = (Some(from), 0);
    let listings = stream::try_unfold(begin, move |(cursor, number)| async move {
        let Some(cursor) = cursor else { return Ok(None) };
        let (next, keys) = entry::scan(redis, cursor, LISTED).await?;
        let mut cut: Vec<Batch> = keys
            .chunks(BATCH)
            .enumerate()
            .map(|(index, keys)| Batch { number: number + index, keys: keys.to_vec(), after: None })
            .collect();
        if cut.is_empty() {
            cut.push(Batch { number, keys: Vec::new(), after: None });
        }
        let number = number + cut.len();
        if let Some(last) = cut.last_mut() {
            last.after = Some(next);
        }
        Ok(Some((stream::iter(cut.into_iter().map(Ok)), ((next != 0).then_some(next), number))))
    });
    listings.try_flatten()
}
