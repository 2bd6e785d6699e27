//! What to change: what the files show, and what the run showed.

use std::collections::BTreeMap;

use plan::{Action, Plan};
use serde::{Deserialize, Serialize};

use super::{Kept, Outcome, Summary, promises};

/// Something to change, and where. Its message is `advice-<code>`, its remedy `advice-<code>-remedy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Advice {
    /// What it is about, by a name that does not change with the language.
    pub code: String,
    /// `Kind/name` of the object concerned; empty where it is about the run.
    pub object: String,
    /// Which part of Mastodon it is; empty where it is about all.
    pub component: String,
    /// `file:line` in what was read.
    pub place: Option<String>,
    /// Numbers and names that the message needs.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

impl Advice {
    /// Advice about an object of a part.
    pub(crate) fn new(code: &str, object: &str, component: &str) -> Self {
        Self {
            code: code.to_owned(),
            object: object.to_owned(),
            component: component.to_owned(),
            place: None,
            facts: BTreeMap::new(),
        }
    }

    /// The same, written at a place.
    pub(crate) fn at(mut self, place: Option<String>) -> Self {
        self.place = place;
        self
    }

    /// The same with a fact for its message.
    pub(crate) fn with(mut self, name: &str, fact: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), fact.to_string());
        self
    }

    /// Whether it bears on what users got, or on what must never happen: it comes first.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(
            self.code.as_str(),
            "overloaded"
                | "unnoticed"
                | "not-ready"
                | "wrong-answer"
                | "errors"
                | "slow"
                | "stopping-cost"
                | "streaming-gap"
                | "jobs-lost"
                | "two-schedulers"
                | "workers-stayed"
                | "step-failed"
                | "several-schedulers"
                | "short-grace"
                | "no-readiness"
                | "refused"
        )
    }
}

/// One of so many is many.
const MANY: u64 = 10;

/// Half of what a wait may take is near its end.
const NEAR: f64 = 0.5;

/// Everything to change: what the run showed first, then what the files show, what is urgent before the rest.
#[must_use]
pub(crate) fn advice(summary: &Summary, plan: &Plan) -> Vec<Advice> {
    let mut all: Vec<Advice> = overloaded(summary, plan).into_iter().collect();
    failed_step(summary, plan, &mut all);
    felt(summary, &mut all);
    unnoticed(summary, &mut all);
    invariants(summary, &mut all);
    waits(summary, plan, &mut all);
    let cost = stopping_cost(summary, plan);
    for own in &summary.advice {
        // What it costs to stop without a hook was measured: then that is what is said.
        let failed = cost.get(own.component.as_str()).filter(|_| own.code == "no-pre-stop");
        all.push(match failed {
            Some(failed) => Advice { code: "stopping-cost".to_owned(), ..own.clone() }.with("failed", failed),
            None => own.clone(),
        });
    }
    all.sort_by_key(|own| !own.is_urgent());
    all
}

/// Requests that failed before users could notice anything of the move, though nothing was to go wrong: then it is not the move
/// that was measured.
fn overloaded(summary: &Summary, plan: &Plan) -> Option<Advice> {
    if !summary.faults.is_empty() {
        return None;
    }
    let touches = |step: &&plan::Step| {
        matches!(step.action, Action::OpenOverlap { .. } | Action::ShiftWeights { .. } | Action::ShowPage(_))
    };
    let touching = plan.steps.iter().find(touches);
    let span = touching.and_then(|step| summary.steps.iter().find(|span| span.id == step.id.0));
    let touched_ms = span.and_then(|span| span.started_ms).unwrap_or(u64::MAX);
    let before = summary.buckets.iter().filter(|bucket| bucket.at_ms < touched_ms);
    let failed: u64 = before.map(|bucket| bucket.failed).sum();
    (failed > 0).then(|| Advice::new("overloaded", "", "").with("failed", failed))
}

/// Where a part's workload is written, as far as advice about it says so.
fn place_of(summary: &Summary, component: &str) -> (String, Option<String>) {
    let own = summary.advice.iter().find(|own| own.component == component);
    own.map_or_else(Default::default, |own| (own.object.clone(), own.place.clone()))
}

/// The step that did not end well, and what it was waiting for.
fn failed_step(summary: &Summary, plan: &Plan, all: &mut Vec<Advice>) {
    if summary.outcome == Outcome::Completed {
        return;
    }
    let reason = summary.rollback.as_ref().map_or(summary.reason.as_str(), |rollback| &rollback.reason);
    let Some((step, why)) = reason.split_once(": ") else { return };
    let Some(action) = plan.steps.iter().find(|own| own.id.0 == step).map(|own| &own.action) else {
        if step == "not-ready" {
            all.push(Advice::new("not-ready", "", "").with("why", why));
        }
        return;
    };
    let code = match action {
        Action::AwaitReady { .. } | Action::RaiseGreen { .. } | Action::StartQueues { .. } => "not-ready",
        Action::VerifyGreen { .. } | Action::RaisePage { .. } => "wrong-answer",
        Action::CheckAssumptions => "refused",
        Action::DrainQueues { .. } => "workers-stayed",
        _ => "step-failed",
    };
    all.push(Advice::new(code, "", "").with("step", step).with("why", why));
}

/// What users met.
fn felt(summary: &Summary, all: &mut Vec<Advice>) {
    for breach in &summary.breaches {
        let code = if breach.rule.starts_with("latency") { "slow" } else { "errors" };
        if breach.rule.starts_with("not-ready") || all.iter().any(|own| own.code == code) {
            continue;
        }
        let parts = summary.traffic.components.iter();
        let worst = parts.max_by_key(|(_, part)| part.failed).filter(|(_, part)| part.failed > 0);
        let worst = worst.map_or("", |(name, _)| name.as_str());
        let (object, place) = place_of(summary, worst);
        all.push(Advice::new(code, &object, worst).at(place));
    }
    let streaming = promises(summary).into_iter().find(|promise| promise.id == "promise-streaming");
    if streaming.is_some_and(|promise| promise.kept == Kept::Broken) {
        let (object, place) = place_of(summary, "streaming");
        let told = Advice::new("streaming-gap", &object, "streaming").at(place);
        all.push(
            told.with("reconnects", summary.streaming.max_reconnects_per_connection)
                .with("gap", summary.streaming.longest_gap_ms),
        );
    }
}

/// A part that failed many who asked for it, and whose share of all requests was too small for the guard to turn back.
fn unnoticed(summary: &Summary, all: &mut Vec<Advice>) {
    if summary.outcome != Outcome::Completed || !summary.breaches.is_empty() {
        return;
    }
    let parts = summary.traffic.components.iter().filter(|(_, part)| part.failed * MANY >= part.requests);
    let worst = parts.filter(|(_, part)| part.failed > 0).max_by_key(|(_, part)| part.failed);
    if let Some((name, part)) = worst {
        // Posts are answered by web.
        let (object, place) = place_of(summary, if name == "posts" { "web" } else { name });
        let told = Advice::new("unnoticed", &object, name).at(place);
        all.push(told.with("failed", part.failed).with("requests", part.requests));
    }
}

fn invariants(summary: &Summary, all: &mut Vec<Advice>) {
    let invariants = &summary.invariants;
    if invariants.max_schedulers.is_some_and(|most| most > 1) {
        all.push(Advice::new("two-schedulers", "", ""));
    }
    if let Some(lost) = invariants.jobs_lost.filter(|lost| *lost > 0) {
        all.push(Advice::new("jobs-lost", "", "").with("jobs", lost));
    }
}

/// Waits that came near their limit.
fn waits(summary: &Summary, plan: &Plan, all: &mut Vec<Advice>) {
    for step in &plan.steps {
        let (Action::AwaitReady { timeout_s, .. }
        | Action::RaiseGreen { timeout_s, .. }
        | Action::StartQueues { timeout_s, .. }
        | Action::DrainQueues { timeout_s, .. }
        | Action::StopBlue { timeout_s, .. }) = &step.action
        else {
            continue;
        };
        let took = summary.cluster_seconds(step);
        if let Some(took) = took.filter(|took| *took > *timeout_s as f64 * NEAR && *took < *timeout_s as f64)
        {
            all.push(
                Advice::new("near-limit", "", "")
                    .with("step", &step.id.0)
                    .with("seconds", took.round())
                    .with("limit", timeout_s),
            );
        }
    }
}

/// Requests that failed while blue's pods were stopped, by part.
fn stopping_cost(summary: &Summary, plan: &Plan) -> BTreeMap<&'static str, u64> {
    let stopping = plan.steps.iter().find(|step| matches!(step.action, Action::StopBlue { .. }));
    let span = stopping.and_then(|step| summary.steps.iter().find(|span| span.id == step.id.0));
    let Some((from, to)) = span.and_then(|span| span.started_ms.zip(span.ended_ms)) else {
        return BTreeMap::new();
    };
    let during = summary.buckets.iter().filter(|bucket| (from..=to).contains(&bucket.at_ms));
    let failed: u64 = during.map(|bucket| bucket.failed).sum();
    if failed == 0 {
        return BTreeMap::new();
    }
    // Buckets do not say who failed: a part that failed at all in the run did so then.
    ["web", "streaming"]
        .into_iter()
        .filter(|part| summary.traffic.components.get(*part).is_some_and(|own| own.failed > 0))
        .map(|part| (part, failed))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn codes(summary: &Summary) -> Vec<String> {
        advice(summary, &sample::plan()).into_iter().map(|own| own.code).collect()
    }

    #[test]
    fn a_good_run_leaves_what_the_files_show() {
        assert_eq!(codes(&sample::completed()), ["no-pre-stop", "one-replica"]);
    }

    #[test]
    fn what_users_met_comes_first_and_names_the_place() {
        let told = advice(&sample::rolled_back(), &sample::plan());
        assert_eq!(told[0].code, "errors");
        assert_eq!(told[0].place.as_deref(), Some("base/web.yaml:17"));
    }

    #[test]
    fn a_part_that_fails_below_the_guards_sight_is_named() {
        let mut summary = sample::completed();
        summary.traffic.failed = 40;
        let posts = crate::summary::Component { requests: 100, failed: 40, ..Default::default() };
        summary.traffic.components.insert("posts".to_owned(), posts);
        let told = advice(&summary, &sample::plan());
        assert_eq!(
            (told[0].code.as_str(), told[0].place.as_deref()),
            ("unnoticed", Some("base/web.yaml:17"))
        );
    }

    #[test]
    fn what_failed_before_the_move_is_not_blamed_on_it() {
        let mut summary = sample::completed();
        summary.buckets[3].failed = 12;
        let told = advice(&summary, &sample::plan());
        assert_eq!((told[0].code.as_str(), told[0].facts["failed"].as_str()), ("overloaded", "12"));
        summary.faults = vec!["blue.web.500=30%".to_owned()];
        assert_ne!(advice(&summary, &sample::plan())[0].code, "overloaded");
    }

    #[test]
    fn a_missing_hook_that_cost_requests_says_how_many() {
        let mut summary = sample::completed();
        let stopping =
            summary.steps.iter().find(|step| step.id == "stop-blue").and_then(|step| step.started_ms);
        let at_ms = stopping.expect("the sample stops blue") + 50;
        summary.buckets.push(super::super::Bucket { at_ms, answered: 40, failed: 7, p99_ms: None });
        summary.traffic.components.get_mut("web").expect("the sample has web").failed = 7;
        let told = advice(&summary, &sample::plan());
        assert_eq!((told[0].code.as_str(), told[0].facts["failed"].as_str()), ("stopping-cost", "7"));
    }
}
