//! The plan as a runbook: what the program will do, and what a person would type instead.

use std::fmt::Write as _;

use plan::{
    Comparison, HelmRelease, Metric, NoData, Plan, Reversibility, RouteComponent, Rule, RuleAction, Step,
};

use super::facts::{component_name, metric_name, metric_value, word_or_name};
use super::markdown::{heading, row};
use super::release::title as chart_title;
use super::runbook_concerns::{concerns, limit_s};
use crate::words::{Aspect, Words};

/// The runbook of a plan, as Markdown.
#[must_use]
pub(crate) fn runbook(plan: &Plan, words: &Words) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n{}\n\n",
        words.say("runbook-title", &[("domain", plan.domain.as_str().into())]),
        words.word("runbook-lead"),
        words.word("runbook-blue-green-words"),
    );
    header(&mut text, plan, words);
    needs(&mut text, plan, words);
    routes(&mut text, plan, words);
    overview(&mut text, plan, words);
    let _ = writeln!(text, "\n## {}", words.word("runbook-steps"));
    for (place, step) in plan.steps.iter().enumerate() {
        one_step(&mut text, place + 1, step, words);
    }
    rules(&mut text, plan, words);
    text
}

fn seconds(seconds: u64, words: &Words) -> String {
    match seconds {
        0 => words.word("amount-moment"),
        seconds => words.span_ms(seconds.saturating_mul(1000)),
    }
}

fn header(text: &mut String, plan: &Plan, words: &Words) {
    let whole = plan.steps.iter().map(|step| step.expected_s).sum();
    for (id, value) in [
        ("runbook-header-source", format!("`{}`", plan.source)),
        ("runbook-header-domain", plan.domain.clone()),
        ("runbook-header-namespace", format!("`{}`", plan.namespace)),
        ("runbook-header-release", format!("`{}`", plan.release)),
        ("runbook-header-strategy", word_or_name("strategy", plan.strategy.name(), words)),
        ("runbook-header-front", word_or_name("front", &plan.front, words)),
        ("runbook-header-duration", seconds(whole, words)),
    ] {
        let _ = writeln!(text, "- {}", words.pair(&format!("**{}**", words.word(id)), &value));
    }
    if let Some(page_s) = plan.page_s() {
        let label = format!("**{}**", words.word("runbook-header-page"));
        let _ = writeln!(text, "- {}", words.pair(&label, &seconds(page_s, words)));
    }
    for why in plan.reasons.iter().filter_map(|reason| words.why_chosen(reason)) {
        let _ = writeln!(text, "- {why}");
    }
    if let Some(helm) = &plan.helm {
        release(text, plan, helm, words);
    }
    let _ = writeln!(
        text,
        "\n{}\n",
        words.say(
            "runbook-objects",
            &[
                ("blue", plan.blue.len().into()),
                ("green", plan.green.len().into()),
                ("adopted", plan.adopted.len().into()),
            ],
        ),
    );
}

/// Which chart green is a release of, what is changed beside its values, and where the files for it come from.
fn release(text: &mut String, plan: &Plan, helm: &HelmRelease, words: &Words) {
    let chart = chart_title(helm);
    let names = |names: &[String]| match names {
        [] => words.word("report-helm-none"),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    for (id, value) in [
        ("runbook-header-chart", chart),
        ("runbook-header-patched", names(&helm.patched)),
        ("runbook-header-supplements", names(&helm.supplements)),
    ] {
        let _ = writeln!(text, "- {}", words.pair(&format!("**{}**", words.word(id)), &value));
    }
    let files = words.say("runbook-helm-files", &[("source", plan.source.as_str().into())]);
    let _ = writeln!(text, "\n{files}");
}

fn needs(text: &mut String, plan: &Plan, words: &Words) {
    let _ = writeln!(text, "## {}\n", words.word("runbook-needs"));
    if plan.needs.is_empty() {
        let _ = writeln!(text, "{}", words.word("runbook-needs-none"));
        return;
    }
    let _ = writeln!(text, "{}\n", words.word("runbook-needs-lead"));
    for need in &plan.needs {
        let secret = need.secret.as_str();
        let line = if need.whole {
            words.say("runbook-needs-whole", &[("secret", secret.into())])
        } else {
            let keys: Vec<_> = need.keys.iter().map(|key| format!("`{key}`")).collect();
            words.say("runbook-needs-keys", &[("secret", secret.into()), ("keys", keys.join(", ").into())])
        };
        let _ = writeln!(text, "- {line}");
    }
}

fn routes(text: &mut String, plan: &Plan, words: &Words) {
    if plan.routes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {}\n", words.word("runbook-routes"));
    *text += &heading(
        ["runbook-route-host", "runbook-route-path", "runbook-route-service", "runbook-route-component"]
            .map(|id| words.word(id)),
    );
    for route in &plan.routes {
        let component = match &route.component {
            RouteComponent::Web => component_name("web", words),
            RouteComponent::Streaming => component_name("streaming", words),
            RouteComponent::Neighbour(name) => format!("`{name}`"),
        };
        *text += &row([
            route.host.clone(),
            format!("`{}`", route.path),
            format!("`{}:{}`", route.service, route.port),
            component,
        ]);
    }
}

fn reversibility(step: &Step, words: &Words) -> String {
    words.word(match step.reversibility {
        Reversibility::ReadOnly => "reversibility-read-only",
        Reversibility::Undoable => "reversibility-undoable",
        Reversibility::FromBackup => "reversibility-from-backup",
    })
}

fn overview(text: &mut String, plan: &Plan, words: &Words) {
    let _ = writeln!(text, "\n## {}\n", words.word("runbook-overview"));
    *text += &heading(
        [
            "runbook-overview-number",
            "runbook-overview-step",
            "runbook-overview-usual",
            "runbook-overview-reversibility",
        ]
        .map(|id| words.word(id)),
    );
    for (place, step) in plan.steps.iter().enumerate() {
        *text += &row([
            (place + 1).to_string(),
            words.title(step),
            seconds(step.expected_s, words),
            reversibility(step, words),
        ]);
    }
}

fn one_step(text: &mut String, number: usize, step: &Step, words: &Words) {
    let title = words.title(step);
    let heading = words.say("runbook-step-heading", &[("number", number.into()), ("title", title.into())]);
    let _ = writeln!(text, "\n### {heading}\n\n`{}`\n", step.id);
    let usual = seconds(step.expected_s, words);
    let duration = match limit_s(&step.action) {
        Some(limit) => words.say(
            "runbook-duration-limit",
            &[("usual", usual.into()), ("limit", seconds(limit, words).into())],
        ),
        None => words.say("runbook-duration-usual", &[("usual", usual.into())]),
    };
    for (id, value) in [
        ("runbook-what", words.of_step(step, Aspect::What)),
        ("runbook-duration", duration),
        ("runbook-check", words.of_step(step, Aspect::Check)),
        ("runbook-undo", words.of_step(step, Aspect::Undo)),
        ("runbook-reversibility", reversibility(step, words)),
    ] {
        let _ = writeln!(text, "- {}", words.pair(&format!("**{}**", words.word(id)), &value));
    }
    let concerns = concerns(&step.action, words);
    if !concerns.is_empty() {
        let _ = writeln!(
            text,
            "- {}",
            words.pair(&format!("**{}**", words.word("runbook-concerns")), "").trim_end()
        );
        for concern in concerns {
            let _ = writeln!(text, "  - {concern}");
        }
    }
    if step.commands.is_empty() {
        let _ = writeln!(text, "\n{}", words.word("runbook-no-commands"));
        return;
    }
    let _ = writeln!(text, "\n{}\n", words.pair(&words.word("runbook-commands"), "").trim_end());
    let fence = fence(&step.commands);
    let _ = writeln!(text, "{fence}sh");
    for command in &step.commands {
        let _ = writeln!(text, "{}", command.trim_end());
    }
    let _ = writeln!(text, "{fence}");
}

/// A fence longer than any run of backticks in the commands.
fn fence(commands: &[String]) -> String {
    let longest = commands
        .iter()
        .flat_map(|command| command.split(|character| character != '`'))
        .map(str::len)
        .max()
        .unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn rules(text: &mut String, plan: &Plan, words: &Words) {
    let _ = writeln!(text, "\n## {}\n\n{}\n", words.word("runbook-rules"), words.word("runbook-rules-lead"));
    *text += &heading(
        [
            "runbook-rule-id",
            "runbook-rule-when",
            "runbook-rule-window",
            "runbook-rule-samples",
            "runbook-rule-tolerance",
            "runbook-rule-no-data",
            "runbook-rule-action",
        ]
        .map(|id| words.word(id)),
    );
    for rule in &plan.rules {
        *text += &row([
            format!("`{}`", rule.id),
            condition(rule, words),
            seconds(rule.window_s, words),
            words.say("runbook-rule-samples-value", &[("count", rule.minimum_samples.into())]),
            words.number(rule.tolerance.into()),
            words.word(match rule.no_data {
                NoData::Note => "no-data-note",
                NoData::Breach => "no-data-breach",
            }),
            words.word(match rule.action {
                RuleAction::Note => "rule-then-note",
                RuleAction::Pause => "rule-then-pause",
                RuleAction::RollBack => "rule-then-roll-back",
            }),
        ]);
    }
}

fn condition(rule: &Rule, words: &Words) -> String {
    let mut metric = metric_name(rule.metric, words);
    if let Some(query) = &rule.query {
        // A table's cells end at a bar.
        metric = format!("{metric} (`{}`)", query.promql.replace('|', "\\|"));
    }
    match rule.comparison {
        Comparison::Above { value } => {
            let id = match rule.metric {
                Metric::ServerErrors => "runbook-rule-above-percent",
                Metric::Latency => "runbook-rule-above-milliseconds",
                Metric::NotReady => "runbook-rule-above-seconds",
                Metric::Prometheus => "runbook-rule-above",
            };
            words.say(id, &[("metric", metric.into()), ("value", words.measure(value).into())])
        }
        Comparison::TimesBaseline { factor, floor } => words.say(
            "runbook-rule-times",
            &[
                ("metric", metric.into()),
                ("factor", words.measure(factor).into()),
                ("floor", metric_value(rule.metric, floor, words).into()),
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    #[test]
    fn the_runbook_can_be_followed_by_hand() {
        insta::assert_snapshot!(runbook(&sample::plan(), &Words::new(Language::En)));
    }

    #[test]
    fn the_runbook_in_japanese_leaves_nothing_unsaid() {
        let text = runbook(&sample::plan(), &Words::new(Language::Ja));
        assert!(!text.contains("runbook-") && !text.contains("step-"), "a message is missing");
        assert!(text.contains("### 11. 両環境への受け入れ"));
        assert_eq!(text.matches("```sh").count(), sample::plan().steps.len());
    }

    #[test]
    fn commands_with_backticks_stay_within_their_fence() {
        assert_eq!(fence(&["echo ```".to_owned()]), "````");
        assert_eq!(fence(&["kubectl get pods".to_owned()]), "```");
    }
}
