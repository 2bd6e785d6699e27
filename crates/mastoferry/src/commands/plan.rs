//! `mastoferry plan`: every step of a move, decided and shown.

use camino::Utf8Path;
use plan::Plan;

use crate::cli::{Output, PlanArgs, StrategyChoice};
use crate::decide::decide;
use crate::private_file;
use crate::problem::{Exit, Problem};
use crate::report;

use crate::words::{Aspect, Words};

/// Runs the command; its result is what goes to standard output.
pub(crate) fn plan(arguments: &PlanArgs, output: Output, words: &Words) -> Result<String, Problem> {
    let source = arguments.source.source.to_string();
    let (_, plan) = decide(&arguments.source, &arguments.target, arguments.front, &source, words)?;
    if let Some(path) = &arguments.out {
        write_plan(path, &plan, words)?;
    }
    Ok(match output {
        Output::Json => as_json(&plan, words)?,
        Output::Markdown => report::runbook(&plan, words),
        Output::Text => in_short(&plan, arguments.strategy, words),
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
pub(crate) fn in_short(plan: &Plan, choice: StrategyChoice, words: &Words) -> String {
    let mut lines = vec![words.tell(
        "plan-headline",
        &[
            ("release", &plan.release),
            ("namespace", &plan.namespace),
            ("steps", &plan.steps.len().to_string()),
        ],
    )];
    if choice == StrategyChoice::Auto {
        lines.push(words.tell("plan-auto", &[]));
    }
    lines.push(crate::front::line(plan, words));
    for (number, step) in plan.steps.iter().enumerate() {
        let title = words.step(&step.action, Aspect::Title);
        lines.push(format!("  {:>2}. {title}", number + 1));
    }
    lines.join("\n") + "\n"
}
