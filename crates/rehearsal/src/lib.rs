//! The cluster inside: API server, controllers, hollow node, front, stand-in Mastodon

mod api;
mod controllers;
pub mod fault;
pub mod front;
pub mod inside;
pub mod node;
pub mod standin;

pub use api::{About, ApiError, Cause, Kind, Store, StoreError, client, router};
pub use controllers::start_controllers;
pub use fault::{Fault, FaultError};
pub use front::{Front, FrontError};
pub use inside::{ClusterInside, InsideError, Options};
pub use node::HollowNode;
pub use standin::{Invariants, World, WorldError};
