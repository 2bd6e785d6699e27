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
        /// `reading`, `rendering`, `rehearsal`, `traffic`, `prober` or `convert`; all by default
        name: Option<String>,
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
}
