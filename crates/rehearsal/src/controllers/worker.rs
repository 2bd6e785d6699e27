//! How every controller works: it hears of changes, works out which of its objects they concern, and brings
//! each of those one step nearer to what is wished.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use crate::api::{ApiError, Feed, Key, Kind, News, Store};

/// How long, in cluster time, a step that failed waits for its next try: doubled each time, as in client-go's
/// default rate limiter.
const RETRY: Duration = Duration::from_millis(5);
const LONGEST_RETRY: Duration = Duration::from_secs(1000);
/// However fast the cluster's time, nothing is tried more often than this.
const PAUSE: Duration = Duration::from_millis(5);

/// What sets one controller apart from the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duty {
    /// The name it signs Events with.
    pub(super) name: &'static str,
    /// The kind it brings about, by `apiVersion` and `kind`.
    pub(super) kind: (&'static str, &'static str),
    /// The other kinds it must hear of.
    pub(super) hears: &'static [(&'static str, &'static str)],
    /// Which of its objects another kind's object concerns.
    pub(super) concerns: fn(&Store, &Value) -> Vec<Key>,
    /// One step for one object, and how much cluster time later it wants to look again by itself.
    pub(super) step: fn(&Desk, &Kind, &Key) -> Result<Option<Duration>, ApiError>,
}

/// Works until cancelled.
pub(super) async fn work(desk: Desk, clock: Clock, duty: Duty, cancel: CancellationToken) {
    let store = desk.store.clone();
    let Ok(kind) = store.kind(duty.kind.0, duty.kind.1) else { return };
    let mut kinds = vec![Arc::clone(&kind)];
    kinds.extend(duty.hears.iter().filter_map(|(version, kind)| store.kind(version, kind).ok()));
    let mut feed = Feed::after(&store, Some(kinds), store.version());
    let mut dirty = everything(&store, &kind);
    let mut due: BTreeMap<Key, Instant> = BTreeMap::new();
    let mut failures: BTreeMap<Key, u32> = BTreeMap::new();
    loop {
        for key in std::mem::take(&mut dirty) {
            due.remove(&key);
            let again = match (duty.step)(&desk, &kind, &key) {
                Ok(again) => {
                    failures.remove(&key);
                    again
                }
                Err(_) => {
                    let times = failures.entry(key.clone()).or_default();
                    *times += 1;
                    Some((RETRY * 2u32.saturating_pow((*times - 1).min(20))).min(LONGEST_RETRY))
                }
            };
            if let Some(wait) = again {
                due.insert(key, clock.after(wait).max(Instant::now() + PAUSE));
            }
            tokio::task::yield_now().await;
        }
        let next = due.values().min().copied();
        tokio::select! {
            () = cancel.cancelled() => return,
            () = feed.wait() => {}
            () = at(next) => {}
        }
        match feed.ready() {
            News::Lost { .. } => dirty = everything(&store, &kind),
            News::Changes(changes) => {
                for (changed, change) in changes {
                    if changed.shelf == kind.shelf {
                        dirty.insert(Key::of(&change.after));
                        continue;
                    }
                    for object in change.before.iter().chain([&change.after]) {
                        dirty.extend((duty.concerns)(&store, object));
                    }
                }
            }
        }
        let now = Instant::now();
        dirty.extend(due.iter().filter(|(_, instant)| **instant <= now).map(|(key, _)| key.clone()));
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn everything(store: &Store, kind: &Kind) -> BTreeSet<Key> {
    store.list(kind, None).iter().map(|object| Key::of(object)).collect()
}
