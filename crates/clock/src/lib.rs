//! Time as the cluster sees it.
//!
//! A rehearsal may run its cluster faster than life (`--speed`): boot, probes, grace periods, controllers and
//! guard windows all take their time from one [`Clock`], so that they stay in proportion. Traffic does
//! not: it runs in real time and never sees this type.

mod clock;
mod pulse;

pub use clock::Clock;
pub use pulse::Pulse;
