//! Why a scenario could not be played to its end.

use thiserror::Error;

/// Why a scenario could not be played to its end.
#[derive(Debug, Error)]
pub enum Failure {
    /// The cluster could not be had.
    #[error("no cluster: {0}")]
    NoCluster(String),
    /// A request did not reach the server, or its answer not us.
    #[error("a request failed: {0}")]
    Unsent(String),
    /// What should stand from the beginning was refused.
    #[error("given {what}: {verdict}")]
    NotGiven {
        /// Kind and name.
        what: String,
        /// The server's word.
        verdict: String,
    },
    /// A step came out otherwise than the scenario says.
    #[error("line {line}, {step:?}: expected {expected}, got {got}")]
    Unexpected {
        /// The line of the step.
        line: usize,
        /// The step.
        step: String,
        /// What the scenario says.
        expected: String,
        /// What came.
        got: String,
    },
    /// A watch broke off, so that the record would have gaps.
    #[error("the record has a gap: {0}")]
    Gap(String),
    /// The objects given make no voyage.
    #[error("no voyage: {0}")]
    NoVoyage(String),
    /// It took longer than any scenario may.
    #[error("it did not end within {0} s")]
    Endless(u64),
}
