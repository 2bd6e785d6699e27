//! What happened to the objects of one kind lately, for those who watch.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use tokio::sync::Notify;

use super::object;
use super::store::{Kept, serialised};

/// How many changes of a kind are remembered. A watcher further behind must list again.
pub(crate) const REMEMBERED: usize = 2048;

/// One change of one object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The version it made.
    pub(crate) version: u64,
    /// The object before; none when it was created.
    pub(crate) before: Option<Kept>,
    /// The object after; when it was removed, its last state with the version of the removal.
    pub(crate) after: Kept,
    /// Whether it was removed.
    pub(crate) removed: bool,
    /// The last state under this version, for those whose selector it leaves; made once for all of them.
    leaving: Arc<OnceLock<Bytes>>,
}

impl Change {
    /// A change.
    pub(crate) fn new(version: u64, before: Option<Kept>, after: Kept, removed: bool) -> Self {
        Self { version, before, after, removed, leaving: Arc::default() }
    }

    /// The object before, under the version of the change, in JSON.
    pub(crate) fn leaving(&self) -> Bytes {
        let Some(before) = self.before.as_ref().filter(|_| !self.removed) else { return self.after.text() };
        let made = self.leaving.get_or_init(|| {
            let mut last = (*before.value).clone();
            object::put(&mut last, &["metadata", "resourceVersion"], self.version.to_string());
            serialised(&last)
        });
        made.clone()
    }
}

/// The changes of one kind, oldest first, and who waits for more.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    /// The newest version that has been forgotten.
    floor: u64,
    listeners: Vec<Weak<Notify>>,
}

impl History {
    /// A history that knows nothing of the versions up to `floor`.
    pub(crate) fn since(floor: u64) -> Self {
        Self { floor, ..Self::default() }
    }

    /// The newest version that has been forgotten.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Remembers a change and wakes those who wait.
    pub(crate) fn push(&mut self, change: Change) {
        if self.changes.len() == REMEMBERED
            && let Some(forgotten) = self.changes.pop_front()
        {
            self.floor = forgotten.version;
        }
        self.changes.push_back(change);
        self.listeners.retain(|listener| listener.upgrade().inspect(|one| one.notify_one()).is_some());
    }

    /// The changes after a version; none when some of them have been forgotten.
    pub(crate) fn after(&self, version: u64) -> Option<impl Iterator<Item = &Change>> {
        if version < self.floor {
            return None;
        }
        let start = self.changes.partition_point(|change| change.version <= version);
        Some(self.changes.range(start..))
    }

    /// Wakes somebody at every change from now on, for as long as they live.
    pub(crate) fn wake(&mut self, listener: &Arc<Notify>) {
        self.listeners.push(Arc::downgrade(listener));
    }
}
