//! Who listens to Prometheus: asks what the armed rules ask, apart from who watches, so that an answer that comes late
//! keeps nobody from looking at what users get.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Clock;
use plan::{Metric, Plan, Query, Rule};
use probe::{Prometheus, PrometheusError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::watch::Arming;

/// Real time between questions; who scrapes seldom answers the same again.
const EVERY: Duration = Duration::from_secs(1);
/// Prometheus reckons in whole seconds here.
const WINDOW_AT_LEAST: Duration = Duration::from_secs(1);

/// What Prometheus said about a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    /// Counts answers, so that none is judged twice.
    pub(super) number: u64,
    pub(super) value: Option<f64>,
    pub(super) samples: u64,
    /// Why there is no value.
    pub(super) missing: Option<String>,
}

/// What was heard last, by rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Notebook(Arc<Mutex<BTreeMap<String, Heard>>>);

impl Notebook {
    pub(super) fn last(&self, rule: &Rule) -> Option<Heard> {
        self.pages().get(&rule.id).cloned()
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks Prometheus while all rules are armed.
pub(super) struct Listener {
    rules: Vec<Rule>,
    prometheus: Prometheus,
    clock: Clock,
    notebook: Notebook,
}

impl Listener {
    /// Nobody listens where no rule asks.
    pub(super) fn new(plan: &Plan, prometheus: Prometheus, clock: Clock, notebook: Notebook) -> Option<Self> {
        let rules: Vec<Rule> =
            plan.rules.iter().filter(|rule| rule.metric == Metric::Prometheus).cloned().collect();
        (!rules.is_empty()).then_some(Self { rules, prometheus, clock, notebook })
    }

    pub(super) async fn listen(self, arming: watch::Receiver<Arming>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut since: Option<Instant> = None;
        let mut answered: BTreeMap<String, VecDeque<Instant>> = BTreeMap::new();
        loop {
            tick.tick().await;
            if *arming.borrow() != Arming::All {
                since = None;
                answered.clear();
                self.notebook.pages().clear();
                continue;
            }
            let since = *since.get_or_insert_with(Instant::now);
            let asked = self.rules.iter().map(|rule| self.ask(rule, since));
            let heard = futures::future::join_all(asked).await;
            for (rule, heard) in self.rules.iter().zip(heard) {
                self.note(rule, since, heard, answered.entry(rule.id.clone()).or_default());
            }
        }
    }

    /// The value and, where the rule asks for it, the samples, over what came since it was armed.
    async fn ask(&self, rule: &Rule, since: Instant) -> Result<(Option<f64>, Option<f64>), PrometheusError> {
        let Some(query) = &rule.query else { return Ok((None, None)) };
        let window = self.window(rule).min(since.elapsed());
        let value = self.prometheus.query(&over(&query.promql, window)).await?;
        let samples = match &query.samples {
            Some(samples) => self.prometheus.query(&over(samples, window)).await?.or(Some(0.0)),
            None => None,
        };
        Ok((value, samples))
    }

    fn note(
        &self,
        rule: &Rule,
        since: Instant,
        heard: Result<(Option<f64>, Option<f64>), PrometheusError>,
        answered: &mut VecDeque<Instant>,
    ) {
        let window = self.window(rule);
        let (value, samples, missing) = match heard {
            Ok((value, samples)) => {
                (value, samples, value.is_none().then(|| "the query gives no number".to_owned()))
            }
            Err(error) => (None, None, Some(error.to_string())),
        };
        if value.is_some() {
            answered.push_back(Instant::now());
        }
        while answered.front().is_some_and(|at| at.elapsed() > window) {
            answered.pop_front();
        }
        // What is not there yet is not missing yet.
        if value.is_none() && since.elapsed() < window {
            return;
        }
        let counted = u64::try_from(answered.len()).unwrap_or(u64::MAX);
        let mut pages = self.notebook.pages();
        let number = pages.get(&rule.id).map_or(1, |last| last.number + 1);
        let samples = samples.map_or(counted, whole);
        pages.insert(rule.id.clone(), Heard { number, value, samples, missing });
    }

    fn window(&self, rule: &Rule) -> Duration {
        self.clock.on_the_wall(Duration::from_secs(rule.window_s)).max(WINDOW_AT_LEAST)
    }
}

/// What the rules that compare with a baseline are compared with: what Prometheus says of the time before the change.
/// Those of which it says nothing are told with the reason.
pub(crate) async fn baselines(
    plan: &Plan,
    prometheus: &Prometheus,
    clock: Clock,
    span: Duration,
) -> (BTreeMap<String, f64>, BTreeMap<String, String>) {
    let (mut found, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for rule in &plan.rules {
        let plan::Comparison::TimesBaseline { .. } = rule.comparison else { continue };
        let Some(Query { promql, .. }) = &rule.query else { continue };
        // It remembers what was before the voyage.
        let window = span.max(clock.on_the_wall(Duration::from_secs(rule.window_s)));
        match prometheus.query(&over(promql, window)).await {
            Ok(Some(value)) => drop(found.insert(rule.id.clone(), value)),
            Ok(None) => drop(missing.insert(rule.id.clone(), "the query gives no number".to_owned())),
            Err(error) => drop(missing.insert(rule.id.clone(), error.to_string())),
        }
    }
    (found, missing)
}

/// A query with its window filled in.
fn over(promql: &str, window: Duration) -> String {
    let seconds = window.as_secs_f64().ceil().max(1.0);
    promql.replace("$window", &format!("{seconds:.0}s"))
}

/// Counts that Prometheus extrapolates are no whole numbers.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is above or below is cut off"
)]
fn whole(samples: f64) -> u64 {
    samples.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_as_prometheus_reads_them() {
        assert_eq!(over("rate(a[$window])", Duration::from_millis(1200)), "rate(a[2s])");
        assert_eq!(over("rate(a[$window])", Duration::ZERO), "rate(a[1s])");
        assert_eq!(whole(-0.2), 0);
    }
}
