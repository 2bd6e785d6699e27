//! The way into the cluster inside for other programs: its API server on a loopback port, over TLS and for those
//! who hold the token.

mod certificate;
mod der;
mod entry;
mod kubeconfig;

pub use entry::{Door, DoorError};
