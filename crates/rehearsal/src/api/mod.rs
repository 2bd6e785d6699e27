//! The API server inside: objects in memory behind Kubernetes' own HTTP interface.

mod address;
mod apply;
mod defaults;
mod discovery;
mod entrance;
mod exec;
mod feed;
mod fields;
mod history;
mod journal;
mod log;
pub(crate) mod object;
mod openapi;
mod patch;
mod protobuf;
mod proxy;
mod registry;
mod reviews;
mod scale;
mod selectors;
mod server;
mod services;
mod shell;
mod status;
mod store;
mod table;
mod validate;
mod verbs;
mod watch;

pub use entrance::{client, router};
pub use journal::StoreError;
pub use registry::Kind;
pub use status::{About, ApiError, Cause};
pub use store::Store;

pub(crate) use entrance::{Entrance, router_of};
pub(crate) use feed::{Feed, News};
pub(crate) use history::Change;
pub(crate) use selectors::matches;
pub(crate) use status::json_response;
pub(crate) use store::Key;
pub(crate) use verbs::{Deletion, Part, Propagation, Write};
