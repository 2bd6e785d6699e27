//! Whether the secrets that both sides run with are there, and the same.
//!
//! Values are compared by a keyed hash whose key is made for one comparison and thrown away.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use installation::{Component, Installation, Object, Role, SettingValue, required_secrets};
use plan::Plan;
use serde_json::Value;
use tree::Node;

use super::Facts;
use super::finding::{Finding, or_well, refused, unchecked};
use super::pods::{containers, template};

/// Secrets beside those that a release requires: with another value of these, what was encrypted or signed before
/// cannot be read any more, or the stores do not let the new side in.
const ALSO: [&str; 8] = [
    "OTP_SECRET",
    "DB_PASS",
    "REDIS_PASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SMTP_PASSWORD",
    "ES_PASS",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
];

/// A value as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Print {
    /// It is set, to this.
    Of(blake3::Hash),
    /// It is set to something that is not there.
    Missing,
}

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    if facts.is_hidden("secrets") {
        return vec![unchecked("secrets-hidden")];
    }
    let live: Vec<&Value> = facts
        .snapshot
        .objects
        .iter()
        .filter(|it| it["kind"] == "Secret" || it["kind"] == "ConfigMap")
        .collect();
    let (Some(blue), Some(green)) = (understood(&plan.blue, &live), understood(&plan.green, &live)) else {
        return vec![unchecked("secrets-not-understood")];
    };
    let key = *blake3::hash(format!("{:?}", std::time::SystemTime::now()).as_bytes()).as_bytes();
    let mut found: Vec<Finding> = Vec::new();
    let parts: [fn(&Role) -> bool; 2] = [|role| *role == Role::Web, |role| matches!(role, Role::Sidekiq(_))];
    for is_part in parts {
        let (Some((_, before)), Some((_, after))) =
            (blue.components_where(is_part).next(), green.components_where(is_part).next())
        else {
            continue;
        };
        let release = green.version(after).and_then(|version| version.minor());
        let part = after.role.component();
        for name in required_secrets(release).into_iter().chain(ALSO) {
            let one = present(print(before, name, &live, &key), name, &plan.blue);
            let other = present(print(after, name, &live, &key), name, &plan.green);
            let required = required_secrets(release).contains(&name);
            let finding = match (one, other) {
                (_, Some(Print::Missing)) => refused("secrets-missing"),
                (_, None) if required && after.environment.opaque.is_empty() => refused("secrets-unset"),
                (Some(one), Some(other)) if one != other => refused("secrets-differ"),
                (Some(Print::Of(_)), None) if after.environment.opaque.is_empty() => refused("secrets-lost"),
                _ => continue,
            };
            let finding = finding.with("name", name).with("component", &part);
            if !found
                .iter()
                .any(|known| known.id == finding.id && known.details.first() == finding.details.first())
            {
                found.push(finding);
            }
        }
    }
    or_well(found, "secrets-same")
}

/// A side as an installation, with what stands in the cluster where the plan holds no value.
fn understood(side: &[Value], live: &[&Value]) -> Option<Installation> {
    let is_kept = |object: &&Value| !live.iter().any(|it| same_place(it, object));
    let objects = side.iter().filter(is_kept).chain(live.iter().copied());
    let objects = objects.map(|object| Object::new(Node::from(open(object)))).collect();
    Installation::understand(objects, None).ok()
}

fn same_place(one: &Value, other: &Value) -> bool {
    one["kind"] == other["kind"] && one["metadata"]["name"] == other["metadata"]["name"]
}

/// The object; nothing else is needed of what a server adds.
fn open(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

/// A reference that may lead nowhere, and does, sets nothing.
fn present(print: Option<Print>, name: &str, side: &[Value]) -> Option<Print> {
    let may_be_missing = |container: &Value| {
        let variables = container["env"].as_array().into_iter().flatten();
        let mut named = variables.filter(|variable| variable["name"] == name);
        named.any(|variable| variable["valueFrom"]["secretKeyRef"]["optional"] == true)
    };
    let mut containers = side.iter().flat_map(|workload| containers(template(workload)));
    print.filter(|print| *print != Print::Missing || !containers.any(may_be_missing))
}

fn print(component: &Component, name: &str, live: &[&Value], key: &[u8; 32]) -> Option<Print> {
    let setting = component.environment.settings.get(name)?;
    let hashed = |bytes: &[u8]| Print::Of(blake3::keyed_hash(key, bytes));
    let secret = |secret: &str, key_of: &str| {
        let found = live.iter().find(|it| it["kind"] == "Secret" && it["metadata"]["name"] == secret);
        let data: BTreeMap<String, Value> = found
            .and_then(|found| found["data"].as_object())
            .map(|data| data.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            .unwrap_or_default();
        let bytes = data.get(key_of).and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        bytes.filter(|bytes| !bytes.is_empty()).map_or(Print::Missing, |bytes| hashed(&bytes))
    };
    Some(match &setting.value {
        SettingValue::Secret { secret: holder, key: of } => secret(holder, of),
        SettingValue::Text(text) if text.is_empty() => return None,
        SettingValue::Text(text) => hashed(text.as_bytes()),
        SettingValue::Sealed(sealed) => hashed(sealed.reveal().as_bytes()),
        SettingValue::ConfigMap { .. } => Print::Missing,
        SettingValue::Kubernetes(_) | SettingValue::Encrypted => return None,
    })
}
