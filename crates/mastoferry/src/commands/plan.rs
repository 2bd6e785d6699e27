//! `mastoferry plan`: every step of a move, decided and shown.

use camino::Utf8Path;
use plan::Plan;

use crate::cli::{Output, PlanArgs};
use crate::decide::decide;
use crate::private_file;
use crate::problem::{Exit, Problem};
use crate::report;

use crate::words::Words;

/// Runs the command; its result is what goes to standard output.
pub(crate) fn plan(arguments: &PlanArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let source = arguments.source.source.to_string();
    let (from, to, manner) = (&arguments.source, &arguments.target, &arguments.manner);
    let (_, mut plan) = decide(from, to, arguments.front, manner, &source, words)?;
    crate::rules::add(&mut plan, &arguments.guard, words)?;
    if let Some(path) = &arguments.out {
        write_plan(path, &plan, words)?;
    }
    Ok(match output {
        Output::Json => as_json(&plan, words)?,
        Output::Markdown => report::runbook(&plan, words),
        Output::Text => in_short(&plan, words),
    })
}

fn as_json(plan: &Plan, words: &Words) -> Result<String, Problem> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Problem::new(words, Exit::Failed, "write", &[("reason", &error.to_string())]))?;
    Ok(text + "\n")
}

/// Writes a plan where only its owner can read it: settings may be private even where they are no Secret.
pub(crate) fn write_plan(path: &Utf8Path, plan: &Plan, words: &Words) -> Result<(), Problem> {
    let text = as_json(plan, words)?;
    private_file::write(path, text.as_bytes()).map_err(|error| {
        Problem::new(
            words,
            Exit::Failed,
            "write-file",
            &[("path", path.as_str()), ("reason", &error.to_string())],
        )
    })
}

/// The steps on a page.
pub(crate) fn in_short(plan: &Plan, words: &Words) -> String {
    let mut lines = vec![words.tell(
        &format!("plan-headline-{}", plan.strategy.name()),
        &[
            ("release", &plan.release),
            ("namespace", &plan.namespace),
            ("steps", &plan.steps.len().to_string()),
        ],
    )];
    lines.extend(plan.reasons.iter().filter_map(|reason| words.why_chosen(reason)));
    lines.push(crate::front::line(plan, words));
    for (number, step) in plan.steps.iter().enumerate() {
        let title = words.title(step);
        lines.push(format!("  {:>2}. {title}", number + 1));
    }
    lines.join("\n") + "\n"
}
