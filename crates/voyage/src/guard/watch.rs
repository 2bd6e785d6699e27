//! Who watches: evaluates the armed rules four times a second and raises the alarm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::{Cluster, Kind};
use plan::{Action, Metric, Plan, Rule, RuleAction};
use probe::Prometheus;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::listen::{Heard, Listener, Notebook};
use super::{Breach, Reading, Streak, Verdict, judge};
use crate::event::now_ms;
use crate::interrupt::{Alarm, Interrupt};
use crate::{Traffic, TrafficSource, VoyageEvent};

/// Real time between evaluations.
const EVERY: Duration = Duration::from_millis(250);
/// How long reading the pods may hold up the rest, in real time.
const LOOK: Duration = Duration::from_secs(1);
/// No window is shorter on the wall, however fast the cluster's clock runs: traffic does not run faster.
const WINDOW_AT_LEAST: Duration = Duration::from_secs(1);

/// Which rules are armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arming {
    /// None.
    Off,
    /// Those about pods.
    Pods,
    /// All.
    All,
}

impl Arming {
    /// What is armed while an action runs. Users may reach green from the overlap on, until blue is taken
    /// away and there is nothing to go back to at once.
    pub(crate) fn during(action: &Action) -> Self {
        match action {
            Action::AwaitReady { .. } | Action::RaiseGreen { .. } => Self::Pods,
            Action::ShiftPods(_)
            | Action::ShiftWeights { .. }
            | Action::RestoreRoutes { .. }
            | Action::ShowPage(_)
            | Action::HidePage(_)
            | Action::OpenOverlap { .. }
            | Action::HoldOverlap { .. }
            | Action::FollowStores { .. }
            | Action::CloseOverlap { .. }
            | Action::Observe { .. }
            | Action::StopBlue { .. } => Self::All,
            _ => Self::Off,
        }
    }
}

/// The running guard; it ends when dropped.
pub(crate) struct Guard {
    arming: watch::Sender<Arming>,
    task: JoinHandle<()>,
    listening: Option<JoinHandle<()>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

impl Guard {
    pub(crate) fn start(mut watchman: Watchman) -> Self {
        let arming = watch::Sender::new(Arming::Off);
        let listener = watchman.listener.take();
        let listening = listener.map(|listener| tokio::spawn(listener.listen(arming.subscribe())));
        let task = tokio::spawn(watchman.watch(arming.subscribe()));
        Self { arming, task, listening }
    }

    pub(crate) fn arm(&self, arming: Arming) {
        self.arming.send_if_modified(|now| std::mem::replace(now, arming) != arming);
    }
}

/// What the guard looks at.
pub(crate) struct Watchman {
    rules: Vec<Rule>,
    green: Vec<String>,
    cluster: Cluster,
    traffic: Arc<dyn TrafficSource>,
    baseline: watch::Receiver<Option<Traffic>>,
    /// Baselines of the rules that Prometheus judges by.
    asked: watch::Receiver<BTreeMap<String, f64>>,
    notebook: Notebook,
    listener: Option<Listener>,
    /// Whether there is a Prometheus.
    listens: bool,
    alarm: Alarm,
    events: broadcast::Sender<VoyageEvent>,
}

/// What is remembered while armed.
struct Watch {
    arming: Arming,
    traffic_since: Instant,
    streaks: Vec<Streak>,
    notes: Vec<Option<String>>,
    /// When a component of green was last ready, or armed.
    ready_at: BTreeMap<String, Instant>,
    /// The number of the answer of Prometheus judged last, by rule.
    judged: BTreeMap<String, u64>,
}

impl Watchman {
    pub(crate) fn new(
        plan: &Plan,
        cluster: Cluster,
        traffic: Arc<dyn TrafficSource>,
        baseline: watch::Receiver<Option<Traffic>>,
        alarm: Alarm,
        events: broadcast::Sender<VoyageEvent>,
    ) -> Self {
        let green = plan.steps.iter().flat_map(|step| match &step.action {
            Action::AwaitReady { deployments, .. } | Action::RaiseGreen { deployments, .. } => {
                deployments.as_slice()
            }
            _ => &[],
        });
        let green = green.filter(|it| it.replicas > 0).map(|it| it.deployment.clone()).collect();
        Self {
            rules: plan.rules.clone(),
            green,
            cluster,
            traffic,
            baseline,
            asked: watch::Sender::new(BTreeMap::new()).subscribe(),
            notebook: Notebook::default(),
            listener: None,
            listens: false,
            alarm,
            events,
        }
    }

    /// Has Prometheus asked as well; its baselines come through the channel.
    pub(crate) fn listening(
        mut self,
        plan: &Plan,
        prometheus: Prometheus,
        baselines: watch::Receiver<BTreeMap<String, f64>>,
    ) -> Self {
        self.listener = Listener::new(plan, prometheus, self.cluster.clock(), self.notebook.clone());
        self.asked = baselines;
        self.listens = true;
        self
    }

    async fn watch(self, arming: watch::Receiver<Arming>) {
        let mut watch = self.begin(Arming::Off);
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let now = *arming.borrow();
            if now != watch.arming {
                watch = self.begin(now);
            }
            if now != Arming::Off {
                Box::pin(self.evaluate(&mut watch)).await;
            }
        }
    }

    fn begin(&self, arming: Arming) -> Watch {
        let now = Instant::now();
        Watch {
            arming,
            traffic_since: now,
            streaks: vec![Streak::default(); self.rules.len()],
            notes: vec![None; self.rules.len()],
            ready_at: self.green.iter().map(|name| (name.clone(), now)).collect(),
            judged: BTreeMap::new(),
        }
    }

    async fn evaluate(&self, watch: &mut Watch) {
        let about_pods = self.rules.iter().any(|rule| rule.metric == Metric::NotReady);
        let not_ready = if about_pods { self.not_ready(watch).await } else { None };
        for (index, rule) in self.rules.iter().enumerate() {
            let mut missing = None;
            let reading = match rule.metric {
                Metric::NotReady => Reading {
                    value: not_ready,
                    samples: if not_ready.is_some() { rule.minimum_samples.max(1) } else { 0 },
                    baseline: None,
                },
                _ if watch.arming != Arming::All => continue,
                Metric::Prometheus => match self.unjudged(rule, watch) {
                    Some(heard) => {
                        missing = heard.missing;
                        let baseline = self.asked.borrow().get(&rule.id).copied();
                        Reading { value: heard.value, samples: heard.samples, baseline }
                    }
                    None => continue,
                },
                _ => match self.traffic_reading(rule, watch.traffic_since) {
                    Some(reading) => reading,
                    None => continue,
                },
            };
            if reading.value.is_none() {
                missing.get_or_insert_with(|| "there are no samples".to_owned());
            }
            let verdict = judge(rule, &reading);
            let fires = watch.streaks.get_mut(index).is_some_and(|streak| streak.count(rule, &verdict));
            if let Some(note) = watch.notes.get_mut(index) {
                self.tell(rule, &verdict, missing, fires, note);
            }
        }
    }

    /// What Prometheus said and was not judged yet: one answer counts once, however often is looked.
    fn unjudged(&self, rule: &Rule, watch: &mut Watch) -> Option<Heard> {
        let nobody_asked = || Heard {
            number: 1,
            value: None,
            samples: 0,
            missing: Some("no Prometheus was given to ask".to_owned()),
        };
        let heard = self.notebook.last(rule).or_else(|| (!self.listens).then(nobody_asked))?;
        let judged = watch.judged.insert(rule.id.clone(), heard.number);
        (judged != Some(heard.number)).then_some(heard)
    }

    /// Only what came after arming is looked at: what blue answered before would dilute it. What is not there yet, before a
    /// window has passed, is not missing yet.
    #[expect(clippy::cast_precision_loss, reason = "latencies stay far below 2^52 microseconds")]
    fn traffic_reading(&self, rule: &Rule, since: Instant) -> Option<Reading> {
        let window =
            self.cluster.clock().on_the_wall(Duration::from_secs(rule.window_s)).max(WINDOW_AT_LEAST);
        let seen = self.traffic.window(window.min(since.elapsed()));
        let metric = |traffic: &Traffic| match rule.metric {
            Metric::Latency => traffic.p95_us as f64 / 1000.0,
            Metric::ServerErrors | Metric::NotReady | Metric::Prometheus => traffic.error_percent(),
        };
        if seen.requests == 0 && since.elapsed() < window {
            return None;
        }
        let baseline = self.baseline.borrow().filter(|baseline| baseline.requests > 0);
        Some(Reading {
            value: (seen.requests > 0).then(|| metric(&seen)),
            samples: seen.requests,
            baseline: baseline.as_ref().map(metric),
        })
    }

    /// The longest time a component of green has been without a ready pod, in cluster seconds.
    async fn not_ready(&self, watch: &mut Watch) -> Option<f64> {
        // An API server that does not answer must not keep anyone from looking at what users get.
        let found =
            tokio::time::timeout(LOOK, self.cluster.list(&Kind::deployment(), None)).await.ok()?.ok()?;
        let now = Instant::now();
        for deployment in found {
            // One that is asked for no pod lacks none.
            let ready = deployment["spec"]["replicas"].as_u64() == Some(0)
                || deployment["status"]["readyReplicas"].as_u64().unwrap_or(0) > 0;
            let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
            if let Some(at) = watch.ready_at.get_mut(name).filter(|_| ready) {
                *at = now;
            }
        }
        let speed = self.cluster.clock().speed();
        let longest = watch.ready_at.values().map(|at| now.duration_since(*at).as_secs_f64() * speed);
        longest.max_by(f64::total_cmp)
    }

    fn tell(
        &self,
        rule: &Rule,
        verdict: &Verdict,
        missing: Option<String>,
        fires: bool,
        note: &mut Option<String>,
    ) {
        if let (true, Verdict::Breach { value, bound }) = (fires, verdict) {
            let breach = Breach {
                rule: rule.id.clone(),
                metric: rule.metric,
                value: *value,
                bound: *bound,
                at_ms: now_ms(),
                action: rule.action,
                missing,
            };
            if rule.action == RuleAction::Note {
                self.note(rule, Some(breach.to_string()), note);
            } else if self.alarm.raised().is_none() {
                let _nobody_listens = self.events.send(VoyageEvent::Breach(breach.clone()));
                self.alarm.raise(Interrupt::Breach(breach));
            }
        } else if let Verdict::CannotMeasure { missing: what } = verdict {
            let text = missing.unwrap_or_else(|| (*what).to_owned());
            self.note(rule, Some(format!("cannot measure: {text}")), note);
        } else if *verdict == Verdict::Ok {
            *note = None;
        }
    }

    /// Notes are told when they begin, not four times a second.
    fn note(&self, rule: &Rule, text: Option<String>, note: &mut Option<String>) {
        if note.is_none()
            && let Some(text) = &text
        {
            let told = VoyageEvent::Noted { rule: rule.id.clone(), note: text.clone(), at_ms: now_ms() };
            let _nobody_listens = self.events.send(told);
        }
        *note = text;
    }
}
