//! Media from a folder to a bucket, side by side with rclone: the same files, the same server, as many transfers. Both are
//! whole processes; ours reads every object back and compares its hash. `cargo xtask bench media`, or with numbers of its own
//! `cargo bench -p movers --bench media -- SMALL LARGE [ROUNDS]`.

#![expect(clippy::print_stdout, reason = "it is a program for people")]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use movers::media::{Asked, Mover, Place, Ran};
use tempfile::TempDir;
use wait4::Wait4 as _;

use self::ground::{ALL, Weed, bucket, folder, has_s3, limits, name, noise, rclone, write};

#[path = "../tests/media/ground.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
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
    if let [mover, from, endpoint, bucket, state] = arguments.as_slice()
        && mover == "mover"
    {
        return moved(Path::new(from), endpoint, bucket, Path::new(state));
    }
    if !has_s3() {
        return ExitCode::SUCCESS;
    }
    let number =
        |at: usize, usual: u64| arguments.get(at).and_then(|it| it.parse::<u64>().ok()).unwrap_or(usual);
    compare(number(0, 100_000), number(1, 20), number(2, 1));
    ExitCode::SUCCESS
}

fn moved(from: &Path, endpoint: &str, name: &str, state: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let to = Place::Bucket(bucket(endpoint, name, ALL, &[]));
    let mut mover = Mover::open(folder(from), to, state, limits()).expect("opens");
    match runtime.block_on(mover.pass(&Asked::default())) {
        Ok(Ran::Ended(outcome)) if outcome.is_complete() && outcome.copied == outcome.objects => {
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

fn compare(small: u64, large: u64, rounds: u64) {
    let from = TempDir::new().expect("a folder");
    for number in 0..small {
        write(from.path(), &name(number), &noise(number, 2_000 + number as usize * 7919 % 28_000));
    }
    for number in 0..large {
        write(from.path(), &format!("media_attachments/files/large/{number}.mp4"), &noise(number, LARGE));
    }
    println!("{small} small objects (2 to 30 kB), {large} of {} MiB, 4 transfers", LARGE >> 20);
    println!("{:<28} {:>9} {:>11} {:>9}", "", "wall", "processor", "memory");
    for round in 0..rounds {
        // Each on a server of its own, which nothing has filled before.
        let rclone = on_a_new_server(|weed| {
            let mut command = rclone(&weed.endpoint(), ALL);
            command.args(["copy", "--transfers", "4", "--checkers", "4"]).arg(from.path()).arg("s3:target");
            command
        });
        told("rclone copy", &rclone);
        let state = TempDir::new().expect("a folder");
        let ours = on_a_new_server(|weed| {
            let mut command = Command::new(std::env::current_exe().expect("known"));
            command.arg("mover").arg(from.path()).arg(weed.endpoint()).arg("target").arg(state.path());
            command.stdout(Stdio::null());
            command
        });
        told("mastoferry, read back", &ours);
        println!("round {}: {:.2} times as long as rclone", round + 1, ours.seconds / rclone.seconds);
    }
}

fn told(what: &str, took: &Took) {
    println!("{what:<28} {:>7.1} s {:>9.1} s {:>5} MiB", took.seconds, took.processor, took.memory >> 20);
}

fn on_a_new_server(command: impl FnOnce(&Weed) -> Command) -> Took {
    let weed = Weed::start();
    weed.make_bucket("target");
    let began = Instant::now();
    let child = command(&weed).spawn().expect("it starts");
    let used = child.wait4().expect("it ends");
    assert!(used.status.success(), "{}", used.status);
    Took {
        seconds: began.elapsed().as_secs_f64(),
        processor: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        memory: used.rusage.maxrss,
    }
}
