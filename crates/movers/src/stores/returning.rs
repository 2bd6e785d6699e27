//! Back to the old side.

use serde::{Deserialize, Serialize};

use super::error::{StoreKind, StoresError};
use super::moving::{Database, Keys, Stores};
use crate::keyspace::{self, KeyspaceError};
use crate::postgres;

/// What going back would lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AtRisk {
    /// In which store.
    pub store: StoreKind,
    /// Rows, waiting jobs, or objects; nothing where it cannot be counted.
    pub count: Option<u64>,
    /// The tables they are in, where they are rows.
    pub tables: Vec<String>,
}

/// What going back came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GoneBack {
    /// Whether the new side had taken writes.
    pub after: bool,
    /// Whether what was written there since was left behind.
    pub lost: bool,
}

impl Stores {
    /// Whether going back now could lose something; asks nobody.
    #[must_use]
    pub fn would_lose(&self) -> bool {
        let database = self.database.as_ref().is_some_and(|own| own.course.would_lose());
        let keys = self.was_opened()
            && self.keys.iter().any(|own| {
                own.crossing.phase() == keyspace::Phase::HandedOver && !own.crossing.follows_back()
            });
        let media = self.media.is_some() && self.was_opened();
        database || keys || media
    }

    /// Whether the new side may have taken writes of users.
    pub(super) fn was_opened(&self) -> bool {
        use postgres::Phase::{Opened, Opening, WayBack};
        match &self.database {
            Some(own) => matches!(own.course.phase(), Opening | Opened | WayBack),
            // Some may be back already.
            None if !self.keys.is_empty() => {
                self.keys.iter().any(|own| own.crossing.phase() == keyspace::Phase::HandedOver)
            }
            // Of media alone nobody can tell; their last pass deletes, and none before does.
            None => self.media.as_ref().is_some_and(|mover| {
                use crate::media::Event::Began;
                mover.events().iter().any(|event| matches!(event, Began { deletes: true, .. }))
            }),
        }
    }

    /// What going back now would lose, counted. Nothing before the cut-over, and nothing of what is carried back.
    ///
    /// # Errors
    /// When a side cannot be asked.
    pub async fn at_risk(&mut self) -> Result<Vec<AtRisk>, StoresError> {
        let mut risks = Vec::new();
        if !self.would_lose() {
            return Ok(risks);
        }
        if let Some(Database { course, .. }) = &self.database
            && course.would_lose()
        {
            let (source, target) = course.addresses();
            let proof = Box::pin(postgres::verify(source, target, 2, &self.meter)).await?;
            let differing = proof.differing();
            let rows = differing.values().map(|(here, there)| here.abs_diff(*there)).sum();
            let tables = differing.keys().map(|table| (*table).to_owned()).collect();
            if !differing.is_empty() {
                risks.push(AtRisk { store: StoreKind::Postgres, count: Some(rows), tables });
            }
        }
        for Keys { store, crossing, .. } in &self.keys {
            if crossing.phase() == keyspace::Phase::HandedOver && !crossing.follows_back() {
                let count = crossing.waiting_on_target().await?;
                risks.push(AtRisk { store: *store, count: Some(count), tables: Vec::new() });
            }
        }
        if let Some(mover) = &self.media {
            let count = mover.only_on_target().await?;
            if count > 0 {
                risks.push(AtRisk { store: StoreKind::Media, count: Some(count), tables: Vec::new() });
            }
        }
        Ok(risks)
    }

    /// The old side is the one again. Before the cut-over nothing is lost, and what was made on the new side goes, but for
    /// media. After it, what is carried back is there; what is not is lost, and that has to be `accepted`.
    ///
    /// # Errors
    /// [`StoresError::AtRisk`] before anything is changed, or what went wrong: it can be repeated then.
    pub async fn go_back(&mut self, accepted: bool) -> Result<GoneBack, StoresError> {
        let after = self.was_opened();
        let risks = if accepted { Vec::new() } else { self.at_risk().await? };
        if !risks.is_empty() {
            let told = risks.iter().map(|risk| {
                let count = risk.count.map_or_else(|| "?".to_owned(), |count| count.to_string());
                format!("{} {count}", risk.store.name())
            });
            return Err(StoresError::AtRisk(told.collect()));
        }
        let lost = accepted && self.would_lose();
        if let Some(Database { course, pooler, .. }) = &mut self.database {
            use postgres::Phase::{Cleaned, New, RolledBack};
            match course.phase() {
                New | RolledBack | Cleaned => {}
                _ => Box::pin(course.abandon(pooler.as_ref())).await?,
            }
        }
        for Keys { store, crossing, .. } in &mut self.keys {
            // Where nobody was let in, nothing was written that anybody knows of.
            match Box::pin(crossing.roll_back(accepted || !after)).await {
                Ok(_) => {}
                Err(KeyspaceError::AtRisk { jobs, .. }) => {
                    return Err(StoresError::AtRisk(vec![format!("{} {jobs}", store.name())]));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(mover) = &self.media {
            mover.cleanup().await?;
        }
        Ok(GoneBack { after, lost })
    }

    /// Whether the old side is the one again, or was all the time.
    #[must_use]
    pub fn is_back(&self) -> bool {
        use postgres::Phase::{New, RolledBack};
        let database =
            self.database.as_ref().is_none_or(|own| matches!(own.course.phase(), New | RolledBack));
        let keys = self
            .keys
            .iter()
            .all(|own| matches!(own.crossing.phase(), keyspace::Phase::New | keyspace::Phase::RolledBack));
        database && keys
    }
}
