//! What the program writes and does, under a real control plane. Runs under `cargo xtask testbed -- cargo test`.

mod crossing;
mod stage;
