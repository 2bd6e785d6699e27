//! What a rehearsal can be told to break: `green.web.500=30%` and its kin.
//!
//! A fault names a side, a component and an effect. Faults of answers (`500`, `latency`) are felt only once
//! users have arrived on green, so that the guard has to notice them from outside; `never-ready` acts from
//! the start. The kubelet's own probes are spared by faults of answers: an application that fails its users
//! while its health check is content is the case worth rehearsing.

mod book;
mod catalogue;

pub(crate) use book::{Ailment, FaultBook};
pub use catalogue::{CATALOGUE, Effect, Entry, Fault, FaultError, Patient};
