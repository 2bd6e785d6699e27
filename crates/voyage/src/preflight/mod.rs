//! The preflight: whether a plan could begin on the cluster as it stands, and what is in its way.
//!
//! [`Facts`] are read once, and changed is nothing. Each check is a judgement over the plan and the facts alone.

mod capacity;
mod certificate;
mod changes;
mod examine;
mod facts;
mod finding;
mod freeze;
mod front;
mod images;
mod inside;
mod operator;
mod ownership;
mod pods;
mod probes;
pub(crate) mod rights;
mod schedulers;
mod secrets;
mod selectors;
mod standing;
mod stores;
#[cfg(test)]
mod trials;
mod versions;
mod volumes;

pub use changes::changes;
pub use examine::examine;
pub use facts::{Facts, FactsError};
pub use finding::{Finding, Grade};
pub use schedulers::registered;
