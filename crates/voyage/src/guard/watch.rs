//! Who watches: evaluates the armed rules four times a second and raises the alarm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::{Cluster, Kind};
use plan::{Action, Metric, Plan, Rule, RuleAction};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

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
            Action::AwaitReady { .. } => Self::Pods,
            Action::OpenOverlap { .. }
            | Action::HoldOverlap { .. }
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
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Guard {
    pub(crate) fn start(watchman: Watchman) -> Self {
        let arming = watch::Sender::new(Arming::Off);
        let task = tokio::spawn(watchman.watch(arming.subscribe()));
        Self { arming, task }
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
            Action::AwaitReady { deployments, .. } => deployments.as_slice(),
            _ => &[],
        });
        let green = green.filter(|it| it.replicas > 0).map(|it| it.deployment.clone()).collect();
        Self { rules: plan.rules.clone(), green, cluster, traffic, baseline, alarm, events }
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
        }
    }

    async fn evaluate(&self, watch: &mut Watch) {
        let about_pods = self.rules.iter().any(|rule| rule.metric == Metric::NotReady);
        let not_ready = if about_pods { self.not_ready(watch).await } else { None };
        for (index, rule) in self.rules.iter().enumerate() {
            let reading = match rule.metric {
                Metric::NotReady => Reading {
                    value: not_ready,
                    samples: if not_ready.is_some() { rule.minimum_samples.max(1) } else { 0 },
                    baseline: None,
                },
                _ if watch.arming != Arming::All => continue,
                _ => self.traffic_reading(rule, watch.traffic_since),
            };
            let verdict = judge(rule, &reading);
            let fires = watch.streaks.get_mut(index).is_some_and(|streak| streak.count(rule, &verdict));
            if let Some(note) = watch.notes.get_mut(index) {
                self.tell(rule, &verdict, fires, note);
            }
        }
    }

    /// Only what came after arming is looked at: what blue answered before would dilute it.
    #[expect(clippy::cast_precision_loss, reason = "latencies stay far below 2^52 microseconds")]
    fn traffic_reading(&self, rule: &Rule, since: Instant) -> Reading {
        let window =
            self.cluster.clock().on_the_wall(Duration::from_secs(rule.window_s)).max(WINDOW_AT_LEAST);
        let seen = self.traffic.window(window.min(since.elapsed()));
        let metric = |traffic: &Traffic| match rule.metric {
            Metric::Latency => traffic.p95_us as f64 / 1000.0,
            Metric::ServerErrors | Metric::NotReady => traffic.error_percent(),
        };
        let baseline = self.baseline.borrow().filter(|baseline| baseline.requests > 0);
        Reading {
            value: (seen.requests > 0).then(|| metric(&seen)),
            samples: seen.requests,
            baseline: baseline.as_ref().map(metric),
        }
    }

    /// The longest time a component of green has been without a ready pod, in cluster seconds.
    async fn not_ready(&self, watch: &mut Watch) -> Option<f64> {
        // An API server that does not answer must not keep anyone from looking at what users get.
        let found =
            tokio::time::timeout(LOOK, self.cluster.list(&Kind::deployment(), None)).await.ok()?.ok()?;
        let now = Instant::now();
        for deployment in found {
            let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or(0) > 0;
            let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
            if let Some(at) = watch.ready_at.get_mut(name).filter(|_| ready) {
                *at = now;
            }
        }
        let speed = self.cluster.clock().speed();
        let longest = watch.ready_at.values().map(|at| now.duration_since(*at).as_secs_f64() * speed);
        longest.max_by(f64::total_cmp)
    }

    fn tell(&self, rule: &Rule, verdict: &Verdict, fires: bool, note: &mut Option<String>) {
        if let (true, Verdict::Breach { value, bound }) = (fires, verdict) {
            let breach = Breach {
                rule: rule.id.clone(),
                metric: rule.metric,
                value: *value,
                bound: *bound,
                at_ms: now_ms(),
                action: rule.action,
            };
            if rule.action == RuleAction::Note {
                self.note(rule, Some(breach.to_string()), note);
            } else if self.alarm.raised().is_none() {
                let _nobody_listens = self.events.send(VoyageEvent::Breach(breach.clone()));
                self.alarm.raise(Interrupt::Breach(breach));
            }
        } else if let Verdict::CannotMeasure { missing } = verdict {
            self.note(rule, Some(format!("cannot measure: there is no {missing}")), note);
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
