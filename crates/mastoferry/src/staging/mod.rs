//! A rehearsal in a namespace of a real cluster: the same plan, real images, nobody's users.

mod adapt;
mod bridge;
mod place;
mod preview;
mod settings;
mod stores;

pub(crate) use adapt::{Adapted, adapt};
pub(crate) use bridge::Bridge;
pub(crate) use place::{Finding, Place};
pub(crate) use preview::{findings, json, text};
pub(crate) use settings::{Asked, StoresAt};
