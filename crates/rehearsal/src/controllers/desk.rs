//! What every controller has before it: the objects, a pen for Events, and what is told of loads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::api::{ApiError, Deletion, Key, Part, Store, Write, object};
use crate::events::{Correlator, Happening, Outcome};
use crate::gauges::Gauges;

/// How long the API server keeps an Event (`--event-ttl`).
const KEPT: Duration = Duration::from_secs(3600);

/// One controller's desk.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) gauges: Gauges,
    /// The name it signs with.
    component: &'static str,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    correlator: Correlator,
    /// The Events written, oldest first, with the time of writing.
    written: VecDeque<(SystemTime, Key)>,
}

impl Desk {
    pub(super) fn new(store: Store, gauges: Gauges, component: &'static str) -> Self {
        Self { store, gauges, component, told: Arc::default() }
    }

    /// Writes down what went as it should.
    pub(super) fn note(&self, about: &Value, reason: &str, message: &str) {
        self.tell(about, false, reason, message);
    }

    /// Writes down what somebody should look at.
    pub(super) fn warn(&self, about: &Value, reason: &str, message: &str) {
        self.tell(about, true, reason, message);
    }

    /// An Event is never worth failing for: what cannot be written is not written, as with the real recorder.
    fn tell(&self, about: &Value, warns: bool, reason: &str, message: &str) {
        let Ok(kind) = self.store.kind("v1", "Event") else { return };
        let now = self.store.clock().now();
        let happening = Happening {
            component: self.component,
            host: "",
            object: about,
            part: "",
            warns,
            reason,
            message,
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let write = Write { fields_settled: true, ..Write::by_cluster() };
        match told.correlator.hear(&happening, now) {
            Outcome::Dropped => {}
            Outcome::New(event) => {
                let namespace = object::namespace(&event).to_owned();
                if let Ok(event) = self.store.create(&kind, &namespace, event, &write) {
                    told.written.push_back((now, Key::of(&event)));
                }
            }
            Outcome::Again { namespace, name, patch } => {
                let counted = self.store.change(&kind, (&namespace, &name), Part::Main, &write, |old| {
                    let mut new = old.clone();
                    for (field, value) in patch.as_object().into_iter().flatten() {
                        new[field] = value.clone();
                    }
                    Ok(new)
                });
                if let Err(ApiError::NotFound(_)) = counted {
                    told.correlator.forget(&name);
                }
            }
        }
        while told
            .written
            .front()
            .is_some_and(|(time, _)| now.duration_since(*time).is_ok_and(|age| age > KEPT))
        {
            if let Some((_, key)) = told.written.pop_front() {
                drop(self.store.delete(&kind, (&key.namespace, &key.name), &Deletion::default()));
            }
        }
    }
}
