//! `--secrets`: the values of secrets that stand in a source, in a folder for their owner alone.

mod environment;
mod folder;
mod gather;
mod place;

pub(crate) use folder::beside;
