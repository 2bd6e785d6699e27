//! Who the users of a rehearsal are: profiles of load, built in or from a file.

mod bodies;
mod error;
mod fields;
mod profile;
mod read;
mod traffic;

pub(crate) use error::{LoadError, LoadErrorKind};
pub(crate) use profile::Profile;
#[cfg(test)]
pub(crate) use read::built_in;
pub(crate) use read::read;
pub(crate) use traffic::traffic;
