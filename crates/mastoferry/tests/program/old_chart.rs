//! Every key of the old chart's values, set to what is not its default, converted to the new chart: none is lost, those
//! with an effect are seen to have it, and those without are seen to have none.

use std::collections::BTreeMap;

use installation::chart::{Effect, Holds, OfficialChart, ValueKey};
use serde_json::{Map, Value, json};

use crate::trees::{json as run, mastoferry, text};

/// What an installation must be like for some of the keys to count, beside the keys that are then left out.
struct Setting {
    name: &'static str,
    /// Keys with their values, where the one made up by rule does not do.
    given: Vec<(&'static str, Value)>,
    /// Beginnings of keys that are left out, since they hide others.
    without: &'static [&'static str],
}

/// Secrets that the old chart writes into its ConfigMap. Jobs read that too, so that with jobs a copy would be needed.
const IN_THE_OPEN: [&str; 4] = [
    "externalAuth.ldap.password",
    "externalAuth.oidc.client_secret",
    "externalAuth.saml.private_key",
    "postgresql.readReplica.auth.password",
];

fn settings() -> Vec<Setting> {
    vec![
        Setting {
            name: "media on S3, Secrets that exist, every part with settings of its own",
            given: vec![
                ("mastodon.s3.enabled", json!(true)),
                ("mastodon.metrics.statsd.exporter.enabled", json!(false)),
            ],
            without: &["nameOverride", "redis.existingSecret"],
        },
        Setting {
            name: "media on claims of the chart, secrets in the values, settings for all parts",
            given: vec![
                ("mastodon.s3.enabled", json!(false)),
                ("mastodon.hooks.s3Upload.enabled", json!(false)),
            ],
            without: &[
                "fullnameOverride",
                "serviceAccount.name",
                "mastodon.persistence.assets.existingClaim",
                "mastodon.persistence.system.existingClaim",
                "mastodon.secrets.existingSecret",
                "mastodon.smtp.existingSecret",
                "mastodon.smtp.bulk.existingSecret",
                "mastodon.metrics.statsd.address",
                "mastodon.sidekiq.affinity",
                "mastodon.sidekiq.nodeSelector",
                "mastodon.sidekiq.otel",
                "mastodon.sidekiq.podSecurityContext",
                "mastodon.sidekiq.resources",
                "mastodon.sidekiq.securityContext",
                "mastodon.sidekiq.topologySpreadConstraints",
                "mastodon.sidekiq.workers[]",
                "mastodon.streaming.affinity",
                "mastodon.streaming.image",
                "mastodon.streaming.nodeSelector",
                "mastodon.streaming.podSecurityContext",
                "mastodon.streaming.resources",
                "mastodon.streaming.securityContext",
                "mastodon.streaming.topologySpreadConstraints",
                "mastodon.web.affinity",
                "mastodon.web.image",
                "mastodon.web.nodeSelector",
                "mastodon.web.otel",
                "mastodon.web.podSecurityContext",
                "mastodon.web.resources",
                "mastodon.web.securityContext",
                "mastodon.web.tolerations",
                "mastodon.web.topologySpreadConstraints",
                "postgresql.auth.existingSecret",
                "postgresql.direct",
                "postgresql.postgresqlReplicaHostname",
                "redis.auth.existingSecret",
                "externalAuth.ldap.passwordSecretRef",
            ],
        },
        Setting {
            name: "media on claims that exist, parts with settings between both",
            given: vec![
                ("mastodon.s3.enabled", json!(false)),
                ("mastodon.hooks.s3Upload.enabled", json!(false)),
            ],
            without: &[
                "fullnameOverride",
                "mastodon.sidekiq.workers[].affinity",
                "mastodon.sidekiq.workers[].image",
                "mastodon.sidekiq.workers[].nodeSelector",
                "mastodon.sidekiq.workers[].resources",
                "mastodon.sidekiq.workers[].topologySpreadConstraints",
                "redis.auth.existingSecret",
            ],
        },
        Setting {
            name: "secrets in the ConfigMap, and no jobs that read it",
            given: [
                "mastodon.cron.removeMedia.enabled",
                "mastodon.createAdmin.enabled",
                "mastodon.hooks.dbPrepare.enabled",
                "mastodon.hooks.dbMigrate.enabled",
                "mastodon.hooks.deploySearch.enabled",
                "mastodon.hooks.s3Upload.enabled",
            ]
            .map(|path| (path, json!(false)))
            .to_vec(),
            without: &[
                "fullnameOverride",
                "externalAuth.ldap.passwordSecretRef",
                "mastodon.s3.existingSecret",
                "postgresql.readReplica.auth.existingSecret",
                "redis.auth.existingSecret",
                "redis.existingSecret",
            ],
        },
    ]
}

/// A value that is not the default, made up by what the key holds.
fn made_up(number: usize, key: &ValueKey) -> Value {
    let last = key.path.rsplit('.').next().unwrap_or_default();
    let default: Value =
        key.default.and_then(|default| serde_json::from_str(default).ok()).unwrap_or_default();
    let host = format!("walk-{number}.example");
    let rules = json!([{"matches": [{"path": {"type": "PathPrefix", "value": format!("/walk-{number}")}}]}]);
    match (key.path, last) {
        (
            "postgresql.enabled" | "redis.enabled" | "elasticsearch.enabled" | "externalAuth.pam.enabled",
            _,
        ) => {
            json!(false)
        }
        ("mastodon.sidekiq.workers[].replicas", _) => json!(1),
        ("mastodon.local_domain", _) => json!("walk.example"),
        ("mastodon.streaming.extraCerts" | "elasticsearch.caSecret", _) => json!({}),
        ("ingress.tls" | "ingress.streaming.tls", _) => {
            json!([{"secretName": format!("walk-{number}"), "hosts": [host]}])
        }
        (_, "enabled" | "enable" | "create" | "detailed" | "tls" | "ssl") => json!(true),
        (_, "assume_email_is_verified" | "disable_ssl_verification" | "tls_no_verify") => json!(true),
        (_, "want_assertion_encrypted" | "want_assertion_signed") => json!(true),
        (_, "hosts") => json!([{"host": host, "paths": [{"path": format!("/walk-{number}")}]}]),
        (_, "hostnames" | "streamingHostnames") => json!([host]),
        (_, "parentRefs" | "streamingParentRefs") => json!([{"name": format!("walk-{number}")}]),
        (_, "rules" | "streamingRules") => rules,
        (_, "queues") => json!(["default", "scheduler", "walk"]),
        (_, "updateStrategy") => json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": number}}),
        (_, "resources") => json!({"requests": {"cpu": format!("{number}m")}}),
        (_, "securityContext") => json!({"runAsGroup": number}),
        (_, "podSecurityContext") => json!({"fsGroup": number}),
        (_, "affinity") => {
            json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
            [{"matchExpressions": [{"key": format!("walk-{number}"), "operator": "Exists"}]}]}}})
        }
        (_, "topologySpreadConstraints") => {
            json!([{"maxSkew": number, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}])
        }
        (_, "tolerations") => json!([{"key": format!("walk-{number}"), "operator": "Exists"}]),
        (_, "volumes") => json!([{"name": "walk", "emptyDir": {}}]),
        (_, "volumeMounts") => json!([{"name": "walk", "mountPath": "/walk"}]),
        (_, "imagePullSecrets") => json!([{"name": format!("walk-{number}")}]),
        (_, "env" | "extraEnvVars") => json!({format!("WALK_{number}"): "walk"}),
        (_, "annotations" | "labels") => json!({format!("walk-{number}"): "walk"}),
        (_, "port") => json!(default.as_u64().unwrap_or(10_000) + number as u64),
        _ => match key.holds {
            Holds::Truth => json!(!default.as_bool().unwrap_or_default()),
            Holds::Number => json!(default.as_u64().unwrap_or_default() + 1),
            Holds::Map => json!({format!("walk-{number}"): "walk"}),
            Holds::List => json!([format!("walk-{number}")]),
            Holds::Text | Holds::Any => json!(format!("walk-{number}")),
        },
    }
}

fn place(values: &mut Value, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (first, is_list) = first.strip_suffix("[]").map_or((first, false), |first| (first, true));
    let members = values.as_object_mut().expect("a mapping");
    let empty = if is_list { json!([{}]) } else { json!({}) };
    match rest {
        None => drop(members.insert(first.to_owned(), value)),
        Some(rest) => {
            let inner = members.entry(first).or_insert(empty);
            place(if is_list { &mut inner[0] } else { inner }, rest, value);
        }
    }
}

/// What became of each key: the dispositions of the leaves at and below it.
fn walk(setting: &Setting) -> BTreeMap<&'static str, Vec<Value>> {
    let keys = OfficialChart::Chart.keys();
    let has_jobs = !setting.given.iter().any(|(path, _)| *path == "mastodon.cron.removeMedia.enabled");
    let is_left_out = |path: &str| {
        let named =
            setting.without.iter().any(|start| path.starts_with(start) && !IN_THE_OPEN.contains(&path));
        named || (has_jobs && IN_THE_OPEN.contains(&path))
    };
    let mut values = Value::Object(Map::new());
    let mut set = Vec::new();
    for (number, key) in keys.iter().enumerate().filter(|(_, key)| !is_left_out(key.path)) {
        let inner = key.path.replace("[]", "");
        let is_parent = keys.iter().any(|other| {
            other.path.replace("[]", "").strip_prefix(&inner).is_some_and(|rest| rest.starts_with('.'))
        });
        let given = setting.given.iter().find(|(path, _)| *path == key.path).map(|(_, value)| value.clone());
        if !is_parent {
            place(&mut values, key.path, given.unwrap_or_else(|| made_up(number, key)));
            set.push(key.path);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    std::fs::write(&file, format!("{values:#}")).expect("written");
    let source = format!("helm:{}", text(&file));
    let mut arguments = vec!["convert".to_owned(), source, "--to".to_owned(), "helm".to_owned()];
    // The hook that uploads assets is left behind, and that must be accepted by name.
    let uploads = values["mastodon"]["hooks"]["s3Upload"]["enabled"] == json!(true);
    for path in set.iter().filter(|path| uploads && path.starts_with("mastodon.hooks.s3Upload")) {
        let number = keys.iter().position(|key| key.path == *path).expect("a key");
        let below = if path.ends_with(".env") { format!(".WALK_{number}") } else { String::new() };
        let below = if path.ends_with(".nodeSelector") { format!(".walk-{number}") } else { below };
        arguments.extend(["--accept".to_owned(), format!("dropped:{path}{below}")]);
    }
    let result = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(result["ledger"]["unaccounted"], 0, "{}", setting.name);
    assert_eq!(result["verdict"], "equivalent", "{}", setting.name);
    let items = result["items"].as_array().expect("items");
    let plain = |path: &str| path.replace("[0]", "[]");
    set.into_iter()
        .map(|path| {
            let at = |item: &&Value| {
                let found = plain(item["path"].as_str().unwrap_or_default());
                found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            (path, items.iter().filter(at).cloned().collect())
        })
        .collect()
}

/// Keys that this walk cannot see at work: the Job that indexes needs the embedded Elasticsearch, which is refused; one
/// annotation counts revisions and configures nothing; one port is read by the chart's test alone.
fn is_beside(path: &str) -> bool {
    path.starts_with("mastodon.hooks.deploySearch")
        || matches!(path, "revisionPodAnnotation" | "service.port")
}

#[test]
fn every_key_of_the_old_chart_ends_where_the_table_says() {
    let walks: Vec<_> = settings().iter().map(walk).collect();
    let mut wrong = Vec::new();
    let mut walked = 0;
    for key in OfficialChart::Chart.keys().iter().filter(|key| !is_beside(key.path)) {
        let found: Vec<&Value> = walks.iter().filter_map(|walk| walk.get(key.path)).flatten().collect();
        if found.is_empty() {
            continue;
        }
        walked += 1;
        let inert = |item: &&&Value| item["disposition"] == "inert";
        let told = || {
            found
                .iter()
                .map(|item| format!("{}: {}", item["disposition"], item["reason"]))
                .collect::<Vec<_>>()
        };
        let does_nothing = matches!(key.effect, Effect::Inert | Effect::Subchart | Effect::Refused);
        let is_wrong = match does_nothing {
            true => !found.iter().all(|item| inert(&item)),
            false => found.iter().all(|item| inert(&item)),
        };
        if is_wrong {
            wrong.push(format!("{} ({:?}): {:?}", key.path, key.effect, told()));
        }
    }
    assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(walked > 400, "only {walked}");
}

/// What most have who run the old chart: media on claims that one node mounts, and the job that clears them on.
const BY_DEFAULT: &str = "image: {tag: v4.3.2}
mastodon:
  local_domain: old.example
  secrets: {existingSecret: old-secrets}
postgresql: {enabled: false, postgresqlHostname: db.old.example, auth: {existingSecret: old-db}}
redis: {enabled: false, hostname: redis.old.example, auth: {existingSecret: old-redis}}
elasticsearch: {enabled: false}
";

#[test]
fn the_job_that_clears_media_runs_beside_greens_pods_and_needs_no_acceptance() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    std::fs::write(&file, BY_DEFAULT).expect("written");
    let source = format!("helm:{}", text(&file));
    for (to, chart) in [("helm", "new"), ("helm", "old"), ("manifests", "new"), ("kustomize", "new")] {
        let result = run(&["convert", &source, "--to", to, "--chart", chart]);
        assert_eq!(result["verdict"], "equivalent", "{to} {chart}");
        assert_eq!(result["ledger"]["unaccounted"], 0, "{to} {chart}");
    }
    let out = folder.path().join("out");
    let arguments = ["convert", &source, "--to", "manifests", "--out", text(&out)];
    assert!(mastoferry(&arguments).output().expect("runs").status.success());
    let job =
        std::fs::read_to_string(out.join("green/cronjob-old-mastodon-media-remove.yaml")).expect("the job");
    let affinity = job.split_once("affinity:").map(|(_, rest)| rest).expect("an affinity");
    assert!(affinity.contains("app.kubernetes.io/instance: old-mastodon"), "{job}");
    assert!(affinity.contains("- sidekiq-all-queues") && affinity.contains("- web"), "{job}");
}

#[test]
fn a_variable_that_the_chart_leaves_without_a_value_is_empty_on_green() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("web.yaml");
    // As the old chart renders it where no exporter of statsd is named; a cluster leaves the key out.
    for value in ["value: ", "value: null", "value: \"\"", ""] {
        let rendered = format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: old-web, labels: {{app: old}}}}
spec:
  selector: {{matchLabels: {{app: old}}}}
  template:
    metadata: {{labels: {{app: old}}}}
    spec:
      containers:
      - name: web
        image: ghcr.io/mastodon/mastodon:v4.3.2
        command: [bundle, exec, puma]
        env:
        - name: LOCAL_DOMAIN
          value: old.example
        - name: TEST_ENV_VALUE
          {value}
"
        );
        std::fs::write(&file, rendered).expect("written");
        for to in ["helm", "manifests"] {
            let result = run(&["convert", text(&file), "--to", to]);
            assert_eq!(result["verdict"], "equivalent", "{value:?} {to}");
            assert_eq!(result["ledger"]["unaccounted"], 0, "{value:?} {to}");
        }
    }
}
