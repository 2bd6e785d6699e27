//! Where an installation's data lives, and how its mail leaves.

mod address;
mod mail;
mod media;

pub(crate) use address::Follower;
pub(crate) use mail::read_mail;
pub(crate) use media::{MediaPlace, is_local, media_place};

use tree::Origin;

use crate::index::Index;
use crate::{Component, Environment, Installation, Role, SettingValue, Store, StoreKind};

/// The stores that the components use, each once.
pub(crate) fn read_stores(index: &Index<'_>, components: &[Component]) -> Vec<Store> {
    let mut stores: Vec<Store> = Vec::new();
    let mut add = |store: Store| {
        let same = |own: &&mut Store| own.kind == store.kind && own.address == store.address;
        match stores.iter_mut().find(same) {
            None => stores.push(store),
            Some(own) => {
                own.served_by = own.served_by.or(store.served_by);
                let new = |name: &String| !own.settings.contains(name);
                let names: Vec<String> = store.settings.into_iter().filter(new).collect();
                own.settings.extend(names);
            }
        }
    };
    for component in components.iter().filter(|component| component.role.is_lasting()) {
        let follower = Follower { index, component };
        let environment = &component.environment;
        database(&follower, "", StoreKind::PostgreSql).into_iter().for_each(&mut add);
        database(&follower, "REPLICA_", StoreKind::PostgreSqlReplica).into_iter().for_each(&mut add);
        for (group, kind) in
            [("", StoreKind::Redis), ("SIDEKIQ_", StoreKind::RedisSidekiq), ("CACHE_", StoreKind::RedisCache)]
        {
            redis(&follower, group, kind).into_iter().for_each(&mut add);
        }
        if component.role == Role::Streaming {
            continue;
        }
        search(&follower).into_iter().for_each(&mut add);
        media::store(&follower, environment).into_iter().for_each(&mut add);
    }
    drop_unknown(&mut stores);
    stores.sort_by_key(|store| store.kind);
    stores
}

/// A store of which one component says where it is, and another does not show, is the same store.
fn drop_unknown(stores: &mut Vec<Store>) {
    let known: Vec<StoreKind> =
        stores.iter().filter(|store| store.address.is_some()).map(|store| store.kind).collect();
    stores.retain(|store| store.address.is_some() || !known.contains(&store.kind));
}

/// The settings of these names that are set, and where.
fn named(environment: &Environment, names: &[String]) -> (Vec<String>, Vec<Origin>) {
    let set = names.iter().filter_map(|name| Some((name, environment.settings.get(name)?)));
    let (mut found, mut origins) = (Vec::new(), Vec::new());
    for (name, setting) in set {
        found.push(name.clone());
        origins.extend(setting.origins.iter().copied());
    }
    (found, origins)
}

fn names(group: &str, parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| format!("{group}{part}")).collect()
}

/// Whether a setting's text may be told: it stands in the open (a URL's host may be told, its password may not).
fn may_tell(environment: &Environment, name: &str) -> bool {
    let value = environment.settings.get(name).map(|setting| &setting.value);
    matches!(value, None | Some(SettingValue::Text(_) | SettingValue::Sealed(_)))
}

/// Host and port of a store, from its URL or its own settings, or the defaults of `config/database.yml` and
/// `lib/mastodon/redis_configuration.rb`.
fn place(
    follower: &Follower<'_>,
    url: &str,
    host: &str,
    port: &str,
    default: &str,
) -> (Option<String>, Option<usize>) {
    let environment = &follower.component.environment;
    let look = |name: &str| environment.settings.get(name).map(|setting| setting.look());
    if let Some(text) = look(url) {
        let place = text.and_then(address::of_url).map(|place| address::with_port(place, default));
        let served_by = place.as_deref().and_then(|place| follower.serves(place));
        return (place.filter(|_| may_tell(environment, url)), served_by);
    }
    match look(host) {
        None if !environment.opaque.is_empty() => (None, None),
        None => (Some(format!("localhost:{default}")), None),
        Some(None) => (None, None),
        Some(Some(text)) => {
            let text = if text.is_empty() { "localhost" } else { text };
            let served_by = follower.serves(text);
            let port = look(port).flatten().filter(|port| !port.is_empty()).unwrap_or(default);
            let place = if text.starts_with('/') { text.to_owned() } else { format!("{text}:{port}") };
            (Some(place).filter(|_| may_tell(environment, host)), served_by)
        }
    }
}

fn database(follower: &Follower<'_>, group: &str, kind: StoreKind) -> Option<Store> {
    let environment = &follower.component.environment;
    let all = names(group, &["DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_SSLMODE"]);
    let is_set = |name: &String| environment.settings.contains_key(name);
    if kind == StoreKind::PostgreSqlReplica && !all[..2].iter().any(is_set) {
        return None;
    }
    let (address, served_by) = place(follower, &all[0], &all[1], &all[2], "5432");
    let (settings, origins) = named(environment, &all);
    Some(Store { kind, address, served_by, settings, origins })
}

fn redis(follower: &Follower<'_>, group: &str, kind: StoreKind) -> Option<Store> {
    let environment = &follower.component.environment;
    let parts =
        ["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_SENTINELS", "REDIS_SENTINEL_MASTER", "REDIS_DB"];
    let all = names(group, &parts);
    // Without one of these the base configuration is used as a whole.
    if !group.is_empty() && ![0, 1, 3].iter().any(|at: &usize| environment.settings.contains_key(&all[*at])) {
        return None;
    }
    let sentinels = environment.settings.get(&all[3]).filter(|_| !environment.settings.contains_key(&all[0]));
    let (address, served_by) = match sentinels.map(|setting| setting.look()) {
        Some(text) => {
            let first = text.and_then(|text| text.split(',').next()).map(str::trim);
            let told = text.filter(|_| may_tell(environment, &all[3])).map(ToOwned::to_owned);
            (told, first.and_then(|host| follower.serves(host)))
        }
        None => place(follower, &all[0], &all[1], &all[2], "6379"),
    };
    let (settings, origins) = named(environment, &all);
    Some(Store { kind, address, served_by, settings, origins })
}

fn search(follower: &Follower<'_>) -> Option<Store> {
    let environment = &follower.component.environment;
    let enabled = environment.settings.get("ES_ENABLED")?;
    if enabled.look().is_some_and(|text| text != "true") {
        return None;
    }
    let (address, served_by) = place(follower, "", "ES_HOST", "ES_PORT", "9200");
    let parts = ["ES_ENABLED", "ES_HOST", "ES_PORT", "ES_PREFIX", "ES_PRESET", "ES_USER"];
    let (settings, origins) = named(environment, &names("", &parts));
    Some(Store { kind: StoreKind::Search, address, served_by, settings, origins })
}

impl Installation {
    /// Where a component keeps media that are not on an object store.
    pub(crate) fn media_of(&self, component: &Component) -> MediaPlace {
        media_place(self.workload(component), component)
    }
}
