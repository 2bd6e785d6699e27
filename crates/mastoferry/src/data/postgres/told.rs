//! What a move of PostgreSQL came to, for people and for programs.

use std::time::Duration;

use fluent_bundle::FluentValue;
use movers::postgres::{Copied, Left, Plan, Proof, Returned, Step, Switched};
use serde_json::{Value, json};

use crate::cli::Output;
use crate::data::findings;
use crate::words::Words;

/// A result in the form that was asked for.
fn in_form(output: Output, value: &Value, text: impl FnOnce() -> String) -> String {
    match output {
        Output::Json => format!("{value:#}\n"),
        Output::Text | Output::Markdown => text(),
    }
}

pub(super) fn plan(plan: &Plan, output: Output, words: &Words) -> String {
    let value = json!({
        "mode": plan.mode.name(), "tables": plan.tables, "bytes": plan.bytes, "refused": plan.is_refused(),
        "findings": findings::json(&plan.found, words),
        "against_following": findings::json(&plan.against_following, words),
    });
    in_form(output, &value, || {
        let told = [
            ("mode", plan.mode.name().into()),
            ("tables", FluentValue::from(plan.tables)),
            ("size", FluentValue::from(plan.bytes >> 20)),
        ];
        let mut text = words.say("data-postgres-plan", &told) + "\n";
        text += &findings::text(&plan.found, words);
        if !plan.against_following.is_empty() {
            text += &format!("\n{}\n", words.word("data-postgres-against-following"));
            text += &findings::text(&plan.against_following, words);
        }
        text
    })
}

pub(super) fn copied(copied: &Copied, phase: &str, after: &str, output: Output, words: &Words) -> String {
    let value = json!({
        "phase": phase, "tables": copied.tables, "rows": copied.rows, "sequences": copied.sequences,
    });
    in_form(output, &value, || format!("{}\n{}\n", what_was_copied(copied, words), words.word(after)))
}

fn what_was_copied(copied: &Copied, words: &Words) -> String {
    let told = [
        ("rows", FluentValue::from(copied.rows)),
        ("tables", FluentValue::from(copied.tables)),
        ("sequences", FluentValue::from(copied.sequences)),
    ];
    words.say("data-postgres-copied", &told)
}

pub(super) fn following(copied: Option<&Copied>, output: Output, words: &Words) -> String {
    let value = json!({
        "phase": "following", "copied": copied.map(|it| json!({
            "tables": it.tables, "rows": it.rows, "sequences": it.sequences,
        })),
    });
    in_form(output, &value, || {
        let before = copied.map(|it| what_was_copied(it, words) + "\n").unwrap_or_default();
        format!("{before}{}\n", words.word("data-postgres-following"))
    })
}

/// The target is a replica, and a write took so long to arrive there.
pub(super) fn standing_by(arrived: Duration, output: Output, words: &Words) -> String {
    let arrived_ms = arrived.as_secs_f64() * 1000.0;
    in_form(output, &json!({ "phase": "following", "arrived_ms": arrived_ms }), || {
        words.tell("data-postgres-standing-by", &[("arrived", &words.span(arrived_ms))]) + "\n"
    })
}

pub(super) fn switched(switched: &Switched, was_still: bool, output: Output, words: &Words) -> String {
    let parts: serde_json::Map<String, Value> =
        switched.parts.iter().map(|(name, ms)| (name.clone(), json!(ms))).collect();
    let value = json!({
        "outcome": "completed", "pause_ms": switched.pause_ms, "pause_parts_ms": parts, "way_back": switched.way_back,
        "proof": switched.proof.as_ref().map(proof_json),
    });
    in_form(output, &value, || {
        let mut text = match switched.pause_ms {
            Some(pause) => words.tell("data-postgres-switched", &[("pause", &words.span(pause))]),
            None if was_still => words.word("data-postgres-switched-still"),
            None => words.word("data-postgres-switched-unmeasured"),
        } + "\n";
        text += &match &switched.proof {
            Some(proof) => proof_text(proof, output, words),
            None => words.word("data-postgres-unproven") + "\n",
        };
        let way = if switched.way_back { "data-postgres-way-back" } else { "data-postgres-no-way-back" };
        text + &words.say(way, &[]) + "\n"
    })
}

pub(super) fn returned(returned: &Returned, output: Output, words: &Words) -> String {
    let value = json!({
        "outcome": "rolled-back", "pause_ms": returned.pause_ms, "target_keeps_copy": returned.target_keeps_copy,
    });
    in_form(output, &value, || match returned.pause_ms {
        Some(pause) => words.tell("data-postgres-returned-with", &[("pause", &words.span(pause))]) + "\n",
        None => words.word("data-postgres-returned") + "\n",
    })
}

pub(super) fn cleaned(left: &Left, output: Output, words: &Words) -> String {
    let value =
        json!({ "outcome": "completed", "left": left.objects, "source_is_fenced": left.source_is_fenced });
    in_form(output, &value, || {
        let mut text = if left.objects.is_empty() {
            words.word("data-postgres-cleaned") + "\n"
        } else {
            let each: String = left.objects.iter().map(|object| format!("- {object}\n")).collect();
            format!("{}\n{each}", words.word("data-postgres-left"))
        };
        if left.source_is_fenced {
            text += &format!("{}\n", words.word("data-postgres-source-fenced"));
        }
        text
    })
}

/// The steps to a provider's instance that is ready, and the commands that were run.
pub(super) fn prepared(steps: &[Step], ran: &[String], output: Output, words: &Words) -> String {
    let is_ready = steps.iter().all(Step::is_done);
    let title = |step: &Step| words.word(&format!("data-postgres-managed-step-{}", step.name));
    let each = steps.iter().map(|step| {
        let commands: Vec<String> = step.commands.iter().map(ToString::to_string).collect();
        json!({
            "step": step.name, "id": step.finding.id, "grade": step.finding.grade.name(), "done": step.is_done(),
            "under_way": step.is_under_way, "message": findings::message(&step.finding, words),
            "remedy": findings::remedy(&step.finding, words), "check": step.check.to_string(), "commands": commands,
        })
    });
    let value = json!({ "ready": is_ready, "ran": ran, "steps": each.collect::<Vec<_>>() });
    in_form(output, &value, || {
        let mut text = String::new();
        for step in steps {
            let told = words.pair(&title(step), &findings::message(&step.finding, words));
            text += &findings::lines(&step.finding, told, words);
            for command in step.commands.iter().filter(|_| !step.is_done()) {
                text += &format!("    {command}\n");
            }
        }
        let verdict = if is_ready { "data-postgres-managed-ready" } else { "data-postgres-managed-unready" };
        format!("{text}\n{}\n", words.word(verdict))
    })
}

pub(super) fn proof(proof: &Proof, output: Output, words: &Words) -> String {
    in_form(output, &proof_json(proof), || proof_text(proof, output, words))
}

fn proof_json(proof: &Proof) -> Value {
    let tables = proof.tables.iter().map(|table| {
        json!({
            "table": table.table, "rows_source": table.rows.0, "rows_target": table.rows.1,
            "checksum_source": table.checksums.0, "checksum_target": table.checksums.1, "equal": table.is_equal(),
        })
    });
    json!({
        "equal": proof.is_equal(), "same_schema": proof.same_schema, "sequences": proof.sequences,
        "sequences_behind": proof.sequences_behind, "missing": proof.missing, "invalid": proof.invalid,
        "views_empty": proof.views_empty, "tables": tables.collect::<Vec<_>>(),
    })
}

fn proof_text(proof: &Proof, output: Output, words: &Words) -> String {
    let rows: u64 = proof.tables.iter().map(|table| table.rows.0).sum();
    let told = [
        ("rows", FluentValue::from(rows)),
        ("tables", FluentValue::from(proof.tables.len())),
        ("sequences", FluentValue::from(proof.sequences)),
    ];
    let verdict = if proof.is_equal() { "data-postgres-equal" } else { "data-postgres-unequal" };
    let mut text = words.say(verdict, &told) + "\n";
    for (id, names) in [
        ("behind", &proof.sequences_behind),
        ("missing", &proof.missing),
        ("invalid", &proof.invalid),
        ("views-empty", &proof.views_empty),
    ] {
        if !names.is_empty() {
            text +=
                &format!("{}\n", words.tell(&format!("data-postgres-{id}"), &[("names", &names.join(", "))]));
        }
    }
    if !proof.same_schema {
        text += &format!("{}\n", words.word("data-postgres-schema-differs"));
    }
    text + &table(proof, output, words)
}

fn table(proof: &Proof, output: Output, words: &Words) -> String {
    let headings = ["table", "rows-source", "rows-target", "content"]
        .map(|id| words.word(&format!("data-postgres-{id}")));
    let cells: Vec<[String; 4]> = proof
        .tables
        .iter()
        .map(|table| {
            let content =
                if table.is_equal() { "data-postgres-content-equal" } else { "data-postgres-content-other" };
            [
                table.table.clone(),
                words.number(table.rows.0),
                words.number(table.rows.1),
                words.say(content, &[]),
            ]
        })
        .collect();
    if output == Output::Markdown {
        let line = |cells: &[String; 4]| format!("| {} |\n", cells.join(" | "));
        let rows: String = cells.iter().map(line).collect();
        return format!("\n{}| --- | ---: | ---: | --- |\n{rows}\n", line(&headings));
    }
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(comfy_table::presets::NOTHING).set_header(headings);
    drawn.add_rows(cells);
    format!("\n{drawn}\n\n")
}
