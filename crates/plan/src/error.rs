//! Why no plan could be made, or none is one.

use crate::Obstacle;

/// A plan could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No Service stands in front of web.
    #[error("no Service in front of web: there is nothing that could be switched")]
    NothingToSwitch,
    /// Stores pass over as well, and this strategy cannot carry them along.
    #[error("{strategy} cannot carry stores along: {}", obstacle.name())]
    Stores {
        /// The strategy asked for.
        strategy: &'static str,
        /// Why not.
        obstacle: Obstacle,
    },
    /// A plan breaks a law.
    #[error("the plan breaks a law: {0}")]
    Unlawful(String),
    /// A plan of another form.
    #[error("plan format {found} is not {expected}")]
    Format {
        /// What the file says.
        found: u32,
        /// What this program reads.
        expected: u32,
    },
}
