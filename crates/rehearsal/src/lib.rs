//! The cluster inside: API server, controllers, hollow node, front, stand-in Mastodon.
//!
//! [`ClusterInside`] puts them together: a Kubernetes API served to the process itself, the controllers that
//! matter, one hollow node that gives each pod a loopback address and a stand-in process, and a front that
//! routes real HTTP and WebSocket by Ingress and EndpointSlices.

mod api;
mod controllers;
mod door;
mod doors;
mod events;
pub mod fault;
pub mod front;
mod gauges;
pub mod inside;
pub mod node;
pub mod standin;

pub use api::{About, ApiError, Cause, Kind, Store, StoreError, client, router};
pub use controllers::{start_controllers, start_controllers_with};
pub use door::{Door, DoorError};
pub use fault::{Fault, FaultError, operator_client, operator_client_of};
pub use front::{Front, FrontError, FrontOptions, Profile, UnknownProfile};
pub use gauges::{Gauges, Load};
pub use inside::{ClusterInside, InsideError, Options};
pub use node::HollowNode;
pub use standin::{Invariants, World, WorldError};
