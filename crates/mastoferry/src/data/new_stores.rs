//! Stores that pass over with the move: the settings by which the new side reaches them, laid over those of the old one.

use clap::Args;
use installation::{Installation, Object, StoreKind, is_secret};
use plan::{MovedStore, StoreMove, StoreWay, StoresMove};
use tree::Node;

use crate::explain;
use crate::prepare::Read;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Which stores move, and what the new side is told of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Stores that move as well")]
pub(crate) struct NewStoresArgs {
    /// A store that passes over with the move: postgres (=follow, copy or dump), redis (=replicate or copy), in the same way
    /// redis-sidekiq and redis-cache where these have a Redis of their own, media; may be repeated
    #[arg(long = "move", value_name = "STORE[=WAY]")]
    pub(crate) moves: Vec<StoreMove>,
    /// A setting by which the new side reaches its stores, such as DB_HOST=new-db; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "moves", value_parser = setting)]
    pub(crate) new_setting: Vec<(String, String)>,
    /// The same from a key of a Secret that is in the namespace, such as DB_PASS=new-db/password; may be repeated
    #[arg(long, value_name = "KEY=SECRET/KEY", requires = "moves", value_parser = from_secret)]
    pub(crate) new_secret: Vec<(String, SecretKey)>,
}

/// A key of a Secret.
#[derive(Debug, Clone)]
pub(crate) struct SecretKey {
    secret: String,
    key: String,
}

/// Whether a store that an installation uses is what moves under this name.
fn is_of(kind: StoreKind, store: MovedStore) -> bool {
    use StoreKind::{Azure, FileSystem, GoogleCloudStorage, Minio, S3, Swift};
    match store {
        MovedStore::Postgres => kind == StoreKind::PostgreSql,
        MovedStore::Redis => kind == StoreKind::Redis,
        MovedStore::RedisSidekiq => kind == StoreKind::RedisSidekiq,
        MovedStore::RedisCache => kind == StoreKind::RedisCache,
        MovedStore::Media => matches!(kind, S3 | GoogleCloudStorage | Minio | Swift | Azure | FileSystem),
    }
}

/// Where an installation has what moves under this name; nothing where that stands in a Secret.
fn addresses(installation: &Installation, store: MovedStore) -> Vec<Option<String>> {
    let own = installation.stores.iter().filter(|own| is_of(own.kind, store));
    own.map(|own| own.address.clone()).collect()
}

fn named(text: &str) -> Option<(&str, &str)> {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split_once('=').filter(|(key, _)| !key.is_empty() && key.chars().all(allowed))
}

/// What stands among arguments is seen by everybody on the machine.
fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = named(text).ok_or("not of the form KEY=VALUE")?;
    if is_secret(key) {
        return Err(format!(
            "{key} is secret: put it into a Secret, and name that by --new-secret {key}=SECRET/KEY"
        ));
    }
    Ok((key.to_owned(), value.to_owned()))
}

fn from_secret(text: &str) -> Result<(String, SecretKey), String> {
    let parts = named(text).and_then(|(key, place)| Some((key, place.split_once('/')?)));
    let (key, (secret, of)) = parts
        .filter(|(_, (secret, of))| !secret.is_empty() && !of.is_empty())
        .ok_or("not of the form KEY=SECRET/KEY")?;
    Ok((key.to_owned(), SecretKey { secret: secret.to_owned(), key: of.to_owned() }))
}

impl NewStoresArgs {
    /// What the plan says of it.
    ///
    /// # Errors
    /// If a store is named twice.
    pub(crate) fn stores(&self, words: &Words) -> Result<StoresMove, Problem> {
        let mut moves: Vec<StoreMove> = Vec::new();
        for own in &self.moves {
            if moves.iter().any(|other| other.store == own.store) {
                let arguments = [("store", own.store.name())];
                return Err(Problem::new(words, Exit::Unreadable, "stores-twice", &arguments));
            }
            moves.push(*own);
        }
        moves.sort_by_key(|own| own.store);
        let told = self.new_setting.iter().map(|(key, _)| key);
        let mut settings: Vec<String> =
            told.chain(self.new_secret.iter().map(|(key, _)| key)).cloned().collect();
        settings.sort();
        settings.dedup();
        Ok(StoresMove { moves, settings })
    }

    /// Lays the new settings over what was read. What is written anew is written with them; the old side stays known as it
    /// is.
    ///
    /// # Errors
    /// If the new side would not reach another store where one moves, or would where none does.
    pub(crate) fn lay_over(
        &self,
        read: &mut Read,
        instance: Option<&str>,
        words: &Words,
    ) -> Result<(), Problem> {
        if self.moves.is_empty() {
            return Ok(());
        }
        let mut objects = read.installation.objects.clone();
        for component in &read.installation.components {
            self.lay_over_container(&mut objects[component.object], component.container);
        }
        let after = Installation::understand(objects, instance)
            .map_err(|error| explain::installation(words, &error, &read.sourced.files))?;
        for store in MovedStore::ALL {
            let moves = self.moves.iter().any(|own| own.store == store);
            let (old, new) = (addresses(&read.installation, store), addresses(&after, store));
            let place = |places: &[Option<String>]| {
                let known = places.iter().flatten().cloned().collect::<Vec<_>>();
                if known.is_empty() { "?".to_owned() } else { known.join(", ") }
            };
            let (here, there) = (place(&old), place(&new));
            let arguments = [("store", store.name()), ("old", here.as_str()), ("new", there.as_str())];
            if moves && old.is_empty() && new.is_empty() {
                return Err(Problem::new(words, Exit::Unreadable, "stores-none", &arguments));
            }
            // An address that stands in a Secret is not known: whether it is another one, its owner alone can say.
            let is_known = old.iter().chain(&new).all(Option::is_some);
            let reaches_another = old != new || (!is_known && !self.new_secret.is_empty());
            let may_reach_another = old != new || (!is_known && self.leads_to(&after, store));
            if moves && !reaches_another {
                return Err(Problem::new(words, Exit::Unreadable, "stores-same", &arguments));
            }
            if !moves && may_reach_another && !self.goes_along(store, &read.installation, &after) {
                return Err(Problem::new(words, Exit::Unreadable, "stores-unmoved", &arguments));
            }
        }
        let before = std::mem::replace(&mut read.installation, after);
        read.standing = Some(before);
        Ok(())
    }

    /// Whether a setting that was told says where a store is.
    fn leads_to(&self, after: &Installation, store: MovedStore) -> bool {
        let mut settings =
            after.stores.iter().filter(|own| is_of(own.kind, store)).flat_map(|own| &own.settings);
        settings.any(|known| {
            let told = self.new_setting.iter().map(|(key, _)| key);
            told.chain(self.new_secret.iter().map(|(key, _)| key)).any(|key| key == known)
        })
    }

    /// Whether a Redis of Sidekiq's or the cache's own is another database of the server that moves whole: a replica has all
    /// of its databases.
    fn goes_along(&self, store: MovedStore, before: &Installation, after: &Installation) -> bool {
        let whole = StoreMove { store: MovedStore::Redis, way: StoreWay::Replicate };
        let is_same = |side: &Installation| {
            let own = addresses(side, store);
            own == addresses(side, MovedStore::Redis) && own.iter().all(Option::is_some)
        };
        store.redis_prefix().is_some() && self.moves.contains(&whole) && is_same(before) && is_same(after)
    }

    /// Of two variables with the same name the later one counts.
    fn lay_over_container(&self, workload: &mut Object, container: usize) {
        let Some(keys) = workload.template_keys() else { return };
        let mut path = keys.to_vec();
        path.extend(["spec", "containers"]);
        let containers = workload.node.ensure(&path).as_sequence_mut();
        let Some(container) = containers.and_then(|all| all.get_mut(container)) else { return };
        if container.get("env").is_none() {
            container.set("env", Node::from(tree::Value::Sequence(Vec::new())));
        }
        let Some(variables) = container.get_mut("env").and_then(Node::as_sequence_mut) else { return };
        for (key, value) in &self.new_setting {
            let mut variable = Node::mapping();
            variable.set("name", key.as_str());
            variable.set("value", value.as_str());
            variables.push(variable);
        }
        for (key, SecretKey { secret, key: of }) in &self.new_secret {
            let mut variable = Node::mapping();
            variable.set("name", key.as_str());
            let reference = variable.ensure(&["valueFrom", "secretKeyRef"]);
            reference.set("name", secret.as_str());
            reference.set("key", of.as_str());
            variables.push(variable);
        }
    }
}
