//! The API server inside: objects in memory behind Kubernetes' own HTTP interface.

mod actions;
mod address;
mod admission;
mod apply;
mod defaults;
mod definitions;
mod disruption;
mod events;
mod feed;
mod fields;
mod history;
mod journal;
mod lists;
pub(crate) mod object;
mod patch;
mod proxy;
mod reading;
mod registry;
mod requests;
mod rights;
mod scale;
mod schema;
mod selectors;
mod server;
mod services;
mod status;
mod store;
mod validate;
mod verbs;
mod watch;

pub use journal::StoreError;
pub use registry::Kind;
pub use server::{client, router};
pub use status::{About, ApiError, Cause};
pub use store::Store;

pub(crate) use feed::{Feed, News};
pub(crate) use history::Change;
pub(crate) use selectors::matches;
pub(crate) use store::Key;
pub(crate) use verbs::{Deletion, Part, Propagation, Write};
