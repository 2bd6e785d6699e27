//! `data media`: exit codes and JSON, from folder to folder.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::trees::mastoferry;

fn media(verb: &str, from: &str, to: &Path, state: &Path, more: &[&str]) -> (i32, Value, String) {
    let mut command = mastoferry(&["--output", "json", "data", "media", verb, "--from", from]);
    command.arg("--to").arg(to).arg("--state").arg(state).args(more);
    let output = command.output().expect("runs");
    let told = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap_or(-1), told, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_move_from_its_plan_to_its_end() {
    let folder = || TempDir::new().expect("a folder");
    let (from, to, state) = (folder(), folder(), folder());
    let state = state.path().join("state");
    std::fs::create_dir_all(from.path().join("accounts")).expect("made");
    std::fs::write(from.path().join("accounts/ねこ.png"), b"cat").expect("written");
    let here = from.path().to_str().expect("UTF-8");
    let (exit, told, _) = media("plan", here, to.path(), &state, &[]);
    assert_eq!((exit, &told["outcome"]), (0, &"possible".into()), "{told}");
    let (exit, told, _) = media("copy", here, to.path(), &state, &[]);
    assert_eq!((exit, &told["pass"]["copied"]), (0, &1.into()), "{told}");
    assert_eq!(std::fs::read(to.path().join("accounts/ねこ.png")).expect("there"), b"cat");
    std::fs::write(to.path().join("accounts/ねこ.png"), b"dog").expect("written");
    let (exit, told, _) = media("verify", here, to.path(), &state, &[]);
    assert_eq!((exit, &told["outcome"]), (1, &"differences".into()), "{told}");
    let (exit, told, _) = media("copy", here, to.path(), &state, &[]);
    assert_eq!(exit, 5, "somebody else's is left alone: {told}");
    std::fs::write(to.path().join("of another.png"), b"").expect("written");
    let (exit, told, _) = media("copy", here, to.path(), &state, &[]);
    assert_eq!((exit, &told["outcome"]), (6, &"refused".into()), "{told}");
}

#[test]
fn a_key_among_the_arguments_is_refused_and_not_repeated() {
    let (to, state) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let url = "https://AKIA:hush-hush@s3.example/media";
    let (exit, _, stderr) = media("plan", url, to.path(), state.path(), &[]);
    assert_eq!(exit, 2, "{stderr}");
    assert!(!stderr.contains("hush"), "{stderr}");
    let (exit, _, stderr) = media("plan", "env:NOTHING_", to.path(), state.path(), &[]);
    assert_eq!(exit, 2, "{stderr}");
    assert!(stderr.contains("S3_BUCKET"), "{stderr}");
}
