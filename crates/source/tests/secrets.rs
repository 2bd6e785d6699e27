//! No secret is shown: not in `Debug`, not in JSON, not in findings, wherever its owner wrote it.

use installation::Installation;
use proptest::prelude::*;
use source::{SourceRef, Sourced};

/// Text in which every place where people write secrets holds one; `S0`, `S1`, … stand for them.
const MANIFESTS: &str = r#"
apiVersion: v1
kind: Secret
metadata:
  name: plain
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"OTHER":"S0"}}'
stringData: {SECRET_KEY_BASE: S1, ANYTHING: S2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data:
  LOCAL_DOMAIN: social.example
  DB_PASS: S3
  DATABASE_URL: postgres://mastodon:S4@db:5432/mastodon
  REDIS_URL: redis://:S5@redis:6379/0
---
apiVersion: v1
kind: ConfigMap
metadata: {name: file}
data:
  .env.production: |
    DB_HOST=db
    SMTP_PASSWORD=S6
    export OTP_SECRET='S7'
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"env":[{"name":"X","value":"S8"}]}'}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bash, -c, "export AWS_SECRET_ACCESS_KEY=S9; REDIS_PASSWORD=S10 bundle exec puma -t 5:10"]
        envFrom: [{configMapRef: {name: config}}, {secretRef: {name: plain}}]
        env:
        - {name: SMTP_PASSWORD, value: S11}
        - {name: UNHEARD_OF_TOKEN, value: S12}
        - {name: SIDEKIQ_REDIS_URL, value: "rediss://user:S13@other:6380"}
        volumeMounts: [{name: file, mountPath: /opt/mastodon/.env.production, subPath: .env.production}]
      volumes: [{name: file, configMap: {name: file}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      initContainers:
      - {name: wait, image: busybox, command: [sh, -c, "redis-cli -a S14 ping"]}
      containers:
      - {name: redis, image: "redis:7", args: [--requirepass, S15]}
      - {name: exporter, image: redis_exporter, args: ["--redis.password=S16", --redis.addr, "redis://:S17@localhost"]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - {name: dump, image: "postgres:17", command: [sh, -c, "PGPASSWORD=S18 pg_dump -h db mastodon"]}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: release}
spec:
  values:
    mastodon: {secrets: {secret_key_base: S19, otp_secret: S20, vapid: {private_key: S21}}}
    postgresql: {auth: {password: S22}}
    smtp: {auth: {password: S23}}
---
apiVersion: example.com/v1
kind: Anything
metadata: {name: own}
spec: {password: S24, nested: [{url: "https://me:S25@example.com/x"}]}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: listed}, stringData: {x: S26}}
"#;
const PLACES: usize = 27;

/// Secrets nobody would write by chance, of letters that YAML, URLs and shells take as they are.
fn secrets() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-zA-Z][a-zA-Z0-9._~-]{6,20}", PLACES).prop_map(|texts| {
        texts.into_iter().enumerate().map(|(number, text)| format!("mark{number}x{text}")).collect()
    })
}

fn fill(template: &str, secrets: &[String]) -> String {
    // From the last on, so that S1 is not found in S10.
    secrets
        .iter()
        .enumerate()
        .rev()
        .fold(template.to_owned(), |text, (number, secret)| text.replace(&format!("S{number}"), secret))
}

fn read(name: &str, text: &str) -> Sourced {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8").to_owned();
    source::read(&SourceRef { kind: None, path: path.into() }).expect("is read")
}

fn shown(sourced: &Sourced) -> String {
    let mut shown = format!("{sourced:?}");
    for object in &sourced.objects {
        shown += &object.node.to_json().to_string();
        shown += &tree::to_yaml(&object.node).expect("is written");
    }
    for document in &sourced.documents {
        shown += &document.node.to_json().to_string();
    }
    for chosen in [None, Some("social.example"), Some("mastodon.local")] {
        let Ok(installation) = Installation::understand(sourced.objects.clone(), chosen) else { continue };
        shown += &format!("{installation:?}");
        for component in &installation.components {
            shown += &format!("{:?}", component.environment);
        }
    }
    shown
}

fn assert_hidden(shown: &str, secrets: &[String]) {
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!shown.contains(secret.as_str()), "the secret at S{number} is shown");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn manifests_show_no_secret(secrets in secrets()) {
        let sourced = read("site.yaml", &fill(MANIFESTS, &secrets));
        assert_hidden(&shown(&sourced), &secrets);
    }
}

#[test]
fn what_is_sealed_is_still_understood() {
    let secrets: Vec<String> = (0..PLACES).map(|number| format!("mark{number}xmade-up")).collect();
    let sourced = read("site.yaml", &fill(MANIFESTS, &secrets));
    // The HelmRelease beside it makes a Mastodon of its own.
    let installation = Installation::understand(sourced.objects, Some("social.example")).expect("a Mastodon");
    let environment = &installation.components[0].environment;
    assert_eq!(environment.text("MAX_THREADS"), Some("10"), "the sealed command line is read");
    assert_eq!(environment.text("DB_HOST"), Some("db"), "the sealed env file is read");
    assert!(environment.settings.contains_key("OTP_SECRET"));
    let addresses: Vec<_> = installation.stores.iter().filter_map(|store| store.address.as_deref()).collect();
    assert_eq!(addresses[..3], ["db:5432", "redis:6379", "other:6380"], "hosts of sealed URLs are told");
}

#[test]
fn base64_values_are_secrets_too() {
    // "made-up-secret" in base64.
    let sourced = read(
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {LOCAL_KEY: bWFkZS11cC1zZWNyZXQ=, n: 12}\n",
    );
    let shown = shown(&sourced);
    assert!(!shown.contains("bWFkZS11cC1zZWNyZXQ") && !shown.contains("made-up-secret"));
}

#[test]
fn what_is_no_secret_stays_readable() {
    let sourced = read(
        "web.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  LOCAL_DOMAIN: a.example\n  VAPID_PUBLIC_KEY: made-up-public\n  REDIS_URL: \"\"\n  DB_PASS: $(DB_PASS)\n",
    );
    let data = sourced.objects[0].node.get("data").expect("data").to_json();
    let expected = "{\"LOCAL_DOMAIN\":\"a.example\",\"VAPID_PUBLIC_KEY\":\"made-up-public\",\"REDIS_URL\":\"\",\"DB_PASS\":\"$(DB_PASS)\"}";
    assert_eq!(data.to_string(), expected);
}
