//! What stands before a scenario begins, in few words.

use serde_json::{Value, json};

use crate::deed::{Labels, labels, number, unreadable};
use crate::kinds::Kinds;
use crate::text::{ScenarioErrorKind, Sentence};

/// Something that stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Given(pub(crate) Value);

/// Reads a sentence of `given`: a fixture, a kind to know, or `objects:` with YAML under it.
pub(crate) fn read(sentence: &Sentence<'_>, kinds: &mut Kinds) -> Result<Vec<Given>, ScenarioErrorKind> {
    let words: Vec<&str> = sentence.text.split_whitespace().collect();
    if words == ["objects:"] {
        let objects = sentence.yaml()?;
        if let Some(stranger) = objects.iter().find(|object| kinds.of(object).is_none()) {
            return Err(ScenarioErrorKind::UnknownKind(stranger["kind"].as_str().unwrap_or("?").to_owned()));
        }
        return Ok(objects.into_iter().map(Given).collect());
    }
    if !sentence.block.is_empty() {
        return Err(ScenarioErrorKind::Block("only `objects:` has YAML under it"));
    }
    let made = match words[..] {
        ["kind", ..] => {
            kinds.learn(sentence.text.trim_start_matches("kind "))?;
            return Ok(Vec::new());
        }
        ["deployment", name, "of", count, part] => deployment(name, number(count)?, part, &Labels::new())?,
        ["deployment", name, "of", count, part, "labelled", with] => {
            deployment(name, number(count)?, part, &labels(with)?)?
        }
        ["service", name, "selecting", selector] => service(name, &labels(selector)?),
        _ => return Err(ScenarioErrorKind::UnknownSentence(sentence.text.to_owned())),
    };
    Ok(vec![Given(made)])
}

/// A Deployment of stand-ins: pods labelled `app: NAME` and as told. A `server` boots in a second of the cluster's
/// time; the parts of Mastodon boot as slowly as the real ones.
fn deployment(name: &str, replicas: u32, part: &str, with: &Labels) -> Result<Value, ScenarioErrorKind> {
    let mut labels = json!({"app": name});
    for (key, value) in with {
        labels[key] = json!(value);
    }
    Ok(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container(part)?]},
            },
        },
    }))
}

fn container(part: &str) -> Result<Value, ScenarioErrorKind> {
    let (command, port, path): (&[&str], _, _) = match part {
        "server" | "servers" => (&["serve"], 3000, "/health"),
        "web" => (&["bundle", "exec", "puma"], 3000, "/health"),
        "streaming" => (&["node", "./streaming/index.js"], 4000, "/api/v1/streaming/health"),
        "sidekiq" => return Ok(json!({"name": "sidekiq", "image": "stand-in:1", "command": ["sidekiq"]})),
        _ => return Err(unreadable(part, "a part (server, web, streaming, sidekiq)")),
    };
    Ok(json!({
        "name": "main",
        "image": "stand-in:1",
        "command": command,
        "ports": [{"name": "http", "containerPort": port}],
        "readinessProbe": {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1},
    }))
}

fn service(name: &str, selector: &Labels) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    })
}
