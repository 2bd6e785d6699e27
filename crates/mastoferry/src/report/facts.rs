//! Facts of a summary in words, for every view of it.

use fluent_bundle::FluentValue;
use plan::{Metric, Plan, Rule};

use crate::summary::{Breach, Kept, Promise, Summary, Verdict};
use crate::words::{Aspect, Words};

/// The verdict in one sentence, and what stands behind it.
pub(super) fn headline(summary: &Summary, words: &Words) -> (String, String) {
    let verdict = Verdict::of(summary);
    let traffic = &summary.traffic;
    let seconds = summary.rollback.as_ref().and_then(|rollback| rollback.seconds);
    let lead = match verdict {
        Verdict::RolledBack if seconds.is_none() => "lead-rolled-back-untimed".to_owned(),
        other => format!("lead-{}", other.name()),
    };
    let args: &[(&str, FluentValue<'_>)] = &[
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
    plan.steps
        .iter()
        .find(|step| step.id.0 == id)
        .map_or_else(|| id.to_owned(), |step| words.step(&step.action, Aspect::Title))
}

/// The component's name for people; a neighbour keeps its own.
pub(super) fn component_name(name: &str, words: &Words) -> String {
    words.find(&format!("component-{name}"), &[]).unwrap_or_else(|| name.to_owned())
}

/// A word of a family of messages, or the name itself where there is none.
pub(super) fn word_or_name(family: &str, name: &str, words: &Words) -> String {
    words.find(&format!("{family}-{name}"), &[]).unwrap_or_else(|| name.to_owned())
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
    }
}

/// The metric's name.
pub(super) fn metric_name(metric: Metric, words: &Words) -> String {
    words.word(match metric {
        Metric::ServerErrors => "metric-server-errors",
        Metric::Latency => "metric-latency",
        Metric::NotReady => "metric-not-ready",
    })
}

/// What a broken rule saw.
pub(super) fn breach_seen(breach: &Breach, rules: &[Rule], words: &Words) -> String {
    let Some(rule) = rules.iter().find(|rule| rule.id == breach.rule) else {
        return format!("{} / {}", words.measure(breach.observed), words.measure(breach.bound));
    };
    words.say(
        "report-breach-seen",
        &[
            ("metric", metric_name(rule.metric, words).into()),
            ("observed", metric_value(rule.metric, breach.observed, words).into()),
            ("bound", metric_value(rule.metric, breach.bound, words).into()),
        ],
    )
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
    fn a_moment_reads_like_a_clock() {
        assert_eq!(moment(67_340), "1:07.3");
        assert_eq!(moment(59_960), "1:00.0");
    }
}
