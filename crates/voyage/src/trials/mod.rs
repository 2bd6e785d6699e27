//! Properties that every voyage must have, tried on a small installation in the cluster inside.

mod beset;
mod endpoints;
mod plan;
mod saga;
mod world;
