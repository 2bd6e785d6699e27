//! A move in which stores pass over as well: what moves, how, and where its steps stand among the others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::sides::step;
use crate::{Action, Reversibility, Step, Strategy};

/// A store that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MovedStore {
    /// The database.
    Postgres,
    /// Jobs, feeds and caches.
    Redis,
    /// What users have sent.
    Media,
}

/// How a store comes to the new side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreWay {
    /// Copied while users write, changes carried after it. Of media: pass after pass.
    Follow,
    /// A replica that is promoted.
    Replicate,
    /// Of the database: copied while nobody writes. Of Redis: key by key while everybody does.
    Copy,
    /// Dumped and restored while nobody writes.
    Dump,
}

/// One store's move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreMove {
    /// Which.
    pub store: MovedStore,
    /// How.
    pub way: StoreWay,
}

/// All that passes over besides users and queues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoresMove {
    /// The stores, each once.
    pub moves: Vec<StoreMove>,
    /// Names of settings that the new side has otherwise: they lead to the new stores.
    pub settings: Vec<String>,
}

/// Why a strategy cannot carry stores along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Both sides serve at once, each with stores of its own: two databases would take writes.
    BothServe,
    /// A database that is copied while nobody writes needs a page in front of users.
    NoPage,
    /// Without the database's fence the old side goes on writing to what has passed over.
    NoFence,
}

impl Obstacle {
    /// The end of its message's id.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BothServe => "both-serve",
            Self::NoPage => "no-page",
            Self::NoFence => "no-fence",
        }
    }
}

impl MovedStore {
    /// The name on the command line, in plans and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Media => "media",
        }
    }
}

impl StoreWay {
    /// The name on the command line, in plans and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Replicate => "replicate",
            Self::Copy => "copy",
            Self::Dump => "dump",
        }
    }
}

impl fmt::Display for StoreMove {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.store.name(), self.way.name())
    }
}

impl FromStr for StoreMove {
    type Err = String;

    /// `postgres`, `postgres=copy`, `redis=replicate`, `media`: the gentlest way where none is told.
    fn from_str(text: &str) -> Result<Self, String> {
        use MovedStore::{Media, Postgres, Redis};
        use StoreWay::{Copy, Dump, Follow, Replicate};
        const KNOWN: [(MovedStore, &[StoreWay]); 3] =
            [(Postgres, &[Follow, Copy, Dump]), (Redis, &[Replicate, Copy]), (Media, &[Follow])];
        let (name, way) = text.split_once('=').map_or((text, None), |(name, way)| (name, Some(way)));
        let known = KNOWN.into_iter().find(|(store, _)| store.name() == name);
        let (store, ways) = known.ok_or_else(|| format!("{name} is none of postgres, redis, media"))?;
        let told = || ways.iter().map(|own| own.name()).collect::<Vec<_>>().join(", ");
        let way = match way {
            None => ways.first(),
            Some(way) => ways.iter().find(|own| own.name() == way),
        };
        let way = way.ok_or_else(|| format!("{name} can be moved by: {}", told()))?;
        Ok(Self { store, way: *way })
    }
}

impl StoresMove {
    /// Whether nothing moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// How a store moves, where it does.
    #[must_use]
    pub fn way(&self, store: MovedStore) -> Option<StoreWay> {
        self.moves.iter().find(|own| own.store == store).map(|own| own.way)
    }

    /// Whether the new side has nothing to read before the pause, so that it can only start in it.
    #[must_use]
    pub fn fills_in_the_pause(&self) -> bool {
        matches!(self.way(MovedStore::Postgres), Some(StoreWay::Copy | StoreWay::Dump))
    }

    /// Why a strategy cannot carry these along; nothing where it can.
    pub(crate) fn keeps_from(&self, strategy: Strategy) -> Option<Obstacle> {
        if self.is_empty() {
            return None;
        }
        match strategy {
            Strategy::Rolling => Some(Obstacle::BothServe),
            Strategy::BlueGreen if self.fills_in_the_pause() => Some(Obstacle::NoPage),
            Strategy::BlueGreen if self.way(MovedStore::Postgres).is_none() => Some(Obstacle::NoFence),
            Strategy::BlueGreen | Strategy::Maintenance => None,
        }
    }

    /// The step in which the new side gets what the old one has, and follows it.
    pub(crate) fn follow(&self) -> Option<Step> {
        let follow = Action::FollowStores { moves: self.moves.clone() };
        (!self.is_empty()).then(|| step("follow-stores", follow, Reversibility::Undoable, 600))
    }

    /// The step in which all of them pass over.
    pub(crate) fn cut_over(&self) -> Option<Step> {
        let cut_over = Action::CutOverStores { moves: self.moves.clone() };
        (!self.is_empty()).then(|| step("cut-over-stores", cut_over, Reversibility::Undoable, 30))
    }
}

/// The same by hand, by the commands for one store each.
pub(crate) fn commands(moves: &[StoreMove], cuts_over: bool) -> Vec<String> {
    let media = "--from FROM --to TO --state STATE/stores/media";
    let mut lines = Vec::new();
    for StoreMove { store, way } in moves {
        let line = match (store, cuts_over) {
            (MovedStore::Media, false) => format!("mastoferry data media copy {media}"),
            (MovedStore::Media, true) => format!("mastoferry data media delta {media} --delete"),
            (store, true) => {
                format!("mastoferry data {0} cutover --state STATE/stores/{0}", store.name())
            }
            // While nobody writes: that is in the pause.
            (MovedStore::Postgres, false) if *way != StoreWay::Follow => continue,
            (store, false) => {
                format!("mastoferry data {0} {1} --state STATE/stores/{0}", store.name(), way.name())
            }
        };
        lines.push(line);
    }
    if cuts_over && moves.iter().any(|own| own.store == MovedStore::Postgres && own.way != StoreWay::Follow) {
        lines.insert(0, "mastoferry data postgres copy --state STATE/stores/postgres".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_told_in_few_words() {
        let read = |text: &str| text.parse::<StoreMove>().map(|own| own.to_string());
        assert_eq!(read("postgres").as_deref(), Ok("postgres=follow"));
        assert_eq!(read("redis=copy").as_deref(), Ok("redis=copy"));
        assert_eq!(read("media").as_deref(), Ok("media=follow"));
        assert_eq!(read("redis=follow"), Err("redis can be moved by: replicate, copy".to_owned()));
        assert!(read("mysql").is_err());
    }

    #[test]
    fn two_databases_never_serve_at_once() {
        let of = |moves: &[&str]| StoresMove {
            moves: moves.iter().map(|text| text.parse().expect("a move")).collect(),
            settings: Vec::new(),
        };
        assert!(of(&["postgres"]).keeps_from(Strategy::Rolling).is_some());
        assert!(of(&["postgres", "redis"]).keeps_from(Strategy::BlueGreen).is_none());
        assert!(of(&["media"]).keeps_from(Strategy::BlueGreen).is_some());
        assert!(of(&["postgres=copy"]).keeps_from(Strategy::BlueGreen).is_some());
        assert!(of(&["postgres=dump", "media"]).keeps_from(Strategy::Maintenance).is_none());
        assert!(of(&[]).keeps_from(Strategy::Rolling).is_none());
    }
}
