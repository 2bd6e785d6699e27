//! The beginning of a move: nothing is written before the checks are made.

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::plan;
use super::record::{Mode, Record};

impl Crossing {
    pub(super) async fn begin(&mut self, mode: Mode) -> Result<(), KeyspaceError> {
        let refused = plan::refusals(&self.route, mode).await?;
        if !refused.is_empty() {
            return Err(KeyspaceError::Refused(refused));
        }
        self.write(Record::Begun(self.begun(mode)))
    }
}
