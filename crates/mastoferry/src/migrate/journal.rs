//! The journal of what was begun.

use voyage::{Journal, JournalError};

use crate::problem::{Exit, Problem};
use crate::rehearse::State;
use crate::words::Words;

/// The journal, where there is one. It is read and let go: whoever carries on opens it anew.
///
/// # Errors
/// When somebody else is at it, or it is damaged.
pub(crate) fn journal(state: &State, words: &Words) -> Result<Option<Journal>, Problem> {
    let path = state.directory.join("journal");
    if !path.is_file() {
        return Ok(None);
    }
    Journal::open(path.as_std_path()).map(Some).map_err(|error| {
        let detail = error.to_string();
        let (exit, id) = match error {
            JournalError::InUse(_) => (Exit::Refused, "other-hands"),
            _ => (Exit::Unreadable, "rehearsal-damaged"),
        };
        Problem::new(words, exit, id, &[("detail", &detail)])
    })
}
