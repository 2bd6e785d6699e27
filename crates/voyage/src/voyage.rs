//! The executor.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use cluster::{Cluster, Holder};
use plan::{Action, Plan, RuleAction, Step, StepId};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;

use crate::copy::{UNDER_WAY, taken_as};
use crate::event::{millis, now_ms};
use crate::guard::{Arming, Guard, Watchman};
use crate::interrupt::{Alarm, Brake, Interrupt};
use crate::keeper::{Keeper, lasts};
use crate::pause::{Decision, Pauses, Question};
use crate::step::{self, Deck, StoresAboard};
use crate::{
    Copyist, Course, Crash, Event, Journal, LeftPaused, Level, Locker, Outcome, Phase, Record, StepError,
    StepState, Traffic, TrafficSource, VoyageError, VoyageEvent,
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
    voyage: String,
    holder: Holder,
    copyist: Option<Copyist>,
    pauses: Pauses,
    alarm: Alarm,
    baseline: watch::Sender<Option<Traffic>>,
    keeper: Mutex<Option<Keeper>>,
    events: broadcast::Sender<VoyageEvent>,
    sidekiq: Option<movers::Sidekiq>,
    stores: StoresAboard,
    prometheus: Option<probe::Prometheus>,
    asked: watch::Sender<BTreeMap<String, f64>>,
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
        let voyage = if course.phase == Phase::Fresh { fresh_name(&hash) } else { course.voyage.clone() };
        let identity = taken_as(state_dir).unwrap_or_else(|| voyage.clone());
        let holder = Holder { identity, duration: lasts(cluster.clock().speed()) };
        let asked = watch::Sender::new(step::recorded_answers(&locker)?);
        Ok(Self {
            baseline: watch::Sender::new(step::recorded_baseline(&locker)?),
            plan,
            hash,
            cluster,
            journal,
            locker,
            traffic,
            voyage,
            holder,
            copyist: None,
            pauses: Pauses::default(),
            alarm: Alarm::new(),
            keeper: Mutex::new(None),
            events: broadcast::Sender::new(EVENTS),
            sidekiq: None,
            stores: StoresAboard::None,
            prometheus: None,
            asked,
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

    /// Who applied the old side from a repository and is paused since, with what lets him go on.
    ///
    /// # Errors
    /// When what was noted of them cannot be read.
    pub fn left_paused(&self) -> Result<Vec<LeftPaused>, StepError> {
        let pauses =
            |step: &&Step| matches!(step.action, Action::PauseGitops { .. }) && self.is_touched(step);
        match self.plan.steps.iter().find(pauses) {
            Some(_) => step::left_paused(&self.locker),
            None => Ok(Vec::new()),
        }
    }

    /// Where the voyage stands.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.journal.course().phase
    }

    /// Whether a step was begun and not taken back.
    #[must_use]
    pub fn stands(&self, accept: impl Fn(&Action) -> bool) -> bool {
        self.plan.steps.iter().any(|step| accept(&step.action) && self.is_touched(step))
    }

    /// Passes the queues on over their own Redis, as Sidekiq itself does it, and not by ending pods alone.
    pub fn reach_queues(&mut self, sidekiq: movers::Sidekiq) {
        self.sidekiq = Some(sidekiq);
    }

    /// Moves the plan's stores with these.
    pub fn move_stores(&mut self, stores: movers::stores::Stores) {
        self.stores = StoresAboard::Here(Box::new(tokio::sync::Mutex::new(stores)));
    }

    /// A rehearsal without servers for the stores: the steps that move them do nothing.
    pub fn rehearse_without_stores(&mut self) {
        self.stores = StoresAboard::Rehearsed;
    }

    /// What the cut-over of the stores came to, once they passed over.
    ///
    /// # Errors
    /// When what was noted cannot be read.
    pub fn stores_passed(&self) -> Result<Option<movers::stores::CutOver>, StepError> {
        self.locker.found(step::CUT_OVER)
    }

    /// What going back now would lose.
    ///
    /// # Errors
    /// When a store cannot be asked.
    pub async fn at_risk(&self) -> Result<Vec<movers::stores::AtRisk>, StepError> {
        match &self.stores {
            StoresAboard::Here(stores) => Ok(stores.lock().await.at_risk().await?),
            StoresAboard::None | StoresAboard::Rehearsed => Ok(Vec::new()),
        }
    }

    /// Has Prometheus asked what the plan's rules ask it, besides what the prober sees.
    pub fn ask_prometheus(&mut self, prometheus: probe::Prometheus) {
        self.prometheus = Some(prometheus);
    }

    /// Keeps Secrets in the backup as well, encrypted for somebody.
    pub fn keep_secrets_for(&mut self, recipient: crate::Recipient) {
        self.locker.encrypt_for(recipient);
    }

    /// Where the voyage stands, step by step.
    #[must_use]
    pub fn course(&self) -> &Course {
        self.journal.course()
    }

    /// Keeps a copy of the state in the cluster, from which another machine can take over.
    ///
    /// # Errors
    /// When another voyage is under way there, another machine went further with this one, or the cluster refuses.
    pub async fn keep_copy(&mut self, copyist: Copyist) -> Result<(), VoyageError> {
        copyist.begin(&self.voyage).await?;
        self.copyist = Some(copyist);
        Ok(())
    }

    /// Pauses before each of these steps, once: whoever sits at the desk is asked; without a desk, the voyage stops.
    pub fn pause_before(&mut self, before: Vec<StepId>, desk: Option<mpsc::Sender<Question>>) {
        self.pauses = Pauses { before, desk };
    }

    /// What stops the voyage in an orderly way.
    #[must_use]
    pub fn brake(&self) -> Brake {
        Brake(self.alarm.clone())
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
        let (plan, voyage) = (self.hash.clone(), self.voyage.clone());
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
            Phase::Finished { outcome: outcome @ Outcome::Completed, .. } => return Ok(outcome.clone()),
            Phase::Finished { outcome, .. } if self.course().is_back() => return Ok(outcome.clone()),
            _ => {}
        }
        self.alarm.lower();
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
        Box::pin(self.roll_back_to(Level::Release, reason)).await
    }

    /// The same as far as it is asked for: [`Level::Traffic`] leaves green standing in the dark, so that
    /// [`Voyage::resume`] may lead users there again, or [`Voyage::roll_back`] take the rest back.
    ///
    /// # Errors
    /// When nothing was begun, or the journal cannot be written.
    pub async fn roll_back_to(&mut self, level: Level, reason: &str) -> Result<Outcome, VoyageError> {
        let agrees = level == Level::Database && !self.course().accepts_loss;
        let whole = (self.course().down_to.is_none() || level == Level::Traffic) && !agrees;
        self.may_go_back(level).await?;
        match self.phase() {
            Phase::Fresh => return Err(VoyageError::Untimely("nothing was begun")),
            Phase::Finished { outcome: outcome @ Outcome::RolledBack { .. }, .. } if whole => {
                return Ok(outcome.clone());
            }
            Phase::RollingBack | Phase::Finished { rolling_back: true, .. } if whole => {
                return Box::pin(self.resume()).await;
            }
            _ => {}
        }
        self.alarm.lower();
        Box::pin(self.go_back(level, reason.to_owned(), Instant::now())).await
    }

    /// The stores go back with the rest or not at all, and lose nothing that nobody has agreed to lose.
    async fn may_go_back(&self, level: Level) -> Result<(), VoyageError> {
        let is_over =
            |step: &&Step| matches!(step.action, Action::CutOverStores { .. }) && self.is_touched(step);
        if level == Level::Database
            || self.course().accepts_loss
            || !self.plan.steps.iter().any(|step| is_over(&step))
        {
            return Ok(());
        }
        if level == Level::Traffic {
            return Err(VoyageError::StoresPassed);
        }
        let risks = self.at_risk().await?;
        if risks.is_empty() { Ok(()) } else { Err(VoyageError::AtRisk(risks)) }
    }

    /// Whether going back by itself would lose something: then somebody must decide.
    async fn would_lose(&self) -> bool {
        match &self.stores {
            StoresAboard::Here(stores) => stores.lock().await.would_lose() && !self.course().accepts_loss,
            StoresAboard::None | StoresAboard::Rehearsed => false,
        }
    }

    async fn sail(&mut self) -> Result<Outcome, VoyageError> {
        if let Err(error) = self.take_up_lease().await {
            return self.finish(Outcome::Stopped { reason: error.to_string() }).await;
        }
        match Box::pin(self.forward()).await? {
            Halt::Arrived => self.finish(Outcome::Completed).await,
            Halt::Stop(reason) => self.finish(Outcome::Stopped { reason }).await,
            Halt::GoBack(reason, _) if self.would_lose().await => {
                let reason = format!("{reason}; going back would lose what was written to the new stores");
                self.finish(Outcome::Stopped { reason }).await
            }
            Halt::GoBack(reason, verdict) => Box::pin(self.go_back(Level::Release, reason, verdict)).await,
        }
    }

    /// Asks whoever is to be asked before a step; the guard stays as it was armed for the step before.
    async fn pause(&mut self, id: &StepId) -> Option<Halt> {
        if !self.pauses.take(id) {
            return None;
        }
        self.tell(VoyageEvent::Paused { before: id.clone(), at_ms: now_ms() });
        let decision = tokio::select! {
            biased;
            interrupt = self.alarm.wait() => return Some(halt_for(&interrupt)),
            decision = self.pauses.ask(id) => decision,
        };
        match decision {
            Decision::GoOn => None,
            Decision::Stop => Some(Halt::Stop(format!("paused before {id}"))),
            Decision::GoBack => Some(Halt::GoBack("asked for".to_owned(), Instant::now())),
        }
    }

    async fn copied(&self) -> Result<(), StepError> {
        self.deck(false).copied().await
    }

    /// Does the steps that are not done, in order.
    async fn forward(&mut self) -> Result<Halt, VoyageError> {
        let guard = self.start_guard();
        self.tell_announced();
        while let Some(id) = self.journal.course().next_step().cloned() {
            let Some(step) = self.step(&id) else {
                return Ok(Halt::Stop(format!("the plan has no step {id}")));
            };
            if let Some(interrupt) = self.alarm.raised() {
                return Ok(halt_for(&interrupt));
            }
            if let Some(halt) = self.pause(&id).await {
                return Ok(halt);
            }
            guard.arm(Arming::during(&step.action));
            let at_ms = self.journal.append(Event::StepStarted { id: id.clone() })?;
            // Nothing is changed that no other machine could know of.
            if let Err(error) = self.copied().await {
                return Ok(Halt::Stop(error.to_string()));
            }
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

    async fn go_back(
        &mut self,
        level: Level,
        reason: String,
        verdict: Instant,
    ) -> Result<Outcome, VoyageError> {
        let first = self.plan.steps.iter().find(|step| moves_users_or_queues(&step.action));
        let down_to = first.filter(|_| level == Level::Traffic).map(|step| step.id.clone());
        let event = Event::RollbackStarted { level, reason: reason.clone(), down_to };
        let at_ms = self.journal.append(event)?;
        self.tell(VoyageEvent::RollbackStarted { reason: reason.clone(), at_ms });
        Box::pin(self.take_back(reason, verdict)).await
    }

    /// Takes back the steps that were begun, last first.
    async fn take_back(&mut self, reason: String, verdict: Instant) -> Result<Outcome, VoyageError> {
        if let Err(error) = self.take_up_lease().await {
            return self.finish(Outcome::Failed { reason: error.to_string() }).await;
        }
        self.tell_announced();
        let mut restored = false;
        while let Some(id) = self.journal.course().next_undo().cloned() {
            if let Some(lost @ Interrupt::LeaseLost(_)) = self.alarm.raised() {
                return self.finish(Outcome::Failed { reason: lost.to_string() }).await;
            }
            let Some(step) = self.step(&id) else {
                return self.finish(Outcome::Failed { reason: format!("the plan has no step {id}") }).await;
            };
            self.journal.append(Event::UndoStarted { id: id.clone() })?;
            // Without a copy the way back is still better than none; but not where somebody else is on it.
            if let Err(error @ StepError::Overtaken(_)) = self.copied().await {
                return self.finish(Outcome::Failed { reason: error.to_string() }).await;
            }
            if let Err(error) = step::undo(&self.deck(false), &step.action).await {
                let why = error.to_string();
                self.journal.append(Event::UndoFailed { id: id.clone(), reason: why.clone() })?;
                let reason = format!("{id} could not be taken back: {why}");
                return self.finish(Outcome::Failed { reason }).await;
            }
            let at_ms = self.journal.append(Event::UndoDone { id: id.clone() })?;
            self.tell(VoyageEvent::StepUndone { id, at_ms });
            let switch = matches!(
                step.action,
                Action::CloseOverlap { .. }
                    | Action::OpenOverlap { .. }
                    | Action::ShiftPods(_)
                    | Action::ShiftWeights { .. }
                    | Action::ShowPage(_)
            );
            if switch && !restored && !self.users_are_led() {
                restored = true;
                self.tell(VoyageEvent::TrafficRestored { ms: millis(verdict.elapsed()), at_ms });
            }
        }
        self.finish(Outcome::RolledBack { reason }).await
    }

    /// Whether a step that led users away from blue still stands.
    fn users_are_led(&self) -> bool {
        let course = self.journal.course();
        let put_back = self.plan.steps.iter().any(|step| {
            matches!(step.action, Action::RestoreRoutes { .. })
                && course.state(&step.id).is_some_and(|state| state != StepState::Pending)
        });
        self.plan.steps.iter().any(|step| match step.action {
            Action::CloseOverlap { .. } | Action::ShiftPods(_) | Action::ShowPage(_) => self.is_touched(step),
            Action::ShiftWeights { .. } => self.is_touched(step) && !put_back,
            _ => false,
        })
    }

    /// Whether a step was begun and not taken back.
    fn is_touched(&self, step: &Step) -> bool {
        touches(self.journal.course(), step)
    }

    /// Whoever watches users learns whether they were told of maintenance, by an earlier process perhaps.
    fn tell_announced(&self) {
        self.traffic.announced(is_announced(&self.plan, self.journal.course()));
    }

    /// Holds the Lease again where the records say it is held: a crash may have let it run out, and it must
    /// be ours before anything is touched.
    async fn take_up_lease(&self) -> Result<(), StepError> {
        let course = self.journal.course();
        let mut lease = None;
        for step in self.plan.steps.iter().filter(|step| self.is_touched(step)) {
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

    async fn finish(&mut self, outcome: Outcome) -> Result<Outcome, VoyageError> {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let at_ms = self.journal.append(Event::Finished { outcome: outcome.clone() })?;
        if let Some(copyist) = &self.copyist {
            let kept = match &outcome {
                Outcome::RolledBack { .. } if self.course().is_back() => copyist.drop_it().await,
                Outcome::RolledBack { .. } => copyist.keep(&self.voyage, UNDER_WAY).await,
                other => copyist.keep(&self.voyage, other.name()).await,
            };
            // The outcome stands in the journal; a copy that lags behind it is told of, and resuming from it does no harm.
            if let Err(error) = kept {
                let note = error.to_string();
                self.tell(VoyageEvent::Noted { rule: "copy".to_owned(), note, at_ms });
            }
        }
        self.tell(VoyageEvent::Finished { outcome: outcome.clone(), at_ms });
        Ok(outcome)
    }

    fn start_guard(&self) -> Guard {
        let watchman = Watchman::new(
            &self.plan,
            self.cluster.clone(),
            Arc::clone(&self.traffic),
            self.baseline.subscribe(),
            self.alarm.clone(),
            self.events.clone(),
        );
        Guard::start(match &self.prometheus {
            Some(prometheus) => watchman.listening(&self.plan, prometheus.clone(), self.asked.subscribe()),
            None => watchman,
        })
    }

    fn deck(&self, interruptible: bool) -> Deck<'_> {
        Deck {
            plan: &self.plan,
            cluster: &self.cluster,
            locker: &self.locker,
            traffic: &self.traffic,
            holder: &self.holder,
            voyage: &self.voyage,
            copyist: self.copyist.as_ref(),
            alarm: &self.alarm,
            interruptible,
            baseline: &self.baseline,
            keeper: &self.keeper,
            events: &self.events,
            sidekiq: self.sidekiq.as_ref(),
            stores: &self.stores,
            accepts_loss: self.journal.course().accepts_loss,
            prometheus: self.prometheus.as_ref(),
            asked: &self.asked,
        }
    }

    fn step(&self, id: &StepId) -> Option<Step> {
        self.plan.steps.iter().find(|step| step.id == *id).cloned()
    }

    fn tell(&self, event: VoyageEvent) {
        let _nobody_listens = self.events.send(event);
    }
}

fn touches(course: &Course, step: &Step) -> bool {
    !matches!(course.state(&step.id), None | Some(StepState::Pending | StepState::Undone))
}

/// Whether users get the maintenance page, or may: it was begun to be shown, and is not hidden yet.
#[must_use]
pub fn is_announced(plan: &Plan, course: &Course) -> bool {
    let is_done = |step: &Step| course.state(&step.id) == Some(StepState::Done);
    let shown =
        plan.steps.iter().any(|own| matches!(own.action, Action::ShowPage(_)) && touches(course, own));
    let over = plan.steps.iter().any(|own| matches!(own.action, Action::HidePage(_)) && is_done(own));
    shown && !over
}

/// Whether an action leads users or queues from one side to the other.
fn moves_users_or_queues(action: &Action) -> bool {
    matches!(
        action,
        Action::DrainQueues { .. }
            | Action::StartQueues { .. }
            | Action::ShiftWeights { .. }
            | Action::OpenOverlap { .. }
            | Action::CloseOverlap { .. }
            | Action::RestoreRoutes { .. }
            | Action::ShiftPods(_)
            | Action::ShowPage(_)
            | Action::HidePage(_)
            | Action::CutOverStores { .. }
            | Action::StopBlue { .. }
    )
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
        Interrupt::Breach(_) | Interrupt::LeaseLost(_) | Interrupt::Asked => {
            Halt::Stop(interrupt.to_string())
        }
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
