//! `rehearse --serve`: the cluster is open while it runs and held at its end, for those who hold the kubeconfig.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::trees::mastoferry;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs kubectl");
}

fn kubectl(config: &Path, arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new("kubectl").args(arguments).env("KUBECONFIG", config).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

#[test]
fn others_than_this_machine_are_kept_out() {
    for address in ["0.0.0.0:0", "192.0.2.1:6443", "somewhere"] {
        let output = mastoferry(&["rehearse", "nowhere", "--serve", address]).output().expect("runs");
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("--serve"), "{said}");
    }
}

#[test]
fn the_cluster_is_open_while_it_runs_and_held_at_its_end() {
    let _alone = crate::rehearsals::alone();
    if kubectl(Path::new("/dev/null"), &["version", "--client"]).is_none_or(|(good, _)| !good) {
        return skipped();
    }
    let state = tempfile::tempdir().expect("a folder");
    let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
    let mut rehearsal = mastoferry(&["rehearse", &example, "--serve"])
        .args(["--speed", "60", "--rate", "60", "--sockets", "5", "--state"])
        .arg(state.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut told = BufReader::new(rehearsal.stderr.take().expect("stderr")).lines().map_while(Result::ok);
    let opened = told.by_ref().find(|line| line.contains("KUBECONFIG=")).expect("it says where");
    let config = opened.split("KUBECONFIG=").nth(1).expect("a path").trim().to_owned();
    let config = Path::new(&config);
    let mode = std::fs::metadata(config).expect("a kubeconfig").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(kubectl(config, &["get", "deployments"]).is_some_and(|(good, _)| good), "while it runs");

    told.find(|line| line.contains("^C")).expect("it is held");
    let (good, pods) = kubectl(config, &["get", "pods"]).expect("kubectl");
    assert!(good && pods.contains("Running"), "{pods}");
    let without = std::fs::read_to_string(config).expect("a kubeconfig");
    let token = without.lines().find(|line| line.contains("token:")).expect("a token");
    let stranger = state.path().join("stranger");
    std::fs::write(&stranger, without.replace(token, "    token: made-up")).expect("written");
    let (good, said) = kubectl(&stranger, &["get", "pods"]).expect("kubectl");
    assert!(!good && said.contains("must be logged in"), "{said}");

    let ended = Command::new("kill").args(["-TERM", &rehearsal.id().to_string()]).status().expect("kill");
    assert!(ended.success());
    let mut report = String::new();
    rehearsal.stdout.take().expect("stdout").read_to_string(&mut report).expect("a report");
    assert_eq!(rehearsal.wait().expect("it ends").code(), Some(0));
    assert!(!report.is_empty() && !config.exists());
    assert!(!report.contains(token.trim().trim_start_matches("token: ")));
}
