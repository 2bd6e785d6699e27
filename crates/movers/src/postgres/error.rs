//! What goes wrong with PostgreSQL, told apart by who has to mend it.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::Address;
use crate::{Finding, JournalError};

/// Why PostgreSQL could not be moved, or asked. No password is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Nobody answers there.
    #[error("PostgreSQL at {address} cannot be reached: {reason}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// TLS is refused, or the certificate is not to be trusted.
    #[error("no TLS with PostgreSQL at {address}: {reason}")]
    Tls {
        /// Where it is.
        address: String,
        /// What was wrong.
        reason: String,
    },
    /// The password is wrong, or none was given.
    #[error("PostgreSQL at {address} does not take the password of {user}")]
    WrongPassword {
        /// Where it is.
        address: String,
        /// Who asked.
        user: String,
    },
    /// The server lets nobody of this name in from here.
    #[error("PostgreSQL at {address} does not let {user} in: {reason}")]
    NotLetIn {
        /// Where it is.
        address: String,
        /// Who asked.
        user: String,
        /// The server's words.
        reason: String,
    },
    /// There is no such database.
    #[error("there is no database at {address}")]
    NoDatabase {
        /// Where it should be.
        address: String,
    },
    /// All connections are taken.
    #[error("PostgreSQL at {address} has no connection left: {reason}")]
    TooManyConnections {
        /// Where it is.
        address: String,
        /// The server's words.
        reason: String,
    },
    /// It is starting or stopping.
    #[error("PostgreSQL at {address} is not ready: {reason}")]
    NotReady {
        /// Where it is.
        address: String,
        /// The server's words.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection to PostgreSQL at {address} broke while it was asked to {doing}: {reason}")]
    Lost {
        /// Where it is.
        address: String,
        /// What was asked.
        doing: &'static str,
        /// The system's words.
        reason: String,
    },
    /// The server says no.
    #[error("PostgreSQL at {address} refuses to {doing}: {reason} ({code})")]
    Refused {
        /// Where it is.
        address: String,
        /// What was asked.
        doing: &'static str,
        /// The server's words; never its details, which may hold data.
        reason: String,
        /// The `SQLSTATE`.
        code: String,
    },
    /// A tool of PostgreSQL is missing.
    #[error("{program} of PostgreSQL {major} or later is needed and not there")]
    NoTool {
        /// Which.
        program: &'static str,
        /// Of which version.
        major: u32,
    },
    /// A tool of PostgreSQL failed.
    #[error("{program} failed: {reason}")]
    Tool {
        /// Which.
        program: &'static str,
        /// Its last words.
        reason: String,
    },
    /// The preflight refuses.
    #[error("the preflight refuses: {}", found.iter().map(|it| it.id).collect::<Vec<_>>().join(", "))]
    Preflight {
        /// What it found.
        found: Vec<Finding>,
    },
    /// What had to happen in the pause besides did not.
    #[error("in the pause: {0}")]
    Behind(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The state is that of a move between other databases.
    #[error("the state is that of a move from {from} to {to}")]
    OtherMove {
        /// Its source.
        from: String,
        /// Its target.
        to: String,
    },
    /// The move has not come so far, or is past it.
    #[error("the move is at “{phase}”: {reason}")]
    OutOfTurn {
        /// Where it is.
        phase: &'static str,
        /// What would have to be.
        reason: &'static str,
    },
    /// Something does not happen in its time.
    #[error("{what} within {} s", waited.as_secs())]
    TooLong {
        /// What was waited for, such as `writers do not end`.
        what: &'static str,
        /// How long.
        waited: Duration,
    },
    /// What a provider was asked for has not come about yet.
    #[error("not done within {} s: {command}", waited.as_secs())]
    Pending {
        /// The command that asked for it.
        command: String,
        /// How long.
        waited: Duration,
    },
    /// Both sides are not what they must be.
    #[error("{what}: {detail}")]
    Unequal {
        /// What is wrong.
        what: &'static str,
        /// Where.
        detail: String,
    },
}

impl PostgresError {
    /// What an error while connecting means.
    pub(crate) fn connecting(address: &Address, error: &tokio_postgres::Error) -> Self {
        let (shown, user) = (address.to_string(), address.user.clone());
        let Some(answer) = error.as_db_error() else {
            let reason = words(error);
            // The library tells a refusal of TLS and a wrong certificate by texts alone.
            let tls =
                error.to_string().contains("TLS") || reason.contains("TLS") || reason.contains("certificate");
            if reason == "password missing" {
                return Self::WrongPassword { address: shown, user };
            }
            return if tls {
                Self::Tls { address: shown, reason }
            } else {
                Self::Unreachable { address: shown, reason }
            };
        };
        let reason = answer.message().to_owned();
        match *answer.code() {
            SqlState::INVALID_PASSWORD => Self::WrongPassword { address: shown, user },
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                // `hostssl` alone lets nobody in without TLS.
                if reason.contains("no encryption") || reason.contains("SSL off") {
                    Self::Tls { address: shown, reason }
                } else {
                    Self::NotLetIn { address: shown, user, reason }
                }
            }
            SqlState::INVALID_CATALOG_NAME => Self::NoDatabase { address: shown },
            SqlState::TOO_MANY_CONNECTIONS => Self::TooManyConnections { address: shown, reason },
            SqlState::CANNOT_CONNECT_NOW => Self::NotReady { address: shown, reason },
            // PgBouncer's words, all with the same code.
            SqlState::PROTOCOL_VIOLATION if reason.contains("no such database") => {
                Self::NoDatabase { address: shown }
            }
            SqlState::PROTOCOL_VIOLATION if reason.contains("authentication failed") => {
                Self::WrongPassword { address: shown, user }
            }
            _ => Self::NotLetIn { address: shown, user, reason },
        }
    }

    /// What an error in the middle of things means.
    pub(crate) fn doing(address: &Address, doing: &'static str, error: &tokio_postgres::Error) -> Self {
        let shown = address.to_string();
        match error.as_db_error() {
            Some(answer) if is_end_of_session(answer.code()) => {
                Self::Lost { address: shown, doing, reason: answer.message().to_owned() }
            }
            Some(answer) => Self::Refused {
                address: shown,
                doing,
                reason: answer.message().to_owned(),
                code: answer.code().code().to_owned(),
            },
            None => Self::Lost { address: shown, doing, reason: words(error) },
        }
    }

    /// The server's code, where it said no.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

fn is_end_of_session(code: &SqlState) -> bool {
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
}

/// The innermost words of an error.
fn words(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
