//! YAML as Helm reads and writes it: through JSON, with go-yaml v2 (and v3 for `toYamlPretty`).

mod read;
mod style;
mod write;

pub(crate) use read::{read, values_of};
pub(crate) use write::{write, write_pretty};
