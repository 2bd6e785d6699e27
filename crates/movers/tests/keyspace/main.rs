//! Redis on the move between real servers (Debian: `redis-server`), on loopback, in folders of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accidents;
mod copying;
mod encrypted;
mod ground;
#[path = "../machine/mod.rs"]
mod machine;
mod older;
mod refusals;
mod replicating;
mod writers;
