//! What went wrong with PostgreSQL, in the reader's language.

use movers::postgres::{Phase, PostgresError};

use crate::problem::{Exit, Problem};
use crate::words::Words;

/// The problem that an error is. `left` is where a failure left the move.
pub(in crate::data) fn problem_of(error: &PostgresError, left: Option<Phase>, words: &Words) -> Problem {
    let exit = exit(error, left);
    let named =
        |name: &str, told: &[(&str, &str)]| Problem::new(words, exit, &format!("postgres-{name}"), told);
    let told = match error {
        PostgresError::Unreachable { address, reason } => {
            named("unreachable", &[("address", address), ("detail", reason)])
        }
        PostgresError::Tls { address, reason } => named("tls", &[("address", address), ("detail", reason)]),
        PostgresError::WrongPassword { address, user } => {
            named("password", &[("address", address), ("user", user)])
        }
        PostgresError::NotLetIn { address, user, reason } => {
            named("not-let-in", &[("address", address), ("user", user), ("detail", reason)])
        }
        PostgresError::NoDatabase { address } => named("no-database", &[("address", address)]),
        PostgresError::TooManyConnections { address, reason } => {
            named("full", &[("address", address), ("detail", reason)])
        }
        PostgresError::NotReady { address, reason } => {
            named("not-ready", &[("address", address), ("detail", reason)])
        }
        PostgresError::Lost { address, doing, reason } => {
            named("lost", &[("address", address), ("doing", doing), ("detail", reason)])
        }
        PostgresError::Refused { address, doing, reason, code } => {
            named("refused", &[("address", address), ("doing", doing), ("detail", reason), ("code", code)])
        }
        PostgresError::NoTool { program, major } => {
            named("no-tool", &[("program", program), ("major", &major.to_string())])
        }
        PostgresError::Tool { program, reason } => named("tool", &[("program", program), ("detail", reason)]),
        PostgresError::File { path, source } => {
            named("file", &[("path", &path.display().to_string()), ("detail", &source.to_string())])
        }
        PostgresError::OtherMove { from, to } => named("other-move", &[("from", from), ("to", to)]),
        PostgresError::OutOfTurn { phase, reason } => {
            named("out-of-turn", &[("phase", phase), ("detail", reason)])
        }
        PostgresError::Journal(_) => named("journal", &[("detail", &error.to_string())]),
        PostgresError::Pending { command, waited } => {
            named("pending", &[("command", command), ("seconds", &waited.as_secs().to_string())])
        }
        PostgresError::TooLong { .. } => named("too-long", &[("detail", &error.to_string())]),
        PostgresError::Unequal { .. } | PostgresError::Preflight { .. } | PostgresError::Behind(_) => {
            named("unequal", &[("detail", &error.to_string())])
        }
    };
    match left {
        Some(phase) if exit == Exit::Stopped => {
            let stands = Problem::new(words, exit, "postgres-stopped", &[("phase", phase.name())]);
            stands.beside(vec![told])
        }
        _ => told,
    }
}

fn exit(error: &PostgresError, left: Option<Phase>) -> Exit {
    if matches!(left, Some(Phase::Fenced | Phase::Opening | Phase::Opened | Phase::WayBack)) {
        // Only what was refused before anything happened leaves it as it was.
        return if matches!(error, PostgresError::OutOfTurn { .. }) { Exit::Refused } else { Exit::Stopped };
    }
    match error {
        PostgresError::Unreachable { .. }
        | PostgresError::Tls { .. }
        | PostgresError::WrongPassword { .. }
        | PostgresError::NotLetIn { .. }
        | PostgresError::NoDatabase { .. }
        | PostgresError::TooManyConnections { .. }
        | PostgresError::NotReady { .. }
        | PostgresError::NoTool { .. }
        | PostgresError::OtherMove { .. }
        | PostgresError::Journal(_)
        | PostgresError::File { .. } => Exit::Unreadable,
        PostgresError::OutOfTurn { .. } | PostgresError::Preflight { .. } => Exit::Refused,
        PostgresError::Lost { .. }
        | PostgresError::Refused { .. }
        | PostgresError::Tool { .. }
        | PostgresError::TooLong { .. }
        | PostgresError::Pending { .. }
        | PostgresError::Behind(_)
        | PostgresError::Unequal { .. } => Exit::Failed,
    }
}
