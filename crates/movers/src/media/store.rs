//! The two kinds of places behind one face.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;

use super::bucket::{BucketStore, Chunks, Patience};
use super::error::MediaError;
use super::folder::{FileParts, FolderStore, NewFile, Role};
use super::object::{Access, Content, Found, Hash, KeyRange, Mark, PART, Traits};
use super::place::Place;

/// A place that is talked to.
#[derive(Debug, Clone)]
pub(super) enum Store {
    Folder(Arc<FolderStore>),
    Bucket(Arc<BucketStore>),
}

/// How an object's content comes.
pub(super) enum Reading {
    /// All of it at once.
    Whole(Bytes),
    /// Part after part.
    Parts(Parts),
}

pub(super) enum Parts {
    File { store: Arc<FolderStore>, file: Option<FileParts> },
    Stream(Chunks),
}

/// Does what waits for a disk where that may be waited for.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
) -> Result<T, MediaError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| MediaError::Lost)?
}

impl Store {
    /// For the move of this id.
    pub(super) fn open(place: &Place, role: Role, patience: Patience, id: &str) -> Result<Self, MediaError> {
        Ok(match place {
            Place::Folder(root) => Self::Folder(Arc::new(FolderStore::open(root, role, id)?)),
            Place::Bucket(settings) => Self::Bucket(Arc::new(BucketStore::open(settings, patience)?)),
        })
    }

    pub(super) fn place(&self) -> &str {
        match self {
            Self::Folder(store) => store.name(),
            Self::Bucket(store) => store.name(),
        }
    }

    /// Tells everything within the range, in the place's own order.
    pub(super) async fn list(
        &self,
        range: &KeyRange,
        mut tell: impl FnMut(Found) -> Result<(), MediaError> + Send + 'static,
    ) -> Result<(), MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, range) = (store.clone(), range.clone());
                blocking(move || store.list(&range, &mut tell)).await
            }
            Self::Bucket(store) => {
                let mut listed = store.list(range);
                while let Some(found) = listed.next().await {
                    tell(found?)?;
                }
                Ok(())
            }
        }
    }

    /// Begins to read an object. What changes while it is read is [`MediaError::Changing`].
    pub(super) async fn read(
        &self,
        key: &str,
        ask_access: bool,
    ) -> Result<(u64, Traits, Reading), MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, key) = (store.clone(), key.to_owned());
                blocking(move || {
                    let (size, traits, mut file) = store.open_file(&key)?;
                    if size > PART {
                        let parts = Parts::File { store: store.clone(), file: Some(file) };
                        return Ok((size, traits, Reading::Parts(parts)));
                    }
                    let bytes = file.part(size)?.unwrap_or_default();
                    if bytes.len() as u64 != size || !store.is_unchanged(&file)? {
                        return Err(MediaError::Changing { key });
                    }
                    Ok((size, traits, Reading::Whole(bytes)))
                })
                .await
            }
            Self::Bucket(store) => {
                let (size, traits, mut chunks) = store.read(key, ask_access).await?;
                if size > PART {
                    return Ok((size, traits, Reading::Parts(Parts::Stream(chunks))));
                }
                let bytes = chunks.part().await?.unwrap_or_default();
                if bytes.len() as u64 != size {
                    return Err(MediaError::Changing { key: key.to_owned() });
                }
                Ok((size, traits, Reading::Whole(bytes)))
            }
        }
    }

    /// Who may read an object; nothing where the place's ACLs are not to be asked.
    pub(super) async fn access(&self, key: &str) -> Result<Option<Access>, MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, key) = (store.clone(), key.to_owned());
                blocking(move || Ok(Some(store.open_file(&key)?.1.access))).await
            }
            Self::Bucket(store) if store.settings().permission.is_none() => Ok(None),
            Self::Bucket(store) => store.access(key).await.map(Some),
        }
    }

    /// Reads all of an object and forgets all but its hash.
    pub(super) async fn content(&self, key: &str) -> Result<Content, MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, key) = (store.clone(), key.to_owned());
                blocking(move || store.content(&key)).await
            }
            Self::Bucket(store) => store.content(key).await,
        }
    }

    pub(super) async fn has(&self, key: &str) -> Result<bool, MediaError> {
        match self {
            Self::Folder(store) => store.has(key),
            Self::Bucket(store) => store.has(key).await,
        }
    }

    /// Whether there is nothing at all.
    pub(super) async fn is_empty(&self) -> Result<bool, MediaError> {
        match self {
            Self::Folder(store) => store.is_empty(),
            Self::Bucket(store) => Ok(store.list(&KeyRange::ALL).next().await.transpose()?.is_none()),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, key) = (store.clone(), key.to_owned());
                blocking(move || store.delete(&key)).await
            }
            Self::Bucket(store) => store.delete(key).await,
        }
    }

    /// Puts an object whole.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        hash: Hash,
        traits: &Traits,
    ) -> Result<(), MediaError> {
        match self {
            Self::Folder(store) => {
                let (store, key, traits) = (store.clone(), key.to_owned(), traits.clone());
                blocking(move || {
                    let mut file = store.begin()?;
                    store.append(&mut file, &key, &bytes)?;
                    store.place(file, &key, &traits)
                })
                .await
            }
            Self::Bucket(store) => store.put(key, bytes, hash, traits).await,
        }
    }

    /// What was written is safe from a crash of the target when this returns; a bucket is as soon as it has answered.
    pub(super) async fn sync(&self) -> Result<(), MediaError> {
        match self {
            Self::Folder(store) => {
                let store = store.clone();
                blocking(move || store.sync()).await
            }
            Self::Bucket(_) => Ok(()),
        }
    }

    /// Which version an object was copied from, where we put it; a folder does not tell.
    pub(super) async fn ours(&self, key: &str) -> Result<Option<Mark>, MediaError> {
        match self {
            Self::Folder(_) => Ok(None),
            Self::Bucket(store) => store.ours(key).await,
        }
    }
}

impl Parts {
    /// The next part, full unless it is the last.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, MediaError> {
        match self {
            Self::Stream(chunks) => chunks.part().await,
            Self::File { file, .. } => {
                let mut held = file.take().ok_or(MediaError::Lost)?;
                let (held, part) = blocking(move || {
                    let part = held.part(PART)?;
                    Ok((held, part))
                })
                .await?;
                *file = Some(held);
                Ok(part)
            }
        }
    }

    /// Whether all that was read is of one version: a bucket gives no other.
    pub(super) fn is_whole(&self) -> Result<bool, MediaError> {
        match self {
            Self::Stream(_) => Ok(true),
            Self::File { store, file } => store.is_unchanged(file.as_ref().ok_or(MediaError::Lost)?),
        }
    }
}

/// An object that is being written part by part.
pub(super) enum Writing {
    File { store: Arc<FolderStore>, file: Option<NewFile> },
    Upload { store: Arc<BucketStore>, id: String },
}

impl Store {
    pub(super) async fn begin(&self, key: &str, traits: &Traits) -> Result<Writing, MediaError> {
        match self {
            Self::Folder(store) => Ok(Writing::File { store: store.clone(), file: Some(store.begin()?) }),
            Self::Bucket(store) => {
                let id = store.begin(key, traits).await?;
                Ok(Writing::Upload { store: store.clone(), id })
            }
        }
    }
}
