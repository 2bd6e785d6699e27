//! The ledger and the comparison of effective configurations.
//!
//! [`account`] gives every leaf of every source document a [`Disposition`]; [`compare`] does not trust the writer:
//! it makes out both sides anew and compares what every container, route and queue effectively gets. [`account_helm`]
//! and [`compare_helm`] do the same for what is written for Helm.

mod compare;
mod helm;
mod ledger;
mod strays;

pub use compare::{Difference, Verdict, compare, verdict};
pub use helm::{account_helm, compare_helm};
pub use ledger::{Disposition, Item, Ledger, Written, WrittenAs, account};
