//! What went wrong, and what it leaves: the exit code says whether somebody has to decide.

use jiff::Timestamp;
use movers::RedisError;
use movers::keyspace::{KeyspaceError, Phase};

use crate::data::findings;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// An error that has to do with neither side.
pub(super) fn failed(detail: &str, words: &Words) -> Problem {
    Problem::new(words, Exit::Failed, "data-redis-failed", &[("detail", detail)])
}

/// What a person reads of an error; `phase` is where it left the move.
pub(in crate::data) fn problem(error: &KeyspaceError, phase: Phase, words: &Words) -> Problem {
    let detail = error.to_string();
    let make = |exit, name: &str, details: &[(&str, &str)]| Problem::new(words, exit, name, details);
    // Nothing was begun: nothing was written. A cut-over that could not be taken back: somebody has to look.
    let exit = match phase {
        Phase::New => Exit::Refused,
        Phase::Handing => Exit::Stopped,
        _ => Exit::Failed,
    };
    match error {
        KeyspaceError::Redis(error) if phase != Phase::Handing => side(error, exit, words),
        KeyspaceError::Redis(_) => make(exit, "data-redis-stopped", &[("detail", &detail)]),
        KeyspaceError::Refused(found) => {
            let found = findings::text(found, words);
            make(Exit::Refused, "data-redis-refused", &[("findings", found.trim_end())])
        }
        KeyspaceError::Journal(_) => make(Exit::Unreadable, "data-redis-journal", &[("detail", &detail)]),
        KeyspaceError::OtherMove { source_at, target_at } => {
            let details = [("source", source_at.as_str()), ("target", target_at.as_str())];
            make(Exit::Unreadable, "data-redis-other-move", &details)
        }
        KeyspaceError::Phase { phase, .. } => make(
            Exit::Unreadable,
            "data-redis-phase",
            &[("phase", &words.word(&format!("data-redis-phase-{}", phase.name())))],
        ),
        KeyspaceError::Full { address } => make(exit, "data-redis-full", &[("address", address)]),
        KeyspaceError::Unkept { address } => make(exit, "data-redis-unkept", &[("address", address)]),
        KeyspaceError::Payload { address } => make(exit, "data-redis-payload", &[("address", address)]),
        KeyspaceError::NoLink { address, seconds } => {
            make(exit, "data-redis-no-link", &[("address", address), ("seconds", &seconds.to_string())])
        }
        KeyspaceError::Workers { processes } => {
            make(Exit::Refused, "data-redis-workers", &[("processes", &processes.to_string())])
        }
        KeyspaceError::NoFence { address, reason } => {
            make(exit, "data-redis-no-fence", &[("address", address), ("reason", reason)])
        }
        KeyspaceError::AtRisk { since_ms, jobs } => {
            let since = i64::try_from(*since_ms).ok().and_then(|it| Timestamp::from_millisecond(it).ok());
            let since = since.map_or_else(String::new, |since| format!("{since:.0}"));
            make(Exit::Stopped, "data-redis-at-risk", &[("since", &since), ("jobs", &words.number(*jobs))])
        }
        KeyspaceError::Unequal { .. } | KeyspaceError::Restarted { .. } | KeyspaceError::Restless => {
            make(exit, "data-redis-not-handed-over", &[("detail", &detail)])
        }
    }
}

/// A side that did not do what was asked.
fn side(error: &RedisError, exit: Exit, words: &Words) -> Problem {
    let detail = error.to_string();
    let name = match error {
        RedisError::Unreachable { .. } | RedisError::Silent { .. } => "data-redis-unreachable",
        RedisError::Tls { .. } | RedisError::NotRedis { .. } => "data-redis-tls",
        RedisError::WrongPassword { .. } | RedisError::PasswordNeeded { .. } => "data-redis-password",
        RedisError::Forbidden { .. } => "data-redis-forbidden",
        RedisError::Replica { .. } => "data-redis-replica",
        RedisError::Refused { .. } => "data-redis-failed",
    };
    Problem::new(words, exit, name, &[("detail", &detail)])
}
