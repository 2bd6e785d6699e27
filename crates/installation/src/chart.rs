//! What the two official Helm charts read: every key of their values, what it defaults to and what it becomes.
//!
//! The tables in `data/` were made by setting each key of the charts' values to a marker and comparing what
//! `helm template` then rendered (mastodon/helm-charts 1.0.2 at commit f6905d5, mastodon/chart 6.9.3 at commit
//! 3c8d76d), so that they say what the charts do, not what their comments promise.

mod meant;
mod reading;
mod table;

pub use reading::{KeyReading, UnreadKey, is_true};
pub use table::{Effect, Form, Holds, OfficialChart, SecretPlace, ValueKey};
