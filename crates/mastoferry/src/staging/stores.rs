//! Whether the rehearsal would write into production's stores, or mail its users.

use std::collections::{BTreeMap, BTreeSet};

use plan::Plan;
use serde_json::Value;

use super::settings::{Asked, StoresAt};

/// Settings of Mastodon that say where it writes or whom it reaches.
pub(super) const STORES: [&str; 20] = [
    "CACHE_REDIS_HOST",
    "CACHE_REDIS_URL",
    "DATABASE_URL",
    "DB_HOST",
    "ES_HOST",
    "PRIMARY_DB_HOST",
    "REDIS_HOST",
    "REDIS_SENTINELS",
    "REDIS_URL",
    "REPLICA_DATABASE_URL",
    "REPLICA_DB_HOST",
    "S3_BUCKET",
    "SIDEKIQ_REDIS_HOST",
    "SIDEKIQ_REDIS_SENTINELS",
    "SIDEKIQ_REDIS_URL",
    "SMTP_SERVER",
    "AZURE_STORAGE_ACCOUNT",
    "STATSD_ADDR",
    "SWIFT_CONTAINER",
    "BULK_SMTP_SERVER",
];

/// The stores of production that the rehearsal would share: the settings' names. Values are not told; some hold
/// passwords.
pub(super) fn shared(live: &Plan, staged: &Plan, asked: &Asked) -> BTreeSet<String> {
    let (before, after) = (told(live), told(staged));
    let mut shared = BTreeSet::new();
    for (key, values) in &after {
        let of_production = before.get(key);
        for value in values.iter().filter(|value| !value.is_empty()) {
            let is_same = of_production.is_some_and(|known| known.contains(value));
            let is_here = asked.stores == StoresAt::InNamespace && leads_here(key, value);
            if is_same && !is_here && !asked.shared.iter().any(|own| own == key) {
                shared.insert((*key).to_owned());
            }
        }
    }
    shared
}

/// Whether a host can be nowhere but in the pod's own namespace: a name of one label. What is not a host of the
/// cluster (a bucket, a pod's own address) never is.
fn leads_here(key: &str, value: &str) -> bool {
    if matches!(key, "S3_BUCKET" | "SWIFT_CONTAINER" | "AZURE_STORAGE_ACCOUNT") {
        return false;
    }
    let host = match value.split_once("://") {
        Some((_, rest)) => {
            rest.rsplit('@').next().unwrap_or(rest).split(['/', ':', '?']).next().unwrap_or(rest)
        }
        None => value.split(':').next().unwrap_or(value),
    };
    !host.is_empty() && host != "localhost" && !host.contains('.')
}

/// The settings of stores as objects tell them.
fn told(plan: &Plan) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut told: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for object in plan.blue.iter().chain(&plan.green).chain(&plan.adopted) {
        if object["kind"] == "ConfigMap" {
            for key in STORES {
                if let Some(value) = object["data"][key].as_str() {
                    told.entry(key).or_default().insert(value.to_owned());
                }
            }
        }
        look_for_variables(object, &mut told);
    }
    told
}

fn look_for_variables(value: &Value, told: &mut BTreeMap<&'static str, BTreeSet<String>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| look_for_variables(item, told)),
        Value::Object(fields) => {
            if let (Some(Value::String(name)), Some(Value::String(value))) =
                (fields.get("name"), fields.get("value"))
                && let Some(key) = STORES.iter().find(|key| *key == name)
            {
                told.entry(key).or_default().insert(value.clone());
            }
            fields.values().for_each(|inner| look_for_variables(inner, told));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_without_a_dot_is_surely_in_the_namespace() {
        for here in ["db", "redis:6379", "redis://:made-up@redis:6379/0", "postgres://db/mastodon"] {
            assert!(leads_here("REDIS_URL", here), "{here}");
        }
        for elsewhere in ["db.social.svc", "127.0.0.1", "localhost", "redis://10.0.0.1:6379", ""] {
            assert!(!leads_here("REDIS_URL", elsewhere), "{elsewhere}");
        }
        assert!(!leads_here("S3_BUCKET", "media"), "a bucket is the same from everywhere");
    }
}
