//! Keys copied while the source serves.

use std::time::{Duration, Instant};

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::facts::Facts;
use super::record::{Mode, Phase, Record};

/// How often the journal is told how far it is.
const NOTED: Duration = Duration::from_secs(1);

/// What came of a copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// Keys that were written to the target.
    pub keys: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Whether it went on from where another process had been.
    pub resumed: bool,
    /// How long it took.
    pub took: Duration,
}

impl Crossing {
    /// Copies all keys, from where it had been if the source was not restarted since; where all were copied before, only
    /// what differs. May be repeated, and be left to the cut-over, which compares everything itself.
    ///
    /// # Errors
    /// When the checks refuse it, or a side fails; it can be repeated then.
    pub async fn copy(&mut self) -> Result<Copied, KeyspaceError> {
        let began = Instant::now();
        match (self.phase(), self.mode()) {
            (Phase::New, _) => self.begin(Mode::Copy).await?,
            (Phase::Copying | Phase::Copied, Mode::Copy) => {}
            _ => return self.refuse("copy"),
        }
        let meter = self.meter();
        let before = meter.look();
        let lanes = self.lanes().await?;
        let facts = Facts::ask(&self.source).await?;
        let keys = facts.databases().get(&self.route.source.database()).copied().unwrap_or_default();
        meter.expect(keys, 0);
        let mut resumed = false;
        if self.phase() == Phase::Copied {
            lanes.level().await?;
        } else {
            let run = facts.run();
            // A cursor means something to the run that gave it alone.
            let from =
                self.story.reached.as_ref().filter(|(_, of)| *of == run).map_or(0, |(cursor, _)| *cursor);
            resumed = from != 0;
            let mut noted = Instant::now();
            let note = |cursor| {
                if noted.elapsed() < NOTED || cursor == 0 {
                    return Ok(());
                }
                noted = Instant::now();
                self.write(Record::Reached { cursor, run: run.clone() })
            };
            lanes.carry_all(from, note).await?;
            self.write(Record::Copied)?;
        }
        let standing = meter.look();
        let (keys, bytes) = (standing.items - before.items, standing.bytes - before.bytes);
        Ok(Copied { keys, bytes, resumed, took: began.elapsed() })
    }
}
