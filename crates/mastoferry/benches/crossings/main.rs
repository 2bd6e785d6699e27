//! Deployments of the corpus moved by each strategy on a real control plane, behind real Traefik, under 500 requests a
//! second; and the manual procedure beside: `cargo xtask bench crossings`.
//!
//! Needs the testbed, the corpus, and traefik, kubectl and helm on `PATH`. Each crossing is a process of its own.

mod by_hand;
#[path = "../../tests/crossing/ground.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod ground;
mod ours;
mod page;
mod row;
mod sites;
#[path = "../../tests/crossing/traefik.rs"]
mod traefik;
mod users;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Parser;

use row::Row;
use sites::SITES;

const STRATEGIES: [&str; 3] = ["blue-green", "rolling", "maintenance"];

#[derive(Debug, Parser)]
struct Asked {
    /// Only crossings whose name (`k01-ykzts-infra/rolling`, `by-hand/rolling`) contains this; may be repeated
    #[arg(long)]
    only: Vec<String>,
    /// File of the rows: those made now are put into it, in the place of older ones of the same crossings
    #[arg(long)]
    json: Option<PathBuf>,
    /// File to write the page to, when there is a row of every crossing
    #[arg(long)]
    page: Option<PathBuf>,
    /// Keep what a crossing leaves in this folder
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The one crossing that this process makes
    #[arg(long, hide = true)]
    cell: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let asked = Asked::parse();
    if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
        return say("SKIPPED: needs a real control plane: cargo xtask bench crossings");
    }
    let Some(corpus) = corpus() else { return say("SKIPPED: needs the corpus (MASTOFERRY_SHARED)") };
    let Some(_) = traefik::program() else { return say("SKIPPED: needs traefik on PATH") };
    if let Some(cell) = &asked.cell {
        let folder = asked.keep.clone().expect("a folder");
        let row = one(cell, &corpus, &folder);
        std::fs::write(folder.join("row.json"), serde_json::to_vec(&row).expect("JSON")).expect("written");
        return;
    }
    let begun = Instant::now();
    let cells = cells();
    let wanted =
        |cell: &&String| asked.only.is_empty() || asked.only.iter().any(|only| cell.contains(only.as_str()));
    let kept = tempfile::tempdir().expect("a folder");
    let folder = asked.keep.clone().unwrap_or_else(|| kept.path().to_owned());
    let mut rows = Vec::new();
    for cell in cells.iter().filter(wanted) {
        let began = Instant::now();
        let mut row = alone(cell, &folder);
        row.made = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M").to_string();
        row.minutes = began.elapsed().as_secs_f64() / 60.0;
        say(&page::line(&row));
        rows.push(row);
        // At once: what is measured is not lost when somebody ends the rest.
        if let Some(path) = &asked.json {
            let all = together(&rows, Some(path));
            std::fs::write(path, serde_json::to_vec_pretty(&all).expect("JSON")).expect("written");
        }
    }
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let all = together(&rows, asked.json.as_deref());
    if let Some(path) = &asked.page {
        if all.len() == cells.len() {
            std::fs::write(path, page::page(&all)).expect("written");
        } else {
            say("the page is written when there is a row of every crossing");
        }
    }
    let short: Vec<String> =
        rows.iter().flat_map(|row| row.shortfalls().into_iter().map(|it| page::named(row, &it))).collect();
    say(&format!("{} crossings in {minutes:.1} min, {} shortfalls", rows.len(), short.len()));
    short.iter().for_each(|it| say(it));
    if !short.is_empty() {
        std::process::exit(1);
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]
fn say(text: &str) {
    println!("{text}");
}

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    Some(shared.join("corpus")).filter(|corpus| corpus.is_dir())
}

/// These, and those of earlier runs that are not among them, in the order of the page.
fn together(rows: &[Row], earlier: Option<&Path>) -> Vec<Row> {
    let earlier = earlier.and_then(|path| std::fs::read(path).ok());
    let earlier: Vec<Row> =
        earlier.map_or_else(Vec::new, |text| serde_json::from_slice(&text).expect("rows of this program"));
    let named = |cell: &String| {
        let is_it = |row: &&Row| row.name() == *cell;
        rows.iter().find(is_it).or_else(|| earlier.iter().find(is_it)).cloned()
    };
    cells().iter().filter_map(named).collect()
}

fn cells() -> Vec<String> {
    let by_hand = STRATEGIES.map(|strategy| format!("by-hand/{strategy}"));
    let ours = SITES.iter().flat_map(|site| STRATEGIES.map(|strategy| format!("{}/{strategy}", site.name)));
    by_hand.into_iter().chain(ours).collect()
}

/// One crossing in a process of its own, so that what goes wrong in one is no other's trouble.
fn alone(cell: &str, folder: &Path) -> Row {
    let folder = folder.join(cell.replace('/', "-"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let myself = std::env::current_exe().expect("a path");
    let mut command = Command::new(myself);
    let output = command
        .env("RUST_BACKTRACE", "0")
        .args(["--cell", cell, "--keep"])
        .arg(&folder)
        .output()
        .expect("runs");
    let row = std::fs::read(folder.join("row.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
    row.unwrap_or_else(|| {
        let (deployment, strategy) = cell.split_once('/').unwrap_or((cell, ""));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Row {
            deployment: deployment.to_owned(),
            strategy: strategy.to_owned(),
            by_hand: deployment == "by-hand",
            trouble: Some(said),
            ..Row::default()
        }
    })
}

fn one(cell: &str, corpus: &Path, folder: &Path) -> Row {
    let (name, strategy) = cell.split_once('/').expect("DEPLOYMENT/STRATEGY");
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    let site = SITES.iter().find(|site| site.name == name);
    runtime.block_on(async {
        match site {
            Some(site) => Box::pin(ours::cross(site, strategy, corpus, folder)).await,
            None => Box::pin(by_hand::cross(&SITES[0], strategy, corpus, folder)).await,
        }
    })
}
