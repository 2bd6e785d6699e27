//! The report's sections below the timeline.

use std::collections::BTreeMap;

use maud::{Markup, html};
use plan::Plan;

use super::facts::{
    breach_action, breach_seen, failure_name, lateness, moment, promise_detail, rollback_reason, ways_back,
    word_or_name,
};
use crate::summary::{Component, Kept, Kind, Rollback, Summary, promises as kept_promises};
use crate::words::Words;

/// The guard's breaches, and the way back.
pub(super) fn guard(summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    html! {
        section {
            h2 { (words.word("report-guard")) }
            @if summary.breaches.is_empty() {
                p { (words.say("report-guard-quiet", &[("rules", plan.rules.len().into())])) }
            } @else {
                p { (words.say("report-guard-breaches", &[("count", summary.breaches.len().into())])) }
                table {
                    thead {
                        tr {
                            th.number scope="col" { (words.word("report-breach-at")) }
                            th scope="col" { (words.word("report-breach-rule")) }
                            th scope="col" { (words.word("report-breach-what")) }
                            th scope="col" { (words.word("report-breach-action")) }
                        }
                    }
                    tbody {
                        @for breach in &summary.breaches {
                            tr {
                                td.number { (moment(breach.at_ms)) }
                                td { code.id { (breach.rule) } }
                                td { (breach_seen(breach, &plan.rules, words)) }
                                td { (breach_action(breach, words)) }
                            }
                        }
                    }
                }
            }
            @if let Some(rollback) = &summary.rollback {
                (way_back(rollback, summary, plan, words))
            }
            @for paused in &summary.left_paused {
                p { (words.tell("report-left-paused", &[("owner", &paused.owner)])) " " code { (paused.resume) } }
            }
        }
    }
}

fn way_back(rollback: &Rollback, summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    let when = |at: Option<u64>| at.map_or_else(|| words.word("amount-none"), moment);
    html! {
        h3 { (words.word("report-rollback-heading")) }
        dl.facts {
            dt { (words.word("report-rollback-reason")) } dd { (rollback_reason(rollback, summary, plan, words)) }
            dt { (words.word("report-rollback-first-bad")) } dd { (when(rollback.first_bad_ms)) }
            dt { (words.word("report-rollback-restored")) } dd { (when(rollback.restored_ms)) }
            @for (id, span) in ways_back(rollback, words) {
                dt { (words.word(id)) } dd { (span) }
            }
            dt { (words.word("report-rollback-took")) }
            dd {
                @match rollback.seconds {
                    Some(seconds) => (words.span(seconds * 1000.0)),
                    None => (words.word("amount-unmeasured")),
                }
            }
        }
    }
}

/// What must hold at every instant.
pub(super) fn promises(summary: &Summary, words: &Words) -> Markup {
    html! {
        section {
            h2 { (words.word("report-promises")) }
            p { (words.word("report-promises-lead")) }
            ul.promises {
                @for promise in kept_promises(summary) {
                    @let (class, mark) = match promise.kept {
                        Kept::Held => ("kept", "✓"),
                        Kept::Broken => ("broken", "✕"),
                        Kept::Unmeasured => ("unmeasured", "?"),
                    };
                    li class=(class) {
                        span.mark role="img" aria-label=(words.word(promise.kept.word())) { (mark) }
                        div {
                            strong { (words.word(promise.id)) }
                            span { (promise_detail(&promise, summary, words)) }
                        }
                    }
                }
            }
        }
    }
}

/// Requests by who should have answered, and why any failed.
pub(super) fn components(summary: &Summary, words: &Words) -> Markup {
    html! {
        section {
            h2 { (words.word("report-components")) }
            p { (words.word("report-components-lead")) }
            (parts("component", &summary.traffic.components, words))
            @if !summary.traffic.failures.is_empty() {
                h3 { (words.word("report-failures")) }
                table.compact {
                    thead {
                        tr {
                            th scope="col" { (words.word("report-failure")) }
                            th.number scope="col" { (words.word("report-failure-count")) }
                        }
                    }
                    tbody {
                        @for (kind, count) in &summary.traffic.failures {
                            tr {
                                th scope="row" { (failure_name(kind, words)) }
                                td.number { (words.number(*count)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Requests by what they were for, where a profile says so.
pub(super) fn uses(summary: &Summary, words: &Words) -> Markup {
    html! {
        @if !summary.traffic.classes.is_empty() {
            section {
                h2 { (words.word("report-use")) }
                (parts("use", &summary.traffic.classes, words))
            }
        }
    }
}

/// A table of answers by who should have given them (`component`), or by what they were for (`use`).
fn parts(family: &str, parts: &BTreeMap<String, Component>, words: &Words) -> Markup {
    let first = if family == "use" { "terminal-use" } else { "report-component" };
    html! {
        table.parts {
            thead {
                tr {
                    th scope="col" { (words.word(first)) }
                    th.number scope="col" { (words.word("report-component-requests")) }
                    th.number scope="col" { (words.word("report-component-failed")) }
                    th.number scope="col" { (words.word("report-component-downtime")) }
                    th.number.spare scope="col" { (words.word("report-component-p50")) }
                    th.number scope="col" { (words.word("report-component-p99")) }
                }
            }
            tbody {
                @for (name, part) in parts {
                    tr {
                        th scope="row" { (word_or_name(family, name, words)) }
                        td.number { (words.number(part.requests)) }
                        td.number.alarm[part.failed > 0] { (words.number(part.failed)) }
                        td.number { (words.span_ms(part.downtime_ms)) }
                        td.number.spare { (words.span_or_unmeasured(part.p50_ms)) }
                        td.number { (words.span_or_unmeasured(part.p99_ms)) }
                    }
                }
            }
        }
    }
}

/// The WebSockets.
pub(super) fn streaming(summary: &Summary, words: &Words) -> Markup {
    let streaming = &summary.streaming;
    html! {
        section {
            h2 { (words.word("report-streaming")) }
            p { (words.say("report-streaming-lead", &[("connections", streaming.connections.into())])) }
            @if streaming.connections > 0 {
                dl.facts {
                    dt { (words.word("report-streaming-connections")) }
                    dd { (words.number(streaming.connections)) }
                    dt { (words.word("report-streaming-reconnects")) }
                    dd { (words.number(streaming.reconnects)) }
                    dt { (words.word("report-streaming-most")) }
                    dd { (words.number(streaming.max_reconnects_per_connection)) }
                    dt { (words.word("report-streaming-gap")) }
                    dd { (words.span_ms(streaming.longest_gap_ms)) }
                }
                (delivery(summary, words))
            }
        }
    }
}

/// Posts on their way to open timelines.
fn delivery(summary: &Summary, words: &Words) -> Markup {
    let delivery = &summary.streaming.delivery;
    html! {
        @if delivery.posts > 0 {
            h3 { (words.word("terminal-delivery")) }
            dl.facts {
                dt { (words.word("report-delivery-posts")) } dd { (words.number(delivery.posts)) }
                dt { (words.word("report-delivery-unheard")) }
                dd { (words.number(delivery.posts.saturating_sub(delivery.delivered))) }
                dt { (words.word("report-delivery-late")) } dd { (words.number(delivery.late)) }
                dt { (words.word("report-delivery-p99")) } dd { (words.span_or_unmeasured(delivery.p99_ms)) }
                dt { (words.word("report-delivery-longest")) }
                dd { (words.span_or_unmeasured(delivery.longest_ms)) }
            }
            p.note { (words.say("report-delivery-note", &[("speed", words.measure(summary.speed).into())])) }
        }
    }
}

/// How it was measured, and on what.
pub(super) fn method(summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    let speed = words.measure(summary.speed);
    html! {
        section.method {
            h2 { (words.word("report-method")) }
            ul {
                li { (words.word("report-method-open-loop")) }
                li { (words.word("report-method-judged")) }
                li { (words.word("report-method-outage")) }
                li { (words.word("report-method-percent")) }
                @if summary.kind == Kind::Rehearsal {
                    li { (words.say("report-method-speed", &[("speed", speed.as_str().into())])) }
                }
                li { (words.word("report-method-honest")) }
            }
            dl.facts {
                dt { (words.word("report-fact-source")) } dd { code { (summary.source) } }
                dt { (words.word("report-fact-domain")) } dd { (plan.domain) }
                dt { (words.word("report-fact-namespace")) } dd { code { (plan.namespace) } }
                dt { (words.word("report-fact-release")) } dd { code { (summary.release) } }
                dt { (words.word("report-fact-strategy")) }
                dd {
                    (word_or_name("strategy", &summary.strategy, words))
                    @for why in plan.reasons.iter().filter_map(|reason| words.why_chosen(reason)) {
                        br; (why)
                    }
                }
                dt { (words.word("report-fact-front")) } dd { (word_or_name("front", &summary.front, words)) }
                @if !summary.load.is_empty() {
                    dt { (words.word("report-fact-load")) } dd { (summary.load) }
                }
                @if !summary.faults.is_empty() {
                    dt { (words.word("report-fact-faults")) }
                    dd { @for fault in &summary.faults { code { (fault) } br; } }
                }
                @if summary.kind == Kind::Rehearsal {
                    dt { (words.word("report-fact-speed")) } dd { "×" (speed) }
                }
                @if let Some(late) = lateness(summary, words) {
                    dt { (words.word("report-fact-late")) } dd { (late) }
                }
                @if let Some(megabytes) = summary.peak_memory_mb {
                    dt { (words.word("report-fact-memory")) }
                    dd { (words.say("report-fact-memory-value", &[("megabytes", megabytes.into())])) }
                }
                @if let Some(finished) = summary.finished {
                    dt { (words.word("report-fact-finished")) }
                    dd { (finished.strftime("%Y-%m-%d %H:%M UTC")) }
                }
                dt { (words.word("report-fact-version")) } dd { "Mastoferry " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}
