//! Whole rehearsals: small traffic and a fast cluster, so that each takes seconds.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::trees::mastoferry;

/// Two rehearsals at once on two cores would measure each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

const QUICK: [&str; 4] = ["--speed", "60", "--rate", "120"];

fn example() -> String {
    format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn rehearse(state: &Path, more: &[&str]) -> Command {
    let mut command = mastoferry(&["--output", "json", "rehearse", &example()]);
    let sockets: &[&str] = if more.contains(&"--sockets") { &[] } else { &["--sockets", "20"] };
    command.args(QUICK).args(sockets).arg("--state").arg(state).args(more);
    command
}

pub(crate) fn told(mut command: Command) -> (i32, Value) {
    let output = command.output().expect("runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code().unwrap_or(-1), told)
}

/// What must hold however it ends.
pub(crate) fn laws_hold(told: &Value) {
    assert_eq!(told["invariants"]["max_schedulers"], 1, "never two schedulers");
    assert_eq!(told["invariants"]["jobs_lost"], 0);
    assert_eq!(told["invariants"]["jobs_duplicated"], 0);
    assert_eq!(told["invariants"]["rows_lost"], 0);
    assert_eq!(told["ledger"]["unaccounted"], 0);
}

/// As a shell starts it that allows so many open files, `-S` softly or, with nothing, for good.
fn allowed(limit: &str, rehearsal: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\"")]);
    command.arg(rehearsal.get_program()).args(rehearsal.get_args());
    command
}

#[test]
fn the_usual_limit_of_open_files_is_enough_and_a_small_one_is_told() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    let many = rehearse(state.path(), &["--sockets", "200"]);
    let (code, told) = told(allowed("-S -n 1024", &many));
    assert_eq!((code, &told["traffic"]["failed"]), (0, &Value::from(0)), "{told:#}");
    let output = allowed("-n 500", &many).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("ulimit -Hn"), "{said}");
}

#[test]
fn a_move_completes_and_no_request_fails() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    let page = state.path().join("report.html");
    let (code, told) = told(rehearse(state.path(), &["--report", page.to_str().expect("UTF-8")]));
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    assert!(told["traffic"]["requests"].as_u64() > Some(1000));
    assert!(told["streaming"]["max_reconnects_per_connection"].as_u64() <= Some(1));
    laws_hold(&told);
    let html = std::fs::read_to_string(page).expect("a report");
    assert!(
        html.contains("<svg") && !html.contains("<script") && !html.contains("src=\"http"),
        "self-contained"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(newest(state.path()).join("plan.json")).expect("a plan").permissions(),
    );
    assert_eq!(mode & 0o077, 0, "nobody else can read a plan");
}

#[test]
fn a_move_to_helm_is_what_is_rehearsed_unless_manifests_are_asked_for() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    let has_told_helm = |told: &Value| {
        let steps = told["steps"].as_array().expect("steps");
        steps.iter().any(|step| step["id"] == "record-release" && step["state"] == "done")
    };
    let (code, helm) = told(rehearse(state.path(), &[]));
    assert_eq!((code, &helm["outcome"]), (0, &Value::from("completed")), "{helm:#}");
    assert!(has_told_helm(&helm));
    let (code, manifests) = told(rehearse(state.path(), &["--to", "manifests"]));
    assert_eq!((code, &manifests["outcome"]), (0, &Value::from("completed")), "{manifests:#}");
    assert!(!has_told_helm(&manifests));
    for told in [helm, manifests] {
        assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
        laws_hold(&told);
    }
}

#[test]
fn users_go_back_by_themselves_when_green_fails_them() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    let (code, told) = told(rehearse(state.path(), &["--inject", "green.web.500=30%"]));
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["blue_unchanged"], true);
    assert!(told["breaches"].as_array().is_some_and(|breaches| !breaches.is_empty()));
    assert!(
        told["rollback"]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
        "{:#}",
        told["rollback"]
    );
    laws_hold(&told);
}

#[test]
fn nobody_sees_a_green_that_never_gets_ready() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    let (code, told) = told(rehearse(state.path(), &["--inject", "green.web.never-ready"]));
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0);
    assert_eq!(told["blue_unchanged"], true);
    let switch = told["steps"].as_array().into_iter().flatten().find(|step| step["id"] == "open-overlap");
    assert_eq!(switch.expect("a step")["state"], "pending");
    laws_hold(&told);
}

/// Starts a rehearsal and kills it with SIGKILL as soon as a step has begun.
fn killed_at(state: &Path, step: &str) {
    let mut child =
        rehearse(state, &[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
    let told = BufReader::new(child.stderr.take().expect("piped"));
    // Progress is read only to keep the pipe empty; the journal is what tells.
    let reading = std::thread::spawn(move || told.lines().map_while(Result::ok).count());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    let begun = format!("\"step-started\",\"id\":\"{step}\"");
    loop {
        let journal = std::fs::read_to_string(newest(state).join("journal")).unwrap_or_default();
        if journal.contains(&begun) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{step} never began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("ends");
    reading.join().expect("reads");
}

fn newest(state: &Path) -> std::path::PathBuf {
    let folders =
        std::fs::read_dir(state).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    folders.filter(|path| path.is_dir()).max().unwrap_or_default()
}

fn again(command: &str, state: &Path) -> (i32, Value) {
    let mut command = mastoferry(&["--output", "json", command]);
    command.arg("--state").arg(state);
    told(command)
}

#[test]
fn a_killed_rehearsal_is_resumed_to_its_end() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    killed_at(state.path(), "start-queues");
    let (code, told) = again("resume", state.path());
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    laws_hold(&told);
    let mut twice = mastoferry(&["resume"]);
    assert_eq!(twice.arg("--state").arg(state.path()).output().expect("runs").status.code(), Some(2));
}

#[test]
fn a_killed_rehearsal_is_rolled_back_to_where_it_began() {
    let _alone = alone();
    let state = tempfile::tempdir().expect("a folder");
    killed_at(state.path(), "close-overlap");
    let (code, told) = again("rollback", state.path());
    assert_eq!((code, &told["outcome"]), (4, &Value::from("rolled-back")), "{told:#}");
    assert_eq!(told["blue_unchanged"], true);
    laws_hold(&told);
}
