//! The guard: rules judged over what users get, and who watches while a voyage runs.

mod judge;
mod watch;

pub use judge::{Breach, Reading, Streak, Verdict, judge};
pub(crate) use watch::{Arming, Guard, Watchman};
