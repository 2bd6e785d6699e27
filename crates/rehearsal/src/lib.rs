//! The cluster inside: API server, controllers, hollow node, front, stand-in Mastodon

mod api;
mod controllers;
pub use api::{About, ApiError, Cause, Kind, Store, StoreError, client, router};
pub use controllers::start_controllers;
