//! Going back where nothing was carried back: what was written to the target since is given up.

use super::fence::Fence;
use super::moving::{Move, Phase, Record};
use super::pooler::Pooler;
use super::{Address, PostgresError};

impl Move {
    /// Whether [`Move::rollback`] would have to leave behind what was written to the target.
    #[must_use]
    pub fn would_lose(&self) -> bool {
        let no_way =
            self.records.iter().rev().any(|record| matches!(record, Record::Opening { way_back: false, .. }));
        matches!(self.phase(), Phase::Opening | Phase::Opened) && no_way
    }

    /// The source, and the target.
    #[must_use]
    pub fn addresses(&self) -> (&Address, &Address) {
        (&self.sides.source, &self.sides.target)
    }

    /// Goes back as [`Move::rollback`] does; where there is no way back, what was written to the target stays there, and
    /// takes no writes any more. The target closes before the source opens.
    ///
    /// # Errors
    /// As [`Move::rollback`].
    pub async fn abandon(&mut self, pooler: Option<&Pooler>) -> Result<(), PostgresError> {
        if !self.would_lose() {
            return self.rollback(pooler).await.map(drop);
        }
        let (source, target) = self.sessions().await?;
        let name = self.name();
        let fence = Fence { session: &target, name: &name };
        let standing = fence.put_up().await?;
        fence.end_earlier(&standing, self.settings.patience).await?;
        Fence { session: &source, name: &name }.take_down().await?;
        if let Some(pooler) = pooler {
            pooler.point_to(&self.sides.source).await?;
            pooler.resume().await?;
        }
        self.end_streams(&source, &target, &name, &self.name_back()).await?;
        self.restore_identities(&source).await?;
        self.write(Record::RolledBack)
    }
}
