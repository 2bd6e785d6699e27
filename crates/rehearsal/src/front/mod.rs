//! The front: an HTTP/1.1 reverse proxy that routes users to pods by Ingress, Service and EndpointSlice, as
//! an ingress controller does.
//!
//! It knows the cluster only by watching it. Whenever something it watches has changed, it lays a new table
//! of routes beside the old one and swaps them; requests under way keep the connection they have. Only
//! ready endpoints are asked; a request is tried again elsewhere when that cannot harm.

#[cfg(test)]
mod crossing;
mod opening;
mod pool;
mod proxy;
mod table;
mod watching;

pub use opening::{Front, FrontError};
