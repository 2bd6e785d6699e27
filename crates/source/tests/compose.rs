//! Compose projects as objects.

use std::collections::BTreeMap;

use installation::{Installation, Role};
use source::{Form, NoteKind, SourceErrorKind, SourceRef, Sourced, read};
use tempfile::TempDir;
use tree::Node;

const PROJECT: &str = r#"
services:
  db:
    image: postgres:14-alpine
    expose: ["5432"]
    environment: {POSTGRES_PASSWORD: made-up-word}
    volumes: [data:/var/lib/postgresql/data]
  redis: {image: "redis:7"}
  web:
    image: ghcr.io/mastodon/mastodon:v4.5.0
    env_file: .env.production
    command: bundle exec puma -C config/puma.rb
    ports: ['127.0.0.1:3000:3000']
    depends_on: [db, redis]
    user: "991:991"
    stop_grace_period: 1m30s
    healthcheck: {test: ['CMD-SHELL', 'curl -s localhost:3000/health'], interval: 90s, retries: 4}
    deploy: {replicas: 2, resources: {limits: {cpus: '0.5', memory: 512M}}}
    labels: ["traefik.http.routers.m.rule=Host(`example.com`)"]
    volumes:
      - ./public/system:/mastodon/public/system:ro
      - nfs:/nfs
      - {type: tmpfs, target: /tmp}
  streaming:
    build: {context: ., dockerfile: ./streaming/Dockerfile}
    env_file: .env.production
    command: node ./streaming/index.js
    ports: ['127.0.0.1:4000:4000']
  sidekiq:
    image: ghcr.io/mastodon/mastodon:v4.5.0
    env_file: .env.production
    environment: {LOG: $NOT_SET}
    command: bash -c "rm -f /tmp/x; bundle exec sidekiq"
  tor: {image: tor, profiles: [tor]}
volumes:
  data:
  nfs: {driver: local, driver_opts: {type: nfs, o: "addr=192.0.2.7,rw", device: ":/export"}}
"#;

const SETTINGS: &str =
    "LOCAL_DOMAIN=example.com\nDB_HOST=db\nDB_PASS='made-up-word'\nSECRET_KEY_BASE=made-up-word\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("makes a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    folder
}

fn project() -> TempDir {
    folder(&[("docker-compose.yml", PROJECT), (".env.production", SETTINGS)])
}

fn sourced(reference: &str) -> Sourced {
    read(&reference.parse::<SourceRef>().expect("a source")).unwrap_or_else(|error| panic!("{error:?}"))
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("text").to_owned()
}

fn object<'a>(sourced: &'a Sourced, id: &str) -> &'a Node {
    let found = sourced.objects.iter().find(|object| object.id().to_string() == id);
    &found.unwrap_or_else(|| panic!("no {id}")).node
}

#[test]
fn a_service_says_the_same_as_a_deployment() {
    let folder = project();
    let sourced = sourced(&path(&folder, ""));
    assert_eq!(sourced.form, Form::Compose);
    let web = object(&sourced, "Deployment/web");
    let spec =
        |keys: &[&str]| web.at_keys(&[&["spec"], keys].concat()).map(Node::to_json).unwrap_or_default();
    assert_eq!(spec(&["replicas"]), 2);
    assert_eq!(spec(&["strategy", "type"]), "Recreate");
    let pod = web.at_keys(&["spec", "template", "spec"]).expect("a pod").to_json();
    assert_eq!(pod["terminationGracePeriodSeconds"], 90);
    let container = &pod["containers"][0];
    let expected = serde_json::json!({
        "args": ["bundle", "exec", "puma", "-C", "config/puma.rb"],
        "ports": [{"containerPort": 3000, "hostIP": "127.0.0.1", "hostPort": 3000, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "0.5", "memory": "536870912"}},
        "securityContext": {"runAsUser": 991, "runAsGroup": 991},
        "readinessProbe": {
            "exec": {"command": ["/bin/sh", "-c", "curl -s localhost:3000/health"]},
            "periodSeconds": 90,
            "failureThreshold": 4,
        },
    });
    for (key, value) in expected.as_object().expect("a mapping") {
        assert_eq!(&container[key], value, "{key}");
    }
    let root = path(&folder, "public/system");
    let volumes = serde_json::json!([
        {"name": "mount-0", "hostPath": {"path": root}},
        {"name": "nfs", "nfs": {"server": "192.0.2.7", "path": "/export"}},
        {"name": "mount-2", "emptyDir": {"medium": "Memory"}},
    ]);
    assert_eq!(pod["volumes"], volumes);
    let sidekiq = object(&sourced, "Deployment/sidekiq").to_json();
    assert_eq!(sidekiq["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 10);
    // A service that names a port is found by its name; a named volume is a claim.
    assert_eq!(object(&sourced, "Service/db").to_json()["spec"]["ports"][0]["port"], 5432);
    assert!(sourced.objects.iter().any(|object| object.kind() == "PersistentVolumeClaim"));
}

#[test]
fn every_leaf_has_its_place_and_settings_that_of_their_env_file() {
    let folder = project();
    let sourced = sourced(&path(&folder, ""));
    for object in &sourced.objects {
        for leaf in object.node.leaves() {
            assert!(leaf.node.origin.is_some(), "{} {}", object.id(), leaf.path);
        }
    }
    let web = object(&sourced, "Deployment/web");
    let container = &web
        .at_keys(&["spec", "template", "spec", "containers"])
        .expect("containers")
        .as_sequence()
        .expect("a list")[0];
    let lines: BTreeMap<String, u32> = container
        .get("env")
        .into_iter()
        .flat_map(Node::items)
        .map(|variable| {
            let origin = variable.get("value").and_then(|value| value.origin).expect("a place");
            assert!(sourced.files.name(origin.file).ends_with(".env.production"));
            (variable.str_at(&["name"]).unwrap_or_default().to_owned(), origin.line)
        })
        .collect();
    assert_eq!(lines["LOCAL_DOMAIN"], 1);
    assert_eq!(lines["SECRET_KEY_BASE"], 4);
}

#[test]
fn nothing_secret_shows() {
    let folder = project();
    let sourced = sourced(&path(&folder, ""));
    let shown = format!("{:?}{:?}{:?}", sourced.objects, sourced.documents, sourced.notes);
    assert!(!shown.contains("made-up-word"));
}

#[test]
fn the_parts_of_mastodon_are_made_out() {
    let folder = project();
    let sourced = sourced(&path(&folder, ""));
    let installation = Installation::understand(sourced.objects, None).expect("is a Mastodon");
    assert_eq!(installation.domain, "example.com");
    let roles: Vec<(&str, bool)> = installation
        .components
        .iter()
        .map(|part| (installation.workload(part).name(), matches!(part.role, Role::Sidekiq(_))))
        .collect();
    assert_eq!(roles, [("web", false), ("streaming", false), ("sidekiq", true)]);
}

#[test]
fn what_a_person_should_know_is_noted() {
    let folder = project();
    let sourced = sourced(&path(&folder, ""));
    let kinds: Vec<&NoteKind> = sourced.notes.iter().map(|note| &note.kind).collect();
    assert!(kinds.contains(&&NoteKind::UnsetVariable { name: "NOT_SET".into() }), "{kinds:?}");
    assert!(kinds.contains(&&NoteKind::ReadDifferently { names: vec!["DB_PASS".into()] }), "{kinds:?}");
    assert!(kinds.contains(&&NoteKind::SwitchedOff { service: "tor".into() }), "{kinds:?}");
    let built = kinds
        .iter()
        .any(|kind| matches!(kind, NoteKind::BuiltImage { service, .. } if service == "streaming"));
    assert!(built, "{kinds:?}");
}

#[test]
fn a_missing_env_file_is_a_gap_and_the_rest_is_read() {
    let folder = folder(&[("docker-compose.yml", PROJECT)]);
    let sourced = sourced(&path(&folder, ""));
    assert_eq!(sourced.unread.len(), 3);
    assert!(
        sourced
            .unread
            .iter()
            .all(|gap| matches!(gap.kind, SourceErrorKind::Compose(_)) && gap.origin.is_some())
    );
    assert!(Installation::understand(sourced.objects, None).is_ok());
}

#[test]
fn projects_are_found_by_folder_file_and_list() {
    let folder = project();
    std::fs::write(
        path(&folder, "docker-compose.override.yml").as_str(),
        "services: {redis: {image: over}}\n",
    )
    .expect("writes");
    std::fs::write(path(&folder, "other.yml").as_str(), "services: {redis: {image: other}}\n")
        .expect("writes");
    let image = |reference: &str| {
        let sourced = sourced(reference);
        let redis = object(&sourced, "Deployment/redis").to_json();
        redis["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned()
    };
    let (root, file, other) =
        (path(&folder, ""), path(&folder, "docker-compose.yml"), path(&folder, "other.yml"));
    assert_eq!(image(&root), "over");
    assert_eq!(image(&file), "redis:7");
    assert_eq!(image(&format!("compose:{file}:{other}")), "other");
    assert_eq!(image(&format!("compose:{root}")), "over");
}
