//! What can go wrong with a Redis, told apart by what its owner has to do.

/// Why Redis did not do what was asked. Addresses are host and port.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// Nobody listens there, or the name is unknown.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// It took the connection and then said nothing.
    #[error("{address} does not answer within {seconds} s while asked to {doing}")]
    Silent {
        /// Host and port.
        address: String,
        /// What was asked.
        doing: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// TLS failed: an unknown certificate, another name, or no TLS at all on the other side.
    #[error("{address} refuses TLS, or its certificate is not trusted: {reason}")]
    Tls {
        /// Host and port.
        address: String,
        /// What rustls said.
        reason: String,
    },
    /// The user or the password is wrong.
    #[error("{address} refuses the user or the password")]
    WrongPassword {
        /// Host and port.
        address: String,
    },
    /// It wants a password and none was given.
    #[error("{address} wants a password, and the address has none")]
    PasswordNeeded {
        /// Host and port.
        address: String,
    },
    /// The user's rights do not reach as far.
    #[error("{address} does not let this user {doing} (NOPERM)")]
    Forbidden {
        /// Host and port.
        address: String,
        /// What was asked.
        doing: &'static str,
    },
    /// Something answers there, but not in Redis' words (or it expects TLS).
    #[error("what answers at {address} is not a Redis, or wants TLS (rediss://)")]
    NotRedis {
        /// Host and port.
        address: String,
    },
    /// It is a replica.
    #[error("{address} is a read-only replica: the address must be that of the primary")]
    Replica {
        /// Host and port.
        address: String,
    },
    /// It refused for another reason.
    #[error("{address} refused to {doing}: {reason}")]
    Refused {
        /// Host and port.
        address: String,
        /// What was asked.
        doing: &'static str,
        /// The server's words.
        reason: String,
    },
}
