//! A run on half a page: for the terminal, and as Markdown.

use crate::summary::{Summary, promises};
use crate::words::Words;

use super::facts::{component_name, headline, promise_detail};

/// The summary on the terminal.
#[must_use]
pub(crate) fn terminal(summary: &Summary, words: &Words) -> String {
    let (verdict, lead) = headline(summary, words);
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    for (name, value) in rows(summary, words) {
        table.add_row([name, value]);
    }
    let mut text = format!("\n{verdict}\n{lead}\n\n");
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The summary as Markdown.
#[must_use]
pub(crate) fn markdown(summary: &Summary, words: &Words) -> String {
    let (verdict, lead) = headline(summary, words);
    let mut text = format!("# {verdict}\n\n{lead}\n\n| | |\n|---|---|\n");
    for (name, value) in rows(summary, words) {
        text.push_str(&format!("| {name} | {} |\n", value.replace('|', "\\|")));
    }
    text
}

fn rows(summary: &Summary, words: &Words) -> Vec<(String, String)> {
    let traffic = &summary.traffic;
    let latency = |p50: Option<f64>, p99: Option<f64>| {
        let (p50, p99) = (words.span_or_unmeasured(p50), words.span_or_unmeasured(p99));
        words.tell("terminal-latency-value", &[("p50", &p50), ("p99", &p99)])
    };
    let failed = |failed: u64| format!("{} {}", words.word("terminal-failed"), words.number(failed));
    let mut rows = vec![
        (
            words.word("terminal-requests"),
            format!("{}, {}", words.number(traffic.requests), failed(traffic.failed)),
        ),
        (words.word("terminal-downtime"), {
            let longest = words.span_ms(traffic.longest_outage_ms);
            let longest = words.tell("terminal-longest", &[("longest", &longest)]);
            format!("{} {longest}", words.span_ms(traffic.downtime_ms))
        }),
        (words.word("terminal-latency"), latency(traffic.p50_ms, traffic.p99_ms)),
    ];
    for (name, part) in &traffic.components {
        let value = format!(
            "{}, {}, {}",
            words.number(part.requests),
            failed(part.failed),
            latency(part.p50_ms, part.p99_ms)
        );
        rows.push((format!("  {}", component_name(name, words)), value));
    }
    let streaming = &summary.streaming;
    let gap = words.span_ms(streaming.longest_gap_ms);
    let sockets = [
        ("connections", words.number(streaming.connections)),
        ("reconnects", words.number(streaming.reconnects)),
        ("most", words.number(streaming.max_reconnects_per_connection)),
        ("gap", gap),
    ];
    let sockets: Vec<(&str, &str)> = sockets.iter().map(|(name, value)| (*name, value.as_str())).collect();
    rows.push((words.word("terminal-streaming"), words.tell("terminal-streaming-value", &sockets)));
    for promise in promises(summary) {
        let detail = promise_detail(&promise, summary, words);
        rows.push((words.word(promise.id), format!("{}: {detail}", words.word(promise.kept.word()))));
    }
    for breach in &summary.breaches {
        rows.push((
            words.word("terminal-breach"),
            format!("{} ({})", breach.rule, words.span_ms(breach.at_ms)),
        ));
    }
    if let Some(rollback) = &summary.rollback {
        let took = words.span_or_unmeasured(rollback.seconds.map(|seconds| seconds * 1000.0));
        rows.push((words.word("terminal-rollback"), format!("{took} ({})", rollback.reason)));
    }
    let leaves = words.number(summary.ledger_count("leaves"));
    let unaccounted = words.number(summary.ledger_count("unaccounted"));
    let ledger = words.tell("terminal-ledger-value", &[("leaves", &leaves), ("unaccounted", &unaccounted)]);
    rows.push((words.word("terminal-ledger"), ledger));
    if let Some(memory) = summary.peak_memory_mb {
        rows.push((words.word("terminal-memory"), format!("{memory} MB")));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn the_verdict_comes_first_and_every_promise_is_named() {
        for language in [Language::En, Language::Ja] {
            let words = Words::new(language);
            for summary in [sample::completed(), sample::rolled_back()] {
                let (verdict, _) = headline(&summary, &words);
                for text in [terminal(&summary, &words), markdown(&summary, &words)] {
                    assert!(text.trim_start_matches(['\n', '#', ' ']).starts_with(&verdict), "{text}");
                    for promise in promises(&summary) {
                        assert!(text.contains(&words.word(promise.id)), "{text}");
                    }
                }
            }
        }
    }
}
