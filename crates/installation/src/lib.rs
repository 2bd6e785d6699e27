//! What a Mastodon installation is: components, settings, routes, neighbours.
//!
//! [`Installation::understand`] looks at Kubernetes objects and says which of them are Mastodon's web,
//! streaming and Sidekiq, what each container effectively gets as environment, how users reach it, and what
//! stands beside it. Objects keep the places they were read from.

mod beside;
mod catalogue;
pub mod chart;
mod command;
mod components;
mod encoded;
mod environment;
mod error;
mod facts;
mod findings;
mod index;
mod model;
mod mounted;
mod needs;
mod object;
mod provided;
mod queues;
mod reading;
mod role;
mod routes;
mod secrets;
mod selector;
mod shell;
mod stores;
mod understand;
mod versions;

pub use catalogue::{
    KnownSetting, Minor, SettingOwner, belongs_elsewhere, holds_secret, is_secret, is_secret_option,
    known_setting, known_settings, likely_name,
};
pub use command::command_line;
pub use encoded::{decode_base64, encode_base64};
pub use environment::{Environment, Environments, Origins, Setting, SettingValue, resolve_environment};
pub use error::{InstallationError, InstallationErrorKind};
pub use facts::{
    Certificate, Flavour, HeldSecret, Mail, Monitor, Neighbour, NeighbourPart, Scaling, ScalingKind,
    Schedule, SecretForm, Store, StoreKind, Version,
};
pub use findings::required_secrets;
pub use model::{
    Component, Finding, FindingKind, Installation, Need, Route, RouteKind, RouteTarget, ServiceBehind, Side,
};
pub use object::{Object, ObjectId};
pub use queues::{Queue, SidekiqCommand, all_queues, queues_of};
pub use role::Role;
pub use secrets::is_git_crypt;
pub use selector::{Labels, asks_for_labels, finds_labels};
