use std::time::Duration;

use crate::ObjectRef;

/// Why the cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The API server refused, or could not be asked.
    #[error("{doing}: {source}")]
    Request {
        /// What was being done.
        doing: String,
        /// What came back.
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{doing}: no answer within {} ms", within.as_millis())]
    NoAnswer {
        /// What was being done.
        doing: String,
        /// How long it was waited for, on the wall.
        within: Duration,
    },
    /// A condition did not come true in time.
    #[error("waited {} s for {condition}; last seen: {seen}", limit.as_secs())]
    Timeout {
        /// What was waited for.
        condition: String,
        /// The limit in cluster time.
        limit: Duration,
        /// What stood there instead when the wait ended.
        seen: String,
    },
    /// An object that must exist does not.
    #[error("{0} does not exist")]
    Missing(ObjectRef),
    /// An object is another one than was read before: it was made anew meanwhile.
    #[error("{object} is not the object that was read before (its uid changed)")]
    Replaced {
        /// Which.
        object: ObjectRef,
    },
    /// Something controls the object and would bring it back.
    #[error("{object} is controlled by {owner}, which would bring it back")]
    Owned {
        /// Which.
        object: ObjectRef,
        /// `Kind/name` of its controller.
        owner: String,
    },
    /// The Lease is somebody else's and has not run out.
    #[error("the lease {lease} is held by {holder} until {until}")]
    Held {
        /// The Lease's name.
        lease: String,
        /// Who has it.
        holder: String,
        /// When it runs out unless renewed, in cluster time.
        until: String,
    },
    /// An object has no field that every object of its kind has.
    #[error("{object} has no usable {field}")]
    Malformed {
        /// Which, as far as it can be named.
        object: String,
        /// The field.
        field: &'static str,
    },
}

impl ClusterError {
    /// Whether the API server said that no such object exists.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Missing(_)) || self.code() == Some(404)
    }

    /// The HTTP status the API server answered with, when it answered.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.status().map(|status| status.code)
    }

    /// The Status the API server answered with, when it answered.
    pub(crate) fn status(&self) -> Option<&kube::core::Status> {
        match self {
            Self::Request { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }
}
