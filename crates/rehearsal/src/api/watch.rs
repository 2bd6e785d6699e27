//! Watching: changes streamed as they happen, one JSON line each.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::header;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::address::{Query, Spot};
use super::events;
use super::feed::{Feed, News};
use super::history::Change;
use super::registry::Kind;
use super::selectors::Selectors;
use super::status::{About, ApiError, Cause};
use super::store::{Kept, Store, serialised};

/// How long a watch lasts in real time when the client does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);
/// How often, in cluster time, a quiet watch says how far it has seen.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// Bookmarks need not come faster than this, however fast the cluster's time.
const BOOKMARK_PAUSE: Duration = Duration::from_millis(250);

/// How many changes a watcher may be behind, once it runs, before it is let go.
const MOST_BEHIND: usize = 1000;

/// A running watch.
struct Watch {
    feed: Feed,
    kind: Arc<Kind>,
    namespace: Option<String>,
    name: Option<String>,
    selectors: Selectors,
    bookmarks: bool,
    ends: Instant,
    bookmark_due: Instant,
    bookmark_pause: Duration,
    told: u64,
    ready: Option<Bytes>,
    /// Whether what was there at the start has been told.
    is_running: bool,
    over: bool,
}

/// Starts a watch.
pub(crate) fn start(store: &Store, spot: &Spot, query: &Query) -> Result<Response, ApiError> {
    let selectors = Selectors::parse(&spot.kind, query.get("labelSelector"), query.get("fieldSelector"))?;
    check_options(query)?;
    let from = query.version("resourceVersion")?.unwrap_or_default();
    // Whoever does not say from where gets everything first, as things stand.
    let initial = query.get("sendInitialEvents").map_or(from == 0, |word| word == "true");
    let bookmarks = query.is_set("allowWatchBookmarks");
    let timeout = query.number("timeoutSeconds")?.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let bookmark_pause = store.clock().on_the_wall(BOOKMARK_EVERY).max(BOOKMARK_PAUSE);
    let now = Instant::now();

    let listed = {
        let state = store.lock();
        let wanted = initial || from == 0;
        wanted.then(|| {
            let objects =
                if initial { state.kept(&spot.kind, spot.namespace.as_deref()) } else { Vec::new() };
            (objects, state.version)
        })
    };
    let at = listed.as_ref().map_or(from, |(_, version)| *version);
    let feed = Feed::after(store, Some(vec![Arc::clone(&spot.kind)]), at);
    let mut watch = Watch {
        feed,
        kind: Arc::clone(&spot.kind),
        namespace: spot.namespace.clone(),
        name: spot.name.clone(),
        selectors,
        bookmarks,
        ends: now + timeout,
        bookmark_due: now + bookmark_pause,
        bookmark_pause,
        told: at,
        ready: None,
        is_running: false,
        over: false,
    };
    let mut first = Vec::new();
    for kept in listed.iter().flat_map(|(objects, _)| objects).filter(|kept| watch.wants(&kept.value)) {
        line(&mut first, "ADDED", &watch.text_of(kept));
    }
    if initial && bookmarks {
        line(&mut first, "BOOKMARK", &serialised(&watch.bookmark(at, true)));
    }
    if !first.is_empty() {
        watch.ready = Some(Bytes::from(first));
    }
    let stream = stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), watch))
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(stream)).into_response())
}

impl Watch {
    fn wants(&self, object: &Value) -> bool {
        let within = |wanted: &Option<String>, field: &str| {
            wanted.as_deref().is_none_or(|wanted| object["metadata"][field] == wanted)
        };
        within(&self.namespace, "namespace") && within(&self.name, "name") && self.selectors.select(object)
    }

    fn bookmark(&self, version: u64, ends_initial: bool) -> Value {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if ends_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        json!({"kind": self.kind.kind, "apiVersion": self.kind.api_version(), "metadata": metadata})
    }

    /// The next lines; none when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(ready) = self.ready.take() {
            return Some(ready);
        }
        while !self.over {
            let mut lines = Vec::new();
            let asked = self.told;
            match self.feed.ready() {
                News::Lost { oldest } => {
                    self.over = true;
                    line(&mut lines, "ERROR", &serialised(&ApiError::Expired { asked, oldest }.to_status()));
                }
                // Whoever is this slow is let go; they come back from where they were.
                News::Changes(changes) if self.is_running && changes.len() > MOST_BEHIND => self.over = true,
                News::Changes(changes) => {
                    for (_, change) in &changes {
                        if let Some((event, object)) = self.tell(change) {
                            line(&mut lines, event, &object);
                            self.told = change.version;
                        }
                    }
                }
            }
            self.is_running = true;
            if lines.is_empty() && !self.over {
                self.rest(&mut lines).await;
            }
            if !lines.is_empty() {
                return Some(Bytes::from(lines));
            }
        }
        None
    }

    /// Waits for a change, the time for a bookmark or the end.
    async fn rest(&mut self, lines: &mut Vec<u8>) {
        let until = if self.bookmarks { self.bookmark_due.min(self.ends) } else { self.ends };
        if timeout_at(until, self.feed.wait()).await.is_ok() {
            return;
        }
        let now = Instant::now();
        self.over = now >= self.ends;
        self.bookmark_due = now + self.bookmark_pause;
        if self.bookmarks && self.feed.at() > self.told {
            self.told = self.feed.at();
            line(lines, "BOOKMARK", &serialised(&self.bookmark(self.told, false)));
        }
    }

    /// How a change looks through the selectors. Who leaves them is told as it was.
    fn tell(&self, change: &Change) -> Option<(&'static str, Bytes)> {
        let before = change.before.as_ref().is_some_and(|before| self.wants(&before.value));
        let after = !change.removed && self.wants(&change.after.value);
        match (before, after) {
            (false, false) => None,
            (false, true) => Some(("ADDED", self.text_of(&change.after))),
            (true, true) => Some(("MODIFIED", self.text_of(&change.after))),
            (true, false) if self.converts() => {
                let last = serde_json::from_slice(&change.leaving()).unwrap_or_default();
                Some(("DELETED", serialised(&events::shown(&self.kind, &Arc::new(last)))))
            }
            (true, false) => Some(("DELETED", change.leaving())),
        }
    }

    /// Whether the objects are kept in another form than this kind's.
    fn converts(&self) -> bool {
        self.kind.group == "events.k8s.io" || self.kind.is_custom()
    }

    fn text_of(&self, kept: &Kept) -> Bytes {
        if self.converts() { serialised(&events::shown(&self.kind, &kept.value)) } else { kept.text() }
    }
}

/// The rules of a watch's options.
fn check_options(query: &Query) -> Result<(), ApiError> {
    let (field, matching) = ("resourceVersionMatch", query.get("resourceVersionMatch"));
    let begins = query.get("sendInitialEvents");
    let mut causes = Vec::new();
    if begins.is_some() && matching != Some("NotOlderThan") {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(Cause::forbidden(field, why));
    }
    if let Some(matching) = matching {
        if begins.is_none() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(Cause::forbidden(field, why));
        }
        if matching != "NotOlderThan" {
            causes.push(Cause::unsupported(field, &matching.into(), &["NotOlderThan"]));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::Invalid { about: About::other("meta.k8s.io", "ListOptions", ""), causes })
}

fn line(lines: &mut Vec<u8>, event: &str, object: &[u8]) {
    lines.extend_from_slice(b"{\"type\":\"");
    lines.extend_from_slice(event.as_bytes());
    lines.extend_from_slice(b"\",\"object\":");
    lines.extend_from_slice(object);
    lines.extend_from_slice(b"}\n");
}
