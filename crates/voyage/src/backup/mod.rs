//! What is kept of a cluster before it is changed, and how it is put back.
//!
//! Beside the journal, a folder `backup` holds a file for each object, Secrets encrypted with age, and a manifest with
//! the files' hashes and what could not be kept. `docs/design/012-backup.md` says why it is so.

mod error;
mod keys;
mod manifest;
mod read;
mod restore;

pub use error::BackupError;
pub use keys::{Identity, Recipient};
pub(crate) use manifest::{FILE, seal};
pub use manifest::{Kept, Manifest, Unkept};
pub use read::Backup;
pub use restore::Standing;
