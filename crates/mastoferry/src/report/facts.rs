//! Facts of a summary in words, for every view of it.

use fluent_bundle::FluentValue;
use plan::{Metric, Plan, Rule};

use crate::summary::{Breach, Kept, Promise, Rollback, Summary, Verdict};
use crate::words::Words;

/// The verdict in one sentence, and what stands behind it.
pub(super) fn headline(summary: &Summary, words: &Words) -> (String, String) {
    let verdict = Verdict::of(summary);
    let traffic = &summary.traffic;
    let seconds = summary.rollback.as_ref().and_then(|rollback| rollback.seconds);
    let lead = match verdict {
        Verdict::RolledBack if seconds.is_none() => "lead-rolled-back-untimed".to_owned(),
        other => format!("lead-{}", other.name()),
    };
    let [paced, cluster] = paced(summary, seconds, words);
    let args: &[(&str, FluentValue<'_>)] = &[
        paced,
        cluster,
        ("kind", summary.kind.name().into()),
        ("requests", traffic.requests.into()),
        ("failed", traffic.failed.into()),
        ("downtime", words.span_ms(traffic.downtime_ms).into()),
        ("longest", words.span_ms(traffic.longest_outage_ms).into()),
        ("seconds", words.span_or_unmeasured(seconds.map(|seconds| seconds * 1000.0)).into()),
    ];
    (words.say(&format!("verdict-{}", verdict.name()), args), words.say(&lead, args))
}

/// The step's title for people; its id where the plan does not know it.
pub(super) fn step_title(id: &str, plan: &Plan, words: &Words) -> String {
    plan.steps.iter().find(|step| step.id.0 == id).map_or_else(|| id.to_owned(), |step| words.title(step))
}

/// The component's name for people; a neighbour keeps its own.
pub(super) fn component_name(name: &str, words: &Words) -> String {
    words.find(&format!("component-{name}"), &[]).unwrap_or_else(|| name.to_owned())
}

/// A word of a family of messages, or the name itself where there is none.
pub(super) fn word_or_name(family: &str, name: &str, words: &Words) -> String {
    words.find(&format!("{family}-{name}"), &[]).unwrap_or_else(|| name.to_owned())
}

/// Why a request failed; `status-502` and its like share a message.
pub(super) fn failure_name(kind: &str, words: &Words) -> String {
    match kind.strip_prefix("status-") {
        Some(status) => words.say("failure-status", &[("status", status.into())]),
        None => word_or_name("failure", kind, words),
    }
}

/// Why the way back was taken: what the guard saw, the step that failed, or else the reason as recorded.
pub(super) fn rollback_reason(rollback: &Rollback, summary: &Summary, plan: &Plan, words: &Words) -> String {
    let culprit = summary.breaches.iter().find(|breach| {
        breach.action == plan::RuleAction::RollBack && rollback.reason.starts_with(&breach.rule)
    });
    if let Some(breach) = culprit {
        let seen = breach_seen(breach, &plan.rules, words);
        return words
            .say("report-rollback-rule", &[("rule", breach.rule.as_str().into()), ("seen", seen.into())]);
    }
    match rollback.reason.split_once(": ") {
        Some((id, detail)) if plan.steps.iter().any(|step| step.id.0 == id) => words.say(
            "report-rollback-step",
            &[("step", step_title(id, plan, words).into()), ("detail", words.reason(detail).into())],
        ),
        _ => rollback.reason.clone(),
    }
}

/// How long going back took from the verdict: in traffic, and in full; each where it was measured.
pub(super) fn ways_back(rollback: &Rollback, words: &Words) -> Vec<(&'static str, String)> {
    let measured = [
        ("report-rollback-traffic", rollback.verdict_to_traffic_ms),
        ("report-rollback-release", rollback.verdict_to_release_ms),
    ];
    measured.into_iter().filter_map(|(id, ms)| Some((id, words.span_ms(ms?)))).collect()
}

/// What a promise is judged by, in words.
pub(super) fn promise_detail(promise: &Promise, summary: &Summary, words: &Words) -> String {
    if promise.kept == Kept::Unmeasured {
        return words.word("amount-unmeasured");
    }
    match promise.count {
        Some(count) => words.say(
            &format!("{}-detail", promise.id),
            &[("count", count.into()), ("gap", words.span_ms(summary.streaming.longest_gap_ms).into())],
        ),
        None if promise.kept == Kept::Held => words.word(&format!("{}-yes", promise.id)),
        None => words.word(&format!("{}-no", promise.id)),
    }
}

/// A value of a metric with its unit.
pub(super) fn metric_value(metric: Metric, value: f64, words: &Words) -> String {
    match metric {
        Metric::ServerErrors => words.say("amount-percent", &[("value", words.measure(value).into())]),
        Metric::Latency => words.span(value),
        Metric::NotReady => words.span(value * 1000.0),
        // Its unit is the query's own.
        Metric::Prometheus => words.measure(value),
    }
}

/// The metric's name.
pub(super) fn metric_name(metric: Metric, words: &Words) -> String {
    words.word(match metric {
        Metric::ServerErrors => "metric-server-errors",
        Metric::Latency => "metric-latency",
        Metric::NotReady => "metric-not-ready",
        Metric::Prometheus => "metric-prometheus",
    })
}

/// What a broken rule saw.
pub(super) fn breach_seen(breach: &Breach, rules: &[Rule], words: &Words) -> String {
    if breach.silent {
        return words.word("report-breach-silent");
    }
    let Some(rule) = rules.iter().find(|rule| rule.id == breach.rule) else {
        return format!("{} / {}", words.measure(breach.observed), words.measure(breach.bound));
    };
    measured(rule.metric, breach.observed, breach.bound, words)
}

/// What was measured, and what it may be at most.
pub(crate) fn measured(metric: Metric, observed: f64, bound: f64, words: &Words) -> String {
    words.say(
        "report-breach-seen",
        &[
            ("metric", metric_name(metric, words).into()),
            ("observed", metric_value(metric, observed, words).into()),
            ("bound", metric_value(metric, bound, words).into()),
        ],
    )
}

/// Whether the cluster ran faster than life, and how long something that it waited for takes in its time: what messages need
/// that tell both.
pub(super) fn paced(
    summary: &Summary,
    seconds: Option<f64>,
    words: &Words,
) -> [(&'static str, FluentValue<'static>); 2] {
    let paced = if summary.speed > 1.0 { "faster" } else { "life" };
    let cluster = words.span_or_unmeasured(seconds.map(|seconds| seconds * 1000.0 * summary.speed));
    [("paced", paced.into()), ("cluster", cluster.into())]
}

/// From which delay on a machine was too busy for its cluster, in milliseconds of the cluster's time.
const LATE_MS: u64 = 2_000;

/// How late a machine was that was too busy for the speed asked for.
pub(super) fn lateness(summary: &Summary, words: &Words) -> Option<String> {
    let delay = summary.longest_delay_ms.filter(|delay| *delay >= LATE_MS)?;
    Some(words.say("report-fact-late-value", &[("span", words.span_ms(delay).into())]))
}

/// What a broken rule caused.
pub(super) fn breach_action(breach: &Breach, words: &Words) -> String {
    words.word(match breach.action {
        plan::RuleAction::Note => "rule-action-note",
        plan::RuleAction::Pause => "rule-action-pause",
        plan::RuleAction::RollBack => "rule-action-roll-back",
    })
}

/// A moment since the start, as a clock shows it: `1:07.3`.
pub(super) fn moment(milliseconds: u64) -> String {
    let tenths = (milliseconds + 50) / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn every_verdict_has_its_words() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            let mut failed = sample::completed();
            failed.traffic.failed = 1;
            let mut broken = sample::completed();
            broken.invariants.max_schedulers = Some(2);
            let mut unproven = sample::completed();
            unproven.invariants.rows_lost = None;
            let mut unseen = sample::rolled_back();
            unseen.traffic.failed = 0;
            let mut untimed = sample::rolled_back();
            untimed.rollback = None;
            let mut changed = sample::rolled_back();
            changed.blue_unchanged = Some(false);
            for summary in [
                sample::completed(),
                sample::rolled_back(),
                failed,
                broken,
                unproven,
                unseen,
                untimed,
                changed,
            ] {
                let (verdict, lead) = headline(&summary, &words);
                assert!(!verdict.starts_with("verdict-") && !lead.starts_with("lead-"), "{verdict} {lead}");
                assert!(!format!("{verdict}{lead}").contains('$'), "{verdict} {lead}");
            }
        }
    }

    #[test]
    fn the_reason_of_a_way_back_is_said_in_the_readers_language() {
        let words = Words::new(Language::Ja);
        let mut summary = sample::rolled_back();
        let mut rollback = summary.rollback.clone().expect("the sample went back");
        let said = |summary: &Summary, rollback: &Rollback| {
            rollback_reason(rollback, summary, &sample::plan(), &words)
        };
        assert_eq!(said(&summary, &rollback), "errors-5：サーバーエラー 29 %（上限 5 %）");
        summary.breaches.clear();
        rollback.reason = "await-ready: no pod became ready".to_owned();
        assert_eq!(said(&summary, &rollback), "新環境の準備待ち：no pod became ready");
        rollback.reason = "asked for".to_owned();
        assert_eq!(said(&summary, &rollback), "asked for");
    }

    #[test]
    fn failures_are_named_and_statuses_keep_their_number() {
        let words = Words::new(Language::En);
        assert_eq!(failure_name("status-502", &words), "status 502");
        for kind in [
            "dns",
            "connect",
            "reset-before-answer",
            "reset-mid-body",
            "protocol",
            "timeout",
            "wrong-component",
            "wrong-body",
            "overload",
        ] {
            assert_ne!(failure_name(kind, &words), kind);
        }
    }

    #[test]
    fn a_moment_reads_like_a_clock() {
        assert_eq!(moment(67_340), "1:07.3");
        assert_eq!(moment(59_960), "1:00.0");
    }
}
