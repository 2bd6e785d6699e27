//! PostgreSQL, Redis and media together, with one point at which all of them pass over.
//!
//! [`Stores::check`] looks at every side, [`Stores::follow`] copies while the old side serves, [`Stores::cut_over`] is the
//! one pause, [`Stores::at_risk`] says what going back would lose, [`Stores::go_back`] goes back. Each can be repeated, and
//! another process goes on from the journals in the state's folder.
//!
//! # The one pause
//! What takes long is done before it: media are compared once more, Redis is levelled, PostgreSQL has caught up. Then
//! PostgreSQL's fence goes up; behind it the last media pass (a row that names a file is written after the file, so with
//! the fence no new file will be named), then Redis' fence and its last changes; then PostgreSQL's target opens. The proofs of
//! rows and keys are made after it, as of that moment.

mod error;
mod moving;
mod returning;

pub use error::{Looked, StoreKind, StoresError};
pub use moving::{CutOver, Followed, Given, GivenMedia, GivenPostgres, GivenRedis, Stores};
pub use returning::{AtRisk, GoneBack};
