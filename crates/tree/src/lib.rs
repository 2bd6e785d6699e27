//! YAML and JSON documents whose every leaf knows its file, line and path, and the patches made to them.
//!
//! A [`Node`] is a value with the [`Origin`] it was read from. Patches move nodes about without
//! touching their origins, so that after any number of overlays each [`Leaf`] still names the line its
//! author wrote. This is the only room that names a YAML library; it knows nothing of Mastodon.

pub mod env_file;
mod files;
mod json;
mod node;
mod parse;
pub mod patch;
mod path;
mod scalar;
pub mod schema;
mod secret;
pub mod template;
mod write;

pub use files::{FileId, Files, Origin};
pub use node::{Leaf, Mapping, Node, Value};
pub use parse::{
    Dialect, MAX_DEPTH, MAX_NODES, ParseError, ParseErrorKind, Tagged, parse, parse_as, parse_embedded,
    parse_tagged,
};
pub use path::{Path, Segment};
pub use scalar::resolve_old;
pub use secret::Secret;
pub use write::{WriteError, to_yaml};
