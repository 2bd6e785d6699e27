//! The ledger and the comparison of effective configurations.
//!
//! [`account`] gives every leaf of every source document a [`Disposition`]; [`compare_installations`] does not trust
//! the writer: it looks at both sides anew and compares what every container, job, route and queue effectively gets.
//! [`compare`] and [`account_helm`], [`compare_helm`] do the same for what was written as manifests and for Helm. Each
//! [`Difference`] has a stable [`Code`] and path, by which it can be accepted ([`Acceptance`]).

mod accept;
mod code;
mod comparison;
mod difference;
mod helm;
mod hints;
mod ledger;
mod written;

pub use accept::{Acceptance, accept};
pub use code::Code;
pub use difference::{Difference, Verdict, verdict, verdict_of};
pub use helm::account_helm;
pub use hints::explanation;
pub use ledger::{Disposition, Item, Ledger, Written, WrittenAs, account};
pub use written::{compare, compare_helm, compare_installations, not_recognised, standing};
