//! HorizontalPodAutoscaler on told loads, as `pkg/controller/podautoscaler` reckons.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clock::Clock;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::conditions::{self, Finding};
use super::desk::Desk;
use super::pods;
use crate::api::{ApiError, Key, Kind, Part, Write, matches, object};

/// How often loads are looked at (`--horizontal-pod-autoscaler-sync-period`).
const LOOK: Duration = Duration::from_secs(15);
const SHORTEST_LOOK: Duration = Duration::from_millis(50);
/// How long the highest of the last recommendations holds where nothing else is said
/// (`--horizontal-pod-autoscaler-downscale-stabilization`).
const STEADY: i64 = 300;
/// How far from its target a load may be without anything following, in per cent.
const TOLERANCE: f64 = 0.1;

/// What was recommended, and when.
type History = BTreeMap<Key, Vec<(SystemTime, i64)>>;

/// Scales until cancelled.
pub(super) async fn scale(desk: Desk, clock: Clock, cancel: CancellationToken) {
    let mut history = History::new();
    let look = clock.on_the_wall(LOOK).max(SHORTEST_LOOK);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(look) => {}
        }
        let Ok(kind) = desk.store.kind("autoscaling/v2", "HorizontalPodAutoscaler") else { return };
        let all = desk.store.list(&kind, None);
        history.retain(|key, _| all.iter().any(|one| Key::of(one) == *key));
        for one in all.iter().filter(|one| !object::is_deleting(one)) {
            let history = history.entry(Key::of(one)).or_default();
            // Refused now, it is tried again at the next look.
            drop(Look::at(&desk, &kind, one, history).map(Look::take));
        }
    }
}

/// One look at an autoscaler.
struct Look<'a> {
    desk: &'a Desk,
    kind: &'a Kind,
    scaler: &'a Value,
    history: &'a mut Vec<(SystemTime, i64)>,
    conditions: Vec<Value>,
    metrics: Vec<Value>,
    least: i64,
    most: i64,
}

/// What is to be scaled.
struct Target {
    kind: Arc<Kind>,
    object: Arc<Value>,
}

impl<'a> Look<'a> {
    fn at(
        desk: &'a Desk,
        kind: &'a Kind,
        scaler: &'a Value,
        history: &'a mut Vec<(SystemTime, i64)>,
    ) -> Result<Self, ApiError> {
        let number = |field: &str| object::int(scaler, &["spec", field]);
        Ok(Self {
            desk,
            kind,
            scaler,
            history,
            conditions: object::items(scaler, &["status", "conditions"]).to_vec(),
            metrics: Vec::new(),
            least: number("minReplicas").unwrap_or(1),
            most: number("maxReplicas").unwrap_or(1),
        })
    }

    fn find(&mut self, kind: &'static str, status: &'static str, reason: &'static str, message: String) {
        let now = object::timestamp(self.desk.store.clock().now());
        let finding = Finding { kind, status, reason, message };
        if !conditions::set(&mut self.conditions, &finding, &now)
            && let Some(known) = self.conditions.iter_mut().find(|one| one["type"] == kind)
        {
            known["message"] = finding.message.into();
        }
    }

    fn target(&self) -> Result<Target, ApiError> {
        let text =
            |field: &str| object::text(self.scaler, &["spec", "scaleTargetRef", field]).unwrap_or_default();
        let kind = self.desk.store.kind(text("apiVersion"), text("kind"))?;
        let object = self.desk.store.get(&kind, object::namespace(self.scaler), text("name"))?;
        Ok(Target { kind, object })
    }

    fn take(mut self) -> Result<(), ApiError> {
        let target = match self.target() {
            Ok(target) => target,
            Err(refusal) => {
                self.desk.warn(self.scaler, "FailedGetScale", &refusal.to_string());
                let message =
                    format!("the HPA controller was unable to get the target's current scale: {refusal}");
                self.find("AbleToScale", "False", "FailedGetScale", message);
                return self.write(None, None, false);
            }
        };
        let message = "the HPA controller was able to get the target's current scale".to_owned();
        self.find("AbleToScale", "True", "SucceededGetScale", message);
        let wanted = object::int(&target.object, &["spec", "replicas"]).unwrap_or(1);
        let current = object::int(&target.object, &["status", "replicas"]).unwrap_or_default();
        let Some((desired, why)) = self.reckon(&target, wanted)? else {
            return self.write(Some(current), None, false);
        };
        if desired == wanted {
            return self.write(Some(current), Some(desired), false);
        }
        self.rescale(&target, desired, &why)?;
        self.write(Some(current), Some(desired), true)
    }

    /// How many there should be, and why; none when that cannot be told.
    fn reckon(&mut self, target: &Target, wanted: i64) -> Result<Option<(i64, String)>, ApiError> {
        if wanted == 0 && self.least != 0 {
            let message = "scaling is disabled since the replica count of the target is zero".to_owned();
            self.find("ScalingActive", "False", "ScalingDisabled", message);
            return Ok(Some((0, String::new())));
        }
        if wanted > self.most {
            return Ok(Some((self.most, "Current number of Replicas above Spec.MaxReplicas".to_owned())));
        }
        if wanted < self.least {
            return Ok(Some((self.least, "Current number of Replicas below Spec.MinReplicas".to_owned())));
        }
        let Some((proposal, metric)) = self.proposal(target, wanted)? else { return Ok(None) };
        let why = if proposal > wanted {
            format!("{metric} above target")
        } else {
            "All metrics below target".to_owned()
        };
        let steady = self.steady(proposal, wanted);
        Ok(Some((self.limited(steady, wanted), why)))
    }

    /// The highest number that any metric asks for.
    fn proposal(&mut self, target: &Target, wanted: i64) -> Result<Option<(i64, String)>, ApiError> {
        let mut highest: Option<(i64, String)> = None;
        let mut failed = None;
        for metric in object::items(self.scaler, &["spec", "metrics"]) {
            let name = object::text(metric, &["resource", "name"]).unwrap_or_default();
            let goal = object::int(metric, &["resource", "target", "averageUtilization"]);
            let pods = self.ready(target)?;
            let load = match (name, goal) {
                ("cpu", Some(_)) => self.desk.gauges.each(object::name(&target.object), pods),
                _ => None,
            };
            let (Some(load), Some(goal)) = (load, goal.filter(|goal| *goal > 0)) else {
                failed = Some(name.to_owned());
                continue;
            };
            self.metrics.push(json!({"type": "Resource",
                "resource": {"name": name, "current": {"averageUtilization": load}}}));
            let ratio = f64::from(load) / i32::try_from(goal).map_or(1.0, f64::from);
            let asked =
                if (ratio - 1.0).abs() <= TOLERANCE || pods == 0 { wanted } else { ceil(ratio, pods) };
            if highest.as_ref().is_none_or(|(highest, _)| asked > *highest) {
                highest = Some((asked, format!("{name} resource utilization (percentage of request)")));
            }
        }
        // One that cannot be read keeps the others from scaling down.
        let is_safe = failed.is_none() || highest.as_ref().is_some_and(|(asked, _)| *asked > wanted);
        match (&highest, failed) {
            (Some((_, metric)), _) if is_safe => {
                let message =
                    format!("the HPA was able to successfully calculate a replica count from {metric}");
                self.find("ScalingActive", "True", "ValidMetricFound", message);
                Ok(highest)
            }
            (_, failed) => {
                self.blind(&failed.unwrap_or_default());
                Ok(None)
            }
        }
    }

    /// Says that there is nothing to go by.
    fn blind(&mut self, name: &str) {
        let why = format!(
            "failed to get {name} utilization: unable to get metrics for resource {name}: no metrics returned \
             from resource metrics API"
        );
        self.desk.warn(self.scaler, "FailedGetResourceMetric", &why);
        let computed = format!(
            "invalid metrics (1 invalid out of {}), first error is: failed to get {name} resource metric value: {why}",
            object::items(self.scaler, &["spec", "metrics"]).len()
        );
        self.desk.warn(self.scaler, "FailedComputeMetricsReplicas", &computed);
        let message = format!("the HPA was unable to compute the replica count: {why}");
        self.find("ScalingActive", "False", "FailedGetResourceMetric", message);
    }

    /// The ready pods of the target.
    fn ready(&self, target: &Target) -> Result<u32, ApiError> {
        let pod = self.desk.store.kind("v1", "Pod")?;
        let selector = object::at(&target.object, &["spec", "selector"]);
        let all = self.desk.store.list(&pod, Some(object::namespace(self.scaler)));
        let ready = all.iter().filter(|pod| {
            matches(selector, object::labels(pod)) && pods::is_active(pod) && pods::is_ready(pod)
        });
        Ok(u32::try_from(ready.count()).unwrap_or(u32::MAX))
    }

    fn window(&self, way: &str, default: i64) -> Duration {
        let seconds = object::int(self.scaler, &["spec", "behavior", way, "stabilizationWindowSeconds"]);
        Duration::from_secs(u64::try_from(seconds.unwrap_or(default)).unwrap_or_default())
    }

    /// What the recommendations of the last minutes come to: up only as far as all of them went, down only
    /// as far as any of them did.
    fn steady(&mut self, proposal: i64, wanted: i64) -> i64 {
        let now = self.desk.store.clock().now();
        let (up, down) = (self.window("scaleUp", 0), self.window("scaleDown", STEADY));
        self.history.retain(|(time, _)| now.duration_since(*time).is_ok_and(|age| age <= up.max(down)));
        let within = |window: Duration, history: &[(SystemTime, i64)]| -> Vec<i64> {
            let young =
                history.iter().filter(|(time, _)| now.duration_since(*time).is_ok_and(|age| age < window));
            young.map(|(_, number)| *number).chain([proposal]).collect()
        };
        let lowest = within(up, self.history).into_iter().min().unwrap_or(proposal);
        let highest = within(down, self.history).into_iter().max().unwrap_or(proposal);
        self.history.push((now, proposal));
        let steady = wanted.max(lowest).min(highest);
        if steady < proposal {
            let message = "recent recommendations were lower than current one, applying the lowest recent recommendation";
            self.find("AbleToScale", "True", "ScaleUpStabilized", message.to_owned());
        } else if steady > proposal {
            let message = "recent recommendations were higher than current one, applying the highest recent recommendation";
            self.find("AbleToScale", "True", "ScaleDownStabilized", message.to_owned());
        } else {
            let message = "recommended size matches current size".to_owned();
            self.find("AbleToScale", "True", "ReadyForNewScale", message);
        }
        steady
    }

    /// Keeps a number within what is allowed at all, and at once.
    fn limited(&mut self, number: i64, wanted: i64) -> i64 {
        let is_off = |way: &str| {
            object::text(self.scaler, &["spec", "behavior", way, "selectPolicy"]) == Some("Disabled")
        };
        if (number < wanted && is_off("scaleDown")) || (number > wanted && is_off("scaleUp")) {
            return wanted;
        }
        // Twice as many, or four, is the most that one look may lead to.
        let at_once = (2 * wanted).max(4);
        let (limited, finding) = if number > self.most.min(at_once) && at_once < self.most {
            let message = "the desired replica count is increasing faster than the maximum scale rate";
            (at_once, ("True", "ScaleUpLimit", message))
        } else if number > self.most {
            (
                self.most,
                (
                    "True",
                    "TooManyReplicas",
                    "the desired replica count is more than the maximum replica count",
                ),
            )
        } else if number < self.least {
            (
                self.least,
                (
                    "True",
                    "TooFewReplicas",
                    "the desired replica count is less than the minimum replica count",
                ),
            )
        } else {
            (number, ("False", "DesiredWithinRange", "the desired count is within the acceptable range"))
        };
        self.find("ScalingLimited", finding.0, finding.1, finding.2.to_owned());
        limited
    }

    fn rescale(&mut self, target: &Target, desired: i64, why: &str) -> Result<(), ApiError> {
        let at = (object::namespace(&target.object), object::name(&target.object));
        self.desk.store.change(&target.kind, at, Part::Main, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            object::put(&mut new, &["spec", "replicas"], desired);
            Ok(new)
        })?;
        let message = format!("the HPA controller was able to update the target scale to {desired}");
        self.find("AbleToScale", "True", "SucceededRescale", message);
        let message = format!("New size: {desired}; reason: {why}");
        self.desk.note(self.scaler, "SuccessfulRescale", &message);
        Ok(())
    }

    fn write(self, current: Option<i64>, desired: Option<i64>, is_scaled: bool) -> Result<(), ApiError> {
        let before = |field: &str| object::at(self.scaler, &["status", field]).cloned();
        let now = object::timestamp(self.desk.store.clock().now());
        let mut status =
            json!({ "observedGeneration": object::int(self.scaler, &["metadata", "generation"]) });
        let last = if is_scaled { Some(now.into()) } else { before("lastScaleTime") };
        object::put_or_take(&mut status, &["lastScaleTime"], last);
        let current = current.map(Value::from).or_else(|| before("currentReplicas"));
        object::put_or_take(&mut status, &["currentReplicas"], current);
        let desired = desired.map(Value::from).or_else(|| before("desiredReplicas"));
        status["desiredReplicas"] = desired.unwrap_or(0.into());
        if !self.metrics.is_empty() {
            status["currentMetrics"] = self.metrics.into();
        }
        status["conditions"] = self.conditions.into();
        pods::set_status(&self.desk.store, self.kind, self.scaler, status)
    }
}

/// So many times as many, rounded up.
fn ceil(ratio: f64, pods: u32) -> i64 {
    let wished = (ratio * f64::from(pods)).ceil();
    // The API keeps these numbers in 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
    let number = wished.clamp(0.0, f64::from(i32::MAX)) as i64;
    number
}
