//! A guard that a trial has armed: whether it fires, and what it tells while it does not.

use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::sidekiq::until;
use crate::guard::Guard;
use crate::interrupt::{Alarm, Interrupt};
use crate::{Breach, VoyageEvent};

pub(super) struct Watched {
    pub(super) _guard: Guard,
    pub(super) alarm: Alarm,
    pub(super) events: broadcast::Receiver<VoyageEvent>,
    pub(super) since: Instant,
}

impl Watched {
    /// The breach that has to come within a bound, and how long it took.
    pub(super) async fn fires(&self, bound: Duration) -> (Breach, Duration) {
        match tokio::time::timeout(bound, self.alarm.wait()).await {
            Ok(Interrupt::Breach(breach)) => (breach, self.since.elapsed()),
            other => panic!("{other:?}"),
        }
    }

    /// Lets so much time pass without an alarm, and gives what was told.
    pub(super) async fn stays_silent(&mut self, span: Duration) -> Vec<String> {
        until("time to pass", async || self.since.elapsed() > span).await;
        assert_eq!(self.alarm.raised(), None);
        let told = std::iter::from_fn(|| self.events.try_recv().ok());
        told.filter_map(|event| match event {
            VoyageEvent::Noted { note, .. } => Some(note),
            _ => None,
        })
        .collect()
    }
}
