//! The sweep: many voyages, each with other accidents, and the laws that must hold after every one of them.
//!
//! Some accidents are drawn by lot, most of them where users and queues move; or every ailment is played at every call that
//! an undisturbed voyage makes, there and back ([`lives`]). What an undisturbed voyage asks for in each step is sounded
//! first ([`Chart`]).
//!
//! A run is made of its number and a seed alone, so that what went wrong once can be looked at again. The operator dies at a
//! record of the journal, requests fail in every way that requests fail in, the Lease is taken by another; then somebody goes
//! on or goes back, perhaps into the next accident. In the end nothing stands in the way any more, and what is asked for must
//! come true: the new side whole, or the old side object by object as it was; and no user may have noticed.

mod accident;
mod calls;
mod chart;
mod laws;
mod life;
mod run;
mod sea;
mod stint;

pub use accident::Ailment;
pub use calls::lives;
pub use chart::Chart;
pub use life::{Life, STRATEGIES};
pub use run::{Swept, sweep};
