//! The summary as Markdown, for issues, chats and notes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plan::Plan;

use super::ledger::counts;
use super::{facts, verdict};
use crate::summary::{Component, Summary, promises};
use crate::words::Words;

/// The cells of a Markdown table's row; what would break the table is escaped.
pub(super) fn row<const N: usize>(cells: [String; N]) -> String {
    let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
    format!("| {} |\n", cells.join(" | "))
}

/// A Markdown table's heading.
pub(super) fn heading<const N: usize>(cells: [String; N]) -> String {
    format!("{}|{}\n", row(cells), " --- |".repeat(N))
}

/// The summary of a run as Markdown.
#[must_use]
pub(crate) fn markdown(summary: &Summary, plan: &Plan, words: &Words) -> String {
    let (verdict, lead) = facts::headline(summary, words);
    let title = words.say(
        "report-title",
        &[("kind", summary.kind.name().into()), ("domain", plan.domain.as_str().into())],
    );
    let mut text = format!("# {title}\n\n**{verdict}** {lead}\n\n");
    text += &verdict::markdown(summary, plan, words);
    let _ = writeln!(text, "\n## {}\n", words.word("report-components"));
    parts(&mut text, "component", &summary.traffic.components, words);
    if !summary.traffic.classes.is_empty() {
        let _ = writeln!(text, "\n## {}\n", words.word("report-use"));
        parts(&mut text, "use", &summary.traffic.classes, words);
    }
    let _ = writeln!(text, "\n## {}\n", words.word("report-promises"));
    for promise in promises(summary) {
        let detail = facts::promise_detail(&promise, summary, words);
        let line = words.pair(&words.word(promise.id), &detail);
        let _ = writeln!(text, "- **{}** — {line}", words.word(promise.kept.word()));
    }
    let _ = writeln!(text, "\n## {}\n", words.word("report-guard"));
    guard(&mut text, summary, plan, words);
    let _ = writeln!(text, "\n## {}\n", words.word("report-chart-steps"));
    steps(&mut text, summary, plan, words);
    let _ = writeln!(text, "\n## {}\n", words.word("report-ledger"));
    text += &heading([words.word("report-ledger-disposition"), words.word("report-ledger-count")]);
    for (name, count) in counts(summary) {
        text += &row([facts::word_or_name("disposition", name, words), words.number(count)]);
    }
    text
}

fn parts(text: &mut String, family: &str, parts: &BTreeMap<String, Component>, words: &Words) {
    *text += &heading(
        [
            if family == "use" { "terminal-use" } else { "report-component" },
            "report-component-requests",
            "report-component-failed",
            "report-component-downtime",
            "report-component-p50",
            "report-component-p99",
        ]
        .map(|id| words.word(id)),
    );
    for (name, component) in parts {
        *text += &row([
            facts::word_or_name(family, name, words),
            words.number(component.requests),
            words.number(component.failed),
            words.span_ms(component.downtime_ms),
            words.span_or_unmeasured(component.p50_ms),
            words.span_or_unmeasured(component.p99_ms),
        ]);
    }
}

fn guard(text: &mut String, summary: &Summary, plan: &Plan, words: &Words) {
    if summary.breaches.is_empty() {
        let _ = writeln!(text, "{}", words.say("report-guard-quiet", &[("rules", plan.rules.len().into())]));
    }
    for breach in &summary.breaches {
        let _ = writeln!(
            text,
            "- {} `{}`: {} → {}",
            facts::moment(breach.at_ms),
            breach.rule,
            facts::breach_seen(breach, &plan.rules, words),
            facts::breach_action(breach, words),
        );
    }
    if let Some(rollback) = &summary.rollback {
        let took = words.span_or_unmeasured(rollback.seconds.map(|seconds| seconds * 1000.0));
        let _ = writeln!(
            text,
            "\n{}: {took}. {}",
            words.word("report-rollback-took"),
            facts::rollback_reason(rollback, summary, plan, words)
        );
        for (id, span) in facts::ways_back(rollback, words) {
            let _ = writeln!(text, "\n{}", words.pair(&words.word(id), &span));
        }
    }
    for paused in &summary.left_paused {
        let told = words.tell("report-left-paused", &[("owner", &paused.owner)]);
        let _ = writeln!(text, "\n{told}\n\n```sh\n{}\n```", paused.resume);
    }
}

fn steps(text: &mut String, summary: &Summary, plan: &Plan, words: &Words) {
    *text += &heading(
        ["report-step", "report-step-start", "report-step-took", "report-step-state"]
            .map(|id| words.word(id)),
    );
    for step in &summary.steps {
        let took = step.started_ms.zip(step.ended_ms);
        *text += &row([
            facts::step_title(&step.id, plan, words),
            step.started_ms.map_or_else(|| "–".to_owned(), facts::moment),
            took.map_or_else(|| "–".to_owned(), |(from, to)| words.span_ms(to.saturating_sub(from))),
            words.word(&format!("step-state-{}", step.state.name())),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn a_pipe_in_a_cell_does_not_break_the_table() {
        assert_eq!(row(["a|b".to_owned(), "c\nd".to_owned()]), "| a\\|b | c d |\n");
    }

    #[test]
    fn the_markdown_tells_the_whole_run() {
        let words = Words::new(Language::En);
        insta::assert_snapshot!(markdown(&sample::rolled_back(), &sample::plan(), &words));
    }
}
