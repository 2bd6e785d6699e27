//! The command itself.

use std::collections::{HashMap, HashSet};

use audit::{Difference, verdict_of};
use installation::{Installation, InstallationErrorKind, Object};

use super::against::{self, Against};
use super::told::{self, Told};
use crate::cli::{AuditArgs, Output};
use crate::prepare::{self, Read};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command: what goes to standard output, and the exit code, which tells of losses and differences.
pub(crate) fn audit(arguments: &AuditArgs, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    let before = prepare::read_whole(&arguments.source, words)?;
    let mut after =
        against::read(&arguments.against, arguments.chart.as_deref(), &before.installation, words)?;
    let mut differences = compare(&before, &mut after);
    explain_by_ledger(&after, &mut differences);
    prepare::accept(&arguments.accept, &mut differences, None, words)?;
    let verdict = verdict_of(&differences);
    let told = Told {
        source: arguments.source.source.to_string(),
        target: arguments.against.to_string(),
        before: &before.sourced.files,
        after: &after.files,
        chart: after.chart.as_deref(),
        ledger: after.ledger.as_ref(),
        differences: &differences,
        verdict,
        words,
    };
    let text = match output {
        Output::Json => format!("{:#}\n", told::json(&told)),
        Output::Markdown => told::markdown(&told),
        Output::Text => told::text(&told),
    };
    let exit = if verdict == audit::Verdict::Equivalent { Exit::Done } else { Exit::WouldLose };
    Ok((text, exit))
}

/// Everything that differs, with what lies in the target itself first.
fn compare(before: &Read, after: &mut Against) -> Vec<Difference> {
    let mut differences = std::mem::take(&mut after.faults);
    let mut objects = std::mem::take(&mut after.objects);
    objects.extend(audit::standing(&before.installation, &objects));
    if let Some(ledger) = &after.ledger {
        let kept = kept_unwritten(ledger, &before.installation, &objects);
        objects.extend(kept);
    }
    match understand(&before.installation, objects) {
        Some(after) => differences.extend(audit::compare_installations(&before.installation, &after)),
        None => differences.push(audit::not_recognised(&before.installation)),
    }
    differences
}

/// Objects that a ledger says stay, and that hold a secret: they stand, and no copy of them was written.
fn kept_unwritten(ledger: &serde_json::Value, before: &Installation, objects: &[Object]) -> Vec<Object> {
    let items = ledger["items"].as_array().into_iter().flatten();
    let kept = items.filter(|item| item["disposition"] == "kept").filter_map(|item| item["target"].as_str());
    let kept: HashSet<&str> = kept.filter_map(|target| target.split(' ').next()).collect();
    let present: HashSet<String> = objects.iter().map(|object| object.id().to_string()).collect();
    let is_sealed = |object: &Object| object.node.leaves().iter().any(|leaf| leaf.node.as_secret().is_some());
    let stays = |object: &&Object| {
        let id = object.id().to_string();
        kept.contains(id.as_str()) && !present.contains(&id) && is_sealed(object)
    };
    before.objects.iter().filter(stays).cloned().collect()
}

/// The Mastodon among objects: the one of the source, where there are several.
fn understand(before: &Installation, objects: Vec<Object>) -> Option<Installation> {
    match Installation::understand(objects.clone(), None) {
        Ok(after) => Some(after),
        Err(error) if matches!(error.kind, InstallationErrorKind::SeveralMastodons { .. }) => {
            Installation::understand(objects, Some(&before.domain)).ok()
        }
        Err(_) => None,
    }
}

/// Explains what the ledger beside the target explains: the same difference, from the same to the same.
fn explain_by_ledger(after: &Against, differences: &mut [Difference]) {
    let said = after.ledger.as_ref().and_then(|ledger| ledger["differences"].as_array());
    let said: HashMap<[&str; 4], &str> = said
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let text = |key: &str| one[key].as_str();
            Some(([text("code")?, text("path")?, text("before")?, text("after")?], text("explained_by")?))
        })
        .collect();
    for difference in differences.iter_mut().filter(|difference| difference.explained_by.is_none()) {
        let key = [difference.code.name(), &difference.path, &difference.before, &difference.after];
        difference.explained_by = said.get(&key).and_then(|id| audit::explanation(id));
    }
}
