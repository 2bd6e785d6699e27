//! The executor.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use cluster::{Cluster, Holder};
use plan::{Action, Plan, RuleAction, Step, StepId};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::event::{millis, now_ms};
use crate::guard::{Arming, Guard, Watchman};
use crate::interrupt::{Alarm, Interrupt};
use crate::keeper::{Keeper, lasts};
use crate::step::{self, Deck};
use crate::{
    Crash, Event, Journal, Level, Locker, Outcome, Phase, Record, StepError, StepState, Traffic,
    TrafficSource, VoyageError, VoyageEvent,
};

/// How many events a slow display may lag behind before it misses some.
const EVENTS: usize = 4096;

/// One execution of a plan.
pub struct Voyage {
    plan: Plan,
    hash: String,
    cluster: Cluster,
    journal: Journal,
    locker: Locker,
    traffic: Arc<dyn TrafficSource>,
    holder: Holder,
    alarm: Alarm,
    baseline: watch::Sender<Option<Traffic>>,
    keeper: Mutex<Option<Keeper>>,
    events: broadcast::Sender<VoyageEvent>,
}

/// Why going forward ended.
enum Halt {
    /// Every step is done.
    Arrived,
    /// Everything must go back; the instant is that of the verdict.
    GoBack(String, Instant),
    /// A human must decide.
    Stop(String),
}

/// What a plan is known by in journals.
///
/// # Errors
/// When the plan cannot be written as JSON.
pub fn plan_hash(plan: &Plan) -> Result<String, serde_json::Error> {
    Ok(blake3::hash(&serde_json::to_vec(plan)?).to_hex().to_string())
}

impl Voyage {
    /// Opens a voyage in its directory: a new one, or one that was begun before.
    ///
    /// # Errors
    /// When the directory or its journal cannot be used, or belongs to another plan.
    pub fn open(
        plan: Plan,
        cluster: Cluster,
        state_dir: &Path,
        traffic: Arc<dyn TrafficSource>,
    ) -> Result<Self, VoyageError> {
        for (index, step) in plan.steps.iter().enumerate() {
            if plan.steps.iter().skip(index + 1).any(|other| other.id == step.id) {
                return Err(VoyageError::TwoSteps(step.id.clone()));
            }
        }
        let hash = plan_hash(&plan)?;
        let locker = Locker::open(state_dir)?;
        let journal = Journal::open(&state_dir.join("journal"))?;
        let course = journal.course();
        if course.phase != Phase::Fresh && course.plan != hash {
            return Err(VoyageError::AnotherPlan { journal: course.plan.clone(), plan: hash });
        }
        let identity = if course.phase == Phase::Fresh { fresh_name(&hash) } else { course.voyage.clone() };
        let holder = Holder { identity, duration: lasts(cluster.clock().speed()) };
        Ok(Self {
            baseline: watch::Sender::new(step::recorded_baseline(&locker)?),
            plan,
            hash,
            cluster,
            journal,
            locker,
            traffic,
            holder,
            alarm: Alarm::new(),
            keeper: Mutex::new(None),
            events: broadcast::Sender::new(EVENTS),
        })
    }

    /// What happens from now on, for a display.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<VoyageEvent> {
        self.events.subscribe()
    }

    /// Everything recorded so far.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.journal.records()
    }

    /// Where the voyage stands.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.journal.course().phase
    }

    /// Makes the executor die at a record, for tests of crashes.
    pub fn crash_at(&mut self, crash: Crash) {
        self.journal.crash_at(crash);
    }

    /// Begins the voyage and carries it to an outcome.
    ///
    /// # Errors
    /// When it was begun before, or the journal cannot be written.
    pub async fn run(&mut self) -> Result<Outcome, VoyageError> {
        if *self.phase() != Phase::Fresh {
            return Err(VoyageError::Untimely("this voyage was begun before: resume it or roll it back"));
        }
        let steps = self.plan.steps.iter().map(|step| step.id.clone()).collect();
        let (plan, voyage) = (self.hash.clone(), self.holder.identity.clone());
        self.journal.append(Event::Started { plan, voyage, steps })?;
        Box::pin(self.sail()).await
    }

    /// Goes on where a voyage ended early: forward, or back if it was going back.
    ///
    /// # Errors
    /// When there is nothing to go on with, or the journal cannot be written.
    pub async fn resume(&mut self) -> Result<Outcome, VoyageError> {
        match self.phase() {
            Phase::Fresh => return Box::pin(self.run()).await,
            Phase::Finished {
                outcome: outcome @ (Outcome::Completed | Outcome::RolledBack { .. }), ..
            } => {
                return Ok(outcome.clone());
            }
            _ => {}
        }
        self.alarm = Alarm::new();
        self.journal.append(Event::Resumed)?;
        if *self.phase() == Phase::RollingBack {
            let reason = self.journal.course().reason.clone().unwrap_or_default();
            return Box::pin(self.take_back(reason, Instant::now())).await;
        }
        Box::pin(self.sail()).await
    }

    /// Takes back everything that was done: after a stop, a crash, or a voyage that was completed.
    ///
    /// # Errors
    /// When nothing was begun, or the journal cannot be written.
    pub async fn roll_back(&mut self, reason: &str) -> Result<Outcome, VoyageError> {
        match self.phase() {
            Phase::Fresh => return Err(VoyageError::Untimely("nothing was begun")),
            Phase::Finished { outcome: outcome @ Outcome::RolledBack { .. }, .. } => {
                return Ok(outcome.clone());
            }
            Phase::RollingBack | Phase::Finished { rolling_back: true, .. } => {
                return Box::pin(self.resume()).await;
            }
            Phase::Sailing | Phase::Finished { .. } => {}
        }
        self.alarm = Alarm::new();
        Box::pin(self.go_back(reason.to_owned(), Instant::now())).await
    }

    async fn sail(&mut self) -> Result<Outcome, VoyageError> {
        if let Err(error) = self.take_up_lease().await {
            return self.finish(Outcome::Stopped { reason: error.to_string() });
        }
        match Box::pin(self.forward()).await? {
            Halt::Arrived => self.finish(Outcome::Completed),
            Halt::Stop(reason) => self.finish(Outcome::Stopped { reason }),
            Halt::GoBack(reason, verdict) => Box::pin(self.go_back(reason, verdict)).await,
        }
    }

    /// Does the steps that are not done, in order.
    async fn forward(&mut self) -> Result<Halt, VoyageError> {
        let guard = self.start_guard();
        while let Some(id) = self.journal.course().next_step().cloned() {
            let Some(step) = self.step(&id) else {
                return Ok(Halt::Stop(format!("the plan has no step {id}")));
            };
            if let Some(interrupt) = self.alarm.raised() {
                return Ok(halt_for(&interrupt));
            }
            guard.arm(Arming::during(&step.action));
            let at_ms = self.journal.append(Event::StepStarted { id: id.clone() })?;
            self.tell(VoyageEvent::StepStarted { id: id.clone(), at_ms });
            self.traffic.step_begins(&id);
            let done = Box::pin(step::perform(&self.deck(true), &step.action)).await;
            if let Err(error) = done {
                let verdict = Instant::now();
                let reason = error.to_string();
                let at_ms =
                    self.journal.append(Event::StepFailed { id: id.clone(), reason: reason.clone() })?;
                self.tell(VoyageEvent::StepFailed { id: id.clone(), reason, at_ms });
                return Ok(halt_after(&step, &error, verdict));
            }
            let at_ms = self.journal.append(Event::StepDone { id: id.clone() })?;
            self.tell(VoyageEvent::StepDone { id, at_ms });
        }
        Ok(Halt::Arrived)
    }

    async fn go_back(&mut self, reason: String, verdict: Instant) -> Result<Outcome, VoyageError> {
        let event = Event::RollbackStarted { level: Level::Release, reason: reason.clone() };
        let at_ms = self.journal.append(event)?;
        self.tell(VoyageEvent::RollbackStarted { reason: reason.clone(), at_ms });
        Box::pin(self.take_back(reason, verdict)).await
    }

    /// Takes back the steps that were begun, last first.
    async fn take_back(&mut self, reason: String, verdict: Instant) -> Result<Outcome, VoyageError> {
        if let Err(error) = self.take_up_lease().await {
            return self.finish(Outcome::Failed { reason: error.to_string() });
        }
        let mut restored = false;
        while let Some(id) = self.journal.course().next_undo().cloned() {
            let Some(step) = self.step(&id) else {
                return self.finish(Outcome::Failed { reason: format!("the plan has no step {id}") });
            };
            self.journal.append(Event::UndoStarted { id: id.clone() })?;
            if let Err(error) = step::undo(&self.deck(false), &step.action).await {
                let why = error.to_string();
                self.journal.append(Event::UndoFailed { id: id.clone(), reason: why.clone() })?;
                return self
                    .finish(Outcome::Failed { reason: format!("{id} could not be taken back: {why}") });
            }
            let at_ms = self.journal.append(Event::UndoDone { id: id.clone() })?;
            self.tell(VoyageEvent::StepUndone { id, at_ms });
            let switch = matches!(step.action, Action::CloseOverlap { .. } | Action::OpenOverlap { .. });
            if switch && !restored {
                restored = true;
                self.tell(VoyageEvent::TrafficRestored { ms: millis(verdict.elapsed()), at_ms });
            }
        }
        self.finish(Outcome::RolledBack { reason })
    }

    /// Holds the Lease again where the records say it is held: a crash may have let it run out, and it must
    /// be ours before anything is touched.
    async fn take_up_lease(&self) -> Result<(), StepError> {
        let course = self.journal.course();
        let touched = |step: &Step| {
            !matches!(course.state(&step.id), None | Some(StepState::Pending | StepState::Undone))
        };
        let mut lease = None;
        for step in self.plan.steps.iter().filter(|step| touched(step)) {
            match &step.action {
                Action::AcquireLease { lease: name } if course.state(&step.id) == Some(StepState::Done) => {
                    lease = Some(name);
                }
                Action::ReleaseLease { .. } => lease = None,
                _ => {}
            }
        }
        let kept = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        match lease {
            Some(lease) if !kept => step::take_up_lease(&self.deck(false), lease).await,
            _ => Ok(()),
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Result<Outcome, VoyageError> {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let at_ms = self.journal.append(Event::Finished { outcome: outcome.clone() })?;
        self.tell(VoyageEvent::Finished { outcome: outcome.clone(), at_ms });
        Ok(outcome)
    }

    fn start_guard(&self) -> Guard {
        Guard::start(Watchman::new(
            &self.plan,
            self.cluster.clone(),
            Arc::clone(&self.traffic),
            self.baseline.subscribe(),
            self.alarm.clone(),
            self.events.clone(),
        ))
    }

    fn deck(&self, interruptible: bool) -> Deck<'_> {
        Deck {
            plan: &self.plan,
            cluster: &self.cluster,
            locker: &self.locker,
            traffic: &self.traffic,
            holder: &self.holder,
            alarm: &self.alarm,
            interruptible,
            baseline: &self.baseline,
            keeper: &self.keeper,
            events: &self.events,
        }
    }

    fn step(&self, id: &StepId) -> Option<Step> {
        self.plan.steps.iter().find(|step| step.id == *id).cloned()
    }

    fn tell(&self, event: VoyageEvent) {
        let _nobody_listens = self.events.send(event);
    }
}

/// What an interrupt asks for.
fn halt_for(interrupt: &Interrupt) -> Halt {
    match interrupt {
        Interrupt::Breach(breach) if breach.action == RuleAction::RollBack => {
            let ago = now_ms().saturating_sub(breach.at_ms);
            let now = Instant::now();
            let verdict = now.checked_sub(std::time::Duration::from_millis(ago)).unwrap_or(now);
            Halt::GoBack(interrupt.to_string(), verdict)
        }
        // Whoever has the Lease now may be at work: nothing more is touched.
        Interrupt::Breach(_) | Interrupt::LeaseLost(_) => Halt::Stop(interrupt.to_string()),
    }
}

/// What a failed step asks for. Before anything was changed there is nothing to take back, and at the
/// very end a difference is for a human to judge; everything between goes back by itself.
fn halt_after(step: &Step, error: &StepError, verdict: Instant) -> Halt {
    if let StepError::Interrupted(interrupt) = error {
        return halt_for(interrupt);
    }
    let reason = format!("{}: {error}", step.id);
    match step.action {
        Action::CheckAssumptions
        | Action::AcquireLease { .. }
        | Action::FinalAudit
        | Action::ReleaseLease { .. } => Halt::Stop(reason),
        _ => Halt::GoBack(reason, verdict),
    }
}

/// A name that no other voyage has, of this plan or another.
fn fresh_name(hash: &str) -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let seed = format!("{hash} {nanos} {}", std::process::id());
    let digest = blake3::hash(seed.as_bytes()).to_hex();
    format!("mastoferry-{}", digest.get(..16).unwrap_or_default())
}
