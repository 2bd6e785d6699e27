//! What the server prints of objects when a client asks for a table, as `kubectl get` does.

mod age;
mod columns;
mod network;
mod pods;
mod rest;
mod rows;
mod view;
mod workloads;

pub(crate) use view::View;
