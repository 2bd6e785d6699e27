//! What happened to the objects of one kind lately, for those who watch.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use serde_json::Value;
use tokio::sync::Notify;

/// How many changes of a kind are remembered. A watcher further behind must list again.
pub(crate) const REMEMBERED: usize = 512;

/// One change of one object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The version it made.
    pub(crate) version: u64,
    /// The object before; none when it was created.
    pub(crate) before: Option<Arc<Value>>,
    /// The object after; when it was removed, its last state with the version of the removal.
    pub(crate) after: Arc<Value>,
    /// Whether it was removed.
    pub(crate) removed: bool,
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
