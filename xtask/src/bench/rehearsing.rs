//! Whole rehearsals, measured from outside: how long, how much memory and processor time, and what users saw.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wait4::Wait4;

use super::process::built;
use crate::run::root;

/// The tree that is moved, and how it is called.
struct Tree {
    name: &'static str,
    path: PathBuf,
}

/// What one rehearsal took and told.
struct Rehearsed {
    wall: Duration,
    processor: Duration,
    peak_bytes: u64,
    told: Value,
}

/// A rehearsal of k01 (or, without the corpus, of the example) at 60 times life, with the traffic that is the default.
pub(crate) fn rehearsal() -> Result<(), String> {
    let program = built()?;
    let mut rows = Vec::new();
    for tree in trees() {
        let rehearsed = rehearse(&program, &tree.path, &["--speed", "60"])?;
        rows.push(row(tree.name, "steady, 500/s, 200 WebSockets", &rehearsed));
    }
    print(rows);
    Ok(())
}

/// A move while a thousand WebSockets are held and 5,000 requests come each second: prober, front and stand-ins in one
/// process.
pub(crate) fn traffic() -> Result<(), String> {
    let program = built()?;
    let tree = root().join("examples/kustomize-production");
    let mut rows = Vec::new();
    for load in ["steady", "festival"] {
        let asked = ["--speed", "40", "--load", load, "--rate", "5000", "--sockets", "1000"];
        let rehearsed = rehearse(&program, &tree, &asked)?;
        rows.push(row(
            "examples/kustomize-production",
            &format!("{load}, 5000/s, 1000 WebSockets"),
            &rehearsed,
        ));
    }
    print(rows);
    Ok(())
}

fn trees() -> Vec<Tree> {
    let shared =
        std::env::var_os("MASTOFERRY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    let example = root().join("examples/kustomize-production");
    let mut trees = vec![Tree { name: "examples/kustomize-production", path: example }];
    match k01.is_dir() {
        true => trees.push(Tree { name: "k01", path: k01 }),
        false => eprintln!("SKIPPED: k01 needs the corpus (MASTOFERRY_SHARED)"),
    }
    trees
}

fn rehearse(program: &str, tree: &Path, asked: &[&str]) -> Result<Rehearsed, String> {
    let state = std::env::temp_dir().join(format!("mastoferry-rehearsing-{}", std::process::id()));
    let mut command = Command::new(program);
    command.args(["--output", "json", "rehearse"]).arg(tree).args(asked).arg("--state").arg(&state);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let mut text = String::new();
    if let Some(output) = &mut child.stdout {
        std::io::Read::read_to_string(output, &mut text).map_err(|error| error.to_string())?;
    }
    let used = child.wait4().map_err(|error| format!("{program}: {error}"))?;
    let wall = begun.elapsed();
    let _ = std::fs::remove_dir_all(&state);
    let told: Value =
        serde_json::from_str(&text).map_err(|_| format!("the rehearsal ended with {}", used.status))?;
    let processor = used.rusage.utime + used.rusage.stime;
    Ok(Rehearsed { wall, processor, peak_bytes: used.rusage.maxrss, told })
}

fn row(tree: &str, load: &str, rehearsed: &Rehearsed) -> Value {
    let told = &rehearsed.told;
    json!({
        "tree": tree,
        "load": load,
        "outcome": told["outcome"],
        "wall_s": rehearsed.wall.as_secs_f64(),
        "processor_s": rehearsed.processor.as_secs_f64(),
        "peak_mib": rehearsed.peak_bytes >> 20,
        "requests": told["traffic"]["requests"],
        "failed": told["traffic"]["failed"],
        "failures": told["traffic"]["failures"],
        "p50_ms": told["traffic"]["p50_ms"],
        "p99_ms": told["traffic"]["p99_ms"],
        "classes": told["traffic"]["classes"],
        "streaming": told["streaming"],
        "invariants": told["invariants"],
    })
}

fn print(rows: Vec<Value>) {
    println!(
        "{:<32} {:<34} {:>10} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7}",
        "tree", "load", "outcome", "wall", "cpu", "memory", "requests", "failed", "p99"
    );
    for row in &rows {
        let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        println!(
            "{:<32} {:<34} {:>10} {:>6.1} s {:>6.1} s {:>4} MiB {:>8} {:>7} {:>4.1} ms",
            row["tree"].as_str().unwrap_or_default(),
            row["load"].as_str().unwrap_or_default(),
            row["outcome"].as_str().unwrap_or_default(),
            number("wall_s"),
            number("processor_s"),
            row["peak_mib"],
            row["requests"],
            row["failed"],
            number("p99_ms"),
        );
    }
    println!("{:#}", Value::Array(rows));
}
