//! The fronts: each profile by itself, and beside the real ones.

mod nginx;
mod profiles;
mod real;
mod stage;
mod traefik;
