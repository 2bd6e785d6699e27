//! `mastoferry plan --move …`: what it takes along, and what it refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::trees::{example, mastoferry, text};

/// The example, with more settings of Redis.
fn tree(folder: &Path, more: &str) -> PathBuf {
    let tree = folder.join("tree");
    let copied = Command::new("cp").arg("-r").arg(example()).arg(&tree).status().expect("cp runs");
    assert!(copied.success());
    let file = tree.join("base/settings.yaml");
    let settings = std::fs::read_to_string(&file).expect("settings");
    let host = "  REDIS_HOST: redis.databases.svc\n";
    assert!(settings.contains(host), "{settings}");
    std::fs::write(&file, settings.replace(host, &format!("{host}{more}"))).expect("written");
    tree
}

fn planned(tree: &Path, how: &[&str]) -> Output {
    let out = tree.with_file_name("plan.json");
    mastoferry(&["plan", text(tree), "--to", "manifests", "--out", text(&out)])
        .args(how)
        .output()
        .expect("runs")
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_store_that_the_new_side_has_elsewhere_must_move() {
    const JOBS: &str = "  SIDEKIQ_REDIS_HOST: jobs.databases.svc\n";
    // What stands, what is asked for, and what is said; nothing where it is planned.
    let table: [(&str, &[&str], &str); 9] = [
        ("", &["--move", "redis", "--new-setting", "REDIS_HOST=new-redis"], ""),
        ("", &["--move", "redis"], "would reach the old store: redis"),
        (
            "",
            &["--move", "redis", "--new-setting", "REDIS_HOST=new", "--new-setting", "DB_HOST=new"],
            "postgres does not move: postgres.databases.svc:5432 → new:5432",
        ),
        (
            "",
            &["--move", "redis", "--move", "redis-sidekiq", "--new-setting", "REDIS_HOST=new"],
            "this Mastodon has none of its own",
        ),
        (JOBS, &["--move", "redis", "--new-setting", "REDIS_HOST=new"], ""),
        (
            JOBS,
            &[
                "--move",
                "redis",
                "--new-setting",
                "REDIS_HOST=new",
                "--new-setting",
                "SIDEKIQ_REDIS_HOST=new-jobs",
            ],
            "redis-sidekiq does not move: jobs.databases.svc:6379 → new-jobs:6379",
        ),
        (
            JOBS,
            &[
                "--move",
                "redis",
                "--new-setting",
                "REDIS_HOST=new",
                "--new-secret",
                "SIDEKIQ_REDIS_URL=redis/jobs",
            ],
            "redis-sidekiq does not move",
        ),
        (JOBS, &["--move", "redis-sidekiq", "--new-secret", "SIDEKIQ_REDIS_URL=redis/jobs"], ""),
        // Another database of the same server goes along with a replica of it.
        (
            "  SIDEKIQ_REDIS_HOST: redis.databases.svc\n  SIDEKIQ_REDIS_DB: '1'\n",
            &[
                "--move",
                "redis",
                "--new-setting",
                "REDIS_HOST=new",
                "--new-setting",
                "SIDEKIQ_REDIS_HOST=new",
            ],
            "",
        ),
    ];
    for (number, (more, how, expected)) in table.into_iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = tree(folder.path(), more);
        let output = planned(&tree, how);
        let (code, said) = (output.status.code(), said(&output));
        if expected.is_empty() {
            assert_eq!(code, Some(0), "{number}: {said}");
        } else {
            assert_eq!(code, Some(2), "{number}: {said}");
            assert!(said.contains(expected), "{number}: {said}");
            assert!(!folder.path().join("plan.json").exists(), "{number}: nothing is written");
        }
    }
}

#[test]
fn a_redis_of_sidekiqs_own_moves_in_the_steps_of_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = tree(folder.path(), "  SIDEKIQ_REDIS_HOST: jobs.databases.svc\n");
    let settings = ["--new-setting", "REDIS_HOST=new", "--new-setting", "SIDEKIQ_REDIS_HOST=new-jobs"];
    let output =
        planned(&tree, &[&["--move", "redis-sidekiq=copy", "--move", "redis"][..], &settings].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let plan = std::fs::read_to_string(folder.path().join("plan.json")).expect("the plan");
    let plan: Value = serde_json::from_str(&plan).expect("JSON");
    let moves = json!([{"store": "redis", "way": "replicate"}, {"store": "redis-sidekiq", "way": "copy"}]);
    assert_eq!(plan["stores"]["moves"], moves);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("stores"), "{told}");
}
