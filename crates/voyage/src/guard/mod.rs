//! The guard: rules judged over what users get, and who watches while a voyage runs.

mod judge;
mod listen;
mod watch;

pub use judge::{Breach, Reading, Streak, Verdict, judge};
pub(crate) use listen::baselines;
pub(crate) use watch::{Arming, Guard, Watchman};
