//! `audit`: against what somebody wrote by hand, and against what `convert` wrote.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::trees::{example, mastoferry, text, trees};

fn by_hand() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/values.yaml")
}

/// The audit as JSON, and the exit code.
fn audit(source: &Path, against: &str, more: &[&str]) -> (Value, Option<i32>) {
    let arguments = ["audit", text(source), "--against", against, "--output", "json"];
    let output = mastoferry(&arguments).args(more).output().expect("runs");
    let told = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (told, output.status.code())
}

/// What nothing explains, as `--accept` takes it.
fn names(told: &Value) -> BTreeSet<String> {
    let differences = told["differences"].as_array().expect("differences");
    let unexplained = differences.iter().filter(|one| one["explained_by"].is_null());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    unexplained.map(|one| format!("{}:{}", text(&one["code"]), text(&one["path"]))).collect()
}

fn all_are_in(expected: &[&str], found: &BTreeSet<String>) {
    let missing: Vec<&&str> = expected.iter().filter(|name| !found.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:#?} in {found:#?}");
}

/// What a move by hand forgets, after the pattern of a real one.
#[test]
fn a_move_by_hand_is_told_what_it_forgets() {
    let (told, exit) = audit(&example(), text(&by_hand()), &[]);
    assert_eq!((told["verdict"].as_str(), exit), (Some("losses"), Some(3)));
    let found = names(&told);
    all_are_in(
        &[
            "does-not-render:values/postgresql.hostname",
            "does-not-render:values/redis.hostname",
            "value-unread:values/mastodon.web.pdb.enable",
            "route-lost:routes/files.social.example/",
            "route-lost:routes/social.example/packs",
            "gateway-unknown:HTTPRoute/mastodon/gateway/example-gateway",
            "route-added:routes/mastodon.local/",
            "tls-secret-unknown:Ingress/mastodon/tls/mastodon-tls",
            "annotation-lost:Ingress/mastodon/annotation/nginx.ingress.kubernetes.io/proxy-read-timeout",
            "service-lost:Service/mastodon-assets",
            "object-lost:Deployment/media-proxy",
            "object-lost:PodMonitor/mastodon-web",
            "autoscaler-lost:HorizontalPodAutoscaler/mastodon-web",
            "disruption-budget-lost:PodDisruptionBudget/mastodon-web",
            "schedule-lost:CronJob/media-remove",
            "hook-added:Job/mastodon-db-prepare",
            "queue-unserved:queues/fasp",
            "component-lost:sidekiq-scheduler",
            "sidecar-lost:web/exporter/container",
            "grace-period-lost:web/terminationGracePeriodSeconds",
            "probe-changed:web/web/livenessProbe",
            "resources-lost:web/web/resources/requests.cpu",
            "replicas-changed:web/replicas",
            "service-account-changed:web/serviceAccountName",
            "env-lost:web/web/env/TRUSTED_PROXY_IP",
            "env-unseen-lost:web/web/envFrom/Secret/mastodon-secrets",
            "env-perhaps-changed:web/web/env/ES_ENABLED",
            "secret-key-unsure:web/web/env/REDIS_PASSWORD",
        ],
        &found,
    );
    // Every difference of the old side that has a line names it.
    let differences = told["differences"].as_array().expect("differences");
    let lost = differences.iter().find(|one| one["path"] == "web/terminationGracePeriodSeconds");
    let lost = lost.expect("told above");
    assert!(lost["source"].as_str().is_some_and(|place| place.contains("patches/web.yaml:")), "{lost}");
    assert_eq!(lost["before"], "45");
}

/// The values that stand beside the tree k01, and what they lose of it (`../shared/mastodon/k01-check.md`).
#[test]
fn the_values_beside_k01_are_told_what_they_lose() {
    let trees = trees();
    let [_, tree] = trees.as_slice() else { return };
    let values = tree.join("../../../helm/values-production.yaml");
    let (told, exit) = audit(tree, &format!("helm:{}", text(&values)), &[]);
    assert_eq!((told["verdict"].as_str(), exit), (Some("losses"), Some(3)));
    let found = names(&told);
    all_are_in(
        &[
            // 0. It does not render.
            "does-not-render:values/postgresql.hostname",
            "does-not-render:values/redis.hostname",
            // 1. The environment.
            "env-unseen-lost:web/mastodon/envFrom/Secret/mastodon",
            "env-unseen-lost:streaming/mastodon/envFrom/Secret/mastodon",
            "env-unseen-lost:sidekiq-all-queues/mastodon/envFrom/Secret/mastodon",
            "env-perhaps-changed:web/mastodon/env/ES_ENABLED",
            "env-perhaps-changed:web/mastodon/env/S3_ENDPOINT",
            "env-perhaps-changed:web/mastodon/env/S3_HOSTNAME",
            "env-perhaps-changed:web/mastodon/env/S3_REGION",
            "env-perhaps-changed:web/mastodon/env/DB_PORT",
            "env-perhaps-changed:web/mastodon/env/REDIS_PORT",
            "env-perhaps-changed:web/mastodon/env/DEEPL_PLAN",
            "env-perhaps-changed:web/mastodon/env/TZ",
            "env-perhaps-changed:web/mastodon/env/S3_ALIAS_HOST",
            "env-perhaps-changed:web/mastodon/env/MIN_THREADS",
            "env-perhaps-changed:sidekiq-all-queues/mastodon/env/SMTP_SERVER",
            "secret-key-unsure:web/mastodon/env/REDIS_PASSWORD",
            "secret-key-unsure:sidekiq-all-queues/mastodon/env/REDIS_PASSWORD",
            // 2. Containers and pods.
            "image-unpinned:web/mastodon/image",
            "image-unpinned:sidekiq-all-queues/mastodon/image",
            "image-unpinned:streaming/mastodon/image",
            "probe-changed:web/mastodon/livenessProbe",
            "probe-changed:web/mastodon/readinessProbe",
            "probe-changed:streaming/mastodon/livenessProbe",
            "probe-lost:sidekiq-all-queues/mastodon/livenessProbe",
            "probe-lost:sidekiq-all-queues/mastodon/readinessProbe",
            "probe-lost:sidekiq-all-queues/mastodon/startupProbe",
            // The sidecar of today: another command, a moving image, limits that it never had.
            "command-changed:web/mastodon-prometheus-exporter/command",
            "image-unpinned:web/mastodon-prometheus-exporter/image",
            "resources-changed:web/mastodon-prometheus-exporter/resources/limits.cpu",
            "grace-period-lost:web/terminationGracePeriodSeconds",
            "grace-period-lost:streaming/terminationGracePeriodSeconds",
            "grace-period-lost:sidekiq-all-queues/terminationGracePeriodSeconds",
            "service-account-changed:web/serviceAccountName",
            "rollout-changed:web/revisionHistoryLimit",
            "value-unread:values/mastodon.web.pdb.enable",
            "value-unread:values/service.port",
            // 3. Services, Ingress and the rest.
            "annotation-lost:Service/mastodon-web/annotation/beta.cloud.google.com/backend-config",
            "annotation-lost:Service/mastodon-streaming/annotation/beta.cloud.google.com/backend-config",
            "service-changed:Service/mastodon-streaming/spec/sessionAffinity",
            "service-lost:Service/mastodon-assets",
            "service-lost:Service/mastodon-emoji",
            "service-lost:Service/manael",
            "object-lost:Deployment/manael",
            "route-lost:routes/files.ykzts.technology/",
            "route-lost:routes/ykzts.technology/assets",
            "route-lost:routes/ykzts.technology/emoji",
            "route-lost:routes/ykzts.technology/packs",
            "annotation-lost:Ingress/mastodon/annotation/networking.gke.io/v1beta1.FrontendConfig",
            "tls-secret-unknown:Ingress/mastodon/tls/mastodon-tls",
            "gateway-unknown:HTTPRoute/mastodon/gateway/example-gateway",
            "route-added:routes/mastodon.local/",
            "autoscaler-lost:HorizontalPodAutoscaler/manael",
            "autoscaler-lost:HorizontalPodAutoscaler/mastodon-streaming",
            "autoscaler-lost:HorizontalPodAutoscaler/mastodon-web",
            "autoscaler-lost:HorizontalPodAutoscaler/mastodon-worker",
            "object-lost:PodMonitoring/mastodon-streaming",
            "object-lost:PodMonitoring/mastodon-web",
            "object-lost:PodMonitoring/mastodon-worker",
            "object-lost:BackendConfig/manael-backend-config",
            "object-lost:BackendConfig/mastodon-assets-backend-config",
            "object-lost:BackendConfig/mastodon-emoji-backend-config",
            "object-lost:BackendConfig/mastodon-streaming-backend-config",
            "object-lost:BackendConfig/mastodon-web-backend-config",
            "object-lost:ManagedCertificate/mastodon-certificate",
            "object-lost:FrontendConfig/mastodon-frontend-config",
            "schedule-lost:CronJob/datasource-syncer",
            "hook-added:Job/mastodon-db-prepare",
            "hook-added:Job/mastodon-db-pre-migrate",
            "hook-added:Job/mastodon-db-migrate",
        ],
        &found,
    );
}

#[test]
fn what_convert_writes_is_equivalent_when_it_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, tree) in trees().iter().enumerate() {
        for to in ["manifests", "helm", "kustomize"] {
            let out = folder.path().join(format!("{number}-{to}"));
            let arguments = ["convert", text(tree), "--to", to, "--out", text(&out)];
            let output = mastoferry(&arguments).output().expect("runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let (told, exit) = audit(tree, text(&out), &[]);
            assert_eq!(names(&told), BTreeSet::new(), "{to} {}", tree.display());
            assert_eq!((told["verdict"].as_str(), exit), (Some("equivalent"), Some(0)));
            assert_eq!(told["ledger"]["unaccounted"], 0);
        }
        // What somebody takes out of the folder is missed.
        let out = folder.path().join(format!("{number}-manifests"));
        std::fs::remove_dir_all(out.join("adopted")).expect("autoscalers");
        let (told, exit) = audit(tree, text(&out), &[]);
        assert!(names(&told).iter().any(|name| name.starts_with("autoscaler-lost:")), "{told}");
        assert_eq!(exit, Some(3));
    }
}

#[test]
fn what_is_meant_is_accepted_by_name_and_by_no_other() {
    let (told, _) = audit(&example(), text(&by_hand()), &[]);
    let accepted: Vec<String> = names(&told).into_iter().collect();
    let all: Vec<&str> = accepted.iter().flat_map(|name| ["--accept", name]).collect();
    let (told, exit) = audit(&example(), text(&by_hand()), &all);
    assert_eq!((told["verdict"].as_str(), exit), (Some("equivalent"), Some(0)));
    assert!(
        told["differences"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["explained_by"] == "accepted"))
    );
    // One that is forgotten is one too many; one that matches nothing is an error, wherever it is given.
    let (_, exit) = audit(&example(), text(&by_hand()), &all[2..]);
    assert_eq!(exit, Some(3));
    let source = example();
    for command in ["convert", "plan", "rehearse"] {
        let arguments = [command, text(&source), "--accept", "env-lost:web/web/env/NOBODY"];
        let output = mastoferry(&arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{command}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("env-lost:web/web/env/NOBODY"), "{command}: {error}");
    }
}
