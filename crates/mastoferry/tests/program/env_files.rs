//! Compose projects with what Kubernetes has in another form: env files, secrets, folders in memory.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::trees::{json as run_json, mastoferry, text};

/// Every value is made up.
const COMPOSE: &str = r#"name: town
x-rails: &rails
  image: ghcr.io/mastodon/mastodon:v4.5.2
  env_file: [first.env, keys.env, last.env]
  environment: {SMTP_LOGIN: town}
services:
  web:
    <<: *rails
    command: bundle exec puma
    secrets: [one, {source: two, target: other}, {source: three, target: /etc/three.key}]
    configs: [conf, {source: inline, target: /etc/inline.cfg}]
    tmpfs: ["/run:size=64m,mode=755"]
    volumes: [{type: tmpfs, target: /cache, tmpfs: {size: 1000000}}]
  streaming:
    image: ghcr.io/mastodon/mastodon-streaming:v4.5.2
    env_file: first.env
  sidekiq: {<<: *rails, command: bundle exec sidekiq}
secrets:
  one: {file: "./the one.txt"}
  two: {environment: TWO}
  three: {external: true, name: old_three}
configs:
  conf: {file: ./conf.yml}
  inline: {content: "a: b"}
"#;
const FIRST: &str = "LOCAL_DOMAIN=town.example\nSMTP_SERVER=mail.town.example\nDB_PASS=\"made up\"\n\
    SMTP_PASSWORD=made-up-${LOCAL_DOMAIN}\nSMTP_LOGIN=plain\nSMTP_PORT=25 # the usual\n";

/// The project, and what is told of it.
fn project(last: &str) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("compose.yaml", COMPOSE),
        ("first.env", FIRST),
        ("last.env", last),
        ("the one.txt", "made-up-one"),
        ("conf.yml", "x: y\n"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let out = folder.path().join("out");
    let told = run_json(&["convert", text(folder.path()), "--to", "manifests", "--out", text(&out)]);
    (folder, told)
}

fn decision<'a>(told: &'a Value, id: &str) -> &'a Value {
    let all = told["decisions"].as_array().expect("decisions");
    all.iter().find(|own| own["decision"] == id).unwrap_or_else(|| panic!("{id} among {all:#?}"))
}

fn written(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join("out/green").join(name)).expect("a file");
    let mut files = tree::Files::new();
    let file = files.add("object", text);
    tree::parse(&files, file).expect("YAML")[0].to_json()
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED in part: needs {what}");
}

#[test]
fn what_kubectl_reads_otherwise_is_told_by_name_and_line() {
    let (folder, told) = project("SMTP_PORT=587\n");
    let odd = &decision(&told, "decide-env-file-dialect")["arguments"];
    assert_eq!(odd["file"], "first.env");
    // The login is the service's own and the port the last file's: nobody takes the first file's.
    assert_eq!(odd["names"], "DB_PASS (3), SMTP_PASSWORD (4), SMTP_PORT (6)");
    for file in ["DECISIONS.md", "SECRETS.md"] {
        let text = std::fs::read_to_string(folder.path().join("out").join(file)).expect("a file");
        assert!(text.contains("SMTP_PASSWORD (4)") && !text.contains("made up"), "{file}");
    }
    let kubectl = Command::new("kubectl")
        .args(["create", "secret", "generic", "x", "--dry-run=client", "-o", "json"])
        .arg(format!("--from-env-file={}", folder.path().join("first.env").display()))
        .output();
    let Ok(kubectl) = kubectl else { return skipped("kubectl on the PATH") };
    let theirs: Value = serde_json::from_slice(&kubectl.stdout).expect("JSON");
    for (name, read_alike) in [
        ("LOCAL_DOMAIN", Some("town.example")),
        ("SMTP_SERVER", Some("mail.town.example")),
        ("DB_PASS", None),
        ("SMTP_PASSWORD", None),
        ("SMTP_PORT", None),
    ] {
        let bytes = installation::decode_base64(theirs["data"][name].as_str().expect("a key"));
        let same = match name {
            "DB_PASS" => "made up",
            "SMTP_PASSWORD" => "made-up-town.example",
            "SMTP_PORT" => "25",
            _ => read_alike.unwrap_or_default(),
        };
        assert_eq!(bytes.as_deref() == Some(same.as_bytes()), read_alike.is_some(), "{name}");
    }
}

#[test]
fn what_a_file_that_is_not_at_hand_may_override_is_told() {
    let (_folder, told) = project("SMTP_PORT=587\n");
    let late = &decision(&told, "decide-late-env-file")["arguments"];
    assert_eq!(late["file"], "keys.env");
    assert_eq!(late["names"], "LOCAL_DOMAIN, SMTP_SERVER, DB_PASS, SMTP_PASSWORD");
}

#[test]
fn a_file_that_kubectl_refuses_is_told() {
    let (folder, told) = project("export SMTP_PORT=587\n");
    let refused = Command::new("kubectl")
        .args(["create", "secret", "generic", "x", "--dry-run=client"])
        .arg(format!("--from-env-file={}", folder.path().join("last.env").display()))
        .output();
    let Ok(refused) = refused else { return skipped("kubectl on the PATH") };
    let all = told["decisions"].as_array().expect("decisions");
    let ours = all.iter().any(|own| {
        own["decision"] == "decide-env-file-refused"
            && own["arguments"] == json!({"file": "last.env", "line": "1"})
    });
    let named = all.iter().any(|own| {
        own["decision"] == "decide-env-file-dialect" && own["arguments"]["names"] == "SMTP_PORT (1)"
    });
    // Newer releases take a name with a space in it; either way it is not what Compose sets.
    assert_eq!((ours, named), (!refused.status.success(), refused.status.success()), "{all:#?}");
}

#[test]
fn secrets_and_configs_of_the_project_are_files_under_their_old_paths() {
    let (folder, told) = project("");
    let pod = &written(folder.path(), "deployment-mastodon-web.yaml")["spec"]["template"]["spec"];
    let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("mounts");
    let volumes = pod["volumes"].as_array().expect("volumes");
    let behind = |path: &str| {
        let mount = mounts.iter().find(|own| own["mountPath"] == path).unwrap_or_else(|| panic!("{path}"));
        let volume = volumes.iter().find(|own| own["name"] == mount["name"]).expect("a volume");
        (mount["subPath"].clone(), volume.clone())
    };
    for (path, key, secret) in [
        ("/run/secrets/one", "one", "town-one"),
        ("/run/secrets/other", "two", "town-two"),
        ("/etc/three.key", "three", "old-three"),
    ] {
        let (file, volume) = behind(path);
        assert_eq!((file, &volume["secret"]["secretName"]), (json!(key), &json!(secret)), "{path}");
    }
    let (file, volume) = behind("/conf");
    assert_eq!((file, &volume["configMap"]["name"]), (json!("conf"), &json!("town-conf")));
    let (file, volume) = behind("/etc/inline.cfg");
    let name = volume["configMap"]["name"].as_str().expect("a name");
    let inline = written(folder.path(), &format!("configmap-{name}.yaml"));
    assert_eq!((file, &inline["data"]), (json!("inline"), &json!({"inline": "a: b"})));
    assert_eq!(decision(&told, "decide-file-to-config-map")["arguments"]["config_map"], "town-conf");
    assert_eq!(behind("/run").1["emptyDir"], json!({"medium": "Memory", "sizeLimit": "64Mi"}));
    assert_eq!(behind("/cache").1["emptyDir"], json!({"medium": "Memory", "sizeLimit": "1000000"}));
}

#[test]
fn the_commands_make_the_secrets_of_the_project() {
    let (folder, _) = project("");
    let text = std::fs::read_to_string(folder.path().join("out/SECRETS.md")).expect("a file");
    assert!(!text.contains("made-up"));
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("--from-file=")).collect();
    let of = |name: &str| {
        let found = lines.iter().find(|line| line.contains(&format!("generic {name} ")));
        found
            .unwrap_or_else(|| panic!("{name}: {lines:#?}"))
            .replace("create", "create --dry-run=client -o json")
    };
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return skipped("kubectl on the PATH");
    }
    for (name, key, value) in [("town-one", "one", "made-up-one"), ("town-two", "two", "made-up-two")] {
        let made =
            Command::new("sh").args(["-c", &of(name)]).env("TWO", "made-up-two").output().expect("runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let bytes = installation::decode_base64(made["data"][key].as_str().expect("a key"));
        assert_eq!(bytes.as_deref(), Some(value.as_bytes()), "{name}");
    }
    assert!(of("old-three").starts_with("read -rs value"));
}

#[test]
fn a_project_is_not_yet_planned_or_rehearsed() {
    let (folder, _) = project("");
    for command in ["plan", "rehearse"] {
        let refused = mastoferry(&[command, text(folder.path())]).output().expect("runs");
        let told = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains("none of it stands in a cluster") && told.contains("convert"), "{told}");
    }
}
