//! What is tried on the target before anything else is: everything that a copy will do there, on an object of ours.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

use super::bucket::BucketStore;
use super::error::MediaError;
use super::naming::RESERVED;
use super::object::{Access, Hash, Headers, Mark, Traits};
use super::place::Place;
use super::preflight::look_at_acl;
use super::store::Store;
use crate::{Finding, Grade};

/// How large the larger of the probes is.
const LARGE: usize = 1 << 20;

/// How fast the target was.
#[derive(Debug)]
pub(super) struct Speed {
    /// To write and read back a small object.
    pub(super) small: Duration,
    /// More for each byte, in seconds.
    pub(super) per_byte: f64,
}

/// Writes, reads, and deletes; how fast that was, where it went well.
pub(super) async fn attempt(target: &Store, to: &Place, id: &str, found: &mut Vec<Finding>) -> Option<Speed> {
    let key = format!("{RESERVED}/{id}/probe.png");
    let tried = attempt_all(target, &key, found).await;
    let removed = target.delete(&key).await;
    let finding = |id, error: &MediaError| {
        let finding = Finding::new(Grade::Refused, id);
        finding.with("place", to.to_string()).with("reason", error.to_string())
    };
    match (tried, removed) {
        (Ok(speed), Ok(())) => {
            found.push(Finding::new(Grade::Ok, "media-target-tried").with("place", to.to_string()));
            Some(speed)
        }
        (Err(error), _) => {
            let id = match &error {
                MediaError::Denied { .. } => "media-target-denied",
                MediaError::Full { .. } => "media-target-full",
                MediaError::Corrupt { .. } => "media-target-lossy",
                MediaError::Missing { .. } | MediaError::Absent { .. } => "media-target-missing",
                MediaError::Unreachable { .. } => "media-target-unreachable",
                // Amazon's buckets of today take none unless they are told to.
                MediaError::Refused { reason, .. } if reason.contains("AccessControlList") => {
                    "media-acl-refused"
                }
                _ => "media-target-refused",
            };
            found.push(finding(id, &error));
            None
        }
        (Ok(_), Err(error)) => {
            found.push(finding("media-target-denied", &error));
            None
        }
    }
}

async fn attempt_all(target: &Store, key: &str, found: &mut Vec<Finding>) -> Result<Speed, MediaError> {
    let small = attempt_one(target, key, 1 << 10, Access::Private, found).await?;
    if let Store::Bucket(bucket) = target {
        if bucket.settings().permission.is_some() {
            look_at_acl(bucket, key, Access::Private, found).await;
        } else {
            found.push(Finding::new(Grade::Warning, "media-acl-off"));
        }
        attempt_parts(bucket, key).await?;
    }
    let large = attempt_one(target, key, LARGE, Access::Public, found).await?;
    if let Store::Bucket(bucket) = target
        && bucket.settings().permission.is_some()
        && !found.iter().any(|it| it.id.starts_with("media-acl"))
    {
        look_at_acl(bucket, key, Access::Public, found).await;
        if !found.iter().any(|it| it.id.starts_with("media-acl")) {
            found.push(Finding::new(Grade::Ok, "media-acl-kept"));
        }
    }
    Ok(Speed { small, per_byte: large.saturating_sub(small).as_secs_f64() / LARGE as f64 })
}

fn traits(key: &str, access: Access) -> Traits {
    Traits {
        headers: Headers::of_mastodon(key),
        access,
        modified: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
        mark: Mark("probe".to_owned()),
    }
}

async fn attempt_one(
    target: &Store,
    key: &str,
    size: usize,
    access: Access,
    found: &mut Vec<Finding>,
) -> Result<Duration, MediaError> {
    // Bytes that no compression makes fewer.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bytes: Bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8
    })
    .take(size)
    .collect();
    let (hash, traits) = (Hash::of(&bytes), traits(key, access));
    let began = Instant::now();
    target.put(key, bytes, hash, &traits).await?;
    let back = target.content(key).await?;
    let took = began.elapsed();
    if back.hash != hash {
        return Err(MediaError::Corrupt { place: target.place().to_owned(), key: key.to_owned() });
    }
    let is_told = back.headers.is_none_or(|it| it.tell_the_same(&traits.headers));
    if !is_told && !found.iter().any(|it| it.id == "media-headers-lost") {
        found.push(Finding::new(Grade::Warning, "media-headers-lost"));
    }
    Ok(took)
}

/// Whether large objects can be begun, and ended.
async fn attempt_parts(bucket: &BucketStore, key: &str) -> Result<(), MediaError> {
    let id = bucket.begin(key, &traits(key, Access::Private)).await?;
    bucket.abort(key, &id).await
}
