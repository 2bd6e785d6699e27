//! Compose projects whose stores are made anew in the cluster.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::trees::{json as run_json, text};

/// Every value is made up. `DATABASE` and `OWNER` are filled in.
const COMPOSE: &str = r"name: town
x-rails: &rails
  image: ghcr.io/mastodon/mastodon:v4.5.2
  environment: &settings
    LOCAL_DOMAIN: town.example
    DB_HOST: DATABASE
    DB_USER: OWNER
    DB_NAME: town
    DB_PASS: made-up
    REDIS_HOST: redis
    ES_ENABLED: true
    ES_HOST: es
services:
  db: {image: 'postgres:16-alpine', volumes: ['db:/var/lib/postgresql/data']}
  redis: {image: 'redis:7-alpine', volumes: ['redis:/data']}
  es: {image: 'docker.elastic.co/elasticsearch/elasticsearch:7.17.4', volumes: ['es:/usr/share/elasticsearch/data']}
  pgbouncer: {image: 'edoburu/pgbouncer:1.22'}
  web: {<<: *rails, command: bundle exec puma}
  streaming:
    image: ghcr.io/mastodon/mastodon-streaming:v4.5.2
    environment: *settings
  sidekiq: {<<: *rails, command: bundle exec sidekiq}
volumes: {db: , redis: , es: }
";

struct Converted {
    folder: tempfile::TempDir,
    told: Value,
}

impl Converted {
    fn new(host: &str, user: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let compose = COMPOSE.replace("DATABASE", host).replace("OWNER", user);
        std::fs::write(folder.path().join("compose.yaml"), compose).expect("written");
        let (source, out) = (folder.path().to_owned(), folder.path().join("out"));
        let arguments = ["convert", text(&source), "--to", "manifests", "--out", text(&out)];
        let told = run_json(&[&arguments[..], &["--stores", "in-cluster", "--store-size", "50Gi"]].concat());
        Self { folder, told }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("out").join(name)
    }

    fn object(&self, name: &str) -> Value {
        read(&self.path("green").join(name))
    }

    fn setting(&self, name: &str) -> Value {
        let all = std::fs::read_dir(self.path("green")).expect("a folder").flatten();
        let maps = all.filter(|entry| entry.file_name().to_string_lossy().starts_with("configmap-"));
        let mut values = maps.map(|entry| read(&entry.path())["data"][name].clone());
        values.find(|value| !value.is_null()).unwrap_or_default()
    }

    fn decision(&self, id: &str) -> &Value {
        let all = self.told["decisions"].as_array().expect("decisions");
        all.iter().find(|own| own["decision"] == id).unwrap_or_else(|| panic!("{id} among {all:#?}"))
    }
}

fn read(path: &Path) -> Value {
    let mut files = tree::Files::new();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = files.add("object", text);
    tree::parse(&files, file).expect("YAML")[0].to_json()
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED in part: needs {what}");
}

#[test]
fn the_database_is_a_cluster_and_mastodon_finds_it() {
    let converted = Converted::new("db", "town");
    let spec = converted.object("cluster-db-postgres.yaml")["spec"].clone();
    // The whole of it, in the fields that the operator's CustomResourceDefinition documents.
    assert_eq!(
        spec,
        json!({
            "instances": 1,
            "imageName": "ghcr.io/cloudnative-pg/postgresql:16",
            "storage": { "size": "50Gi" },
            "bootstrap": { "initdb": {
                "database": "town",
                "owner": "town",
                "secret": { "name": "db-owner" },
                "encoding": "UTF8",
                "localeCollate": "en_US.utf8",
                "localeCType": "en_US.utf8",
            } },
        })
    );
    assert_eq!(converted.setting("DB_HOST"), "db-postgres-rw");
    let set = converted.object("statefulset-redis.yaml");
    let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"];
    assert_eq!((claim, &converted.setting("REDIS_HOST")), (&json!("50Gi"), &json!("redis")));
    for effect in converted.told["effects"].as_array().expect("effects") {
        assert!(effect["explained_by"].is_string(), "{effect}");
    }
    assert_eq!(converted.told["ledger"]["unaccounted"], 0);
}

#[test]
fn how_the_data_gets_in_is_told() {
    let converted = Converted::new("db", "town");
    let text = std::fs::read_to_string(converted.path("DECISIONS.md")).expect("a file");
    for said in [
        "docker compose exec -T db pg_dump -U town -Fc town | kubectl exec -i db-postgres-1 -c postgres -- \
         pg_restore --no-owner --no-comments --role=town -d town",
        "docker compose exec redis redis-cli save",
        "data-redis-0",
        "tootctl search deploy",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn the_superuser_gets_in_and_the_database_has_an_owner() {
    let spec = Converted::new("db", "postgres").object("cluster-db-postgres.yaml")["spec"].clone();
    assert_eq!(spec["enableSuperuserAccess"], true);
    assert_eq!(spec["superuserSecret"]["name"], "db-owner");
    let initdb = &spec["bootstrap"]["initdb"];
    assert_eq!((&initdb["database"], &initdb["owner"]), (&json!("town"), &json!("mastodon")));
    assert!(initdb["secret"].is_null(), "its user is not the one that the Secret names");
}

#[test]
fn a_proxy_to_the_database_is_left_alone() {
    let converted = Converted::new("pgbouncer", "town");
    assert_eq!(converted.setting("DB_HOST"), "pgbouncer");
    assert!(!converted.path("green/cluster-db-postgres.yaml").exists());
    assert_eq!(converted.object("service-pgbouncer.yaml")["spec"]["type"], "ExternalName");
    assert_eq!(converted.decision("decide-database-proxy")["arguments"]["service"], "pgbouncer");
}

#[test]
fn the_command_makes_the_secret_that_the_cluster_asks_for() {
    let converted = Converted::new("db", "town");
    let text = std::fs::read_to_string(converted.path("SECRETS.md")).expect("a file");
    assert!(!text.contains("made-up"));
    let at = text.find("kubectl get secret mastodon-settings -o go-template").expect("the settings' Secret");
    let script: String =
        text[at..].lines().take_while(|line| !line.starts_with("```")).collect::<Vec<_>>().join("\n");
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return skipped("kubectl on the PATH");
    }
    // What the cluster would answer: the template's result, in base64.
    let (_, rest) = script.split_once('|').expect("a pipe");
    let dry = format!("printf bWFkZS11cA== | {rest}").replace("create", "create --dry-run=client -o json");
    let made = Command::new("sh").args(["-c", &dry]).output().expect("runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    assert_eq!(
        (&made["type"], &made["metadata"]["name"]),
        (&json!("kubernetes.io/basic-auth"), &json!("db-owner"))
    );
    assert_eq!(made["data"], json!({"username": "dG93bg==", "password": "bWFkZS11cA=="}));
}
