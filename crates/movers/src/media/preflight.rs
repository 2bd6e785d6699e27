//! What is looked at before media move, and tried on the target.

use std::path::Path;

use super::bucket::{BucketStore, Patience};
use super::error::MediaError;
use super::folder::Role;
use super::ledger::Record;
use super::mover::asks_access;
use super::object::{Access, KeyRange};
use super::pass::{Decisions, Few, Listing, Survey, Work, list};
use super::place::Place;
use super::probe::{self, Speed};
use super::sorted::Sorted;
use super::store::Store;
use crate::{Finding, Grade, Limits};

/// So many unknown objects on the target are asked whether we put them, before that is taken as an answer for all.
const ASKED: usize = 200;

/// Which side.
#[derive(Clone, Copy)]
enum Side {
    Source,
    Target,
}

impl Side {
    fn finding(self, error: &MediaError, place: &Place) -> Finding {
        let id = match (self, error) {
            (Self::Source, MediaError::Denied { .. }) => "media-source-denied",
            (Self::Source, MediaError::Missing { .. } | MediaError::Absent { .. }) => "media-source-missing",
            (Self::Source, MediaError::Name { .. }) => "media-source-name",
            (Self::Source, _) => "media-source-unreachable",
            (Self::Target, MediaError::Denied { .. }) => "media-target-denied",
            (Self::Target, MediaError::Missing { .. } | MediaError::Absent { .. }) => "media-target-missing",
            (Self::Target, MediaError::Full { .. }) => "media-target-full",
            (Self::Target, MediaError::Name { .. }) => "media-target-name",
            (Self::Target, _) => "media-target-unreachable",
        };
        Finding::new(Grade::Refused, id).with("place", place.to_string()).with("reason", error.to_string())
    }
}

/// What a look needs to know of the move.
pub(super) struct Look<'a> {
    pub(super) id: &'a str,
    pub(super) range: &'a KeyRange,
    /// Where the sorted listings go.
    pub(super) folder: &'a Path,
    pub(super) limits: &'a Limits,
}

impl Look<'_> {
    /// Looks at both sides. With what was found comes what both hold, where that could be read.
    pub(super) async fn at(
        &self,
        (from, to): (&Place, &Place),
        ledger: &Sorted<Record>,
    ) -> Result<(Vec<Finding>, Option<Survey>), MediaError> {
        let Self { id, range, folder, limits } = self;
        let mut found = Vec::new();
        if from.overlaps(to) {
            let one = Finding::new(Grade::Refused, "media-same-place");
            found.push(one.with("from", from.to_string()).with("to", to.to_string()));
            return Ok((found, None));
        }
        let source = reached(Side::Source, from, id, &mut found);
        let target = reached(Side::Target, to, id, &mut found);
        let (Some(source), Some(target)) = (source, target) else { return Ok((found, None)) };
        let (here, there) =
            futures::future::join(list(&source, range, folder), list(&target, range, folder)).await;
        let here = listed(Side::Source, from, here, &mut found)?;
        let there = listed(Side::Target, to, there, &mut found)?;
        let (Some(here), Some((target_sorted, there))) = (here, there) else { return Ok((found, None)) };
        if there.unusable.count > 0 {
            found.push(
                few(Grade::Refused, "media-target-names", &there.unusable).with("place", to.to_string()),
            );
        }
        let survey = Survey::of(here, target_sorted);
        look_at_source(&source, &target, &survey, from, &mut found).await?;
        let unequal = look_at_target(&target, &survey, ledger, range, to, &mut found).await?;
        if found.iter().any(|it| it.grade == Grade::Refused) {
            return Ok((found, Some(survey)));
        }
        look_at_room(&target, to, &unequal, &mut found);
        let speed = probe::attempt(&target, to, id, &mut found).await;
        if let Some(speed) = speed {
            found.push(estimate(&unequal, &speed, limits));
        }
        if let (Place::Bucket(_), Place::Folder(_)) = (from, to) {
            found.push(Finding::new(Grade::Warning, "media-folder-headers"));
        }
        Ok((found, Some(survey)))
    }
}

fn reached(side: Side, place: &Place, id: &str, found: &mut Vec<Finding>) -> Option<Store> {
    let role = match side {
        Side::Source => Role::Source,
        Side::Target => Role::Target,
    };
    match Store::open(place, role, Patience::Short, id) {
        Ok(store) => Some(store),
        Err(error) => {
            found.push(side.finding(&error, place));
            None
        }
    }
}

type Listed = (Sorted<super::object::Entry>, Listing);

fn listed(
    side: Side,
    place: &Place,
    listed: Result<Listed, MediaError>,
    found: &mut Vec<Finding>,
) -> Result<Option<Listed>, MediaError> {
    match listed {
        Ok(listed) => Ok(Some(listed)),
        // What is ours cannot be written; that is not the place's fault.
        Err(error @ (MediaError::State { .. } | MediaError::Lost)) => Err(error),
        Err(error) => {
            found.push(side.finding(&error, place));
            Ok(None)
        }
    }
}

fn few(grade: Grade, id: &'static str, few: &Few) -> Finding {
    Finding::new(grade, id).with("count", few.count.to_string()).with("first", few.first.join(", "))
}

async fn look_at_source(
    source: &Store,
    target: &Store,
    survey: &Survey,
    from: &Place,
    found: &mut Vec<Finding>,
) -> Result<(), MediaError> {
    let counted = Finding::new(Grade::Ok, "media-source-read").with("place", from.to_string());
    let counted = counted.with("objects", survey.objects.to_string()).with("bytes", survey.bytes.to_string());
    if survey.unusable.count > 0 {
        found.push(few(Grade::Refused, "media-names-unusable", &survey.unusable));
    }
    let failed = |source| MediaError::State { path: "the sorted listing".into(), source };
    let first = survey.source.read().and_then(|mut it| it.next()).map_err(failed)?;
    let Some(first) = first else {
        // A volume that is not mounted looks like this, and a pass that deletes would take all there is.
        let there = survey.target.read().and_then(|mut it| it.next()).map_err(failed)?;
        let finding = match there {
            Some(_) => Finding::new(Grade::Refused, "media-source-lost"),
            None => Finding::new(Grade::Warning, "media-source-empty"),
        };
        found.push(finding.with("place", from.to_string()));
        return Ok(());
    };
    match source.content(&first.key).await {
        Ok(_) | Err(MediaError::Missing { .. }) => found.push(counted),
        Err(error) => found.push(Side::Source.finding(&error, from)),
    }
    if asks_access(source, target) {
        match source.access(&first.key).await {
            Ok(_) | Err(MediaError::Missing { .. }) => {
                found.push(Finding::new(Grade::Ok, "media-source-acl"));
            }
            Err(error) => found.push(
                Finding::new(Grade::Refused, "media-source-acl-denied").with("reason", error.to_string()),
            ),
        }
    }
    Ok(())
}

/// What is still to be written.
#[derive(Debug, Default)]
pub(super) struct Unequal {
    objects: u64,
    bytes: u64,
    equal: u64,
    foreign: Few,
    different: Few,
}

async fn look_at_target(
    target: &Store,
    survey: &Survey,
    ledger: &Sorted<Record>,
    range: &KeyRange,
    to: &Place,
    found: &mut Vec<Finding>,
) -> Result<Unequal, MediaError> {
    let failed = |source| MediaError::State { path: "the sorted listing".into(), source };
    let mut decisions = Decisions::new(survey, ledger, range, true).map_err(failed)?;
    let (mut unequal, mut asked) = (Unequal::default(), 0);
    while let Some(work) = decisions.next().map_err(failed)? {
        match work {
            Work::Nothing => unequal.equal += 1,
            Work::Copy(entry) | Work::Refresh(entry, _) => unequal.add(entry.size),
            Work::Adopt(entry, there) if entry.size == there.size => unequal.equal += 1,
            Work::Adopt(entry, _) => {
                if is_ours(target, &entry.key, &mut asked).await {
                    unequal.add(entry.size);
                } else {
                    unequal.different.add(entry.key);
                }
            }
            Work::Surplus(key, false) => {
                if !is_ours(target, &key, &mut asked).await {
                    unequal.foreign.add(key);
                }
            }
            Work::Foreign(key) => unequal.foreign.add(key),
            Work::Surplus(_, true) | Work::Forget(_) => {}
        }
    }
    let place = |finding: Finding| finding.with("place", to.to_string());
    if unequal.different.count > 0 {
        found.push(place(few(Grade::Refused, "media-target-different", &unequal.different)));
    }
    if unequal.foreign.count > 0 {
        found.push(place(few(Grade::Refused, "media-target-foreign", &unequal.foreign)));
    }
    if unequal.different.count + unequal.foreign.count == 0 {
        let id = if unequal.equal == 0 { "media-target-empty" } else { "media-target-equal" };
        let finding = place(Finding::new(Grade::Ok, id)).with("count", unequal.equal.to_string());
        found.push(
            finding.with("objects", unequal.objects.to_string()).with("bytes", unequal.bytes.to_string()),
        );
    }
    Ok(unequal)
}

impl Unequal {
    fn add(&mut self, bytes: u64) {
        self.objects += 1;
        self.bytes += bytes;
    }
}

/// Whether we put it there; who cannot be asked is not believed.
async fn is_ours(target: &Store, key: &str, asked: &mut usize) -> bool {
    if *asked >= ASKED {
        return true;
    }
    *asked += 1;
    matches!(target.ours(key).await, Ok(Some(_)) | Err(MediaError::Missing { .. }))
}

fn look_at_room(target: &Store, to: &Place, unequal: &Unequal, found: &mut Vec<Finding>) {
    let Store::Folder(folder) = target else { return };
    let finding = match folder.room() {
        // A block is lost with each file, and its folder takes one as well.
        Ok((bytes, _)) if bytes < unequal.bytes + unequal.objects * 8192 => {
            Finding::new(Grade::Refused, "media-room-short").with("free-bytes", bytes.to_string())
        }
        Ok((_, files)) if files < unequal.objects * 2 => {
            Finding::new(Grade::Refused, "media-room-files").with("free", files.to_string())
        }
        Ok((bytes, _)) => Finding::new(Grade::Ok, "media-room").with("free-bytes", bytes.to_string()),
        Err(error) => Finding::new(Grade::Unchecked, "media-room-unknown").with("reason", error.to_string()),
    };
    let finding = finding.with("place", to.to_string()).with("bytes", unequal.bytes.to_string());
    found.push(finding.with("objects", unequal.objects.to_string()));
}

/// About how long: every object is a request and its answer read back, and every byte goes there and back.
fn estimate(unequal: &Unequal, speed: &Speed, limits: &Limits) -> Finding {
    let connections = limits.connections.get() as f64;
    let requests = speed.small.as_secs_f64() * unequal.objects as f64 / connections;
    let bytes = unequal.bytes as f64 * speed.per_byte;
    let bound = limits.bytes_per_second.map_or(0.0, |rate| unequal.bytes as f64 * 2.0 / rate.get() as f64);
    let seconds = (requests + bytes).max(bound).ceil();
    Finding::new(Grade::Ok, "media-estimate")
        .with("seconds", format!("{seconds:.0}"))
        .with("objects", unequal.objects.to_string())
        .with("bytes", unequal.bytes.to_string())
}

/// Tries what ACLs need, by an object of ours.
pub(super) async fn look_at_acl(bucket: &BucketStore, key: &str, wanted: Access, found: &mut Vec<Finding>) {
    match bucket.access(key).await {
        Ok(access) if access == wanted => {}
        Ok(_) => found.push(Finding::new(Grade::Warning, "media-acl-ignored")),
        Err(error) => {
            found.push(Finding::new(Grade::Unchecked, "media-acl-unread").with("reason", error.to_string()));
        }
    }
}
