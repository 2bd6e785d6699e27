//! What a rehearsal can be told to break: `green.web.500=30%` and its kin.
//!
//! A fault names who suffers, what goes wrong and, if one likes, when ([`Fault`]). Faults of answers on green
//! (`500`, `latency`, …) are felt only once users have arrived there, so that the guard has to notice them from
//! outside; all others act from the start unless a time is said. The kubelet's own probes are spared by faults
//! of answers: an application that fails its users while its health check is content is the case worth
//! rehearsing.

mod actors;
mod book;
mod catalogue;
mod grammar;
mod wire;

pub use actors::act;
pub(crate) use book::{Ailment, FaultBook, Who};
pub use catalogue::{Effect, Entry, Patient, Side, Target, catalogue};
pub use grammar::{Fault, FaultError, Start, Window};
pub use wire::{operator_client, operator_client_of};
