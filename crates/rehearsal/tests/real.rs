//! The server inside held against a real one: the same requests, the same answers.
//!
//! Where `KUBECONFIG` names a cluster (`cargo xtask testbed -- cargo test -p rehearsal --test real`) that one is
//! asked, and with `MASTOFERRY_BLESS=1` its answers are recorded; elsewhere the recorded ones count. The requests
//! stand in `real/requests.txt`; what is known to differ, and why, in `real/known.txt` and
//! `docs/differences/api.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clock::Clock;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use rehearsal::{Store, client};
use serde_json::{Map, Value, json};

/// One request.
#[derive(Debug, Clone, Default)]
struct Case {
    title: String,
    method: String,
    path: String,
    content_type: String,
    body: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    code: u16,
    warnings: Vec<String>,
    body: Value,
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

fn cases(namespace: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/requests.txt"));
    let text = text.expect("the requests").replace("NS", namespace);
    text.split("\n## ").skip(1).map(case).collect()
}

fn case(text: &str) -> Case {
    let mut lines = text.trim_end().lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("method and path");
    let mut rest: Vec<&str> = lines.collect();
    let mut content_type = "application/json";
    if let Some(given) = rest.first().and_then(|line| line.strip_prefix("as ")) {
        content_type = given;
        rest.remove(0);
    }
    Case {
        title,
        method: method.to_owned(),
        path: path.to_owned(),
        content_type: content_type.to_owned(),
        body: rest.join("\n"),
    }
}

/// A server, and what it said last of each name.
struct Server {
    client: Client,
    seen: BTreeMap<String, (String, String)>,
}

impl Server {
    fn new(client: Client) -> Self {
        Self { client, seen: BTreeMap::new() }
    }

    async fn ask(&mut self, case: &Case) -> Answer {
        if case.method == "WAIT" {
            return self.wait(case).await;
        }
        // More than `MaxRequestBodyBytes` of k8s.io/apiserver.
        let mut body = case.body.replace("@huge", &"x".repeat(3 * 1024 * 1024));
        for (name, (version, uid)) in &self.seen {
            body = body.replace(&format!("@rv({name})"), version).replace(&format!("@uid({name})"), uid);
        }
        let request = http::Request::builder()
            .method(case.method.as_str())
            .uri(&case.path)
            .header("content-type", &case.content_type)
            .header("user-agent", "comparison/1")
            .header("accept", "application/json")
            .body(Body::from(body.into_bytes()))
            .expect("a request");
        let asked = tokio::time::timeout(Duration::from_secs(20), async {
            let (head, body) = self.client.send(request).await.expect("an answer").into_parts();
            (head, body.collect().await.expect("a body").to_bytes())
        });
        let (head, body) = asked.await.unwrap_or_else(|_| panic!("no answer: {}", case.title));
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("/metadata/name");
        if !name.is_empty() {
            self.seen.insert(name, (text("/metadata/resourceVersion"), text("/metadata/uid")));
        }
        let warnings = head.headers.get_all("warning").iter();
        let warnings = warnings.map(|value| value.to_str().expect("text").to_owned()).collect();
        Answer { code: head.status.as_u16(), warnings, body }
    }

    /// Asks until a condition holds, which takes a controller its time.
    async fn wait(&mut self, case: &Case) -> Answer {
        let (condition, path) = case.path.split_once(' ').expect("a condition and a path");
        let get = Case { method: "GET".to_owned(), path: path.to_owned(), ..case.clone() };
        for _ in 0..200 {
            let answer = Box::pin(self.ask(&get)).await;
            let conditions = answer.body.pointer("/status/conditions").and_then(Value::as_array);
            let holds = |one: &Value| one["type"] == condition && one["status"] == "True";
            if conditions.is_some_and(|all| all.iter().any(holds)) {
                // The paths of a new kind are served a moment after it is established.
                tokio::time::sleep(Duration::from_millis(500)).await;
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{condition} never held at {path}");
    }
}

/// What no two servers have in common: times, versions, identities, addresses, names made up.
fn normal(value: &mut Value, key: &str) {
    match value {
        Value::Object(members) => {
            if let Some(claims) = members.get_mut("managedFields").and_then(Value::as_array_mut) {
                // The testbed's controllers write under the name of its program.
                let controllers = ["kube-controller-manager", "kube-apiserver", "testbed"];
                claims.retain(|claim| !controllers.iter().any(|name| claim["manager"] == *name));
                claims.sort_by_key(|claim| format!("{}{}", claim["operation"], claim["manager"]));
            }
            forget(members);
            let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default();
            if ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind) {
                members.remove("status");
            }
            if let Some(conditions) = members.get_mut("conditions").and_then(Value::as_array_mut) {
                conditions.retain(|condition| condition["type"] != "PodScheduled");
                if conditions.is_empty() {
                    members.remove("conditions");
                }
            }
            if let Some(causes) = members.get_mut("causes").and_then(Value::as_array_mut) {
                causes.sort_by_key(Value::to_string);
            }
            members.iter_mut().for_each(|(key, child)| normal(child, key));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| normal(item, key)),
        Value::String(text) => *text = normal_text(text, key),
        Value::Number(_) if ["nodePort", "healthCheckNodePort"].contains(&key) => *value = json!("PORT"),
        _ => {}
    }
}

/// What controllers of the real cluster may have written meanwhile.
fn forget(members: &mut Map<String, Value>) {
    if let Some(annotations) = members.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| name != "deployment.kubernetes.io/revision");
        if annotations.is_empty() {
            members.remove("annotations");
        }
    }
}

fn normal_text(text: &str, key: &str) -> String {
    let always = ["uid", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime", "continue"];
    if always.contains(&key) || (key == "resourceVersion" && text.parse::<u64>().is_ok()) {
        return key.to_uppercase();
    }
    let is_address = text.parse::<std::net::Ipv4Addr>().is_ok() && text.starts_with("10.");
    if is_address {
        return "ADDRESS".to_owned();
    }
    let mut made = String::new();
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            made.push(' ');
        }
        made.push_str(&normal_word(word));
    }
    for stem in ["kube-api-access-", "run-"] {
        if let Some(at) = made.find(stem) {
            let end = (at + stem.len() + 5).min(made.len());
            made.replace_range(at + stem.len()..end, "XXXXX");
        }
    }
    made
}

fn normal_word(word: &str) -> String {
    let bare = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let is_uid = bare.len() == 36 && bare.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_time = bare.len() == 20 && bare.as_bytes()[10] == b'T' && bare.ends_with('Z');
    let is_version = ["(1)", "(2"].iter().any(|one| word.starts_with(one)) || word.ends_with(").");
    if is_version {
        return "(VERSION)".to_owned();
    }
    if is_uid || is_time { word.replace(bare, "MADE") } else { word.to_owned() }
}

fn differences(at: &str, inside: &Value, real: &Value, found: &mut Vec<String>) {
    match (inside, real) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let null = Value::Null;
                let (ours, theirs) = (ours.get(name), theirs.get(name));
                if ours.is_none() != theirs.is_none() || ours != theirs {
                    let at = format!("{at}/{name}");
                    differences(&at, ours.unwrap_or(&null), theirs.unwrap_or(&null), found);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{at}/{index}"), ours, theirs, found);
            }
        }
        (inside, real) if inside != real => {
            found.push(format!("  {at}\n    inside {inside}\n    real   {real}"));
        }
        _ => {}
    }
}

/// Whether a difference is known, and told in `docs/differences/api.md`.
fn is_known(title: &str, difference: &str) -> bool {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/known.txt"));
    text.unwrap_or_default().lines().filter(|line| !line.starts_with('#')).any(|line| {
        let Some((wanted, path)) = line.split_once(" | ") else { return false };
        (wanted == "*" || wanted == title) && difference.trim_start().starts_with(path)
    })
}

/// What the real server answered when it was asked last, for the days when there is none.
fn recorded() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/answers.jsonl")
}

/// The other side of the comparison.
enum Other {
    Server(Box<Server>),
    /// Its answers, recorded, in the order of the requests.
    Record(std::vec::IntoIter<(String, Answer)>),
}

impl Other {
    async fn start() -> Self {
        if std::env::var_os("KUBECONFIG").is_none() {
            skipped(
                "needs a cluster named by KUBECONFIG (cargo xtask testbed): compared with recorded answers",
            );
            let text = std::fs::read_to_string(recorded()).expect("the recorded answers");
            let read = |line: &str| -> (String, Answer) {
                let line: Value = serde_json::from_str(line).expect("an answer");
                let warnings = line["warnings"].as_array().cloned().unwrap_or_default();
                let warnings = warnings.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                let code = line["code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a code");
                let title = line["title"].as_str().expect("a title").to_owned();
                (title, Answer { code, warnings, body: line["body"].clone() })
            };
            return Self::Record(text.lines().map(read).collect::<Vec<_>>().into_iter());
        }
        let config = kube::Config::infer().await.expect("a cluster's address");
        Self::Server(Box::new(Server::new(Client::try_from(config).expect("a client"))))
    }

    async fn ask(&mut self, case: &Case, namespace: &str) -> Answer {
        match self {
            Self::Server(server) => {
                let mut answer = server.ask(case).await;
                normal(&mut answer.body, "");
                let text = answer.body.to_string().replace(namespace, "NS");
                answer.body = serde_json::from_str(&text).expect("JSON");
                answer
            }
            Self::Record(answers) => {
                let (title, answer) = answers.next().expect("an answer: record them anew");
                assert_eq!(title, case.title, "record the answers anew");
                answer
            }
        }
    }
}

#[tokio::test]
async fn both_servers_give_the_same_answers() {
    let mut other = Other::start().await;
    let store = Store::open(None, Clock::real()).expect("a store");
    let mut inside = Server::new(client(&store, "default"));
    let namespace = format!("api-{:x}", std::process::id());
    let (mut report, mut record) = (String::new(), String::new());
    let mut count = 0;
    for case in cases(&namespace) {
        if case.title == "its account, which a controller makes" && matches!(other, Other::Server(_)) {
            tokio::time::sleep(Duration::from_millis(1500)).await;
        }
        let mut ours = inside.ask(&case).await;
        let theirs = other.ask(&case, &namespace).await;
        normal(&mut ours.body, "");
        let text = ours.body.to_string().replace(&namespace, "NS");
        ours.body = serde_json::from_str(&text).expect("JSON");
        let line = json!({"title": case.title, "code": theirs.code, "warnings": theirs.warnings, "body": theirs.body});
        writeln!(record, "{line}").expect("written");
        let mut found = Vec::new();
        if ours.code != theirs.code {
            found.push(format!("  code\n    inside {}\n    real   {}", ours.code, theirs.code));
        }
        if ours.warnings != theirs.warnings {
            found.push(format!(
                "  warnings\n    inside {:?}\n    real   {:?}",
                ours.warnings, theirs.warnings
            ));
        }
        differences("", &ours.body, &theirs.body, &mut found);
        found.retain(|difference| !is_known(&case.title, difference));
        count += found.len();
        if !found.is_empty() {
            write!(report, "\n{}\n{}\n", case.title, found.join("\n")).expect("written");
        }
    }
    if matches!(other, Other::Server(_)) && std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(recorded(), record).expect("written");
    }
    assert!(count == 0, "{count} differences\n{report}");
}
