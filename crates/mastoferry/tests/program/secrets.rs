//! `convert --secrets`: values byte for byte, and nowhere else. All values here are made up.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::trees::{example, mastoferry, text};

/// Secrets in the open in every way that Kubernetes reads differently: `env` (where `$$` and `$(NAME)` are filled in),
/// a ConfigMap (where they are not), several lines, spaces at the end.
const OPEN: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: env, namespace: m}
data:
  LOCAL_DOMAIN: open.example
  DB_HOST: db
  SMTP_PASSWORD: "made-up$$1 $(DB_HOST) "
---
apiVersion: v1
kind: Secret
metadata: {name: held, namespace: m}
type: Opaque
data: {OTP_SECRET: bWFkZS11cA==}
stringData: {SECRET_KEY_BASE: "made up, too"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: m}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, puma]
        envFrom: [{configMapRef: {name: env}}, {secretRef: {name: held}}]
        env:
        - {name: DB_PASS, value: "made$$up"}
        - {name: REDIS_PASSWORD, value: "made-up-on-$(DB_HOST)-$(NOWHERE)"}
        - {name: VAPID_PRIVATE_KEY, value: "made\nup\n"}
        - {name: VAPID_PUBLIC_KEY, valueFrom: {secretKeyRef: {name: elsewhere, key: public}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: streaming, namespace: m}
spec:
  selector: {matchLabels: {app: streaming}}
  template:
    metadata: {labels: {app: streaming}}
    spec:
      containers:
      - name: streaming
        image: ghcr.io/mastodon/mastodon-streaming:v4.5.2
        command: [node, ./streaming]
        envFrom: [{configMapRef: {name: env}}, {secretRef: {name: held}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sidekiq, namespace: m}
spec:
  selector: {matchLabels: {app: sidekiq}}
  template:
    metadata: {labels: {app: sidekiq}}
    spec:
      containers:
      - name: sidekiq
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, sidekiq]
        envFrom: [{configMapRef: {name: env}}, {secretRef: {name: held}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: m}
spec: {selector: {app: web}, ports: [{port: 3000}]}
"#;

/// What containers get today.
const TODAY: [(&str, &[u8]); 6] = [
    ("DB_PASS", b"made$up"),
    ("REDIS_PASSWORD", b"made-up-on-db-$(NOWHERE)"),
    ("VAPID_PRIVATE_KEY", b"made\nup\n"),
    ("SMTP_PASSWORD", b"made-up$$1 $(DB_HOST) "),
    ("OTP_SECRET", b"made-up"),
    ("SECRET_KEY_BASE", b"made up, too"),
];

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { root: tempfile::tempdir().expect("a folder") };
        std::fs::write(place.at("open.yaml"), OPEN).expect("written");
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn convert(&self, more: &[&str]) -> std::process::Output {
        let source = self.at("open.yaml");
        let arguments = ["convert", text(&source), "--to", "helm"];
        mastoferry(&arguments).args(more).current_dir(self.root.path()).output().expect("runs")
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.path()).expect("a folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

fn documents(bytes: &[u8]) -> Vec<Value> {
    let mut files = tree::Files::new();
    let file = files.add("documents", String::from_utf8_lossy(bytes).into_owned());
    tree::parse(&files, file).expect("YAML").iter().map(tree::Node::to_json).collect()
}

/// The keys of Secrets with their bytes.
fn keys_of(secrets: &[Value]) -> BTreeMap<String, Vec<u8>> {
    let entries = secrets.iter().flat_map(|secret| secret["data"].as_object().into_iter().flatten());
    let decoded =
        |value: &Value| installation::decode_base64(value.as_str().expect("base64")).expect("base64");
    entries.map(|(key, value)| (key.clone(), decoded(value))).collect()
}

fn today() -> BTreeMap<String, Vec<u8>> {
    TODAY.iter().map(|(key, bytes)| ((*key).to_owned(), bytes.to_vec())).collect()
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED in part: needs {what}");
}

#[test]
fn values_are_those_that_containers_get_today_byte_for_byte() {
    let place = Place::new();
    let output = place.convert(&["--secrets", "private", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifests: Vec<Value> = files_below(&place.at("private"))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        .flat_map(|file| documents(&std::fs::read(file).expect("a file")))
        .collect();
    assert_eq!(keys_of(&manifests), today());
    assert!(manifests.iter().all(|secret| secret["metadata"]["namespace"] == "m"));
}

#[test]
fn the_lines_make_kubectl_make_the_same() {
    let place = Place::new();
    assert!(place.convert(&["--secrets", "private"]).status.success());
    let script = std::fs::read_to_string(place.at("private/create.sh")).expect("a script");
    assert!(script.contains("--from-env-file=") && script.contains("--from-file="), "{script}");
    let dry = script.replace("kubectl create", "kubectl create --dry-run=client -o yaml");
    std::fs::write(place.at("private/dry.sh"), dry).expect("written");
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return skipped("kubectl on the PATH");
    }
    let made = Command::new("sh").arg(place.at("private/dry.sh")).output().expect("runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8_lossy(&made.stdout).replace("apiVersion:", "---\napiVersion:");
    assert_eq!(keys_of(&documents(made.as_bytes())), today());
}

#[test]
fn what_the_source_does_not_hold_is_a_template_with_its_keys() {
    let place = Place::new();
    assert!(place.convert(&["--secrets", "private"]).status.success());
    let template = std::fs::read(place.at("private/secret-elsewhere.yaml.template")).expect("a template");
    let template = documents(&template).remove(0);
    assert_eq!(template["stringData"]["public"], "FILL-IN");
    let example = example();
    let arguments = ["convert", text(&example), "--to", "kustomize", "--secrets"];
    let output = mastoferry(&arguments).arg(place.at("example")).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let template =
        std::fs::read(place.at("example/secret-mastodon-secrets.yaml.template")).expect("a template");
    let keys = documents(&template).remove(0)["stringData"].clone();
    assert_eq!(keys["SECRET_KEY_BASE"], "FILL-IN", "it is taken whole, so what the release needs is named");
}

#[test]
fn only_their_owner_can_read_them() {
    let place = Place::new();
    assert!(place.convert(&["--secrets", "deep/private"]).status.success());
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&place.at("deep/private")), 0o700);
    let files = files_below(&place.at("deep/private"));
    assert!(files.len() > 3);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().expect("a folder")), 0o700);
    }
}

#[test]
fn no_output_and_no_other_file_has_a_value_in_it() {
    for form in ["text", "json", "markdown"] {
        let place = Place::new();
        let tools = ["--with", "argo-cd", "--with", "flux", "--with", "skaffold"];
        let all = [&["--secrets", "private", "--out", "out", "--output", form], &tools[..]].concat();
        let output = place.convert(&all);
        assert!(output.status.success());
        let mut seen = vec![output.stdout, output.stderr];
        seen.extend(files_below(&place.at("out")).iter().map(|file| std::fs::read(file).expect("a file")));
        for text in seen.iter().map(|bytes| String::from_utf8_lossy(bytes)) {
            assert!(
                !text.contains("made$") && !text.contains("made-up") && !text.contains("made up"),
                "{form}"
            );
        }
    }
}

#[test]
fn they_are_written_nowhere_that_is_handed_on() {
    let place = Place::new();
    let refused = |arguments: &[&str], said: &str| {
        let output = place.convert(arguments);
        let error = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(said), "{error}");
    };
    refused(&["--secrets", "out/private", "--out", "out"], "one inside the other");
    refused(&["--secrets", "x", "--out", "x/out"], "one inside the other");
    std::fs::create_dir(place.at("full")).expect("made");
    std::fs::write(place.at("full/file"), "mine").expect("written");
    refused(&["--secrets", "full"], "not empty");
    std::fs::create_dir(place.at("tree")).expect("made");
    let git = Command::new("git").args(["init", "-q"]).arg(place.at("tree")).status();
    if git.is_ok_and(|status| status.success()) {
        refused(&["--secrets", "tree/private"], "Git work tree");
        std::os::unix::fs::symlink(place.at("tree"), place.at("link")).expect("linked");
        refused(&["--secrets", "link/private"], "Git work tree");
        std::fs::write(place.at("tree/.gitignore"), "private/\n").expect("written");
        assert!(place.convert(&["--secrets", "tree/private"]).status.success());
    } else {
        skipped("git on the PATH");
    }
}

#[test]
fn nothing_is_left_where_the_rest_cannot_be_written() {
    let place = Place::new();
    let before = place.names();
    let output = place.convert(&["--secrets", "private", "--out", "open.yaml/out"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.names(), before);
    std::fs::create_dir(place.at("empty")).expect("made");
    let output = place.convert(&["--secrets", "empty", "--out", "open.yaml/out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        place.at("empty").is_dir() && files_below(&place.at("empty")).is_empty(),
        "its owner's, and empty"
    );
    let output = place.convert(&["--secrets", "open.yaml/private", "--out", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!place.at("out").exists());
}

/// An env file in Compose's dialect, which kubectl reads otherwise: quotes, comments, variables, several lines.
const ENV_FILE: &str = r#"LOCAL_DOMAIN=odd.example
DB_HOST=db
REDIS_HOST=redis
SECRET_KEY_BASE='made $up # in quotes'
OTP_SECRET="made\nup $LOCAL_DOMAIN"
DB_PASS=made-up # and a comment
SMTP_PASSWORD=made$$up-${LOCAL_DOMAIN}-${NOWHERE:-else}
export VAPID_PRIVATE_KEY="made-up
on two lines"
"#;

#[test]
fn an_env_file_of_compose_gives_what_compose_makes_of_it() {
    let place = Place::new();
    let project = place.at("project");
    std::fs::create_dir(&project).expect("made");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/compose");
    for file in ["compose.yaml", ".env"] {
        std::fs::copy(examples.join(file), project.join(file)).expect("copied");
    }
    let compose = std::fs::read_to_string(project.join("compose.yaml")).expect("a file");
    let more =
        "  env_file: .env.production\n  environment:\n    REDIS_PASSWORD: \"made$$up ${NOWHERE-else}\"\n";
    let compose = compose.replacen("  env_file: .env.production\n", more, 1);
    std::fs::write(project.join("compose.yaml"), compose).expect("written");
    std::fs::write(project.join(".env.production"), ENV_FILE).expect("written");
    let arguments = ["convert", text(&project), "--to", "manifests", "--namespace", "m", "--secrets"];
    let output = mastoferry(&arguments).arg(place.at("private")).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Vec<Value> = files_below(&place.at("private"))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        .flat_map(|file| documents(&std::fs::read(file).expect("a file")))
        .collect();
    let made = keys_of(&made);
    assert_eq!(made.len(), 6, "{:?}", made.keys());
    assert_eq!(made["DB_PASS"], b"made-up");
    assert_eq!(made["REDIS_PASSWORD"], b"made$up else");
    let script = std::fs::read_to_string(place.at("private/create.sh")).expect("a script");
    let dry = script.replace("kubectl create", "kubectl create --dry-run=client -o yaml");
    std::fs::write(place.at("private/dry.sh"), dry).expect("written");
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return skipped("kubectl on the PATH");
    }
    let lines = Command::new("sh").arg(place.at("private/dry.sh")).output().expect("runs");
    let lines = String::from_utf8_lossy(&lines.stdout).replace("apiVersion:", "---\napiVersion:");
    assert_eq!(keys_of(&documents(lines.as_bytes())), made, "what create.sh makes");
    let real = Command::new("compose-v2")
        .args(["--project-directory", text(&project), "-f", text(&project.join("compose.yaml"))])
        .args(["config", "--format", "json"])
        .output();
    let Ok(real) = real else { return skipped("compose-v2 on the PATH") };
    assert!(real.status.success(), "{}", String::from_utf8_lossy(&real.stderr));
    let real: Value = serde_json::from_slice(&real.stdout).expect("JSON");
    for (key, bytes) in &made {
        let theirs = real["services"]["web"]["environment"][key].as_str().expect("a text");
        // `config` writes a dollar twice, so that it can be read again.
        assert_eq!(String::from_utf8_lossy(bytes), theirs.replace("$$", "$"), "{key}");
    }
}
