//! What the two official Helm charts read: every key of their values, what it defaults to and what it becomes.
//!
//! The tables in `data/` were made by setting each key of the charts' values to a marker and comparing what
//! `helm template` then rendered (mastodon/helm-charts 1.0.2 at commit f6905d5, mastodon/chart 6.9.3 at commit
//! 3c8d76d), so that they say what the charts do, not what their comments promise. Beside each table lies a [`Shape`]:
//! the objects that the chart makes of its values, by what `helm template` renders.

mod defaults;
mod defects;
pub mod go;
mod meant;
mod reading;
mod shape;
mod table;

pub use defaults::{BadValue, with_defaults};
pub use defects::{Concern, Defect};
pub use reading::{KeyReading, UnreadKey, is_true};
pub use shape::{Cast, Shape};
pub use table::{Effect, Form, Holds, OfficialChart, SecretPlace, ValueKey};
