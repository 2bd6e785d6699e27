//! The verdict: what would happen to users, how long the move would take, and what to change.

use std::fmt::Write as _;

use fluent_bundle::FluentValue;
use maud::{Markup, html};
use plan::{Plan, Step};
use serde_json::{Value, json};

use super::facts;
use super::markdown::{heading, row};
use crate::summary::{Advice, Kind, Summary, Verdict, advice};
use crate::words::Words;

/// How much advice a terminal shows; the report has all of it.
const ON_SCREEN: usize = 6;

/// A step that takes less on the cluster is not worth a line.
const WORTH_A_LINE_S: f64 = 1.0;

/// The verdict in words.
pub(super) struct Told {
    /// What users would get, a sentence each.
    pub(super) users: Vec<String>,
    /// How long it would take.
    pub(super) duration: String,
    /// The steps that take their time: title, and span on the cluster.
    pub(super) steps: Vec<(String, String)>,
    /// What to change.
    pub(super) changes: Vec<Change>,
}

/// Something to change, in words.
pub(super) struct Change {
    pub(super) urgent: bool,
    pub(super) what: String,
    pub(super) remedy: String,
    pub(super) place: Option<String>,
}

/// The verdict on a run.
pub(super) fn told(summary: &Summary, plan: &Plan, words: &Words) -> Told {
    let steps =
        long_steps(summary, plan).map(|(step, seconds)| (words.title(step), words.span(seconds * 1000.0)));
    Told {
        users: faults(summary, words)
            .into_iter()
            .chain(users(summary, words))
            .chain(stores(summary, words))
            .collect(),
        duration: duration(summary, plan, words),
        steps: steps.collect(),
        changes: advice(summary, plan).iter().map(|own| change(own, plan, words)).collect(),
    }
}

/// What went wrong by request: whoever reads on must know that it was.
fn faults(summary: &Summary, words: &Words) -> Option<String> {
    let faults = summary.faults.join(", ");
    (!faults.is_empty()).then(|| words.say("judgement-faults", &[("faults", faults.into())]))
}

/// A stretch of an outage shorter than this is a request or two.
const OUTAGE_MS: u64 = 100;

/// A wait for a timeline shorter than this, on the real cluster, is not worth a line.
const WAIT_WORTH_A_LINE_S: f64 = 5.0;

/// "About" knows no seconds beyond a few minutes.
fn about(seconds: f64, words: &Words) -> FluentValue<'static> {
    let seconds = if seconds > 180.0 { (seconds / 60.0).ceil() * 60.0 } else { seconds.ceil() };
    words.span(seconds * 1000.0).into()
}

/// How long requests would fail on the real cluster: what a run was waiting for takes longer there.
fn how_long(summary: &Summary, words: &Words) -> Option<String> {
    let traffic = &summary.traffic;
    if traffic.failed == 0 {
        return None;
    }
    let back = summary.rollback.as_ref().and_then(|rollback| rollback.seconds);
    let (id, milliseconds) = match (back, traffic.longest_outage_ms) {
        (Some(seconds), _) => ("judgement-users-back", seconds * 1000.0),
        (None, OUTAGE_MS..) => ("judgement-users-outage", traffic.longest_outage_ms as f64),
        (None, _) => ("judgement-users-scattered", 0.0),
    };
    Some(words.say(id, &[("span", about(summary.in_life(milliseconds), words))]))
}

/// How long posts would be on their way to timelines.
fn delivery(summary: &Summary, words: &Words) -> Option<String> {
    let longest = summary.streaming.delivery.longest_ms.map(|longest| summary.in_life(longest));
    let worth_a_line = longest.filter(|seconds| *seconds >= WAIT_WORTH_A_LINE_S);
    worth_a_line.map(|seconds| words.say("judgement-delivery", &[("span", about(seconds, words))]))
}

/// What passed over besides users and queues, a sentence each.
fn stores(summary: &Summary, words: &Words) -> Vec<String> {
    let Some(passed) = &summary.stores else { return Vec::new() };
    let count = |count: Option<u64>| -> FluentValue<'_> {
        count.map_or_else(|| words.word("amount-unmeasured").into(), FluentValue::from)
    };
    let users = passed.last_write_to_users_ms.map(|span| span as f64);
    let spans = [
        ("pause", words.span_or_unmeasured(passed.pause_ms).into()),
        ("users", words.span_or_unmeasured(users).into()),
    ];
    let equal = [
        ("tables", count(passed.tables)),
        ("rows", count(passed.rows)),
        ("keys", count(passed.keys)),
        ("jobs", count(passed.jobs)),
        ("objects", count(passed.objects)),
    ];
    let is_proven = passed.rows.is_some() || passed.keys.is_some() || passed.objects.is_some();
    let back =
        if passed.loses_nothing_back { "judgement-stores-way-back" } else { "judgement-stores-no-way-back" };
    vec![
        words.say("judgement-stores", &spans),
        if is_proven {
            words.say("judgement-stores-equal", &equal)
        } else {
            words.word("judgement-stores-unproven")
        },
        words.word(back),
    ]
}

/// How many got the maintenance page, and for how long.
fn maintenance(summary: &Summary, words: &Words) -> Option<String> {
    let told = summary.traffic.maintenance;
    let span = words.span_ms(told.window_ms);
    // A wall's millisecond is so many on the real cluster.
    let life = about(summary.in_life(told.window_ms as f64), words);
    let arguments = [("requests", told.requests.into()), ("span", span.into()), ("life", life)];
    (told.requests > 0).then(|| words.say("judgement-maintenance", &arguments))
}

fn users(summary: &Summary, words: &Words) -> Vec<String> {
    let traffic = &summary.traffic;
    let worst =
        traffic.components.iter().max_by_key(|(_, part)| part.failed).filter(|(_, part)| part.failed > 0);
    let percent =
        if traffic.requests == 0 { 0.0 } else { traffic.failed as f64 * 100.0 / traffic.requests as f64 };
    let shown = if traffic.failed > 0 && percent < 0.05 { "<0.1".to_owned() } else { words.measure(percent) };
    let arguments: &[(&str, FluentValue<'_>)] = &[
        ("requests", traffic.requests.into()),
        ("failed", traffic.failed.into()),
        ("percent", shown.into()),
        ("part", worst.map(|(name, _)| facts::component_name(name, words)).unwrap_or_default().into()),
    ];
    let id = match (traffic.requests, traffic.failed) {
        (0, _) => "judgement-users-unmeasured",
        (_, 0) => "judgement-users-none",
        _ => "judgement-users-some",
    };
    let mut sentences = vec![words.say(id, arguments)];
    sentences.extend(how_long(summary, words));
    sentences.extend(maintenance(summary, words));
    let streaming = &summary.streaming;
    if streaming.connections > 0 {
        let id = if streaming.reconnects == 0 { "judgement-streaming-none" } else { "judgement-streaming" };
        sentences.push(words.say(
            id,
            &[
                ("connections", streaming.connections.into()),
                ("most", streaming.max_reconnects_per_connection.into()),
                ("gap", words.span_ms(streaming.longest_gap_ms).into()),
            ],
        ));
    }
    sentences.extend(delivery(summary, words));
    sentences
}

fn duration(summary: &Summary, plan: &Plan, words: &Words) -> String {
    if summary.is_refused() {
        return words.word("judgement-duration-refused");
    }
    let span = summary.total_cluster_seconds(plan).map(|seconds| about(seconds, words));
    let span = span.unwrap_or_else(|| words.word("amount-unmeasured").into());
    words.say(&format!("judgement-duration-{}", summary.outcome.name()), &[("span", span)])
}

/// The steps worth a line, each with its seconds on the cluster.
fn long_steps<'a>(summary: &'a Summary, plan: &'a Plan) -> impl Iterator<Item = (&'a Step, f64)> {
    let taken = plan.steps.iter().filter_map(|step| Some((step, summary.cluster_seconds(step)?)));
    taken.filter(|(_, seconds)| *seconds >= WORTH_A_LINE_S)
}

fn change(own: &Advice, plan: &Plan, words: &Words) -> Change {
    let step = own.facts.get("step").map(|id| facts::step_title(id, plan, words)).unwrap_or_default();
    let mut arguments: Vec<(&str, FluentValue<'_>)> = vec![
        ("object", own.object.as_str().into()),
        ("part", facts::component_name(&own.component, words).into()),
        ("title", step.into()),
    ];
    for (name, fact) in &own.facts {
        // Times that the run measured are told in the unit that suits them.
        let told = match (name.as_str(), fact.parse::<f64>()) {
            ("gap", Ok(milliseconds)) => words.span(milliseconds),
            ("seconds" | "limit" | "deadline" | "slept" | "grace" | "drain", Ok(seconds)) => {
                words.span(seconds * 1000.0)
            }
            ("why", _) => words.reason(fact),
            _ => fact.clone(),
        };
        arguments.push((name, told.into()));
    }
    let id = format!("advice-{}", own.code);
    Change {
        urgent: own.is_urgent(),
        what: words.say(&id, &arguments),
        remedy: words.say(&format!("{id}-remedy"), &arguments),
        place: own.place.clone(),
    }
}

/// The verdict for the terminal.
pub(super) fn terminal(summary: &Summary, plan: &Plan, words: &Words) -> String {
    let told = told(summary, plan, words);
    let mut text = format!("\n{}\n", words.word("judgement-title"));
    for sentence in told.users.iter().chain([&told.duration]) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {sentence}");
    }
    if told.changes.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\n{}", words.word("judgement-changes"));
    for change in told.changes.iter().take(ON_SCREEN) {
        let place = change.place.as_ref().map(|place| format!(" [{place}]")).unwrap_or_default();
        let mark = if change.urgent { "!" } else { "·" };
        let _ = writeln!(text, "  {mark} {}{place}\n      {}", change.what, change.remedy);
    }
    let more = told.changes.len().saturating_sub(ON_SCREEN);
    if more > 0 {
        let _ = writeln!(text, "    {}", words.say("judgement-more", &[("count", more.into())]));
    }
    text
}

/// The verdict as Markdown.
pub(super) fn markdown(summary: &Summary, plan: &Plan, words: &Words) -> String {
    let told = told(summary, plan, words);
    let mut text = format!("## {}\n\n", words.word("judgement-title"));
    for sentence in told.users.iter().chain([&told.duration]) {
        let _ = writeln!(text, "- {sentence}");
    }
    if !told.steps.is_empty() {
        text.push('\n');
        text += &heading([words.word("report-step"), words.word("judgement-on-cluster")]);
        told.steps.into_iter().for_each(|(title, span)| text += &row([title, span]));
    }
    let _ = writeln!(text, "\n## {}\n", words.word("judgement-changes"));
    if told.changes.is_empty() {
        let _ = writeln!(text, "{}", words.word("judgement-no-changes"));
    }
    for change in &told.changes {
        let place = change.place.as_ref().map(|place| format!(" (`{place}`)")).unwrap_or_default();
        let what = if change.urgent { format!("**{}**", change.what) } else { change.what.clone() };
        let _ = writeln!(text, "- {what}{place} {}", change.remedy);
    }
    text
}

/// The verdict on the page.
pub(super) fn section(summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    let told = told(summary, plan, words);
    html! {
        section.verdict {
            h2 { (words.word("judgement-title")) }
            @for sentence in &told.users { p { (sentence) } }
            p { (told.duration) }
            @if !told.steps.is_empty() {
                details {
                    summary { (words.word("judgement-steps")) }
                    table.compact {
                        thead {
                            tr {
                                th scope="col" { (words.word("report-step")) }
                                th.number scope="col" { (words.word("judgement-on-cluster")) }
                            }
                        }
                        tbody {
                            @for (title, span) in &told.steps {
                                tr { th scope="row" { (title) } td.number { (span) } }
                            }
                        }
                    }
                }
            }
            h3 { (words.word("judgement-changes")) }
            @if told.changes.is_empty() {
                p { (words.word("judgement-no-changes")) }
            } @else {
                ul.changes {
                    @for change in &told.changes {
                        li.urgent[change.urgent] {
                            strong { (coded(&change.what)) }
                            span { (coded(&change.remedy)) }
                            @if let Some(place) = &change.place { code { (place) } }
                        }
                    }
                }
            }
        }
    }
}

/// Text with what stands between backquotes set as code.
fn coded(text: &str) -> Markup {
    html! {
        @for (place, piece) in text.split('`').enumerate() {
            @if place % 2 == 1 { code.said { (piece) } } @else { (piece) }
        }
    }
}

/// The summary as JSON, with the verdict beside the names that scripts rely on.
pub(crate) fn json(summary: &Summary, plan: &Plan, words: &Words) -> String {
    let mut value = serde_json::to_value(summary).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        // What files show and what the run showed stand together in the verdict.
        members.remove("advice");
        members.insert("verdict".to_owned(), verdict(summary, plan, words));
        // Nobody holds a WebSocket on a real server without an account: that is no measurement.
        if summary.kind == Kind::Migration && summary.streaming.connections == 0 {
            let streaming = members.get_mut("streaming").and_then(Value::as_object_mut);
            streaming.into_iter().flatten().for_each(|(_, value)| *value = Value::Null);
        }
    }
    serde_json::to_string_pretty(&value).map(|text| text + "\n").unwrap_or_default()
}

fn verdict(summary: &Summary, plan: &Plan, words: &Words) -> Value {
    let told = told(summary, plan, words);
    let (sentence, _) = facts::headline(summary, words);
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .filter_map(|step| {
            Some(json!({"id": step.id.0, "cluster_s": tenths(summary.cluster_seconds(step)?)}))
        })
        .collect();
    let changes: Vec<Value> = advice(summary, plan)
        .iter()
        .zip(&told.changes)
        .map(|(own, change)| {
            json!({
                "code": own.code, "urgent": change.urgent, "object": own.object, "component": own.component,
                "source": own.place, "message": change.what, "remedy": change.remedy,
            })
        })
        .collect();
    json!({
        "name": Verdict::of(summary).name(),
        "sentence": sentence,
        "users": told.users,
        "duration": {"cluster_s": summary.total_cluster_seconds(plan).map(tenths), "sentence": told.duration, "steps": steps},
        "changes": changes,
    })
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    /// Every code that advice may have.
    const CODES: [&str; 27] = [
        "unnoticed",
        "overloaded",
        "not-ready",
        "wrong-answer",
        "errors",
        "slow",
        "stopping-cost",
        "streaming-gap",
        "jobs-lost",
        "two-schedulers",
        "workers-stayed",
        "step-failed",
        "refused",
        "near-limit",
        "one-replica",
        "no-disruption-budget",
        "no-readiness",
        "late-readiness",
        "no-pre-stop",
        "recreate",
        "boot-near-deadline",
        "pre-stop-eats-grace",
        "several-schedulers",
        "scheduler-overlaps",
        "short-grace",
        "migrates-on-start",
        "floating-image",
    ];

    #[test]
    fn all_advice_has_its_words_in_both_languages() {
        let facts = [
            "why",
            "step",
            "reconnects",
            "gap",
            "jobs",
            "seconds",
            "limit",
            "replicas",
            "deadline",
            "slept",
            "grace",
            "drain",
            "failed",
            "requests",
        ];
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for code in CODES {
                let own = facts
                    .iter()
                    .fold(Advice::new(code, "Deployment/web", "web"), |own, name| own.with(name, 7));
                let told = change(&own, &sample::plan(), &words);
                for text in [told.what, told.remedy] {
                    assert!(!text.contains("advice-") && !text.contains('$'), "{code}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_verdict_says_what_when_and_where() {
        let words = Words::new(Language::En);
        let value: Value =
            serde_json::from_str(&json(&sample::rolled_back(), &sample::plan(), &words)).expect("it is JSON");
        assert_eq!(value["verdict"]["name"], "rolled-back");
        assert_eq!(value["verdict"]["changes"][0]["source"], "base/web.yaml:17");
        assert!(value["verdict"]["duration"]["cluster_s"].as_f64().is_some_and(|seconds| seconds > 60.0));
        assert!(value.get("advice").is_none());
    }
}
