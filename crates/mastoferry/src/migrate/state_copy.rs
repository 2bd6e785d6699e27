//! The copy of a voyage's state in the cluster, for rehearsals and migrations alike.

use std::path::Path;

use cluster::Cluster;
use plan::{Action, Plan};
use voyage::{Copyist, Files, Voyage};

use crate::problem::{Exit, Problem};
use crate::rehearse::State;
use crate::words::Words;

/// Files of a state that never change, and that another machine needs.
const BESIDE: [&str; 5] = ["plan.json", "options.json", "items.json", "advice.json", "blue-before.json"];

/// Has a voyage keep a copy of its state next to the plan's Lease.
///
/// # Errors
/// When another voyage is under way there, or the API server refuses.
pub(crate) async fn keep(
    voyage: &mut Voyage,
    plan: &Plan,
    cluster: &Cluster,
    state: &State,
    words: &Words,
) -> Result<(), Problem> {
    let Some(lease) = lease_of(plan) else { return Ok(()) };
    let directory = state.directory.as_std_path();
    let copyist = Copyist::new(cluster.clone(), lease, directory, beside(directory));
    voyage.keep_copy(copyist).await.map_err(|error| opened(words, &error))
}

/// A voyage that cannot even be opened: somebody else has it, or its folder is of no use.
pub(crate) fn opened(words: &Words, error: &voyage::VoyageError) -> Problem {
    let exit = if error.is_in_other_hands() { Exit::Refused } else { Exit::Failed };
    let id = if exit == Exit::Refused { "other-hands" } else { "voyage" };
    Problem::new(words, exit, id, &[("detail", &error.to_string())])
}

/// The Lease of a plan.
fn lease_of(plan: &Plan) -> Option<&str> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::AcquireLease { lease } => Some(lease.as_str()),
        _ => None,
    })
}

fn beside(directory: &Path) -> Files {
    let read = |name: &&str| Some(((*name).to_owned(), std::fs::read_to_string(directory.join(name)).ok()?));
    BESIDE.iter().filter_map(read).collect()
}
