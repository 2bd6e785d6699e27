//! What an API server gave out: which of it its owner wrote, which the server filled in, and which objects
//! controllers made.

mod apart;
mod defaults;
mod ownership;
mod strip;
mod telling;

pub(crate) use telling::tell_apart;
pub use telling::{Unlisted, live};
