//! Changes as they happen, for watchers and controllers.

use std::sync::Arc;

use tokio::sync::Notify;

use super::history::Change;
use super::registry::Kind;
use super::store::Store;

/// The changes of some kinds from a version on.
#[derive(Debug)]
pub(crate) struct Feed {
    store: Store,
    /// The kinds; none means every kind.
    kinds: Option<Vec<Arc<Kind>>>,
    at: u64,
    notify: Arc<Notify>,
}

/// What a feed brings.
#[derive(Debug)]
pub(crate) enum News {
    /// Changes, oldest first, each with its kind.
    Changes(Vec<(Arc<Kind>, Change)>),
    /// Some changes were forgotten before they could be told: who keeps state must look at everything.
    Lost {
        /// The newest version that was forgotten.
        oldest: u64,
    },
}

impl Feed {
    /// The changes after a version.
    pub(crate) fn after(store: &Store, kinds: Option<Vec<Arc<Kind>>>, at: u64) -> Self {
        let notify = Arc::new(Notify::new());
        let mut state = store.lock();
        match &kinds {
            None => state.wake_always(&notify),
            Some(kinds) => {
                for kind in kinds {
                    state.shelf_mut(kind).history.wake(&notify);
                }
            }
        }
        drop(state);
        Self { store: store.clone(), kinds, at, notify }
    }

    /// The version up to which everything has been told.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// What has happened since the last call, without waiting.
    pub(crate) fn ready(&mut self) -> News {
        let state = self.store.lock();
        let kinds = self.kinds.clone().unwrap_or_else(|| state.registry.each());
        let mut changes = Vec::new();
        for kind in kinds {
            let history = &state.shelf(&kind).history;
            let Some(after) = history.after(self.at) else {
                self.at = self.at.max(state.version);
                return News::Lost { oldest: history.floor() };
            };
            changes.extend(after.map(|change| (Arc::clone(&kind), change.clone())));
        }
        self.at = self.at.max(state.version);
        changes.sort_by_key(|(_, change)| change.version);
        News::Changes(changes)
    }

    /// Waits until something may have happened.
    pub(crate) async fn wait(&self) {
        self.notify.notified().await;
    }
}
