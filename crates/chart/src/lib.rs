//! Helm charts: loading them, merging values, running their templates, and what `helm template` prints.
//!
//! A pure room: nothing here fetches, knows a cluster or knows Mastodon. The template language is Go's
//! `text/template` with Sprig's and Helm's functions, run by an engine of our own (`docs/design/006`), because a chart
//! depends on details no engine for Rust carries: maps that are changed in place, nil that fails and nil that does
//! not, and the very letters of YAML and of numbers. The real `helm` is the oracle of every test.
//!
//! Runs are bounded in steps, depth and size. Functions of chance give
//! placeholders and are listed; those that make keys or certificates are refused.

mod archive;
mod capabilities;
mod chart;
mod date;
mod decimal;
mod defaults;
mod dependency;
mod error;
mod function;
mod glob;
mod host;
mod ignore;
mod json;
mod manifest;
mod metadata;
mod number;
mod output;
mod print;
pub mod release;
mod render;
mod repository;
mod schema;
mod strvals;
mod template;
mod toml;
mod value;
mod values;
mod version;
mod yaml;

pub use archive::{MAX_CHART_BYTES, MAX_FILE_BYTES};
pub use capabilities::Capabilities;
pub use chart::Chart;
pub use error::{ChartError, ChartErrorKind};
pub use manifest::{Hook, HookEvent, Manifest};
pub use metadata::{Dependency, Metadata};
pub use output::Selection;
pub use render::{Release, Rendered, render};
pub use repository::{Index, IndexEntry};
pub use strvals::Set;
pub use values::Values;
pub use version::is_compatible;
