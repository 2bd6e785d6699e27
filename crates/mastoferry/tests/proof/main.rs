//! That nothing is lost: every deployment of the corpus, and random ones, written anew and read back.

mod conversions;
mod ran;
mod validity;
