use serde::{Deserialize, Serialize};

/// How a voyage ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Green serves, blue is gone.
    Completed,
    /// Blue serves as before.
    RolledBack {
        /// Why.
        reason: String,
    },
    /// A human must decide; the journal holds the state.
    Stopped {
        /// Why.
        reason: String,
    },
    /// Going back did not succeed either; `resume` tries it again.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// The name in journals and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack { .. } => "rolled-back",
            Self::Stopped { .. } => "stopped",
            Self::Failed { .. } => "failed",
        }
    }
}
