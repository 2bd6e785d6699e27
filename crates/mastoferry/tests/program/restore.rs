//! `restore`: what a move kept, put back by the program itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::trees::mastoferry;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs kubectl");
}

/// A cluster on which a move has ended, held until dropped.
struct Held {
    rehearsal: Child,
    config: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _already_gone = self.rehearsal.kill();
        let _waited = self.rehearsal.wait();
    }
}

impl Held {
    fn after_a_move(state: &Path) -> Self {
        let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
        let mut rehearsal = mastoferry(&["rehearse", &example, "--serve"])
            .args(["--speed", "60", "--rate", "60", "--sockets", "5", "--state"])
            .arg(state)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut told = BufReader::new(rehearsal.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let opened = told.by_ref().find(|line| line.contains("KUBECONFIG=")).expect("it says where");
        let config = opened.split("KUBECONFIG=").nth(1).expect("a path").trim().into();
        told.find(|line| line.contains("^C")).expect("it is held");
        Self { rehearsal, config }
    }

    fn kubectl(&self, arguments: &[&str]) -> bool {
        let output = Command::new("kubectl").args(arguments).env("KUBECONFIG", &self.config).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn restore(&self, backup: &Path, more: &[&str]) -> (i32, Value, String) {
        let mut command = mastoferry(&["--output", "json", "restore"]);
        command.arg(backup).args(["--namespace", "mastodon"]).args(more).env("KUBECONFIG", &self.config);
        let output = command.output().expect("runs");
        let told = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), told, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The only state in its folder.
fn state_in(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    entries.map(|entry| entry.path()).find(|path| path.join("plan.json").is_file()).expect("a state")
}

fn standing(told: &Value, wanted: &str) -> usize {
    let objects = told["objects"].as_array().map_or(&[][..], Vec::as_slice);
    objects.iter().filter(|object| object["standing"] == wanted).count()
}

#[test]
fn the_old_side_comes_back_when_the_new_one_is_out_of_the_way() {
    let _alone = crate::rehearsals::alone();
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return skipped();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let held = Held::after_a_move(folder.path());
    let state = state_in(folder.path());

    let (code, told, said) = held.restore(&state, &[]);
    assert_eq!(code, 0, "{said}");
    let gone = standing(&told, "missing");
    assert!(gone >= 3, "the old side was removed: {told:#}");
    let (code, _, said) = held.restore(&state, &["--approve"]);
    assert!(code == 6 && said.contains("pods of the new side still run"), "{code}: {said}");

    assert!(held.kubectl(&["scale", "deployment", "--all", "--replicas=0"]));
    let (code, told, said) = held.restore(&state, &["--approve"]);
    assert_eq!(code, 0, "{said}");
    assert!(told["restored"].as_array().is_some_and(|all| all.len() >= gone), "{told:#}");
    let (code, told, said) = held.restore(&state, &[]);
    assert_eq!((code, standing(&told, "missing"), standing(&told, "differs")), (0, 0, 0), "{said}{told:#}");

    // A damaged file stops it before the cluster is asked for anything.
    let kept = std::fs::read_dir(state.join("backup")).expect("a backup").filter_map(Result::ok);
    let file = kept
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("Service."))
        .expect("a Service");
    let text = std::fs::read_to_string(&file).expect("an object");
    std::fs::write(&file, text.replacen("Service", "Servise", 1)).expect("written");
    let (code, _, said) = held.restore(&state, &["--context", "nowhere", "--approve"]);
    assert!(code == 6 && said.contains("was changed"), "{code}: {said}");
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    for given in ["redis://:hush@redis:6379/0", "rediss://user:hush@redis/0"] {
        let output = mastoferry(&["rehearse", ".", "--redis", given]).output().expect("runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains("env:VARIABLE"), "{said}");
    }
}
