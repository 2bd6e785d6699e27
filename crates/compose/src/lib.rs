//! Docker Compose projects with the provenance of every leaf kept.
//!
//! This room knows nothing of Mastodon.
