//! The chores by name.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// The house rules: arrows between rooms, sizes, names, catalogues
    Check,
    /// All tests, with their sum as the last line
    Test,
    /// Format, lints, house rules and tests
    Ci,
    /// Benchmarks, built for release
    Bench {
        /// `reading`, `rendering`, `rehearsal`, `traffic`, `prober` or `convert`, by default all of these; or `crossings`,
        /// `postgres`, `redis` or `media`
        name: Option<String>,
        /// Of the crossings only those whose names contain this, such as `k01` or `by-hand/rolling`; may be repeated
        #[arg(long)]
        only: Vec<String>,
    },
    /// A real control plane on loopback, until interrupted, or for as long as a command runs with its KUBECONFIG
    Testbed {
        /// Only build it
        #[arg(long)]
        build: bool,
        /// What to run with it
        #[arg(last = true, conflicts_with = "build")]
        command: Vec<OsString>,
    },
    /// The scenarios, on the cluster inside or on the testbed; the last line is `N passed, N failed`
    Scenarios {
        /// `inside` or `testbed`; MASTOFERRY_BLESS=1 takes what is seen on the testbed as the truth
        #[arg(long, default_value = "inside", value_parser = ["inside", "testbed"])]
        cluster: String,
        /// Only those whose names contain one of these
        names: Vec<String>,
        /// None whose name contains this; may be repeated
        #[arg(long, value_name = "NAME")]
        without: Vec<String>,
    },
    /// Many voyages with accidents on the cluster inside (`--help` tells more); the last line is `N passed, N failed`
    #[command(disable_help_flag = true)]
    Sweep {
        /// `--runs N --seed S --only N`, or `calls --strategy S --ailment A --matching TEXT --runs N --seed S`, or
        /// `data --store postgres|redis|media --kills N --seed S --only N`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}
