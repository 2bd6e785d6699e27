//! `data redis` as its users run it, between two real servers.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::trees::mastoferry;

const PASSWORD: &str = "hush-hush";

/// A Redis of the test's own.
struct Redis {
    port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Redis {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let file = folder.path().join("redis.conf");
        let lines = format!(
            "bind 127.0.0.1\nport {port}\nsave \"\"\nrequirepass {PASSWORD}\ndir {}\n",
            folder.path().display()
        );
        std::fs::write(&file, lines).expect("written");
        let child = Command::new("redis-server").arg(&file).stdout(Stdio::null()).spawn().ok()?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(90), "redis-server does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { port, child, _folder: folder })
    }

    fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/0", self.port)
    }

    fn say(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(words).env("REDISCLI_AUTH", PASSWORD);
        String::from_utf8_lossy(&command.output().expect("redis-cli").stdout).trim().to_owned()
    }
}

/// The exit code, what it says as JSON, and all of its words.
fn run(sides: [&Redis; 2], words: &[&str], state: Option<&Path>) -> (i32, Value, String) {
    let mut command = mastoferry(&["--output", "json", "data", "redis"]);
    command.args(words).env("MASTOFERRY_SOURCE_REDIS_URL", sides[0].url());
    command.env("MASTOFERRY_TARGET_REDIS_URL", sides[1].url());
    if let Some(state) = state {
        command.arg("--state").arg(state);
    }
    let output = command.output().expect("runs");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let all = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(!all.contains("hush"), "{all}");
    (output.status.code().unwrap_or(-1), json, all)
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn keys_move_and_the_exit_code_tells_what_came_of_it() {
    let (Some(old), Some(new)) = (Redis::start(), Redis::start()) else {
        eprintln!("SKIPPED: needs redis-server (Debian: redis-server)");
        return;
    };
    let state = tempfile::tempdir().expect("a folder");
    old.say(&["SADD", "queues", "default"]);
    old.say(&["LPUSH", "queue:default", r#"{"jid":"1"}"#]);
    let (code, plan, all) = run([&old, &new], &["plan"], None);
    assert_eq!((code, plan["mode"].as_str()), (0, Some("replicate")), "{all}");
    let (code, told, all) = run([&old, &new], &["replicate"], Some(state.path()));
    assert_eq!((code, told["outcome"].as_str()), (0, Some("following")), "{all}");
    let (code, told, all) = run([&old, &new], &["cutover"], Some(state.path()));
    assert_eq!((code, &told["outcome"], &told["jobs"]), (0, &"handed-over".into(), &1.into()), "{all}");
    assert_eq!(told["proof"]["holds"], true);
    assert_eq!(new.say(&["LLEN", "queue:default"]), "1");
    let (code, _, all) = run([&old, &new], &["rollback"], Some(state.path()));
    assert_eq!(code, 5, "{all}");
    let other = tempfile::tempdir().expect("a folder");
    let (code, _, all) = run([&new, &old], &["copy"], Some(other.path()));
    assert_eq!(code, 6, "{all}");
}

#[test]
fn an_address_is_no_argument_and_a_missing_one_is_named() {
    let told = |words: &[&str]| {
        let mut command = mastoferry(&["data", "redis", "plan"]);
        command.args(words).env_remove("MASTOFERRY_SOURCE_REDIS_URL");
        let output = command.output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = told(&[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("MASTOFERRY_SOURCE_REDIS_URL"), "{text}");
    assert_eq!(told(&["redis://:hush@localhost/0"]).0, Some(2));
}
