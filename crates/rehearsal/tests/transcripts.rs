//! Real kubectl and helm on the cluster inside: what they print, held against `tests/transcripts/*.txt`.
//!
//! A transcript is a list of commands with what they print, after times, ages, addresses and generated names have been
//! made the same. With `TRANSCRIPTS=overwrite` in the environment what is printed now is written into them.

use std::path::{Path, PathBuf};
use std::process::Command;

use clock::Clock;
use regex_lite::{Captures, Regex};
use rehearsal::{ClusterInside, Options};

/// How many times as fast as life the cluster runs, so that nobody waits for pods.
const SPEED: f64 = 20.0;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(need: &str) {
    eprintln!("SKIPPED: needs {need}");
}

fn is_there(tool: &str, version: &[&str]) -> bool {
    Command::new(tool).args(version).output().is_ok_and(|output| output.status.success())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// Plays a transcript on a cluster of its own.
async fn play(name: &str) {
    if !is_there("kubectl", &["version", "--client"]) {
        return skipped("kubectl");
    }
    if name == "helm" && !is_there("helm", &["version"]) {
        return skipped("helm");
    }
    let options = Options {
        state_dir: None,
        clock: Clock::faster(SPEED),
        namespace: "mastodon".to_owned(),
        release: "green".to_owned(),
        faults: Vec::new(),
        listen: ([127, 0, 0, 1], 0).into(),
        front: rehearsal::Profile::IngressNginx,
    };
    let inside = ClusterInside::start(options).expect("a cluster");
    let door = inside.open_door(([127, 0, 0, 1], 0).into()).expect("a door");
    let home = std::env::temp_dir().join(format!("mastoferry-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder");
    let config = home.join("config");
    std::fs::write(&config, door.kubeconfig("mastodon")).expect("a kubeconfig");

    let path = folder().join(format!("{name}.txt"));
    let written = std::fs::read_to_string(&path).expect("a transcript");
    let played = {
        let (written, home) = (written.clone(), home.clone());
        tokio::task::spawn_blocking(move || run_all(&written, &home)).await.expect("commands")
    };
    inside.stop().await;
    std::fs::remove_dir_all(&home).expect("the folder goes");
    if std::env::var_os("TRANSCRIPTS").is_some_and(|wish| wish == "overwrite") {
        std::fs::write(&path, played).expect("written");
        return;
    }
    for (expected, found) in written.split("\n$ ").zip(played.split("\n$ ")) {
        assert_eq!(found, expected, "in {name}.txt");
    }
    assert_eq!(played.len(), written.len(), "{name}.txt");
}

/// The commands of a transcript with what they print now.
fn run_all(written: &str, home: &Path) -> String {
    let mut played = String::new();
    for line in written.lines() {
        if line.starts_with('#') && played.lines().all(|line| line.starts_with('#')) {
            played.push_str(&format!("{line}\n"));
        } else if let Some(command) = line.strip_prefix("$ ") {
            let output = Command::new("timeout")
                .args(["90", "sh", "-c", &format!("exec 2>&1; {command}")])
                .current_dir(folder())
                .env("KUBECONFIG", home.join("config"))
                .env("HOME", home)
                .output()
                .expect("a shell");
            played.push_str(&format!("$ {command}\n"));
            played.push_str(&settled(&String::from_utf8_lossy(&output.stdout)));
            if let Some(code) = output.status.code().filter(|code| *code != 0) {
                played.push_str(&format!("[exit {code}]\n"));
            }
        }
    }
    played
}

/// What differs from run to run, made the same.
const VARYING: &[(&str, &str)] = &[
    (r"[A-Z][a-z]{2},? +\d+ [A-Z][a-z]{2} \d{4} [\d:]+ \+0000", "TIME"),
    (r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]+ \d{4}", "TIME"),
    (r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| \+0000 UTC)?", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"resourceVersion: \S+", "resourceVersion: VERSION"),
    (r"127\.7\d\.\d+\.\d+|127\.[89]\d\.\d+\.\d+", "POD-IP"),
    (r"10\.96\.\d+\.\d+", "SERVICE-IP"),
    (r"127\.0\.0\.1:\d{4,5}", "SERVER"),
    (r"/tmp/(LIVE|MERGED)-\d+", "$1"),
    (r"duration=\S+", "duration=N"),
    (r"-[0-9a-f]{8,10}-[a-z0-9]{5}\b", "-HASH-NAME"),
    (r"-[0-9a-f]{8,10}\b", "-HASH"),
    (r"pod-template-hash=\w+", "pod-template-hash=HASH"),
    (r"\b(web|once|lamp|again|lamp-prepare)-[a-z0-9]{5}\b", "$1-NAME"),
    // Clients reckon ages by the wall's clock, which a fast cluster is ahead of.
    (r"<invalid>|\b\d+(s|m|h|d)(\d+(s|m|h))?( \(x\d+ over \S+\))?", "AGE"),
    (r"AGE ago", "AGE"),
    (r"(?m)  +", "  "),
    (r"(?m)-{3,}", "---"),
    (r"(?m)[ \t]+$", ""),
    // How often a rollout is looked at on its way is a matter of chance.
    (r"(?m)^Waiting for deployment .*\n", ""),
];

fn settled(printed: &str) -> String {
    let mut settled = printed.replace('\t', "  ");
    for (varying, same) in VARYING {
        let pattern = Regex::new(varying).expect("a pattern");
        settled = pattern
            .replace_all(&settled, |found: &Captures<'_>| {
                same.replace("$1", found.get(1).map_or("", |group| group.as_str()))
            })
            .into_owned();
    }
    if settled.is_empty() || settled.ends_with('\n') { settled } else { settled + "\n" }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_what_is_there() {
    play("looking").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_changes_what_is_there() {
    play("changing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_is_told_what_there_is() {
    play("asking").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_installs_changes_and_removes() {
    play("helm").await;
}
