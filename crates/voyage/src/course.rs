//! Where a voyage stands: derived from its events alone, which must each be legal where they stand.

use plan::StepId;

use crate::{Event, Level, Outcome};

/// What a voyage is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was recorded yet.
    Fresh,
    /// Steps are done in order.
    Sailing,
    /// Steps are taken back in reverse order.
    RollingBack,
    /// It ended; the flag says whether it was going back when it did.
    Finished {
        /// How it ended.
        outcome: Outcome,
        /// Whether it was rolling back.
        rolling_back: bool,
    },
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun; its effect may be there in part.
    Started,
    /// Done and verified.
    Done,
    /// Failed; its effect may be there in part.
    Failed,
    /// Being taken back.
    UndoStarted,
    /// Taking it back failed.
    UndoFailed,
    /// Taken back.
    Undone,
}

/// An event that cannot follow what was recorded before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot follow here: {why}")]
pub struct IllegalEvent {
    /// The event.
    pub event: String,
    /// Why not.
    pub why: String,
}

/// The state derived from the events so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// What the voyage is doing.
    pub phase: Phase,
    /// The plan's hash, once started.
    pub plan: String,
    /// The voyage's own name, once started.
    pub voyage: String,
    /// Why it goes back, once it does.
    pub reason: Option<String>,
    /// The first step that is taken back, where not all of them are.
    pub down_to: Option<StepId>,
    /// Whether somebody has agreed to lose what was written to new stores.
    pub accepts_loss: bool,
    steps: Vec<(StepId, StepState)>,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            phase: Phase::Fresh,
            plan: String::new(),
            voyage: String::new(),
            reason: None,
            down_to: None,
            accepts_loss: false,
            steps: Vec::new(),
        }
    }
}

impl Course {
    /// The step to be done next: the first that is not done.
    #[must_use]
    pub fn next_step(&self) -> Option<&StepId> {
        self.steps.iter().find(|(_, state)| *state != StepState::Done).map(|(id, _)| id)
    }

    /// The step to be taken back next: the last that was begun and is not taken back.
    #[must_use]
    pub fn next_undo(&self) -> Option<&StepId> {
        let touched = |state: StepState| !matches!(state, StepState::Pending | StepState::Undone);
        let first = self.down_to.as_ref().and_then(|first| self.steps.iter().position(|(id, _)| id == first));
        let within = self.steps.iter().skip(first.unwrap_or(0));
        within.rev().find(|(_, state)| touched(*state)).map(|(id, _)| id)
    }

    /// Whether everything was taken back, so that nothing is left to do in either direction.
    #[must_use]
    pub fn is_back(&self) -> bool {
        self.has_rolled_back() && self.down_to.is_none()
    }

    fn has_rolled_back(&self) -> bool {
        matches!(&self.phase, Phase::Finished { outcome: Outcome::RolledBack { .. }, .. })
    }

    /// What became of a step.
    #[must_use]
    pub fn state(&self, id: &StepId) -> Option<StepState> {
        self.steps.iter().find(|(name, _)| name == id).map(|(_, state)| *state)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When the event is illegal here; then nothing changes.
    pub fn follow(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let illegal = |why: String| IllegalEvent { event: event.name().to_owned(), why };
        match event {
            Event::Started { plan, voyage, steps } => {
                self.must(self.phase == Phase::Fresh, event)?;
                plan.clone_into(&mut self.plan);
                voyage.clone_into(&mut self.voyage);
                self.steps = steps.iter().map(|id| (id.clone(), StepState::Pending)).collect();
                self.phase = Phase::Sailing;
            }
            Event::Resumed => self.follow_resumed(event)?,
            Event::StepStarted { id } => {
                self.must(self.phase == Phase::Sailing, event)?;
                if self.next_step() != Some(id) {
                    return Err(illegal(format!("{id} is not the next step")));
                }
                self.set(id, StepState::Started);
            }
            Event::StepDone { id } => self.step(event, id, &[StepState::Started], StepState::Done)?,
            Event::StepFailed { id, .. } => self.step(event, id, &[StepState::Started], StepState::Failed)?,
            Event::RollbackStarted { level, reason, down_to } => {
                // Going back further than was meant at first is no other way; nor is agreeing to lose what is at risk.
                let agrees = *level == Level::Database && !self.accepts_loss;
                let further = self.down_to.is_some() && down_to.is_none() || agrees;
                let under_way = self.phase == Phase::RollingBack && !further;
                self.must(!self.is_back() && !under_way && self.phase != Phase::Fresh, event)?;
                self.reason = Some(reason.clone());
                self.down_to.clone_from(down_to);
                self.accepts_loss |= *level == Level::Database;
                self.phase = Phase::RollingBack;
            }
            Event::UndoStarted { id } => {
                self.must(self.phase == Phase::RollingBack, event)?;
                if self.next_undo() != Some(id) {
                    return Err(illegal(format!("{id} is not the next step to be taken back")));
                }
                self.set(id, StepState::UndoStarted);
            }
            Event::UndoDone { id } => self.step(event, id, &[StepState::UndoStarted], StepState::Undone)?,
            Event::UndoFailed { id, .. } => {
                self.step(event, id, &[StepState::UndoStarted], StepState::UndoFailed)?;
            }
            Event::Finished { outcome } => self.follow_finished(event, outcome)?,
        }
        Ok(())
    }

    fn follow_resumed(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        self.phase = match &self.phase {
            Phase::Sailing => Phase::Sailing,
            Phase::RollingBack => Phase::RollingBack,
            Phase::Finished { outcome: Outcome::Stopped { .. } | Outcome::Failed { .. }, rolling_back } => {
                if *rolling_back {
                    Phase::RollingBack
                } else {
                    Phase::Sailing
                }
            }
            // Users were taken back and green left standing: forward is open again.
            Phase::Finished { .. } if self.has_rolled_back() && self.down_to.is_some() => Phase::Sailing,
            Phase::Fresh | Phase::Finished { .. } => return self.must(false, event),
        };
        if self.phase == Phase::Sailing {
            self.down_to = None;
        }
        Ok(())
    }

    fn follow_finished(&mut self, event: &Event, outcome: &Outcome) -> Result<(), IllegalEvent> {
        let (sailing, back) = (self.phase == Phase::Sailing, self.phase == Phase::RollingBack);
        let legal = match outcome {
            Outcome::Completed => sailing && self.next_step().is_none(),
            Outcome::RolledBack { .. } => back && self.next_undo().is_none(),
            Outcome::Stopped { .. } => sailing,
            Outcome::Failed { .. } => sailing || back,
        };
        self.must(legal, event)?;
        self.phase = Phase::Finished { outcome: outcome.clone(), rolling_back: back };
        Ok(())
    }

    fn must(&self, legal: bool, event: &Event) -> Result<(), IllegalEvent> {
        if legal {
            return Ok(());
        }
        Err(IllegalEvent { event: event.name().to_owned(), why: format!("the voyage is {:?}", self.phase) })
    }

    fn step(
        &mut self,
        event: &Event,
        id: &StepId,
        from: &[StepState],
        to: StepState,
    ) -> Result<(), IllegalEvent> {
        let undo = matches!(to, StepState::Undone | StepState::UndoFailed);
        self.must(self.phase == if undo { Phase::RollingBack } else { Phase::Sailing }, event)?;
        match self.state(id) {
            Some(state) if from.contains(&state) => {
                self.set(id, to);
                Ok(())
            }
            state => Err(IllegalEvent { event: event.name().to_owned(), why: format!("{id} is {state:?}") }),
        }
    }

    fn set(&mut self, id: &StepId, to: StepState) {
        for (_, state) in self.steps.iter_mut().filter(|(name, _)| name == id) {
            *state = to;
        }
    }
}
