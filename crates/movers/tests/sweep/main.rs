//! Accidents at random instants of a move of data, against real servers: whatever dies, and whenever, it goes on, goes back,
//! or stops with the truth. `cargo xtask sweep data --kills N --seed S [--store NAME] [--only N]`; the last line is
//! `N passed, N failed`.

#![expect(clippy::print_stdout, reason = "it is a program for people")]
#![expect(clippy::unwrap_used, reason = "a run that cannot be prepared fails")]

#[path = "redis.rs"]
mod redis_store;

#[path = "../machine/mod.rs"]
mod machine;

mod lot;
mod media;
mod network;
mod postgres;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// One run of a store's sweep from a number: how it ended, or what went wrong.
type Run = Box<dyn FnMut(u64) -> Result<String, String>>;

/// A store, what makes its runs, and what its mover does as a process of its own that can be killed, with the arguments
/// after `mover STORE`.
type Store = (&'static str, fn() -> Run, fn(&[String]) -> ExitCode);

const STORES: [Store; 3] = [
    ("postgres", || Box::new(postgres::run), postgres::mover),
    ("redis", || Box::new(redis_store::run), redis_store::mover),
    ("media", media_runs, media::mover),
];

fn media_runs() -> Run {
    match media::Sweep::begin() {
        Some(mut sweep) => Box::new(move |number| sweep.run(number)),
        None => Box::new(|_| Ok("SKIPPED: needs weed and rclone".to_owned())),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mover, store, rest @ ..] = arguments.as_slice()
        && mover == "mover"
        && let Some((_, _, mover)) = STORES.iter().find(|(name, _, _)| name == store)
    {
        return mover(rest);
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str| value(name).map(|text| text.parse::<u64>().expect("a number"));
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |it| it.as_secs());
    let seed = number("--seed").unwrap_or_else(clock);
    let runs = match number("--only") {
        Some(one) => one..one + 1,
        None => 0..number("--kills").unwrap_or(3),
    };
    let chosen = value("--store");
    println!("seed {seed}");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, runs_of, _) in
        STORES.iter().filter(|(name, _, _)| chosen.as_deref().is_none_or(|it| it == *name))
    {
        let mut run = runs_of();
        for number in runs.clone() {
            match run(seed.wrapping_mul(1_000_003).wrapping_add(number)) {
                Ok(end) => {
                    if end.starts_with("SKIPPED") {
                        skipped += 1
                    } else {
                        passed += 1
                    }
                    println!("{name} {number}: {end}");
                }
                Err(wrong) => {
                    failed += 1;
                    println!(
                        "{name} {number}: WRONG: {wrong} (again: --store {name} --seed {seed} --only {number})"
                    );
                }
            }
        }
    }
    let beside = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("{passed} passed, {failed} failed{beside}");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
