//! Scenarios: text in, golden record out, on the cluster inside and on a real one.
//!
//! A scenario is one file that reads as documentation: what stands, what is done, and what a watcher of the API server
//! sees until all is at rest again. It is blessed on a real control plane and must come out the same inside;
//! `docs/scenarios.md` tells what a record holds and what it leaves out.

mod chain;
mod condition;
mod deed;
mod differences;
mod facets;
mod failure;
mod fixtures;
mod kinds;
mod names;
mod objects;
mod order;
mod player;
mod record;
mod recorder;
mod sailing;
mod scenario;
mod stage;
mod suite;
mod sweep;
mod text;
mod wire;

pub use differences::Differences;
pub use failure::Failure;
pub use kinds::{Kind, Kinds, Target};
pub use scenario::Scenario;
pub use stage::Ground;
pub use suite::{Played, play_all, read_all};
pub use sweep::{Ailment, Chart, Life, STRATEGIES, Swept, lives, sweep};
pub use text::{ScenarioError, ScenarioErrorKind};
