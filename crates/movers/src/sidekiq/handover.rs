//! How a side's processes end their work, and how it is known that they have.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Hosts, Process, Sidekiq};
use crate::RedisError;

/// How often is looked. Heartbeats come every 5 to 10 s.
const LOOK: Duration = Duration::from_millis(500);
/// After this long without an effect, a signal is left again: lists of signals expire.
const AGAIN: Duration = Duration::from_secs(30);

/// What came of quieting a side.
#[derive(Debug, Clone, PartialEq)]
pub enum Drained {
    /// All of its processes take no more jobs, and run none.
    All {
        /// How many.
        processes: usize,
    },
    /// Some still ran jobs, or had not heard, when the time was over.
    Outlasted {
        /// Those.
        still: Vec<Process>,
    },
    /// None of its processes is registered here.
    NobodyThere,
}

/// What came of waiting for a side's processes to be gone.
#[derive(Debug, Clone, PartialEq)]
pub enum Departure {
    /// None is registered any more, or its heartbeat has expired.
    Gone,
    /// These still are.
    Here {
        /// Those.
        still: Vec<Process>,
    },
}

impl Sidekiq {
    /// Tells every process on these hosts to take no more jobs, and waits until none runs one. A process that
    /// registers meanwhile is told as well. Whoever drops this future leaves signals behind, and nothing else.
    ///
    /// A heartbeat tells how many jobs run at the moment it is made; a job taken in that very moment is either put back
    /// by its process, which looks once more whether it is quiet, or waited for when it ends (`TERM`).
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn drain(&self, hosts: &Hosts, bound: Duration) -> Result<Drained, RedisError> {
        let until = Instant::now() + bound;
        let mut told: BTreeMap<String, Instant> = BTreeMap::new();
        loop {
            let roster = self.roster().await?;
            let ours: Vec<&Process> = roster.on(hosts).collect();
            if ours.is_empty() && told.is_empty() {
                return Ok(Drained::NobodyThere);
            }
            for process in ours.iter().filter(|process| !process.quiet) {
                if told.get(&process.identity).is_none_or(|at| at.elapsed() > AGAIN) {
                    self.quiet(process).await?;
                    told.insert(process.identity.clone(), Instant::now());
                }
            }
            let still: Vec<Process> =
                ours.into_iter().filter(|process| !process.is_drained()).cloned().collect();
            if still.is_empty() {
                return Ok(Drained::All { processes: roster.on(hosts).count() });
            }
            if Instant::now() >= until {
                return Ok(Drained::Outlasted { still });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no process on these hosts is registered: each has signed off, or its heartbeat has expired
    /// ([`HEARTBEAT_EXPIRES`](super::HEARTBEAT_EXPIRES)). One that is gone for Kubernetes and not for Redis was killed;
    /// what it ran then is lost, as Sidekiq's own documentation says.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn await_gone(&self, hosts: &Hosts, bound: Duration) -> Result<Departure, RedisError> {
        let until = Instant::now() + bound;
        loop {
            let still: Vec<Process> = self.roster().await?.on(hosts).cloned().collect();
            if still.is_empty() {
                return Ok(Departure::Gone);
            }
            if Instant::now() >= until {
                return Ok(Departure::Here { still });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
