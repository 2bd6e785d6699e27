//! A million keys on the move between two real servers under 500 writes a second, by replication and by copy: wall time, the
//! mover's peak memory, and for how long nobody could write, as the mover and as the writer measured it. Jobs are counted on
//! both sides, and keys that live for a short time and are renewed all the while must be there in the end. Beside them the
//! same keys by what a script does: `SCAN`, and `DUMP` and `RESTORE` in pipelines over one connection each, without writers
//! and without a look at what came of it. As a table and as JSON. `--keys N` for fewer, `--mode replicate|copy|script` for one.

#![expect(clippy::print_stdout, reason = "it is a program for people")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

#[path = "../tests/keyspace/ground.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod ground;
#[path = "../tests/machine/mod.rs"]
mod machine;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use movers::RedisAddress;
use movers::keyspace::{Choice, Crossing, Route, Terms};
use serde_json::{Value, json};

use ground::{Client, Server, has_redis, limits};

const KEYS: usize = 1_000_000;
const AT_ONCE: usize = 5_000;
/// Keys that expire unless they are renewed, and after how many seconds; each is renewed every two seconds.
const RENEWED: usize = 1_000;
const LIVES: usize = 20;
/// How many keys a script takes at once.
const SCRIPT: usize = 1_000;
const BEAT: Duration = Duration::from_millis(2);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let [word, mode, source, target, state] = arguments.as_slice()
        && word == "mover"
    {
        println!("{}", runtime.block_on(Box::pin(mover(mode, source, target, Path::new(state)))));
        return;
    }
    if !has_redis() {
        return;
    }
    let given =
        arguments.iter().position(|it| it == "--keys").and_then(|at| arguments.get(at + 1)?.parse().ok());
    let keys = given.unwrap_or(KEYS);
    println!(
        "{:<10} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12} {:>12} {:>9} {:>10}",
        "mode",
        "keys",
        "carry",
        "cut-over",
        "keys/s",
        "pause",
        "writer's gap",
        "any other",
        "writes",
        "mover"
    );
    let mut rows = Vec::new();
    let only = arguments.iter().position(|it| it == "--mode").and_then(|at| arguments.get(at + 1)).cloned();
    let modes = ["replicate", "copy", "script"];
    for mode in modes.into_iter().filter(|mode| only.as_deref().is_none_or(|it| it == *mode)) {
        let row = runtime.block_on(Box::pin(measure(mode, keys)));
        println!("{}", line(&row));
        rows.push(row);
    }
    println!("{:#}", json!(rows));
}

fn line(row: &Value) -> String {
    let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
    format!(
        "{:<10} {:>9} {:>7.1} s {:>7.1} s {:>9.0} {:>9.1} ms {:>9.1} ms {:>9.1} ms {:>9} {:>6.1} MiB",
        row["mode"].as_str().unwrap_or_default(),
        number("keys"),
        number("carry_ms") / 1_000.0,
        number("cut_over_ms") / 1_000.0,
        number("keys") / number("carry_ms") * 1_000.0,
        number("pause_ms"),
        number("writers_gap_ms"),
        number("longest_ms"),
        number("writes"),
        number("peak_bytes") / f64::from(1 << 20),
    )
}

async fn measure(mode: &str, keys: usize) -> Value {
    let (source, target) = (Server::start().await, Server::start().await);
    fill(&source.client().await, keys).await;
    if mode == "script" {
        return script(&source, &target, keys).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let state = tempfile::tempdir().unwrap();
    let journal = state.path().join("redis.journal");
    let sides = [source.client().await, target.client().await];
    let writer = tokio::spawn(write(sides, journal, Arc::clone(&stop)));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["mover", mode, &source.url(0), &target.url(0)]).arg(state.path());
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::SeqCst);
    let (writes, gap, longest) = writer.await.unwrap();
    let mut row: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row["holds"], true, "{row}");
    let there = target.client().await.job_ids("queue:default").await;
    assert_eq!(
        (there.len(), there.values().all(|count| *count == 1)),
        (writes, true),
        "jobs lost or doubled"
    );
    let renewed: Vec<String> = target.client().await.say(&["KEYS", "renewed:*"]).await;
    assert_eq!(renewed.len(), RENEWED, "renewed keys are gone");
    row["keys"] = json!(keys);
    row["writes"] = json!(writes);
    row["writers_gap_ms"] = json!(gap.as_secs_f64() * 1_000.0);
    row["longest_ms"] = json!(longest.as_secs_f64() * 1_000.0);
    row
}

/// Feeds, cached texts and texts that expire, as Mastodon has them.
async fn fill(client: &Client, keys: usize) {
    for chunk in (0..keys).collect::<Vec<_>>().chunks(AT_ONCE) {
        let mut pipe = redis::pipe();
        for number in chunk {
            match number % 5 {
                0 => {
                    let command = pipe.cmd("ZADD").arg(format!("feed:home:{number}"));
                    for status in 0..20_usize {
                        let id = 112_000_000_000_000_000 + number * 1_000 + status;
                        command.arg(id).arg(id);
                    }
                }
                1 | 2 => {
                    let text = format!("{number:0200}");
                    pipe.cmd("SET").arg(format!("cache:7.1:{number}")).arg(text).arg("EX").arg(3_600);
                }
                _ => {
                    pipe.cmd("SET").arg(format!("activity:{number}")).arg(*number);
                }
            }
        }
        client.pipe(&pipe).await.unwrap();
    }
    let mut pipe = redis::pipe();
    for number in 0..RENEWED {
        pipe.cmd("SET").arg(format!("renewed:{number}")).arg(number).arg("EX").arg(LIVES);
    }
    client.pipe(&pipe).await.unwrap();
}

/// Copies keys as a script would.
async fn script(source: &Server, target: &Server, keys: usize) -> Value {
    let (here, there) = (source.client().await, target.client().await);
    let reader = redis::Client::open(source.url(0)).unwrap();
    let mut reader = reader.get_multiplexed_async_connection().await.unwrap();
    let (mut cursor, began) = ("0".to_owned(), Instant::now());
    loop {
        let count = SCRIPT.to_string();
        let (next, names): (String, Vec<String>) = here.say(&["SCAN", &cursor, "COUNT", &count]).await;
        let mut read = redis::pipe();
        for name in &names {
            read.cmd("DUMP").arg(name).cmd("PTTL").arg(name);
        }
        let answers: Vec<redis::Value> = read.query_async(&mut reader).await.unwrap();
        let mut write = redis::pipe();
        for (name, answer) in names.iter().zip(answers.chunks(2)) {
            let [redis::Value::BulkString(payload), redis::Value::Int(left)] = answer else { continue };
            write.cmd("RESTORE").arg(name).arg((*left).max(0)).arg(payload).arg("REPLACE").ignore();
        }
        there.pipe(&write).await.unwrap();
        cursor = next;
        if cursor == "0" {
            break;
        }
    }
    let carried = began.elapsed();
    assert!(there.say::<usize>(&["DBSIZE"]).await >= keys, "all are there");
    json!({ "mode": "script", "keys": keys, "carry_ms": carried.as_secs_f64() * 1_000.0 })
}

/// Writes jobs, to the new side once the old one refuses; how many, the time between the last on the old side and the first on
/// the new one, and the longest time between any other two.
async fn write(sides: [Client; 2], journal: PathBuf, stop: Arc<AtomicBool>) -> (usize, Duration, Duration) {
    let (mut side, mut number, mut gap, mut longest) = (0, 0, Duration::ZERO, Duration::ZERO);
    let mut beat = tokio::time::interval(BEAT);
    let mut last = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        beat.tick().await;
        let job = format!(r#"{{"class":"W","args":[],"jid":"{number:024x}","queue":"default"}}"#);
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("SADD").arg("queues").arg("default").ignore();
        pipe.cmd("LPUSH").arg("queue:default").arg(job).ignore();
        pipe.cmd("EXPIRE").arg(format!("renewed:{}", number % RENEWED)).arg(LIVES).ignore();
        let before = side;
        while sides[side].pipe(&pipe).await.is_err() {
            // Nobody goes to the new side before it is the one.
            side = usize::from(std::fs::read_to_string(&journal).unwrap().contains("handed-over"));
        }
        number += 1;
        if side == before {
            longest = longest.max(last.elapsed());
        } else {
            gap = last.elapsed();
        }
        last = Instant::now();
    }
    (number, gap, longest)
}

async fn mover(mode: &str, source: &str, target: &str, state: &Path) -> Value {
    let address = |url: &str| RedisAddress::read(url, None).unwrap();
    let route = Route {
        source: address(source),
        target: address(target),
        choice: Choice::default(),
        source_seen: None,
        target_seen: None,
    };
    let mut crossing = Crossing::open(route, limits(), state).unwrap();
    let began = Instant::now();
    match mode {
        "copy" => drop(crossing.copy().await.unwrap()),
        _ => drop(crossing.replicate().await.unwrap()),
    }
    let carried = began.elapsed();
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    let milliseconds = |span: Duration| span.as_secs_f64() * 1_000.0;
    json!({
        "mode": mode, "carry_ms": milliseconds(carried), "cut_over_ms": milliseconds(began.elapsed() - carried),
        "pause_ms": done.pause.map(milliseconds), "holds": done.proof.as_ref().is_some_and(|proof| proof.holds()),
        "compared": done.proof.as_ref().map(|proof| proof.compared),
        "moved_on": done.proof.as_ref().map(|proof| proof.moved_on), "peak_bytes": peak(),
    })
}

/// The highest resident set of this process, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or_default()
        << 10
}
