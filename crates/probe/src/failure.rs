//! Why a request counts as failed.

use std::fmt;

/// Why a request counts as failed.
///
/// Its [`Display`](fmt::Display) form (`connect`, `status-502`, …) is the name used in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The host name could not be looked up.
    Dns,
    /// No connection could be made.
    Connect,
    /// TLS could not be agreed on: the certificate is not good for the name, or not trusted.
    Tls,
    /// The connection ended before the first byte of an answer.
    ResetBeforeAnswer,
    /// The connection ended within the answer.
    ResetMidBody,
    /// What came back was not HTTP.
    Protocol,
    /// The answer was not complete in the target's time.
    Timeout,
    /// The status was not the expected one.
    Status(u16),
    /// The page of an announced maintenance: 503 that says when to come again. What was announced is no failure.
    Maintenance,
    /// The expected status, but from another component.
    WrongComponent,
    /// The expected status, but not the expected body.
    WrongBody,
    /// The prober itself could not send: too many requests in flight, no file descriptor or port left.
    /// This says nothing about the server.
    Overload,
}

impl FailureKind {
    /// Whether this is the server's failing: a 5xx, no answer at all, or a content answer of somebody else.
    #[must_use]
    pub fn is_server_error(self) -> bool {
        match self {
            Self::Dns
            | Self::Connect
            | Self::Tls
            | Self::ResetBeforeAnswer
            | Self::ResetMidBody
            | Self::Protocol
            | Self::Timeout
            | Self::WrongComponent
            | Self::WrongBody => true,
            Self::Status(status) => status >= 500,
            Self::Maintenance | Self::Overload => false,
        }
    }

    /// Whether users were told to expect this: it is counted by itself.
    #[must_use]
    pub fn is_announced(self) -> bool {
        self == Self::Maintenance
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::ResetBeforeAnswer => "reset-before-answer",
            Self::ResetMidBody => "reset-mid-body",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Status(status) => return write!(formatter, "status-{status}"),
            Self::Maintenance => "maintenance",
            Self::WrongComponent => "wrong-component",
            Self::WrongBody => "wrong-body",
            Self::Overload => "overload",
        };
        formatter.write_str(name)
    }
}
