//! The report as one self-contained page: no script, nothing fetched.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use plan::Plan;

use super::{Item, facts, ledger, release, sections, timeline, verdict};
use crate::summary::{Summary, Verdict};
use crate::words::Words;

const STYLE: &str = include_str!("style.css");

/// The report of a run as a whole HTML document.
#[must_use]
pub(crate) fn html(summary: &Summary, plan: &Plan, items: &[Item], words: &Words) -> String {
    let title = words.say(
        "report-title",
        &[("kind", summary.kind.name().into()), ("domain", plan.domain.as_str().into())],
    );
    html! {
        (DOCTYPE)
        html lang=(words.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body class=(tone(summary)) {
                main {
                    (head(summary, &title, words))
                    (key_numbers(summary, words))
                    (verdict::section(summary, plan, words))
                    (timeline::section(summary, plan, words))
                    (sections::guard(summary, plan, words))
                    (sections::promises(summary, words))
                    (sections::components(summary, words))
                    (sections::uses(summary, words))
                    (sections::streaming(summary, words))
                    (ledger::section(summary, items, words))
                    (release::section(plan, words))
                    (sections::method(summary, plan, words))
                }
            }
        }
    }
    .into_string()
}

fn tone(summary: &Summary) -> &'static str {
    let verdict = Verdict::of(summary);
    if verdict.is_good() {
        "good"
    } else if verdict.is_mixed() {
        "mixed"
    } else {
        "bad"
    }
}

fn head(summary: &Summary, title: &str, words: &Words) -> Markup {
    let (verdict, lead) = facts::headline(summary, words);
    html! {
        header {
            p.kicker {
                span { (title) }
                span.outcome { (words.word(&format!("outcome-{}", summary.outcome.name()))) }
            }
            h1 { (verdict) }
            p.lead { (lead) }
        }
    }
}

fn key_numbers(summary: &Summary, words: &Words) -> Markup {
    let traffic = &summary.traffic;
    let tile = |id: &str, value: String, note: String, alarm: bool| {
        html! {
            div.alarm[alarm] {
                dt { (words.word(id)) }
                dd { strong { (value) } span { (note) } }
            }
        }
    };
    let downtime_note = if traffic.downtime_ms == 0 {
        words.word("report-key-downtime-note-none")
    } else {
        words.say("report-key-downtime-note", &[("longest", words.span_ms(traffic.longest_outage_ms).into())])
    };
    let unaccounted = summary.ledger_count("unaccounted");
    html! {
        dl.keys {
            (tile(
                "report-key-requests",
                words.number(traffic.requests),
                words.say("report-key-requests-note", &[("failed", traffic.failed.into())]),
                traffic.failed > 0,
            ))
            (tile("report-key-downtime", words.span_ms(traffic.downtime_ms), downtime_note, traffic.downtime_ms > 0))
            @if let Some(rollback) = &summary.rollback {
                @if let Some(seconds) = rollback.seconds {
                    (tile("report-key-rollback", words.span(seconds * 1000.0), words.say("report-key-rollback-note", &facts::paced(summary, Some(seconds), words)), false))
                }
            }
            (tile(
                "report-key-latency",
                words.span_or_unmeasured(traffic.p99_ms),
                words.say("report-key-latency-note", &[("p50", words.span_or_unmeasured(traffic.p50_ms).into())]),
                false,
            ))
            (tile(
                "report-key-streaming",
                words.number(summary.streaming.connections),
                words.say(
                    "report-key-streaming-note",
                    &[("gap", words.span_ms(summary.streaming.longest_gap_ms).into())],
                ),
                false,
            ))
            (tile(
                "report-key-settings",
                words.number(summary.ledger_count("leaves").saturating_sub(unaccounted)),
                words.say("report-key-settings-note", &[("missing", unaccounted.into())]),
                unaccounted > 0,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    fn items() -> Vec<Item> {
        vec![Item {
            source: "base/web.yaml:41".to_owned(),
            path: "spec.template.spec.containers[0].env[<b>]".to_owned(),
            disposition: "replaced".to_owned(),
            target: String::new(),
            reason: "the port's name".to_owned(),
        }]
    }

    #[test]
    fn the_page_stands_alone() {
        for language in [Language::En, Language::Ja] {
            for summary in [sample::completed(), sample::rolled_back()] {
                let page = html(&summary, &sample::plan(), &items(), &Words::new(language));
                assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())));
                for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
                    assert!(!page.contains(outside), "{outside}");
                }
                assert!(page.contains("[&lt;b&gt;]"), "what the tree says is text, not markup");
                assert!(
                    !page.contains("report-") && !page.contains(" NaN"),
                    "a message or a number is missing"
                );
            }
        }
    }

    #[test]
    fn the_page_says_first_what_happened() {
        let words = Words::new(Language::En);
        let page = html(&sample::completed(), &sample::plan(), &[], &words);
        assert!(page.contains("The move works, and nobody would notice."));
        assert!(page.contains("20,310"));
        let page = html(&sample::rolled_back(), &sample::plan(), &[], &words);
        assert!(page.contains("The new side faltered, and the old one serves again."));
        assert!(page.contains("server errors 29 %, bound 5 %"));
    }

    #[test]
    fn a_run_without_any_traffic_still_has_a_page() {
        let mut summary = sample::rolled_back();
        summary.traffic = crate::summary::Traffic::default();
        summary.buckets.clear();
        summary.steps.iter_mut().for_each(|step| (step.started_ms, step.ended_ms) = (None, None));
        let page = html(&summary, &sample::plan(), &[], &Words::new(Language::En));
        assert!(page.contains("No traffic was recorded."));
        assert!(page.contains("not measured"));
    }
}
