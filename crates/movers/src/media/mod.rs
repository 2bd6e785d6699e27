//! Media on the move: between folders (NFS as well) and buckets that speak S3, in any direction.
//!
//! A [`Mover`] looks first ([`Mover::plan`]), then passes over both sides as often as wanted ([`Mover::pass`]) while the
//! server goes on writing, and reads everything once more in the end ([`Mover::verify`]). Each object is read back from the
//! target and its SHA-256 compared before it counts as written. Memory does not grow with the number or the size of
//! objects: listings are sorted in files, large objects go in parts.
//!
//! What Mastodon tells with media (content type, `Cache-Control`) and who may read them (ACLs in a bucket, modes in a
//! folder) goes along.

mod acl;
mod bucket;
mod error;
mod folder;
mod job;
mod ledger;
mod mover;
mod naming;
mod object;
mod outside;
mod pass;
mod place;
mod preflight;
mod probe;
mod sorted;
mod store;
mod transfer;
mod uploads;
mod verify;
mod wire;

pub use error::MediaError;
pub use job::Boundaries;
pub use mover::{Asked, Event, Mover, Ran, events};
pub use object::KeyRange;
pub use outside::{Seen, fetch};
pub use pass::{Few, Outcome};
pub use place::{Bucket, Place, PlaceError};
pub use verify::Verdict;
