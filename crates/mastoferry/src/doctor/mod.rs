//! The preflight of a plan on a real cluster: looked at, and told with what to do about it.

mod examine;
mod told;
mod trial;

pub(crate) use examine::examine;
pub(crate) use told::{in_short, told, told_with};
pub(crate) use trial::{Tried, try_out};
