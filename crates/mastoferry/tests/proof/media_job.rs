//! The Job that copies media by several pods: a server takes it, and what its pods do makes the whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::validity::{Judge, Judgement};

const PARTS: usize = 3;

fn media(verb: &str, from: &Path, to: &Path, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.args(["--lang", "en", "--output", "json", "data", "media", verb]);
    command.arg("--from").arg(from).arg("--to").arg(to).arg("--state").arg(state).stdin(Stdio::null());
    command
}

fn write(folder: &Path, key: &str, bytes: &[u8]) {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(&below).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(folder).expect("below").to_owned();
                found.insert(key, std::fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn a_server_takes_the_job_and_its_pods_make_the_whole() {
    let folder = || TempDir::new().expect("a folder");
    let (from, to, state) = (folder(), folder(), folder());
    for number in 0..120_u32 {
        let key = format!("media_attachments/files/000/{number:03}/original/{number}.png");
        write(from.path(), &key, &vec![7; 500 + number as usize * 91]);
    }
    write(from.path(), "accounts/headers/ねこ と いぬ/100% + é.jpeg", b"a header");
    let parts = PARTS.to_string();
    let mut job = media("job", from.path(), to.path(), &state.path().join("whole"));
    job.args(["--parts", &parts, "--image", "registry.example/mastoferry:1"]);
    job.args(["--source", "old-media", "--target", "new-media"]);
    let printed = job.output().expect("runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let list: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    let objects = list["items"].as_array().expect("objects");
    assert_eq!(objects.len(), 2);
    let judge = Judge::new();
    for object in objects {
        match judge.judge(object) {
            Judgement::Valid => {}
            Judgement::Custom(what) => panic!("{what}"),
            Judgement::Faulty(faults) => panic!("{faults:?}"),
        }
    }
    let [map, job] = objects.as_slice() else { panic!("{objects:?}") };
    assert_eq!(
        (&job["spec"]["completionMode"], &job["spec"]["completions"]),
        (&"Indexed".into(), &PARTS.into())
    );
    // As pods have it: the ranges in a file, one number each, no state of anybody's.
    let ranges = state.path().join("ranges.json");
    std::fs::write(&ranges, map["data"]["ranges.json"].as_str().expect("ranges")).expect("written");
    let mut pods = Vec::new();
    for index in 0..PARTS {
        let mut pod = media("copy", from.path(), to.path(), &state.path().join(format!("pod-{index}")));
        pod.arg("--ranges").arg(&ranges).env("JOB_COMPLETION_INDEX", index.to_string());
        pods.push(pod.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
    }
    let mut copied = Vec::new();
    for pod in pods {
        let output = pod.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        copied.push(told["pass"]["copied"].as_u64().expect("a number"));
    }
    assert!(copied.iter().all(|count| *count > 20), "{copied:?}");
    assert_eq!(copied.iter().sum::<u64>(), 121);
    assert_eq!(contents(from.path()), contents(to.path()));
    // One machine ends it.
    for verb in ["delta", "verify"] {
        let output = media(verb, from.path(), to.path(), &state.path().join("whole")).output().expect("runs");
        assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
