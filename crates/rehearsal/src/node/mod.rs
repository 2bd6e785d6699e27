//! The hollow node: a kubelet without containers. It gives each pod that is bound to it a loopback address and
//! stand-in processes, probes them, restarts them, reports on them, and lets them go in good order.

mod address;
mod container;
mod events;
mod hooks;
mod images;
mod kubelet;
mod pod;
mod probe;
mod settings;
mod status;

pub use address::Addresses;
pub use kubelet::{HollowNode, NODE_NAME};
