//! Docker Compose projects with the provenance of every leaf kept.
//!
//! [`load`] makes of a project's files what `docker compose config` (v2.40, compose-go 2.9.1) makes of them, as a
//! [`tree::Node`] whose every leaf knows the line it was written on. It runs nothing and fetches nothing. This room
//! knows nothing of Mastodon.

mod attributes;
mod budget;
mod canonical;
mod command;
mod consistency;
mod decode;
mod defaults;
mod duration;
mod environment;
mod error;
mod extends;
mod include;
mod interpolation;
mod load;
mod merge;
mod normalize;
mod paths;
mod place;
mod port;
mod project;
mod reading;
mod resolve;
mod schema;
mod size;
mod unique;
mod volume;

pub use error::{ComposeError, ComposeErrorKind, MissingRole};
pub use load::{COMPOSE_NAMES, load};
pub use project::{Document, Project, Request, Role, UnreadEnvFile};
