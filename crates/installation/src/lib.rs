//! What a Mastodon installation is: components, settings, routes, neighbours.
//!
//! [`Installation::understand`] looks at Kubernetes objects and says which of them are Mastodon's web,
//! streaming and Sidekiq, what each container effectively gets as environment, how users reach it, and what
//! stands beside it. Objects keep the places they were read from.

mod catalogue;
pub mod chart;
mod command;
mod environment;
mod error;
mod facts;
mod model;
mod object;
mod queues;
mod role;
mod routes;
mod selector;
mod understand;

pub use catalogue::{
    KnownSetting, Minor, SettingOwner, belongs_elsewhere, holds_secret, is_secret, is_secret_option,
    known_setting, known_settings, likely_name,
};
pub use command::command_line;
pub use environment::{Environment, Origins, Setting, SettingValue, resolve_environment};
pub use error::{InstallationError, InstallationErrorKind};
pub use facts::{
    Certificate, Flavour, HeldSecret, Mail, Monitor, Neighbour, NeighbourPart, Scaling, ScalingKind,
    Schedule, SecretForm, Store, StoreKind, Version,
};
pub use model::{
    Component, Finding, FindingKind, Installation, Need, Route, RouteTarget, ServiceBehind, Side,
};
pub use object::{Object, ObjectId};
pub use queues::{Queue, SidekiqCommand, all_queues};
pub use role::Role;
pub use routes::read_routes;
pub use selector::Labels;
