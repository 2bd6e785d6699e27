//! Pure planning: strategies, steps as data, the plan checker.
//!
//! A [`Plan`] is complete and immutable: it holds every object, selector, number and rule that the voyage
//! will use, so that what is run is what was shown. Nothing here waits, connects or reads a clock.

mod blue_green;
mod check;
mod choice;
mod commands;
mod error;
mod gitops;
mod handover;
mod helm;
mod host_port;
mod maintenance;
mod model;
mod page;
mod passing;
mod quantity;
mod queries;
mod rolling;
mod rule;
mod sides;
mod stores;
mod strategy;
mod weights;

pub use check::check;
pub use error::PlanError;
pub use gitops::{GitOpsKind, GitOpsOwner};
pub use handover::Handover;
pub use host_port::HostPort;
pub use model::{
    Action, HelmRelease, PageSwitch, Plan, PodLabels, PodShift, Reason, Replicas, Reversibility, Route,
    RouteComponent, SecretNeed, ServiceSwitch, SideDoor, Step, StepId, Strategy, Waves, WeightedRoute,
};
pub use page::PageOptions;
pub use queries::{Exporter, RulesError, read_rules};
pub use rule::{Comparison, Metric, NoData, Query, Rule, RuleAction};
pub use stores::{MovedStore, Obstacle, StoreMove, StoreWay, StoresMove};
pub use strategy::{Circumstances, decide, namespace};
