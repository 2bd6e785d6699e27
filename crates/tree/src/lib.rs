//! YAML and JSON documents whose every leaf knows its file, line and path, and the patches made to them.
//!
//! A [`Node`] is a value with the [`Origin`] it was read from. Patches move nodes about without
//! touching their origins, so that after any number of overlays each [`Leaf`] still names the line its
//! author wrote. This is the only room that names a YAML library; it knows nothing of Mastodon.

mod files;
mod json;
mod node;
mod parse;
pub mod patch;
mod path;
mod scalar;
pub mod schema;
mod secret;
mod write;

pub use files::{FileId, Files, Origin};
pub use node::{Leaf, Mapping, Node, Value};
pub use parse::{Dialect, MAX_NODES, ParseError, ParseErrorKind, parse, parse_as, parse_embedded};
pub use path::{Path, Segment};
pub use scalar::resolve_old;
pub use secret::Secret;
pub use write::{WriteError, to_yaml};
