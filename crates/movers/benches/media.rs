//! Media from a folder to a bucket, and from a bucket to a bucket, side by side with rclone as it is and with as many checkers
//! as we have connections: the same objects, servers that nothing has filled before. All are whole processes; ours reads every
//! object back and compares its hash. `cargo bench -p movers --bench media -- [--small N] [--large N] [--rounds N]
//! [--way folder|bucket] [--lock FILE]`; the lock is held while something is measured, where several share a machine.

#![expect(clippy::print_stdout, reason = "it is a program for people")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use movers::media::{Asked, Mover, Place, Ran};
use tempfile::TempDir;
use wait4::Wait4 as _;

use self::ground::{ALL, Weed, bucket, folder, has_s3, limits, name, noise, rclone, write};

#[path = "../tests/media/ground.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod ground;
#[path = "../tests/machine/mod.rs"]
#[expect(dead_code, reason = "tests fill disks")]
mod machine;

/// Large objects are of so many bytes.
const LARGE: usize = 24 << 20;

/// What a run took.
struct Took {
    seconds: f64,
    processor: f64,
    memory: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [mover, from, to, state] = arguments.as_slice()
        && mover == "mover"
    {
        return moved(from, to, Path::new(state));
    }
    if !has_s3() {
        return ExitCode::SUCCESS;
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, usual: u64| value(name).and_then(|it| it.parse().ok()).unwrap_or(usual);
    let (small, large) = (number("--small", 100_000), number("--large", 20));
    let lock = value("--lock").map(|path| File::open(path).expect("the lock's file"));
    println!("{small} small objects (2 to 30 kB), {large} of {} MiB, 4 connections", LARGE >> 20);
    let folder = TempDir::new().expect("a folder");
    for number in 0..small {
        write(folder.path(), &name(number), &noise(number, 2_000 + number as usize * 7919 % 28_000));
    }
    for number in 0..large {
        write(folder.path(), &format!("media_attachments/files/large/{number}.mp4"), &noise(number, LARGE));
    }
    let only = value("--way");
    for way in ["folder", "bucket"].into_iter().filter(|it| only.as_deref().is_none_or(|only| only == *it)) {
        println!("{:<40} {:>9} {:>11} {:>9}", format!("{way} to bucket"), "wall", "processor", "memory");
        let weed = (way == "bucket").then(|| filled(folder.path()));
        for _ in 0..number("--rounds", 1) {
            round(folder.path(), weed.as_ref(), lock.as_ref());
        }
    }
    ExitCode::SUCCESS
}

/// A server with all of a folder in a bucket.
fn filled(folder: &Path) -> Weed {
    let weed = Weed::start();
    weed.make_bucket("source");
    let path = folder.display().to_string();
    assert!(weed.rclone(ALL, &["copy", "--transfers", "8", &path, "s3:source"]), "the source is filled");
    weed
}

/// The mover: places are a folder's path, or an endpoint and a bucket with a comma between.
fn moved(from: &str, to: &str, state: &Path) -> ExitCode {
    let place = |text: &str| match text.split_once(',') {
        Some((endpoint, name)) => Place::Bucket(bucket(endpoint, name, ALL, &[("S3_PERMISSION", "")])),
        None => folder(Path::new(text)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let mut mover = Mover::open(place(from), place(to), state, limits()).expect("opens");
    match runtime.block_on(mover.pass(&Asked::default())) {
        Ok(Ran::Ended(outcome)) if outcome.is_complete() && outcome.copied == outcome.objects => {
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// The same by each, on servers of their own.
fn round(folder: &Path, source: Option<&Weed>, lock: Option<&File>) {
    let path = folder.display().to_string();
    let theirs = |weed: &Weed, more: &[&str]| {
        let mut command = rclone(&weed.endpoint(), ALL);
        // Another server, and no waiting for one that is busy.
        command.args(["--low-level-retries", "10", "copy"]).args(more);
        match source {
            Some(source) => {
                for (name, value) in [
                    ("TYPE", "s3"),
                    ("PROVIDER", "SeaweedFS"),
                    ("ENDPOINT", &source.endpoint()),
                    ("ACCESS_KEY_ID", ALL.0),
                    ("SECRET_ACCESS_KEY", ALL.1),
                ] {
                    command.env(format!("RCLONE_CONFIG_OLD_{name}"), value);
                }
                command.arg("old:source");
            }
            None => drop(command.arg(&path)),
        }
        command.arg("s3:target");
        command
    };
    let usual = on_a_new_server(lock, |weed| theirs(weed, &[]));
    told("rclone copy (4 transfers, 8 checkers)", &usual);
    let equal = on_a_new_server(lock, |weed| theirs(weed, &["--transfers", "4", "--checkers", "4"]));
    told("rclone copy (4 transfers, 4 checkers)", &equal);
    let state = TempDir::new().expect("a folder");
    let ours = on_a_new_server(lock, |weed| {
        let from = source.map_or_else(|| path.clone(), |it| format!("{},source", it.endpoint()));
        let mut command = Command::new(std::env::current_exe().expect("known"));
        command.args(["mover", &from, &format!("{},target", weed.endpoint())]).arg(state.path());
        command.stdout(Stdio::null());
        command
    });
    told("mastoferry, every object read back", &ours);
    println!(
        "ours takes {:.2} and {:.2} times as long",
        ours.seconds / usual.seconds,
        ours.seconds / equal.seconds
    );
}

fn told(what: &str, took: &Took) {
    println!("{what:<40} {:>7.1} s {:>9.1} s {:>5} MiB", took.seconds, took.processor, took.memory >> 20);
}

fn on_a_new_server(lock: Option<&File>, command: impl FnOnce(&Weed) -> Command) -> Took {
    let weed = Weed::start();
    weed.make_bucket("target");
    if let Some(lock) = lock {
        lock.lock().expect("the lock");
    }
    let began = Instant::now();
    let child = command(&weed).spawn().expect("it starts");
    let used = child.wait4().expect("it ends");
    let seconds = began.elapsed().as_secs_f64();
    if let Some(lock) = lock {
        lock.unlock().expect("the lock");
    }
    assert!(used.status.success(), "{}", used.status);
    Took {
        seconds,
        processor: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        memory: used.rusage.maxrss,
    }
}
