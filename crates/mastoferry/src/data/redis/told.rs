//! What came of it, for people and for programs.

use std::time::Duration;

use movers::keyspace::{Copied, Following, Handover, Leftover, Plan, Proof, WayBack};
use serde_json::{Value, json};

use crate::cli::Output;
use crate::data::findings;
use crate::words::Words;

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

/// JSON alone, or lines.
fn shown(output: Output, json: &Value, lines: &[String]) -> String {
    match output {
        Output::Json => format!("{json}\n"),
        Output::Markdown => lines.iter().map(|line| format!("- {line}\n")).collect(),
        Output::Text => lines.iter().map(|line| format!("{line}\n")).collect(),
    }
}

pub(super) fn plan(plan: &Plan, output: Output, words: &Words) -> String {
    let jobs = plan.jobs.waiting() + plan.jobs.scheduled + plan.jobs.retries;
    let json = json!({
        "mode": plan.mode.name(), "fence": plan.fence.map(|fence| fence.name()),
        "keys": {"moving": plan.census.moving, "staying": plan.census.staying, "strange": plan.census.strange},
        "jobs": plan.jobs, "bytes": plan.bytes, "findings": findings::json(&plan.findings, words),
    });
    let mut lines = vec![words.tell(
        "data-redis-plan",
        &[
            ("keys", &words.number(plan.census.in_all())),
            ("mebibytes", &words.measure(plan.bytes as f64 / f64::from(1 << 20))),
            ("jobs", &words.number(jobs)),
        ],
    )];
    // What is recommended comes first, and the rest by how grave it is.
    let (mode, rest): (Vec<_>, Vec<_>) =
        plan.findings.iter().cloned().partition(|finding| finding.id.starts_with("redis-mode-"));
    for findings in [mode, rest] {
        lines.extend(findings::text(&findings, words).lines().map(str::to_owned));
    }
    shown(output, &json, &lines)
}

pub(super) fn copied(copied: &Copied, output: Output, words: &Words) -> String {
    let json = json!({
        "outcome": "copied", "keys": copied.keys, "bytes": copied.bytes, "resumed": copied.resumed,
        "took_ms": milliseconds(copied.took),
    });
    let details = [
        ("keys", words.number(copied.keys)),
        ("mebibytes", words.measure(copied.bytes as f64 / f64::from(1 << 20))),
        ("took", words.span(milliseconds(copied.took))),
    ];
    let details: Vec<(&str, &str)> = details.iter().map(|(name, text)| (*name, text.as_str())).collect();
    shown(output, &json, &[words.tell("data-redis-copied", &details)])
}

pub(super) fn following(following: &Following, output: Output, words: &Words) -> String {
    let json = json!({
        "outcome": "following", "behind_bytes": following.behind, "took_ms": milliseconds(following.took),
    });
    let took = words.span(milliseconds(following.took));
    let behind = words.number(following.behind);
    shown(output, &json, &[words.tell("data-redis-following", &[("took", &took), ("behind", &behind)])])
}

fn proof_json(proof: &Proof) -> Value {
    json!({
        "holds": proof.holds(), "compared": proof.compared, "different": proof.different, "extra": proof.extra,
        "moved_on": proof.moved_on,
    })
}

fn proof_line(proof: &Proof, words: &Words) -> String {
    let id = if proof.holds() { "data-redis-proof-holds" } else { "data-redis-proof-fails" };
    let details = [
        ("compared", words.number(proof.compared)),
        ("different", words.number(proof.different)),
        ("extra", words.number(proof.extra)),
        ("moved", words.number(proof.moved_on)),
    ];
    let details: Vec<(&str, &str)> = details.iter().map(|(name, text)| (*name, text.as_str())).collect();
    words.tell(id, &details)
}

pub(super) fn proof(proof: &Proof, output: Output, words: &Words) -> String {
    shown(output, &proof_json(proof), &[proof_line(proof, words)])
}

pub(super) fn handover(done: &Handover, output: Output, words: &Words) -> String {
    let json = json!({
        "outcome": "handed-over", "mode": done.mode.name(), "fence": done.fence.name(),
        "pause_ms": done.pause.map(milliseconds), "jobs": done.jobs, "follows_back": done.follows_back,
        "fenced": done.fenced, "proof": done.proof.as_ref().map(proof_json),
    });
    let pause = words.span_or_unmeasured(done.pause.map(milliseconds));
    let jobs = words.number(done.jobs);
    let mut lines = vec![
        words.tell("data-redis-handed-over", &[("pause", &pause), ("jobs", &jobs)]),
        words.word(&match done.fenced {
            true => format!("data-redis-fenced-{}", done.fence.name()),
            false => "data-redis-fence-fell".to_owned(),
        }),
    ];
    if done.follows_back {
        lines.push(words.word("data-redis-follows-back"));
    }
    lines.push(match &done.proof {
        Some(proof) => proof_line(proof, words),
        None => words.word("data-redis-proof-none"),
    });
    shown(output, &json, &lines)
}

pub(super) fn way_back(back: &WayBack, output: Output, words: &Words) -> String {
    let json = json!({
        "outcome": "rolled-back", "after_cut_over": back.after, "lost": back.lost, "removed": back.removed,
    });
    let id = match (back.after, back.lost) {
        (false, _) => "data-redis-back-before",
        (true, false) => "data-redis-back-whole",
        (true, true) => "data-redis-back-lost",
    };
    shown(output, &json, &[words.tell(id, &[("removed", &words.number(back.removed))])])
}

pub(super) fn leftovers(left: &[Leftover], output: Output, words: &Words) -> String {
    let names: Vec<&str> = left.iter().map(|it| it.name()).collect();
    let json = json!({"outcome": "cleaned-up", "left": names});
    let mut lines = vec![words.word("data-redis-cleaned-up")];
    lines.extend(names.iter().map(|name| words.word(&format!("data-redis-left-{name}"))));
    shown(output, &json, &lines)
}
