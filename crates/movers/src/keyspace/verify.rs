//! Every key on one side held against the other.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::crossing::Crossing;
use super::error::KeyspaceError;
use super::passes::Lanes;
use super::record::Phase;
use super::watch::Watch;

/// How many differing keys are held on to; with more, the rest is only counted.
const HELD: usize = 100_000;
/// How often differing keys are looked at again, while a replica may have to take them in.
const ROUNDS: usize = 3;
const BETWEEN: Duration = Duration::from_millis(200);

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Keys of the source that were compared, with kind, content and time of expiry.
    pub compared: u64,
    /// Of these, those that the target has otherwise or not at all, though nobody wrote to them meanwhile.
    pub different: u64,
    /// Keys that only the target has, though nobody wrote to them meanwhile.
    pub extra: u64,
    /// Keys that were written to while they were compared, or since the cut-over: they cannot be compared.
    pub moved_on: u64,
}

impl Proof {
    /// Whether everything that could be compared is the same.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.different == 0 && self.extra == 0
    }
}

#[derive(Default)]
struct Found {
    different: BTreeSet<Vec<u8>>,
    extra: BTreeSet<Vec<u8>>,
    compared: u64,
    /// More than can be held on to.
    beyond: u64,
}

/// Names of keys that were written to, on either side, as far as was heard: what was not heard of counts as different.
#[derive(Default)]
struct Touched(HashSet<Vec<u8>>);

impl Touched {
    async fn hear(&mut self, watch: Option<&Watch>) {
        if let Some(watch) = watch {
            self.0.extend(watch.changed().await.keys);
        }
    }
}

impl Crossing {
    /// Compares every key of this move on both sides. Both may be in use: what is written to meanwhile is told apart, as far
    /// as the servers tell of it. After the new side has begun to write, what it wrote before this was called differs.
    ///
    /// # Errors
    /// When there is nothing to compare yet, or a side cannot be asked.
    pub async fn verify(&self) -> Result<Proof, KeyspaceError> {
        match self.phase() {
            Phase::Following => self.caught_up().await?,
            Phase::Copied | Phase::HandedOver => {}
            _ => return self.refuse("be verified"),
        }
        self.prove(Watch::begin(&self.route.target).await).await
    }

    /// Compares everything; `watch` hears what is written to the target.
    pub(super) async fn prove(&self, watch: Option<Watch>) -> Result<Proof, KeyspaceError> {
        let lanes = self.lanes().await?;
        let source_watch = Watch::begin(&self.route.source).await;
        let mut found = compare(&lanes).await?;
        let mut touched = Touched::default();
        for round in 0..ROUNDS {
            if found.different.is_empty() && found.extra.is_empty() {
                break;
            }
            if round > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            again(&lanes, &mut found).await?;
        }
        touched.hear(source_watch.as_ref()).await;
        touched.hear(watch.as_ref()).await;
        Ok(judge(&lanes, &found, &touched))
    }
}

async fn compare(lanes: &Lanes) -> Result<Found, KeyspaceError> {
    let mut found = Found::default();
    lanes
        .each_different(|compared, different| {
            found.compared += compared as u64;
            for key in different {
                if found.different.len() < HELD {
                    found.different.insert(key);
                } else {
                    found.beyond += 1;
                }
            }
        })
        .await?;
    let mut extra = Vec::new();
    lanes
        .each_stray(|_, strays| {
            extra.extend(strays.into_iter().take(HELD));
            std::future::ready(Ok(()))
        })
        .await?;
    found.extra = extra.into_iter().collect();
    Ok(found)
}

/// Looks again at what differed: what is the same now was on its way.
async fn again(lanes: &Lanes, found: &mut Found) -> Result<(), KeyspaceError> {
    let keys: Vec<Vec<u8>> = found.different.iter().cloned().collect();
    found.different.clear();
    for (number, keys) in keys.chunks(super::entry::BATCH).enumerate() {
        found.different.extend(lanes.different(number, keys).await?);
    }
    let extra: Vec<Vec<u8>> = found.extra.iter().cloned().collect();
    found.extra.clear();
    for (number, keys) in extra.chunks(super::entry::BATCH).enumerate() {
        let there = lanes.on_target(number, keys).await?;
        found.extra.extend(lanes.strays(number, there).await?);
    }
    Ok(())
}

fn judge(lanes: &Lanes, found: &Found, touched: &Touched) -> Proof {
    let place = |key: &[u8]| lanes.choice.place(key).map(std::borrow::Cow::into_owned);
    let was_touched = |source: &[u8], target: Option<Vec<u8>>| {
        touched.0.contains(source) || target.is_some_and(|target| touched.0.contains(&target))
    };
    let (moved, different): (Vec<_>, Vec<_>) =
        found.different.iter().partition(|key| was_touched(key, place(key)));
    let (strange, extra): (Vec<_>, Vec<_>) =
        found.extra.iter().partition(|key| was_touched(key, Some((*key).clone())));
    Proof {
        compared: found.compared,
        different: different.len() as u64 + found.beyond,
        extra: extra.len() as u64,
        moved_on: (moved.len() + strange.len()) as u64,
    }
}
