//! Whole processes, measured from outside.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::run::{cargo, root};

/// The exit of an audit that found differences.
const DIFFERS: i32 = 3;

/// What runs of a command took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// The shortest wall time, which other work on the machine disturbs least.
    pub(crate) best: Duration,
    /// The median of the wall time, process start and end included.
    pub(crate) median: Duration,
    /// The highest resident set of any run, in bytes.
    pub(crate) memory: u64,
}

/// Builds the program for release; its path.
pub(crate) fn built() -> Result<String, String> {
    cargo(&["build", "--release", "--locked", "-p", "mastoferry"])?;
    Ok(target_folder().join("release/mastoferry").display().to_string())
}

/// Where cargo builds.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs commands in turn, `rounds` times each, so that whatever else the machine does meets all of them alike.
pub(crate) fn measure(commands: &[Vec<String>], rounds: usize) -> Result<Vec<Measured>, String> {
    let mut times = vec![Vec::with_capacity(rounds); commands.len()];
    let mut memory = vec![0; commands.len()];
    for _ in 0..rounds {
        for (index, command) in commands.iter().enumerate() {
            let (time, peak) = once(command)?;
            times[index].push(time);
            memory[index] = peak.max(memory[index]);
        }
    }
    let of_command = |(mut times, memory): (Vec<Duration>, u64)| {
        times.sort_unstable();
        Measured { best: times[0], median: times[times.len() / 2], memory }
    };
    Ok(times.into_iter().zip(memory).map(of_command).collect())
}

/// A span in milliseconds.
pub(crate) fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn once(words: &[String]) -> Result<(Duration, u64), String> {
    let (program, arguments) = words.split_first().ok_or("a command without a program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let used = child.wait4().map_err(|error| format!("{program}: {error}"))?;
    // An audit that finds differences ends with this; its work is done.
    if !used.status.success() && used.status.code() != Some(DIFFERS) {
        return Err(format!("{}: {}", words.join(" "), used.status));
    }
    Ok((begun.elapsed(), used.rusage.maxrss))
}
