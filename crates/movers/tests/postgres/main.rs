//! PostgreSQL on the move, between real servers.

mod copying;
mod crowd;
mod cutover;
mod errors;
mod ground;
mod losses;
mod pooler;
mod preflight;
