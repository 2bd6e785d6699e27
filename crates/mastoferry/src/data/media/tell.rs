//! What a move came to, for people and for programs.

use movers::Finding;
use movers::media::{Event, Few, Outcome, Seen, Verdict};
use serde_json::{Value, json};

use super::redirect;
use crate::cli::Output;
use crate::data::findings;
use crate::data::size::size;
use crate::words::Words;

/// A value as JSON for programs.
fn machine(value: &Value) -> String {
    format!("{value:#}\n")
}

pub(super) fn one_line(id: &str, output: Output, words: &Words) -> String {
    match output {
        Output::Json => machine(&json!({ "outcome": "completed" })),
        Output::Text | Output::Markdown => words.word(id) + "\n",
    }
}

pub(super) fn findings(found: &[Finding], output: Output, words: &Words) -> String {
    match output {
        Output::Json => {
            let outcome = if findings::is_refused(found) { "refused" } else { "possible" };
            machine(&json!({ "outcome": outcome, "findings": findings::json(found, words) }))
        }
        Output::Text | Output::Markdown => findings::text(found, words),
    }
}

/// A line for each kind of which there are some, and the names below it.
fn kinds(kinds: &[(&str, &Few)], words: &Words) -> String {
    let mut text = String::new();
    for (id, few) in kinds.iter().filter(|(_, few)| few.count > 0) {
        text += &words.tell(id, &[("count", &words.number(few.count))]);
        text.push('\n');
        for name in &few.first {
            text += &format!("  {name}\n");
        }
        if few.count > few.first.len() as u64 {
            text += "  …\n";
        }
    }
    text
}

pub(super) fn outcome(outcome: &Outcome, output: Output, words: &Words) -> String {
    if output == Output::Json {
        let state = if outcome.conflicts.count > 0 {
            "stopped"
        } else if outcome.is_complete() {
            "completed"
        } else {
            "failed"
        };
        return machine(&json!({ "outcome": state, "pass": outcome }));
    }
    let span = words.span(outcome.seconds * 1000.0);
    let amounts = [
        ("copied", words.number(outcome.copied)),
        ("copied-bytes", size(outcome.copied_bytes, words)),
        ("unchanged", words.number(outcome.unchanged + outcome.equal)),
        ("deleted", words.number(outcome.deleted)),
        ("gone", words.number(outcome.gone)),
        ("objects", words.number(outcome.objects)),
        ("bytes", size(outcome.bytes, words)),
        ("span", span),
    ];
    let amounts: Vec<(&str, &str)> = amounts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut text = words.tell("media-outcome", &amounts) + "\n";
    if outcome.surplus > 0 {
        text += &words.tell("media-outcome-surplus", &[("count", &words.number(outcome.surplus))]);
        text.push('\n');
    }
    text += &kinds(
        &[
            ("media-outcome-conflicts", &outcome.conflicts),
            ("media-outcome-failed", &outcome.failed),
            ("media-outcome-unusable", &outcome.unusable),
            ("media-outcome-untold", &outcome.untold),
            ("media-outcome-foreign", &outcome.foreign),
        ],
        words,
    );
    let end = if outcome.is_complete() { "media-outcome-complete" } else { "media-outcome-incomplete" };
    text + &words.word(end) + "\n"
}

pub(super) fn verdict(
    verdict: &Verdict,
    seen: &[(Seen, bool)],
    urls: Option<(&str, &str)>,
    output: Output,
    words: &Words,
) -> String {
    let rules = urls.and_then(|(old, new)| redirect::rules(old, new));
    if output == Output::Json {
        let outside: Vec<Value> = seen.iter().map(|(seen, is_equal)| outside(seen, *is_equal)).collect();
        let state = if verdict.is_equal() { "equal" } else { "differences" };
        let redirect = rules.map(|(nginx, gateway)| json!({ "nginx": nginx, "gateway": gateway }));
        return machine(&json!({
            "outcome": state, "verdict": verdict, "outside": outside, "redirect": redirect,
        }));
    }
    let amounts = [
        ("equal", words.number(verdict.equal)),
        ("objects", words.number(verdict.objects)),
        ("bytes", size(verdict.bytes, words)),
        ("span", words.span(verdict.seconds * 1000.0)),
    ];
    let amounts: Vec<(&str, &str)> = amounts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut text = words.tell("media-verdict", &amounts) + "\n";
    text += &kinds(
        &[
            ("media-verdict-missing", &verdict.missing),
            ("media-verdict-different", &verdict.different),
            ("media-verdict-access", &verdict.access),
            ("media-verdict-untold", &verdict.untold),
            ("media-verdict-failed", &verdict.failed),
            ("media-outcome-unusable", &verdict.unusable),
            ("media-verdict-surplus", &verdict.surplus),
        ],
        words,
    );
    if verdict.unasked > 0 {
        text += &words.tell("media-verdict-unasked", &[("count", &words.number(verdict.unasked))]);
        text.push('\n');
    }
    text += &words.word(if verdict.is_equal() { "media-verdict-fine" } else { "media-verdict-wrong" });
    text.push('\n');
    text += &from_outside(seen, words);
    if let Some((nginx, gateway)) = rules {
        text += &format!("{}\n\n{nginx}\n{gateway}", words.word("media-redirect"));
    }
    text
}

fn outside(seen: &Seen, is_equal: bool) -> Value {
    json!({
        "url": seen.url, "status": seen.status, "led_to": seen.led_to, "content_type": seen.content_type,
        "reason": seen.reason, "equal": is_equal,
    })
}

fn from_outside(seen: &[(Seen, bool)], words: &Words) -> String {
    if seen.is_empty() {
        return String::new();
    }
    let equal = seen.iter().filter(|(_, is_equal)| *is_equal).count() as u64;
    let amounts = [("equal", words.number(equal)), ("all", words.number(seen.len() as u64))];
    let amounts: Vec<(&str, &str)> = amounts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut text = words.tell("media-outside", &amounts) + "\n";
    for (seen, _) in seen.iter().filter(|(_, is_equal)| !is_equal) {
        let status = seen.status.map(|it| it.to_string());
        let answer = status.or_else(|| seen.reason.clone()).unwrap_or_default();
        text += &format!("  {} ({answer})\n", seen.url);
    }
    text
}

pub(super) fn events(events: &[Event], output: Output, words: &Words) -> String {
    if output == Output::Json {
        return machine(&json!({ "events": events }));
    }
    let mut text = String::new();
    for event in events {
        let at = |seconds: u64| {
            let moment = i64::try_from(seconds).ok().and_then(|it| jiff::Timestamp::from_second(it).ok());
            moment.map_or_else(String::new, |it| it.to_string())
        };
        text += &match event {
            Event::Opened { from, to, .. } => words.tell("media-event-opened", &[("from", from), ("to", to)]),
            Event::Began { at: seconds, .. } => words.tell("media-event-began", &[("at", &at(*seconds))]),
            Event::Ended { at: seconds, outcome } => {
                let amounts = [("at", at(*seconds)), ("copied", words.number(outcome.copied))];
                let amounts: Vec<(&str, &str)> =
                    amounts.iter().map(|(name, it)| (*name, it.as_str())).collect();
                let is_complete = outcome.is_complete();
                words.tell(if is_complete { "media-event-ended" } else { "media-event-incomplete" }, &amounts)
            }
            Event::Stopped { at: seconds, reason } => {
                words.tell("media-event-stopped", &[("at", &at(*seconds)), ("reason", reason)])
            }
            Event::Verified { at: seconds, verdict } => {
                let id = if verdict.is_equal() { "media-event-equal" } else { "media-event-different" };
                words.tell(id, &[("at", &at(*seconds))])
            }
        };
        text.push('\n');
    }
    text
}
