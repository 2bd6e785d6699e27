//! `sweep --runs N --seed S`: many voyages with accidents; the last line is `N passed, N failed`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use futures::StreamExt;
use plan::Strategy;
use testkit::{Ailment, Chart, Life, STRATEGIES, Swept};

/// Sails many voyages into accidents and holds the laws against what is left.
#[derive(Parser)]
#[command(name = "sweep", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    systematic: Option<Systematic>,
    #[command(flatten)]
    by_lot: ByLot,
}

#[derive(Args)]
struct ByLot {
    /// How many runs
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// What the runs are made of; another one each time by default
    #[arg(long)]
    seed: Option<u64>,
    /// Only the run with this number
    #[arg(long)]
    only: Option<u64>,
}

#[derive(Subcommand)]
enum Systematic {
    /// Every ailment at every call that an undisturbed voyage makes, there and back
    Calls {
        /// How the moves are made: `blue-green`, `rolling`, `maintenance`; all by default
        #[arg(long, value_parser = strategy)]
        strategy: Option<Strategy>,
        /// What befalls the calls, such as `lost-answer`; everything by default
        #[arg(long)]
        ailment: Option<Ailment>,
        /// Only those whose description contains this
        #[arg(long)]
        matching: Option<String>,
        /// How many of them: each call has its turn before any has its next; all by default
        #[arg(long)]
        runs: Option<usize>,
        /// What the order is made of; another one each time by default
        #[arg(long)]
        seed: Option<u64>,
    },
}

fn strategy(text: &str) -> Result<Strategy, String> {
    STRATEGIES.into_iter().find(|own| own.name() == text).ok_or_else(|| format!("no strategy: {text}"))
}

fn new_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is a program for people")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let seed = match &cli.systematic {
        Some(Systematic::Calls { seed, .. }) => *seed,
        None => cli.by_lot.seed,
    };
    let seed = seed.unwrap_or_else(new_seed);
    println!("seed {seed}");
    match chosen(&cli, seed).await {
        Ok((chart, lives)) => swept(chart, lives).await,
        Err(failure) => {
            println!("{failure}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

/// The lives asked for.
async fn chosen(cli: &Cli, seed: u64) -> Result<(Chart, Vec<Life>), testkit::Failure> {
    let Some(Systematic::Calls { strategy, ailment, matching, runs, .. }) = &cli.systematic else {
        let ByLot { runs, only, .. } = &cli.by_lot;
        let numbers = only.map_or(0..*runs, |number| number..number + 1);
        return Ok((
            Chart::sound(&STRATEGIES).await?,
            numbers.map(|number| Life::of(seed, number)).collect(),
        ));
    };
    let strategies: Vec<Strategy> =
        STRATEGIES.into_iter().filter(|own| strategy.is_none_or(|wanted| *own == wanted)).collect();
    let chart = Chart::sound(&strategies).await?;
    let mut lives = testkit::lives(&chart, seed);
    lives.retain(|life| ailment.is_none_or(|wanted| life.ailment() == Some(wanted)));
    lives.retain(|life| matching.as_ref().is_none_or(|part| life.to_string().contains(part.as_str())));
    lives.truncate(runs.unwrap_or(usize::MAX));
    Ok((chart, lives))
}

/// Runs them all, and says what came of them.
#[expect(clippy::print_stdout, reason = "it is a program for people")]
async fn swept(chart: Chart, lives: Vec<Life>) -> ExitCode {
    println!("{} runs", lives.len());
    let (mut passed, mut failed, mut undecided, mut again, mut met, mut missed) = (0, 0, 0, 0, 0, 0);
    let mut runs = std::pin::pin!(testkit::sweep(Arc::new(chart), lives.into_iter()));
    while let Some(swept) = runs.next().await {
        again += usize::from(!swept.before.is_empty());
        met += swept.met;
        missed += swept.accidents.len().saturating_sub(swept.met);
        match (swept.wrong.is_empty(), swept.undecided) {
            (true, _) => passed += 1,
            (false, true) => undecided += 1,
            (false, false) => failed += 1,
        }
        for line in told(&swept) {
            println!("{line}");
        }
        if (passed + failed + undecided) % 100 == 0 {
            println!("{} runs, {failed} failed", passed + failed + undecided);
        }
    }
    println!("{met} accidents were met, {missed} legs met none");
    println!("{again} runs were tried again, for the machine was too busy");
    if undecided > 0 {
        println!(
            "{undecided} runs show nothing: the machine stood still for a second and more, again and again"
        );
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > undecided { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is to be said of a run: nothing, where all was well.
fn told(swept: &Swept) -> Vec<String> {
    let mut lines = Vec::new();
    for before in &swept.before {
        lines.push(format!("again {}\n  {before}", swept.life));
    }
    if !swept.wrong.is_empty() {
        let took = swept.took.as_secs_f64();
        let verdict = if swept.undecided { "UNDECIDED" } else { "FAILED" };
        lines.push(format!("{verdict} {} ({took:.1} s)", swept.life));
        lines.extend(swept.accidents.iter().map(|accident| format!("  leg {accident}")));
        lines.extend(swept.wrong.iter().map(|wrong| format!("  {wrong}")));
    }
    lines
}
