//! Pure planning: strategies, steps as data, the plan checker.
//!
//! A [`Plan`] is complete and immutable: it holds every object, selector, number and rule that the voyage
//! will use, so that what is run is what was shown. Nothing here waits, connects or reads a clock.

mod blue_green;
mod check;
mod commands;
mod error;
mod helm;
mod model;
mod rule;

pub use blue_green::{Circumstances, blue_green, namespace};
pub use check::check;
pub use error::PlanError;
pub use model::{
    Action, HelmRelease, Plan, PodLabels, Replicas, Reversibility, Route, RouteComponent, SecretNeed,
    ServiceSwitch, SideDoor, Step, StepId, Strategy,
};
pub use rule::{Comparison, Metric, NoData, Rule, RuleAction};
