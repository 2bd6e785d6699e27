//! The stores that a plan moves, within reach of who carries it out.

use camino::Utf8Path;
use movers::keyspace;
use movers::stores::{AtRisk, Given, GivenMedia, GivenPostgres, GivenRedis, StoreKind, Stores, StoresError};
use movers::{Finding, Limits, postgres};
use plan::{MovedStore, Plan, StoreWay};

use super::media::place;
use super::postgres::{SideArgs, pooler};
use super::redis::WayArgs;
use crate::cli::ReachArgs;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// The folder of their state, within that of the migration: `postgres`, `redis` and `media` in it are what `--state` is of
/// `mastoferry data`.
const FOLDER: &str = "stores";

/// Opens what the plan moves.
///
/// # Errors
/// If nobody said where a store is, or its state cannot be used; or they were begun to be moved, and their state is not here.
pub(crate) fn open(
    reach: &ReachArgs,
    plan: &Plan,
    state: &Utf8Path,
    begun: bool,
    words: &Words,
) -> Result<Stores, Problem> {
    let folder = state.join(FOLDER);
    if begun && !folder.is_dir() {
        return Err(Problem::new(words, Exit::Refused, "stores-elsewhere", &[("path", folder.as_str())]));
    }
    let limits = postgres::Settings::default().limits;
    let mut given = Given::default();
    if let Some(way) = plan.stores.way(MovedStore::Postgres) {
        given.postgres = Some(database(way, reach, limits, words)?);
    }
    for (store, kept) in [
        (MovedStore::Redis, StoreKind::Redis),
        (MovedStore::RedisSidekiq, StoreKind::RedisSidekiq),
        (MovedStore::RedisCache, StoreKind::RedisCache),
    ] {
        let (Some(way), Some(prefix)) = (plan.stores.way(store), store.redis_prefix()) else { continue };
        let route = WayArgs::of_environment(prefix, plan.handover.namespace.clone()).route(words)?;
        let mode = match way {
            StoreWay::Copy => keyspace::Mode::Copy,
            _ => keyspace::Mode::Replicate,
        };
        given.redis.push(GivenRedis { store: kept, route, limits, mode });
    }
    if plan.stores.way(MovedStore::Media).is_some() {
        let (Some(from), Some(to)) = (&reach.media_from, &reach.media_to) else {
            return Err(Problem::new(words, Exit::Unreadable, "stores-no-media", &[]));
        };
        given.media = Some(GivenMedia { from: place(from, words)?, to: place(to, words)?, limits });
    }
    Stores::open(given, folder.as_std_path()).map_err(|error| problem(&error, words))
}

fn database(
    way: StoreWay,
    reach: &ReachArgs,
    limits: Limits,
    words: &Words,
) -> Result<GivenPostgres, Problem> {
    let pooler = pooler(
        reach.pgbouncer_database.as_deref(),
        reach.pgbouncer_file.as_ref().map(|path| path.as_std_path().to_owned()),
        None,
        words,
    )?;
    let settings = postgres::Settings {
        limits,
        owner: reach.owner.clone(),
        set_identities: reach.set_identities,
        ..postgres::Settings::default()
    };
    let mode = match way {
        StoreWay::Copy => postgres::Mode::Copy,
        StoreWay::Dump => postgres::Mode::Dump,
        StoreWay::Follow | StoreWay::Replicate => postgres::Mode::Follow,
    };
    Ok(GivenPostgres { sides: SideArgs::default().read(words)?, settings, mode, pooler })
}

/// In the words of the store that it is about.
fn problem(error: &StoresError, words: &Words) -> Problem {
    match error {
        StoresError::Postgres(error) => return super::postgres::problem_of(error, None, words),
        StoresError::Redis(error) => return super::redis::problem(error, keyspace::Phase::New, words),
        _ => {}
    }
    Problem::new(words, Exit::Refused, "stores-failed", &[("reason", &error.to_string())])
}

/// Looks at every store that a plan moves, before anything was begun.
///
/// # Errors
/// If nobody said where a store is, or a side cannot be asked.
pub(crate) async fn look(reach: &ReachArgs, plan: &Plan, words: &Words) -> Result<Vec<Finding>, Problem> {
    // What is only looked at leaves no state.
    let nowhere = tempfile::tempdir().map_err(|error| {
        Problem::new(words, Exit::Unreadable, "stores-failed", &[("reason", &error.to_string())])
    })?;
    let path = nowhere.path().to_string_lossy();
    let stores = open(reach, plan, Utf8Path::new(&*path), false, words)?;
    let looked = stores.check().await.map_err(|error| problem(&error, words))?;
    let named = looked
        .into_iter()
        .flat_map(|one| one.findings.into_iter().map(move |finding| finding.with("store", one.store.name())));
    Ok(named.collect())
}

/// What going back would lose, as it is shown before somebody agrees.
pub(crate) fn at_risk(risks: &[AtRisk], words: &Words) -> Problem {
    let lines = risks.iter().map(|risk| {
        let count = risk.count.map_or_else(|| words.word("amount-unmeasured"), |count| count.to_string());
        let arguments = [("count", count.as_str()), ("tables", &risk.tables.join(", "))];
        format!("  {}", words.tell(&format!("at-risk-{}", risk.store.name()), &arguments))
    });
    let list = lines.collect::<Vec<_>>().join("\n");
    Problem::new(words, Exit::Refused, "stores-at-risk", &[("list", &list)])
}
