//! PostgreSQL on the move, between real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bouncer;
mod copying;
mod crowd;
mod cutover;
mod errors;
mod ground;
mod losses;
mod managed;
mod physical;
mod pooler;
mod preflight;
mod roles;
mod ways;
