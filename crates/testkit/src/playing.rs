//! What the program is asked for, and the doing of it.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use testkit::{Differences, Ground, Played, Scenario, play_all, read_all};

/// Plays the scenarios.
#[derive(Parser)]
pub(crate) struct Cli {
    /// Where
    #[arg(long, value_enum, default_value = "inside")]
    cluster: Cluster,
    /// Only those whose names contain one of these
    names: Vec<String>,
    /// None whose name contains this; may be repeated
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cluster {
    /// The cluster inside
    Inside,
    /// The real control plane that KUBECONFIG names
    Testbed,
}

#[expect(clippy::print_stdout, reason = "it is a program for people")]
pub(crate) async fn run(cli: &Cli) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let among = |names: &[String], name: &str| names.iter().any(|part| name.contains(part.as_str()));
    let wanted = |name: &str| (cli.names.is_empty() || among(&cli.names, name)) && !among(&cli.without, name);
    let read: Vec<(PathBuf, Scenario)> =
        read_all(&folder)?.into_iter().filter(|(_, scenario)| wanted(&scenario.name)).collect();
    let ground = match cli.cluster {
        Cluster::Inside => Ground::Inside,
        Cluster::Testbed => Ground::real().await?,
    };
    let known = Differences::read(&std::fs::read_to_string(folder.join("../docs/differences/scenarios.md"))?);
    let bless = std::env::var_os("MASTOFERRY_BLESS").is_some_and(|value| value == "1");
    let scenarios = read.iter().map(|(_, scenario)| scenario.clone()).collect();
    let (mut passed, mut failed) = (0, 0);
    for Played { name, took, wrong, seen, .. } in play_all(scenarios, &ground, &known).await? {
        let path = read.iter().find(|(_, scenario)| scenario.name == name).map(|(path, _)| path);
        match (wrong, seen, path) {
            (None, ..) => passed += 1,
            (Some(_), Some(seen), Some(path)) if bless => {
                std::fs::write(path, seen)?;
                passed += 1;
                println!("blessed {name} ({:.1} s)", took.as_secs_f64());
                continue;
            }
            (Some(wrong), ..) => {
                failed += 1;
                println!("FAILED {name} ({:.1} s)\n{wrong}", took.as_secs_f64());
                continue;
            }
        }
        println!("ok {name} ({:.1} s)", took.as_secs_f64());
    }
    Ok((passed, failed))
}
