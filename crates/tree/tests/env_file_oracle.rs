//! Env files as this room reads them, against the tools themselves.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tree::Files;
use tree::env_file::{Dialect, EnvFileErrorKind, parse};

/// What a text sets, or that it is refused.
type Reading = Option<BTreeMap<String, String>>;

/// Texts that once were, or could be, read differently.
const TEXTS: &[&str] = &[
    "",
    "A=1",
    "A=1\r\nB='x'\r\n",
    "\u{feff}A=1\n",
    "A",
    "A\n",
    "A B=1\n",
    "A =1\n B = 2 \n",
    "export A=1\nexport\tB=2\nexport C\n",
    "A: 1\nB:2\n",
    "A=x # y\nB=x#y\nC=#y\nD= # y\n",
    "A='x' # y\nB=\"x\" # y\nC='x'y\nD=\"x\"#y\n",
    "A=\"one\ntwo\"\nB='one\ntwo'\n",
    "A=\"x\nB=2\n",
    "A='x\\'y'\nB=\"x\\\"y\"\nC='it''s'\n",
    "A=\"a\\nb\\tc\\\\d\\$e\\x\\0101\\07\\0999\"\nB=a\\nb\\\\c\\$d\n",
    "A=1\nB=$A\nC=${A}\nD='$A'\nE=\"$A\"\nF=\\$A\nG=\"\\$A\"\nH=$$A\n",
    "A=${X}$X${NO}$NO\nB=${NO:-d}\nC=${X:-d}\nD=${X:+e}\n",
    "A=${NO:-${NO:-z}}\nB=${NO-}}\n",
    "A=$\nB=$5\nC=${}\n",
    "A=${NO:?say}\n",
    "A=${NO\n",
    "A=\n'b'\n",
    "A=1\nA=2\nB=$A\n",
    "1A=1\nB.C=2\nD-E=3\nF[0]=4\n\u{e4}=5\n",
    "=1\n",
    "X\nNO\nX=3\n",
    "# a\n  # b\n\n\tA=1\n",
    "A=\"\"\nB=''\nC=\"\nD='\n",
    "A=a b  c \nB=\"  a \"\n",
    "A=\\\nB=\\\\\n",
    "A=x\\\\$X\\\\\\$X\n",
    "A={\"a\": \"$X\", 'b': '#'}\n",
];

const PIECES: [&str; 36] = [
    "A=", "\nB=", "\nC=", "\n", "\n", "export ", "A", "B", "X", "=", ":", ": ", " ", "  ", "\t", "'", "\"",
    "\\", "\\n", "\\\"", "\\'", "$", "$A", "$X", "${", "${A}", "${B:-", "${X:+", "}", "#", " #", "x", "1",
    "-", "\u{e9}", "\r\n",
];

fn texts(count: usize) -> Vec<String> {
    let strategy = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..24)
        .prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::deterministic();
    let generated = (0..count).map(|_| strategy.new_tree(&mut runner).expect("generates").current());
    TEXTS.iter().map(|text| (*text).to_owned()).chain(generated).collect()
}

fn ours(text: &str, dialect: Dialect) -> Result<BTreeMap<String, String>, EnvFileErrorKind> {
    let mut files = Files::new();
    let file = files.add("env", text);
    let known = |name: &str| (name == "X").then(|| "ex".to_owned());
    let variables = parse(&files, file, dialect, &known).map_err(|error| error.kind)?;
    for variable in &variables {
        let origin = variable.origin;
        let written = &text[origin.offset as usize..];
        assert!(written.starts_with(&variable.name), "{text:?}: {origin:?} is not where a name stands");
        let line = text[..origin.offset as usize].matches('\n').count() + 1;
        assert_eq!(line, origin.line as usize, "{text:?}");
    }
    Ok(variables.into_iter().map(|variable| (variable.name, variable.value)).collect())
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

fn tool(program: &str) -> Option<Command> {
    let path = std::env::var("PATH").unwrap_or_default();
    if Command::new(program).arg("version").output().is_err() {
        skipped(program);
        return None;
    }
    let mut command = Command::new(program);
    command.env_clear().env("PATH", path).env("HOME", "/nonexistent").env("X", "ex");
    Some(command)
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("makes a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("writes");
        path
    }
}

const RUBY: &str = r#"
require "json"
exit 3 unless Gem.loaded_specs["dotenv"]&.version.to_s.start_with?("2.8.") ||
  $LOADED_FEATURES.any? { |path| path.include?("dotenv-2.8.") || path.include?("dotenv-v2.8.") }
module Kernel
  def `(command) = raise(Dotenv::FormatError, "runs a command")
end
ENV.replace("X" => "ex")
readings = JSON.parse($stdin.read).map do |text|
  Dotenv::Parser.call(text.delete_prefix("\uFEFF"), true)
rescue Dotenv::FormatError
  nil
end
puts JSON.generate(readings)
"#;

fn ruby(texts: &[String]) -> Option<Vec<Reading>> {
    let spawned = Command::new("ruby")
        .args(["-Ku", "-EUTF-8", "-rdotenv", "-e", RUBY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        skipped("ruby");
        return None;
    };
    let input = serde_json::to_vec(texts).expect("serialises");
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("ends");
    let _ = writer.join();
    if !output.status.success() {
        skipped("ruby with dotenv 2.8");
        return None;
    }
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn dotenv_reads_the_same() {
    let texts = texts(4000);
    let Some(readings) = ruby(&texts) else { return };
    for (text, theirs) in texts.iter().zip(readings) {
        let ours = ours(text, Dialect::Dotenv).ok();
        assert_eq!(ours, theirs, "for {text:?}");
    }
}

/// What Compose makes of several env files at once, one service for each.
fn compose(texts: &[&str], folder: &Folder, format: Option<&str>) -> Option<Vec<Reading>> {
    let mut services = serde_json::Map::new();
    for (index, text) in texts.iter().enumerate() {
        let path = folder.write(&format!("{index}.env"), text);
        let mut entry = serde_json::json!({"path": path});
        if let Some(format) = format {
            entry["format"] = format.into();
        }
        services.insert(format!("s{index}"), serde_json::json!({"image": "i", "env_file": [entry]}));
    }
    let project = folder.write("compose.json", &serde_json::json!({"services": services}).to_string());
    let mut command = tool("compose-v2")?;
    let output = command.arg("-f").arg(project).args(["config", "--format", "json"]).output().expect("runs");
    if !output.status.success() {
        if texts.len() == 1 {
            return Some(vec![None]);
        }
        let (left, right) = texts.split_at(texts.len() / 2);
        let mut readings = compose(left, folder, format)?;
        readings.extend(compose(right, folder, format)?);
        return Some(readings);
    }
    let text = String::from_utf8(output.stdout).expect("text").replace("$$", "$");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let environment = |index: usize| {
        let environment = json["services"][format!("s{index}")]["environment"].as_object();
        let value = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Some(environment.into_iter().flatten().map(|(name, text)| (name.clone(), value(text))).collect())
    };
    Some((0..texts.len()).map(environment).collect())
}

fn compose_reads_the_same(dialect: Dialect, folder: &str, format: Option<&str>) {
    let folder = Folder::new(folder);
    let texts = texts(1500);
    let (accepted, refused): (Vec<&str>, Vec<&str>) =
        texts.iter().map(String::as_str).partition(|text| ours(text, dialect).is_ok());
    // A process for each refusal would take minutes: some dozens stand for them.
    let refused = &refused[..refused.len().min(60)];
    for batch in [&accepted[..]].into_iter().chain(refused.chunks(1)) {
        let Some(readings) = compose(batch, &folder, format) else { return };
        for (text, theirs) in batch.iter().zip(readings) {
            assert_eq!(ours(text, dialect).ok(), theirs, "for {text:?}");
        }
    }
}

#[test]
fn compose_env_files_read_the_same() {
    compose_reads_the_same(Dialect::Compose, "compose", None);
}

#[test]
fn raw_compose_env_files_read_the_same() {
    compose_reads_the_same(Dialect::ComposeRaw, "compose-raw", Some("raw"));
}

fn data(json: &serde_json::Value) -> BTreeMap<String, String> {
    let data = json["data"].as_object().into_iter().flatten();
    data.map(|(name, text)| (name.clone(), text.as_str().unwrap_or_default().to_owned())).collect()
}

#[test]
fn kubectl_reads_the_same() {
    let folder = Folder::new("kubectl");
    for text in texts(40) {
        let Some(mut command) = tool("kubectl") else { return };
        let path = folder.write("a.env", &text);
        let output = command
            .args(["create", "configmap", "x", "--dry-run=client", "-o", "json"])
            .arg(format!("--from-env-file={}", path.display()))
            .output()
            .expect("runs");
        let theirs = output
            .status
            .success()
            .then(|| data(&serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")));
        assert_eq!(ours(&text, Dialect::Kubectl).ok(), theirs, "for {text:?}");
    }
}

#[test]
fn kustomize_reads_the_same() {
    let folder = Folder::new("kustomize");
    for text in texts(40) {
        let Some(mut command) = tool("kubectl") else { return };
        folder.write("a.env", &text);
        let kustomization = "configMapGenerator:\n- name: x\n  envs: [a.env]\n";
        folder.write("kustomization.yaml", kustomization);
        let output = command.arg("kustomize").arg(&folder.0).output().expect("runs");
        let theirs = output.status.success().then(|| {
            let mut files = Files::new();
            let file = files.add("out", String::from_utf8(output.stdout).expect("text"));
            data(&tree::parse(&files, file).expect("YAML")[0].to_json())
        });
        assert_eq!(ours(&text, Dialect::Kustomize).ok(), theirs, "for {text:?}");
    }
}
