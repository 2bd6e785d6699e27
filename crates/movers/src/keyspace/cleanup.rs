//! What is left of a move, taken away or told.

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::record::{Mode, Phase, Record};
use super::replicate::forget;

/// What is left on purpose, for its owner to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// The source still holds its data.
    SourceData,
    /// The source lets no writer in, until it is restarted.
    SourceFenced,
    /// The target lets no writer in.
    TargetFenced,
    /// The target still holds what was written to it.
    TargetData,
}

impl Leftover {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceData => "source-data",
            Self::SourceFenced => "source-fenced",
            Self::TargetFenced => "target-fenced",
            Self::TargetData => "target-data",
        }
    }
}

impl Crossing {
    /// The point of no return: the source follows no more, passwords that one side was told of the other are
    /// forgotten, and the rest is told.
    ///
    /// # Errors
    /// When the move has not ended, or a side cannot be asked.
    pub async fn clean_up(&mut self) -> Result<Vec<Leftover>, KeyspaceError> {
        let ended = match self.phase() {
            Phase::HandedOver | Phase::RolledBack | Phase::Cleaned => self.story.handed.clone(),
            _ => return self.refuse("be cleaned up"),
        };
        let went_back = self.phase() == Phase::RolledBack;
        if self.phase() == Phase::HandedOver
            && let Some(handed) = &ended
        {
            if self.mode() == Mode::Replicate {
                forget(&self.target, &self.route.source).await?;
            }
            if self.story.follows_back {
                handed.means.seal(&self.source).await?;
                forget(&self.source, &self.route.target).await?;
            }
        }
        let mut left = Vec::new();
        if !went_back {
            left.push(Leftover::SourceData);
            if ended.is_some() {
                left.push(Leftover::SourceFenced);
            }
        } else if ended.is_some() {
            left.push(Leftover::TargetData);
            if Facts::ask(&self.target).await?.is_replica() {
                left.push(Leftover::TargetFenced);
            }
        }
        if self.phase() == Phase::HandedOver {
            self.write(Record::Cleaned)?;
        }
        Ok(left)
    }
}
