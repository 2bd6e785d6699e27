//! One object from one side to the other, read back and compared.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use object_store::multipart::PartId;
use sha2::Digest as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use super::bucket::BucketStore;
use super::error::MediaError;
use super::ledger::{Fate, Ledger, Record};
use super::object::{Content, Entry, Hash, PART, Traits};
use super::store::{Parts, Reading, Store, Writing, blocking};
use crate::Pace;

/// Kibibytes of objects that are held in memory at once, all connections together.
const MEMORY: usize = 96 << 10;

/// Parts of one large object that are on their way at once.
const AT_ONCE: usize = 2;

/// How often an object is read anew when it changes meanwhile, or does not come back as it was sent.
const ATTEMPTS: u32 = 4;

/// What an object needs to be moved.
#[derive(Debug)]
pub(super) struct Transfer {
    source: Store,
    target: Store,
    /// Whether the source's ACLs are to be kept.
    ask_access: bool,
    /// Whether what was written is read again on the target as well, whatever it says of itself.
    rereads: bool,
    pace: Pace,
    memory: Semaphore,
    /// Objects that are read at the source at once, and written.
    lanes: Semaphore,
    /// Objects that are read back at once: while one is, the next is on its way already.
    back: Semaphore,
    ledger: Arc<Mutex<Ledger>>,
}

/// What became of an object.
#[derive(Debug)]
pub(super) enum Done {
    /// It was written and read back; whether what is told with it was not kept.
    Copied { record: Record, bytes: u64, is_untold: bool },
    /// It was there already, and equal.
    Equal { record: Record },
    /// The source does not have it any more.
    Gone,
    /// Something else is there, which is not ours.
    Conflict,
    /// It was deleted.
    Deleted { record: Record },
    /// The source has it again; the next pass copies it.
    Back,
    /// It is not ours to delete.
    Kept,
}

impl Transfer {
    pub(super) fn new(
        (source, target): (Store, Store),
        (ask_access, rereads): (bool, bool),
        pace: Pace,
        connections: usize,
        ledger: Arc<Mutex<Ledger>>,
    ) -> Self {
        let (lanes, back) = (Semaphore::new(connections), Semaphore::new(connections));
        Self {
            source,
            target,
            ask_access,
            rereads,
            pace,
            memory: Semaphore::new(MEMORY),
            lanes,
            back,
            ledger,
        }
    }

    pub(super) fn source(&self) -> &Store {
        &self.source
    }

    pub(super) fn target(&self) -> &Store {
        &self.target
    }

    /// Copies an object, whatever the target has there: it is known to be ours, or nothing.
    pub(super) async fn copy(&self, entry: &Entry) -> Result<Done, MediaError> {
        let mut attempt = 1;
        loop {
            match self.copy_once(entry).await {
                Err(MediaError::Changing { .. } | MediaError::Corrupt { .. }) if attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn copy_once(&self, entry: &Entry) -> Result<Done, MediaError> {
        let held = (Self::lane(&self.lanes).await?, self.hold(entry.size).await?);
        let (size, traits, reading) = match self.source.read(&entry.key, self.ask_access).await {
            Err(MediaError::Missing { .. }) => return Ok(Done::Gone),
            read => read?,
        };
        let (size, hash) = match reading {
            Reading::Whole(bytes) => {
                let hash = Hash::of(&bytes);
                self.pace.let_through(size).await;
                self.target.put(&entry.key, bytes, hash, &traits).await?;
                (size, hash)
            }
            Reading::Parts(parts) => self.send_parts(&entry.key, parts, &traits).await?,
        };
        drop(held);
        let back = self.read_back(&entry.key, size).await?;
        if (back.hash, back.size) != (hash, size) {
            return Err(MediaError::Corrupt { place: self.place(), key: entry.key.clone() });
        }
        let is_untold = back.headers.as_ref().is_some_and(|it| !it.tell_the_same(&traits.headers));
        Ok(Done::Copied { record: written(entry, &traits, back, true), bytes: size, is_untold })
    }

    async fn read_back(&self, key: &str, size: u64) -> Result<Content, MediaError> {
        let _lane = Self::lane(&self.back).await?;
        self.pace.let_through(size).await;
        match self.target.content(key).await {
            Err(MediaError::Missing { .. }) => {
                Err(MediaError::Corrupt { place: self.place(), key: key.to_owned() })
            }
            back => back,
        }
    }

    fn place(&self) -> String {
        self.target.place().to_owned()
    }

    async fn lane(lanes: &Semaphore) -> Result<SemaphorePermit<'_>, MediaError> {
        lanes.acquire().await.map_err(|_| MediaError::Lost)
    }

    /// Room in memory for an object.
    async fn hold(&self, size: u64) -> Result<SemaphorePermit<'_>, MediaError> {
        // A large one holds the parts on their way, the one being read, and the rest of a chunk.
        let most = PART * (AT_ONCE as u64 + 2);
        let kibibytes = (if size > PART { most } else { size } >> 10) + 1;
        let permits = self.memory.acquire_many(u32::try_from(kibibytes).unwrap_or(u32::MAX)).await;
        permits.map_err(|_| MediaError::Lost)
    }

    async fn send_parts(&self, key: &str, parts: Parts, traits: &Traits) -> Result<(u64, Hash), MediaError> {
        match self.target.begin(key, traits).await? {
            Writing::Upload { store, id } => {
                let record = Record { key: key.to_owned(), fate: Fate::Upload { id: id.clone() } };
                self.note(record).await?;
                let sent = self.upload(&store, key, &id, parts).await;
                if sent.is_err() {
                    // Where even that fails, the next pass or the cleanup ends it: the ledger knows.
                    let _ended = store.abort(key, &id).await;
                }
                sent
            }
            Writing::File { store, file } => {
                let (mut file, mut parts) = (file, parts);
                let (mut size, mut hasher) = (0, sha2::Sha256::new());
                while let Some(part) = parts.next().await? {
                    self.pace.let_through(part.len() as u64).await;
                    size += part.len() as u64;
                    hasher.update(&part);
                    let mut held = file.take().ok_or(MediaError::Lost)?;
                    let (to, key) = (store.clone(), key.to_owned());
                    file = blocking(move || {
                        to.append(&mut held, &key, &part)?;
                        Ok(Some(held))
                    })
                    .await?;
                }
                if !parts.is_whole()? {
                    return Err(MediaError::Changing { key: key.to_owned() });
                }
                store.place(file.ok_or(MediaError::Lost)?, key, traits)?;
                Ok((size, Hash(hasher.finalize().into())))
            }
        }
    }

    async fn upload(
        &self,
        store: &Arc<BucketStore>,
        key: &str,
        id: &str,
        mut parts: Parts,
    ) -> Result<(u64, Hash), MediaError> {
        let (mut size, mut hasher) = (0, sha2::Sha256::new());
        let (mut sending, mut sent) = (JoinSet::new(), Vec::new());
        let mut index = 0;
        loop {
            let part = parts.next().await?;
            while sending.len() >= AT_ONCE || (part.is_none() && !sending.is_empty()) {
                sent.push(arrived(sending.join_next().await)?);
            }
            let Some(part) = part else { break };
            self.pace.let_through(part.len() as u64).await;
            size += part.len() as u64;
            hasher.update(&part);
            sending.spawn(send_part(store.clone(), key.to_owned(), id.to_owned(), index, part));
            index += 1;
        }
        if !parts.is_whole()? {
            return Err(MediaError::Changing { key: key.to_owned() });
        }
        sent.sort_unstable_by_key(|(index, _)| *index);
        store.complete(key, id, sent.into_iter().map(|(_, part)| part).collect()).await?;
        Ok((size, Hash(hasher.finalize().into())))
    }

    async fn note(&self, record: Record) -> Result<(), MediaError> {
        let ledger = self.ledger.clone();
        blocking(move || {
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.add(&record)?;
            ledger.sync()
        })
        .await
    }

    /// What was written once may have changed at the source, or only seem so: it is read, and copied where it differs.
    pub(super) async fn refresh(&self, entry: &Entry, before: &Record) -> Result<Done, MediaError> {
        let Fate::Written { size, target, hash, traits: Some(sum), ours, .. } = &before.fate else {
            return self.copy(entry).await;
        };
        let Some((now, traits)) = self.hash_source(entry).await? else { return Ok(Done::Gone) };
        if (now, entry.size, traits.sum()) != (*hash, *size, *sum) {
            return self.copy(entry).await;
        }
        if self.rereads && !self.is_there(entry, hash).await? {
            return self.copy(entry).await;
        }
        let (source, target) = (traits.mark.clone(), target.clone());
        let fate =
            Fate::Written { size: *size, source, target, hash: *hash, traits: Some(*sum), ours: *ours };
        Ok(Done::Equal { record: Record { key: entry.key.clone(), fate } })
    }

    /// Whether the target gives back what it was given: one that was killed, or whose disk is broken, may list what it lost.
    async fn is_there(&self, entry: &Entry, hash: &Hash) -> Result<bool, MediaError> {
        match self.read_back(&entry.key, entry.size).await {
            Ok(back) => Ok(back.hash == *hash),
            Err(error) if error.is_of_all() => Err(error),
            Err(_) => Ok(false),
        }
    }

    async fn hash_source(&self, entry: &Entry) -> Result<Option<(Hash, Traits)>, MediaError> {
        let _held = (Self::lane(&self.lanes).await?, self.hold(entry.size).await?);
        self.pace.let_through(entry.size).await;
        let (_, traits, reading) = match self.source.read(&entry.key, self.ask_access).await {
            Err(MediaError::Missing { .. }) => return Ok(None),
            read => read?,
        };
        let hash = match reading {
            Reading::Whole(bytes) => Hash::of(&bytes),
            Reading::Parts(mut parts) => {
                let mut hasher = sha2::Sha256::new();
                while let Some(part) = parts.next().await? {
                    hasher.update(&part);
                }
                Hash(hasher.finalize().into())
            }
        };
        Ok(Some((hash, traits)))
    }

    /// The target has something there that the ledger does not know of: of an earlier move whose state is gone, or of
    /// somebody else. What is equal stays; what is ours is written anew where it differs.
    pub(super) async fn adopt(&self, entry: &Entry, there: &Entry) -> Result<Done, MediaError> {
        let ours = match self.target.ours(&entry.key).await {
            Err(MediaError::Missing { .. }) => return self.copy(entry).await,
            ours => ours?,
        };
        if let Some(from) = &ours
            && (*from != entry.mark || there.size != entry.size)
        {
            return self.copy(entry).await;
        }
        if there.size != entry.size {
            return Ok(Done::Conflict);
        }
        let Some((hash, traits)) = self.hash_source(entry).await? else { return Ok(Done::Gone) };
        let back = self.read_back(&entry.key, entry.size).await?;
        if back.hash == hash {
            return Ok(Done::Equal { record: written(entry, &traits, back, ours.is_some()) });
        }
        if ours.is_some() { self.copy(entry).await } else { Ok(Done::Conflict) }
    }

    /// Deletes what the source does not have any more, where it is ours.
    pub(super) async fn delete(&self, key: &str, is_known: bool) -> Result<Done, MediaError> {
        // It may have come back since the listing.
        if self.source.has(key).await? {
            return Ok(Done::Back);
        }
        if !is_known {
            match self.target.ours(key).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(MediaError::Missing { .. }) => return Ok(Done::Kept),
                Err(error) => return Err(error),
            }
        }
        self.target.delete(key).await?;
        Ok(Done::Deleted { record: Record { key: key.to_owned(), fate: Fate::Deleted } })
    }
}

fn written(entry: &Entry, traits: &Traits, back: Content, ours: bool) -> Record {
    let Content { hash, size, mark, .. } = back;
    let fate = Fate::Written {
        size,
        source: traits.mark.clone(),
        target: mark,
        hash,
        traits: Some(traits.sum()),
        ours,
    };
    Record { key: entry.key.clone(), fate }
}

async fn send_part(
    store: Arc<BucketStore>,
    key: String,
    id: String,
    index: usize,
    part: Bytes,
) -> Result<(usize, PartId), MediaError> {
    Ok((index, store.put_part(&key, &id, index, part).await?))
}

fn arrived<T>(
    joined: Option<Result<Result<T, MediaError>, tokio::task::JoinError>>,
) -> Result<T, MediaError> {
    joined.ok_or(MediaError::Lost)?.map_err(|_| MediaError::Lost)?
}
