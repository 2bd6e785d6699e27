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
    /// Feeds and locks, and jobs and caches where they have no Redis of their own.
    Redis,
    /// Jobs, in a Redis of Sidekiq's own (`SIDEKIQ_REDIS_*`).
    RedisSidekiq,
    /// The cache, in a Redis of its own (`CACHE_REDIS_*`).
    RedisCache,
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
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Postgres, Self::Redis, Self::RedisSidekiq, Self::RedisCache, Self::Media];

    /// What stands before `REDIS_` in the settings of this Redis; nothing where it is none.
    #[must_use]
    pub fn redis_prefix(self) -> Option<&'static str> {
        match self {
            Self::Redis => Some(""),
            Self::RedisSidekiq => Some("SIDEKIQ_"),
            Self::RedisCache => Some("CACHE_"),
            Self::Postgres | Self::Media => None,
        }
    }

    /// The ways in which it can move, the gentlest first.
    fn ways(self) -> &'static [StoreWay] {
        match self {
            Self::Postgres => &[StoreWay::Follow, StoreWay::Copy, StoreWay::Dump],
            Self::Redis | Self::RedisSidekiq | Self::RedisCache => &[StoreWay::Replicate, StoreWay::Copy],
            Self::Media => &[StoreWay::Follow],
        }
    }

    /// The name on the command line, in plans and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::RedisSidekiq => "redis-sidekiq",
            Self::RedisCache => "redis-cache",
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
        let (name, way) = text.split_once('=').map_or((text, None), |(name, way)| (name, Some(way)));
        let store = MovedStore::ALL.into_iter().find(|store| store.name() == name).ok_or_else(|| {
            format!("{name} is none of {}", MovedStore::ALL.map(MovedStore::name).join(", "))
        })?;
        let ways = store.ways();
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
            (store, true) => by_hand(*store, "cutover"),
            // While nobody writes: that is in the pause.
            (MovedStore::Postgres, false) if *way != StoreWay::Follow => continue,
            (store, false) => by_hand(*store, way.name()),
        };
        lines.push(line);
    }
    if cuts_over && moves.iter().any(|own| own.store == MovedStore::Postgres && own.way != StoreWay::Follow) {
        lines.insert(0, "mastoferry data postgres copy --state STATE/stores/postgres".to_owned());
    }
    lines
}

/// Each Redis has addresses of its own; the command reads those of the first.
fn by_hand(store: MovedStore, doing: &str) -> String {
    let state = format!("--state STATE/stores/{}", store.name());
    match store.redis_prefix() {
        None => format!("mastoferry data {} {doing} {state}", store.name()),
        Some("") => format!("mastoferry data redis {doing} {state}"),
        Some(prefix) => {
            let address = |side| format!("MASTOFERRY_{side}_REDIS_URL=$MASTOFERRY_{side}_{prefix}REDIS_URL");
            format!("{} {} mastoferry data redis {doing} {state}", address("SOURCE"), address("TARGET"))
        }
    }
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
        assert_eq!(read("redis-sidekiq").as_deref(), Ok("redis-sidekiq=replicate"));
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
