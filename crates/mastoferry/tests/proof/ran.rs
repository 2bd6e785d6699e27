//! The program, run on a source, and the folder that it wrote.

use std::fs;
use std::path::Path;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use tree::Files;

/// What the program said and wrote.
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) exit: Option<i32>,
    /// What stood on standard output, as JSON; null where it was none.
    pub(crate) json: Value,
    /// The first problem that it told, in one line.
    pub(crate) problem: String,
    folder: tempfile::TempDir,
}

impl Ran {
    /// Runs `convert` in a folder, with what follows it, and writes to a folder of its own.
    pub(crate) fn convert(directory: &Path, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new(env!("CARGO_BIN_EXE_mastoferry"))
            .current_dir(directory)
            .args(["--lang", "en", "--output", "json", "convert"])
            .args(arguments)
            .arg("--out")
            .arg(folder.path().join("out"))
            .env("NO_COLOR", "1")
            .output()
            .expect("runs");
        let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let problem = first_problem(&String::from_utf8_lossy(&output.stderr));
        Self { exit: output.status.code(), json, problem, folder }
    }

    /// The folder it wrote.
    pub(crate) fn out(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").join("out")
    }

    /// Every object in a folder below that one.
    pub(crate) fn objects(&self, below: &str) -> Vec<Value> {
        let mut files: Vec<_> = fs::read_dir(self.out().join(below))
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("read"))
            .collect();
        files.sort_by_key(fs::DirEntry::path);
        let mut objects = Vec::new();
        for file in files.iter().filter(|file| file.path().extension().is_some_and(|own| own == "yaml")) {
            objects.extend(parsed(&fs::read_to_string(file.path()).expect("text")));
        }
        objects
    }
}

fn parsed(text: &str) -> Vec<Value> {
    let mut files = Files::new();
    let file = files.add("written", text);
    tree::parse(&files, file).expect("YAML").iter().map(tree::Node::to_json).collect()
}

/// The first problem in one line: what stands behind the cross, unfolded.
fn first_problem(told: &str) -> String {
    let mut lines = told.lines().skip_while(|line| !line.contains('×'));
    let Some(first) = lines.next() else { return String::new() };
    let mut text = first.trim().trim_start_matches('×').trim().to_owned();
    for line in lines.take_while(|line| line.starts_with("  │ ")) {
        let more = line.trim_start_matches("  │ ").trim_end();
        if !text.ends_with(['/', '-']) {
            text.push(' ');
        }
        text.push_str(more);
    }
    text
}
