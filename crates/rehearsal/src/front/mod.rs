//! The front: an HTTP/1.1 reverse proxy that routes users to pods by Ingress, HTTPRoute, Service and
//! EndpointSlice, in the manner of one of the fronts that Mastodon servers stand behind.
//!
//! It knows the cluster only by watching it. What it hears goes through a machine that gives it the delays and gaps of
//! its [`Profile`]; what comes out is laid as a table of routes beside the old one, and they are swapped. Requests
//! under way keep the connection they have, unless the profile replaces its worker processes or cuts what has
//! drained.

#[cfg(test)]
mod crossing;
mod detect;
mod gateway;
mod gateway_status;
mod ingress;
mod known;
mod manner;
mod opening;
mod outside;
mod pool;
mod profile;
mod proxy;
mod route;
mod shaping;
mod table;
mod watching;

pub use detect::Detected;
pub use opening::{Front, FrontError, FrontOptions};
pub use profile::{Profile, UnknownProfile};
