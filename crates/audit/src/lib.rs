//! The ledger and the comparison of effective configurations.
//!
//! [`account`] gives every leaf of every source document a [`Disposition`]; [`compare`] does not trust the writer:
//! it makes out both sides anew and compares what every container, route and queue effectively gets.

mod compare;
mod ledger;
mod strays;

pub use compare::{Difference, Verdict, compare, verdict};
pub use ledger::{Disposition, Item, Ledger, Written, WrittenAs, account};
