//! That nothing is lost: every deployment of the corpus, and random ones, written anew and read back.

mod conversions;
mod environment;
mod media_job;
mod mended;
mod ran;
mod random;
mod real_server;
mod side;
mod sites;
mod tape;
mod validity;
mod ways;
