//! Stops before a step: for good, or until somebody has answered.
//!
//! While somebody is asked, the guard watches as it did in the step before: a breach does not wait for an answer.

use plan::StepId;
use tokio::sync::{mpsc, oneshot};

/// What is asked before a step.
#[derive(Debug)]
pub struct Question {
    /// The step that would come next.
    pub step: StepId,
    /// Where the answer goes; dropped, it means [`Decision::Stop`].
    pub answer: oneshot::Sender<Decision>,
}

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The step is done.
    GoOn,
    /// The voyage stops here; `resume` goes on.
    Stop,
    /// Everything goes back.
    GoBack,
}

/// Before which steps a voyage pauses, and who is asked.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    pub(crate) before: Vec<StepId>,
    pub(crate) desk: Option<mpsc::Sender<Question>>,
}

impl Pauses {
    /// Whether there is a pause before a step; it is one pause only.
    pub(crate) fn take(&mut self, step: &StepId) -> bool {
        let many = self.before.len();
        self.before.retain(|before| before != step);
        self.before.len() < many
    }

    /// What is to be done: nobody to ask means to stop.
    pub(crate) async fn ask(&self, step: &StepId) -> Decision {
        let Some(desk) = &self.desk else { return Decision::Stop };
        let (answer, answered) = oneshot::channel();
        if desk.send(Question { step: step.clone(), answer }).await.is_err() {
            return Decision::Stop;
        }
        answered.await.unwrap_or(Decision::Stop)
    }
}
