//! PostgreSQL, Redis and media pass over at one point, while users post: real servers, real files.

#![expect(clippy::unwrap_used, reason = "what is not there ends the test")]

#[path = "../postgres/ground.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod ground;
#[path = "../keyspace/ground.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod keys;
#[path = "../machine/mod.rs"]
mod machine;
mod passing;
mod posts;
mod returning;
mod town;
