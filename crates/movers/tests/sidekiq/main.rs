//! The handover of queues with a real Redis and real Sidekiq (Debian: `redis-server`, `ruby-sidekiq`,
//! `ruby-redis-namespace`), on loopback, in folders of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod errors;
mod ground;
mod handover;
#[path = "../machine/mod.rs"]
#[expect(dead_code, reason = "others fill disks")]
mod machine;
