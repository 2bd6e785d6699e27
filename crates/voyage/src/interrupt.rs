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
    /// A person wants it to stop.
    Asked,
}

impl std::fmt::Display for Interrupt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Breach(breach) => write!(formatter, "{breach}"),
            Self::LeaseLost(why) => write!(formatter, "the lease was lost: {why}"),
            Self::Asked => write!(formatter, "stopped as asked for"),
        }
    }
}

/// Where interrupts are raised. The first one stays, but that the Lease is lost outdoes a rule that was broken: whoever has
/// it now may be at work, so that not even the way back is ours any more.
#[derive(Debug, Clone)]
pub(crate) struct Alarm(watch::Sender<Option<Interrupt>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn raise(&self, interrupt: Interrupt) {
        self.0.send_if_modified(|raised| {
            let counts = match raised {
                None => true,
                Some(Interrupt::Breach(_) | Interrupt::Asked) => matches!(interrupt, Interrupt::LeaseLost(_)),
                Some(Interrupt::LeaseLost(_)) => false,
            };
            if counts {
                *raised = Some(interrupt);
            }
            counts
        });
    }

    /// Forgets what was raised.
    pub(crate) fn lower(&self) {
        self.0.send_replace(None);
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

/// Stops a voyage in an orderly way: waiting ends, and nothing new is begun. Going back is not stopped.
#[derive(Debug, Clone)]
pub struct Brake(pub(crate) Alarm);

impl Brake {
    /// Asks for it.
    pub fn pull(&self) {
        self.0.raise(Interrupt::Asked);
    }
}
