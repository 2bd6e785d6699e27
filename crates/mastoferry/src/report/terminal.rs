//! The summary on the terminal: a screenful, aligned by the width of characters, Japanese included.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{facts, verdict};
use crate::summary::{Component, Delivery, Kept, Rollback, Streaming, Summary, Traffic, Verdict, promises};
use crate::words::Words;

/// Whether the terminal is asked for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Plain text.
    Off,
    /// With ANSI colours.
    On,
}

impl Colour {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Off => text.to_owned(),
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

const GOOD: &str = "1;36";
const MIXED: &str = "1;33";
const BAD: &str = "1;31";

/// The summary of a run for the terminal.
#[must_use]
pub(crate) fn terminal(summary: &Summary, plan: &plan::Plan, words: &Words, colour: Colour) -> String {
    let (verdict, lead) = facts::headline(summary, words);
    let tone = Verdict::of(summary);
    let code = if tone.is_good() {
        GOOD
    } else if tone.is_mixed() {
        MIXED
    } else {
        BAD
    };
    let mut text = format!("{}\n{lead}\n\n", colour.paint(code, &verdict));
    text += &trimmed(&numbers(summary, plan, words));
    let _ = writeln!(text, "\n{}", words.word("report-promises"));
    for promise in promises(summary) {
        let (mark, code) = match promise.kept {
            Kept::Held => ("✓", GOOD),
            Kept::Broken => ("✕", BAD),
            Kept::Unmeasured => ("?", MIXED),
        };
        let detail = facts::promise_detail(&promise, summary, words);
        // Writing to a String cannot fail.
        let line = words.pair(&words.word(promise.id), &detail);
        let _ = writeln!(text, "  {} {line}", colour.paint(code, mark));
    }
    if !summary.traffic.components.is_empty() {
        text.push('\n');
        text += &trimmed(&parts("component", &summary.traffic.components, words));
    }
    if !summary.traffic.classes.is_empty() {
        text.push('\n');
        text += &trimmed(&parts("use", &summary.traffic.classes, words));
    }
    for paused in &summary.left_paused {
        let told = words.tell("report-left-paused", &[("owner", &paused.owner)]);
        let _ = writeln!(text, "\n{told}\n  {}", paused.resume);
    }
    text + &verdict::terminal(summary, plan, words)
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// The table's text, indented, without the blanks that pad its last column.
fn trimmed(table: &Table) -> String {
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, " {}", line.trim_end());
        text
    })
}

fn numbers(summary: &Summary, plan: &plan::Plan, words: &Words) -> Table {
    let traffic = &summary.traffic;
    let streaming = &summary.streaming;
    let mut table = bare();
    let mut row = |id: &str, value: String| {
        table.add_row([words.word(id), value]);
    };
    if !summary.faults.is_empty() {
        row("terminal-faults", summary.faults.join("  "));
    }
    row("terminal-requests", words.number(traffic.requests));
    row("terminal-failed", failed(summary, words));
    row("terminal-downtime", downtime(traffic, words));
    row("terminal-latency", latency(traffic, words));
    row("terminal-streaming", live(streaming, words));
    if streaming.delivery.posts > 0 {
        row("terminal-delivery", delivered(&streaming.delivery, words));
    }
    row(
        "terminal-ledger",
        words.say(
            "terminal-ledger-value",
            &[
                ("leaves", summary.ledger_count("leaves").into()),
                ("unaccounted", summary.ledger_count("unaccounted").into()),
            ],
        ),
    );
    for breach in &summary.breaches {
        let seen = facts::breach_seen(breach, &plan.rules, words);
        row(
            "terminal-breach",
            format!("{} {}", facts::moment(breach.at_ms), words.pair(&breach.rule, &seen)),
        );
    }
    if let Some(rollback) = &summary.rollback {
        row("terminal-rollback", way_back(rollback, summary, plan, words));
        let back = [("traffic", rollback.verdict_to_traffic_ms), ("release", rollback.verdict_to_release_ms)];
        for (what, ms) in back.into_iter().filter_map(|(what, ms)| Some((what, ms?))) {
            let told = words.say("terminal-after-verdict", &[("span", words.span_ms(ms).into())]);
            row(&format!("terminal-rollback-{what}"), told);
        }
    }
    if let Some(late) = facts::lateness(summary, words) {
        row("terminal-late", late);
    }
    if let Some(megabytes) = summary.peak_memory_mb {
        row("terminal-memory", words.say("report-fact-memory-value", &[("megabytes", megabytes.into())]));
    }
    table
}

fn downtime(traffic: &Traffic, words: &Words) -> String {
    let total = words.span_ms(traffic.downtime_ms);
    if traffic.downtime_ms == 0 {
        return total;
    }
    let longest = words.span_ms(traffic.longest_outage_ms);
    words.say("terminal-downtime-value", &[("total", total.into()), ("longest", longest.into())])
}

fn latency(traffic: &Traffic, words: &Words) -> String {
    match (traffic.p50_ms, traffic.p99_ms) {
        (Some(p50), Some(p99)) => {
            let spans = [("p50", words.span(p50).into()), ("p99", words.span(p99).into())];
            words.say("terminal-latency-value", &spans)
        }
        _ => words.word("amount-unmeasured"),
    }
}

/// The WebSockets.
fn live(streaming: &Streaming, words: &Words) -> String {
    words.say(
        "terminal-streaming-value",
        &[
            ("connections", streaming.connections.into()),
            ("reconnects", streaming.reconnects.into()),
            ("most", streaming.max_reconnects_per_connection.into()),
            ("gap", words.span_ms(streaming.longest_gap_ms).into()),
        ],
    )
}

/// Posts on their way to timelines.
fn delivered(delivery: &Delivery, words: &Words) -> String {
    words.say(
        "terminal-delivery-value",
        &[
            ("posts", delivery.posts.into()),
            ("unheard", delivery.posts.saturating_sub(delivery.delivered).into()),
            ("p99", words.span_or_unmeasured(delivery.p99_ms).into()),
            ("longest", words.span_or_unmeasured(delivery.longest_ms).into()),
        ],
    )
}

fn way_back(rollback: &Rollback, summary: &Summary, plan: &plan::Plan, words: &Words) -> String {
    let reason = facts::rollback_reason(rollback, summary, plan, words);
    match rollback.seconds {
        Some(seconds) => {
            let [paced, cluster] = facts::paced(summary, Some(seconds), words);
            let span = words.span(seconds * 1000.0).into();
            words.say("terminal-rollback-value", &[("span", span), ("reason", reason.into()), paced, cluster])
        }
        None => reason,
    }
}

/// How many requests failed, and why.
fn failed(summary: &Summary, words: &Words) -> String {
    let number = words.number(summary.traffic.failed);
    let kinds = summary.traffic.failures.iter();
    let why: Vec<String> = kinds
        .map(|(kind, count)| words.pair(&facts::failure_name(kind, words), &words.number(*count)))
        .collect();
    if why.is_empty() { number } else { format!("{number}  {}", why.join(" · ")) }
}

/// Answers by who should have given them (`component`), or by what they were for (`use`).
fn parts(family: &str, parts: &BTreeMap<String, Component>, words: &Words) -> Table {
    let mut table = bare();
    table.set_header(
        [
            if family == "use" { "terminal-use" } else { "terminal-part" },
            "report-component-requests",
            "report-component-failed",
            "report-component-downtime",
            "report-component-p50",
            "report-component-p99",
        ]
        .map(|id| words.word(id)),
    );
    for (name, component) in parts {
        table.add_row([
            facts::word_or_name(family, name, words),
            words.number(component.requests),
            words.number(component.failed),
            words.span_ms(component.downtime_ms),
            words.span_or_unmeasured(component.p50_ms),
            words.span_or_unmeasured(component.p99_ms),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn the_terminal_summary_is_short_and_plain() {
        let words = Words::new(Language::En);
        insta::assert_snapshot!(terminal(&sample::completed(), &sample::plan(), &words, Colour::Off));
    }

    #[test]
    fn the_terminal_summary_in_japanese_is_aligned() {
        let words = Words::new(Language::Ja);
        insta::assert_snapshot!(terminal(&sample::rolled_back(), &sample::plan(), &words, Colour::Off));
    }

    #[test]
    fn colours_come_only_where_asked_for() {
        let words = Words::new(Language::En);
        let text = |colour| terminal(&sample::rolled_back(), &sample::plan(), &words, colour);
        assert!(!text(Colour::Off).contains('\u{1b}'));
        assert!(text(Colour::On).contains('\u{1b}'));
    }
}
