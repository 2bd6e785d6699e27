//! What may interrupt waiting.
//!
//! Only waits are interrupted, never a request under way: a request whose answer nobody awaits could take
//! effect after the undo that was meant to take it back.

use tokio::sync::watch;

use crate::Breach;

/// Why waiting ends early.
#[derive(Debug, Clone, PartialEq)]
pub enum Interrupt {
    /// A rule is broken.
    Breach(Breach),
    /// Somebody else has the Lease, or it could not be renewed in time.
    LeaseLost(String),
}

impl std::fmt::Display for Interrupt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Breach(breach) => write!(formatter, "{breach}"),
            Self::LeaseLost(why) => write!(formatter, "the lease was lost: {why}"),
        }
    }
}

/// Where interrupts are raised: the first one stays.
#[derive(Debug, Clone)]
pub(crate) struct Alarm(watch::Sender<Option<Interrupt>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn raise(&self, interrupt: Interrupt) {
        self.0.send_if_modified(|raised| {
            let first = raised.is_none();
            if first {
                *raised = Some(interrupt);
            }
            first
        });
    }

    pub(crate) fn raised(&self) -> Option<Interrupt> {
        self.0.borrow().clone()
    }

    /// Returns once an interrupt was raised.
    pub(crate) async fn wait(&self) -> Interrupt {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(interrupt) = receiver.borrow_and_update().clone() {
                return interrupt;
            }
            // The sender lives in `self`: the channel cannot close meanwhile.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
