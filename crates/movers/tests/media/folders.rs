//! From folder to folder: what a user of NFS or of a volume would miss.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use movers::media::{Asked, Mover, Ran};
use tempfile::TempDir;

use super::ground::{Move, contents, fill, folder, limits, name, noise, slow, write};

fn two_folders() -> (TempDir, TempDir, Move) {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let moved = Move::new(folder(from.path()), folder(to.path()));
    (from, to, moved)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_and_what_changes_follows() {
    let (from, to, moved) = two_folders();
    fill(from.path(), 300);
    let hidden = from.path().join(name(5));
    std::fs::set_permissions(&hidden, PermissionsExt::from_mode(0o600)).expect("set");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    std::fs::File::open(from.path().join(name(6))).and_then(|it| it.set_modified(long_ago)).expect("set");

    let first = moved.pass(false).await;
    assert_eq!((first.copied, first.objects, first.is_complete()), (303, 303, true), "{first:?}");
    assert_eq!(contents(from.path()), contents(to.path()));
    let mode =
        |key: &str| std::fs::metadata(to.path().join(key)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&name(5)), mode(&name(4))), (0o600, 0o644), "a suspended account's files stay hidden");
    let modified = std::fs::metadata(to.path().join(name(6))).and_then(|it| it.modified());
    assert_eq!(modified.expect("there"), long_ago);

    write(from.path(), &name(400), b"new");
    write(from.path(), &name(7), &noise(9999, 100 + 7 * 37));
    std::fs::remove_file(from.path().join(name(8))).expect("removed");
    std::fs::set_permissions(from.path().join(name(9)), PermissionsExt::from_mode(0o600)).expect("set");
    let second = moved.pass(false).await;
    assert_eq!((second.copied, second.surplus, second.deleted), (3, 1, 0), "{second:?}");
    assert_eq!(mode(&name(9)), 0o600, "an account suspended meanwhile");
    assert!(to.path().join(name(8)).exists(), "nothing is deleted unless told to");
    let third = moved.pass(true).await;
    assert_eq!((third.copied, third.deleted), (0, 1), "{third:?}");
    assert_eq!(contents(from.path()), contents(to.path()));
    let verdict = moved.verify().await;
    assert!(verdict.is_equal() && verdict.equal == 303, "{verdict:?}");
    let names: Vec<_> =
        std::fs::read_dir(to.path()).expect("there").map(|it| it.expect("it").file_name()).collect();
    assert!(!names.iter().any(|it| it == ".mastoferry"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_keeps_size_and_time_is_seen() {
    let (from, to, moved) = two_folders();
    let path = from.path().join("a.png");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    for bytes in [b"one", b"two"] {
        write(from.path(), "a.png", bytes);
        std::fs::File::open(&path).and_then(|it| it.set_modified(long_ago)).expect("set");
        let outcome = moved.pass(false).await;
        assert_eq!(outcome.copied, 1, "{outcome:?}");
        assert_eq!(std::fs::read(to.path().join("a.png")).expect("there"), bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_on_the_target_is_found_and_never_deleted_or_overwritten() {
    let (from, to, moved) = two_folders();
    fill(from.path(), 20);
    moved.pass(false).await;
    write(to.path(), &name(3), &noise(3, 100 + 3 * 37).iter().map(|it| it ^ 1).collect::<Vec<_>>());
    let verdict = moved.verify().await;
    assert!(!verdict.is_equal());
    assert_eq!(verdict.different.first, [name(3)], "{verdict:?}");
    write(to.path(), &name(4), b"green was here");
    std::fs::remove_file(from.path().join(name(4))).expect("removed");
    write(to.path(), "site_uploads/green.png", b"green was here as well");
    let found =
        moved.open().pass(&Asked { deletes: true, ..Asked::default() }).await.expect("no fault of all");
    let Ran::Refused(found) = found else { panic!("somebody else wrote there") };
    let refused: Vec<_> =
        found.iter().filter(|it| it.grade == movers::Grade::Refused).map(|it| it.id).collect();
    assert_eq!(refused, ["media-target-foreign"], "{found:?}");
    assert_eq!(std::fs::read(to.path().join(name(4))).expect("there"), b"green was here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_cut_short_goes_on_and_leaves_no_half_file() {
    let (from, to, moved) = two_folders();
    fill(from.path(), 400);
    write(from.path(), "media_attachments/files/000/000/000/original/large.mp4", &noise(1, 20 << 20));
    for _ in 0..3 {
        let mut mover = moved.open_with(slow(30 << 20));
        let asked = Asked::default();
        let cut = tokio::time::timeout(Duration::from_millis(300), mover.pass(&asked)).await;
        assert!(cut.is_err() || cut.is_ok_and(|it| it.is_ok()));
        let there = contents(to.path());
        let here = contents(from.path());
        for (key, bytes) in there.iter().filter(|(key, _)| !key.starts_with(".mastoferry/")) {
            assert!(here.get(key) == Some(bytes), "{key} is whole or not there");
        }
    }
    let last = moved.pass(false).await;
    assert!(last.is_complete() && last.unchanged + last.copied + last.equal == last.objects, "{last:?}");
    assert_eq!(contents(from.path()), contents(to.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_writer_the_last_pass_after_the_fence_makes_both_sides_equal() {
    let (from, to, moved) = two_folders();
    fill(from.path(), 200);
    let ends = Arc::new(AtomicBool::new(false));
    let (path, told) = (from.path().to_owned(), ends.clone());
    let writer = std::thread::spawn(move || {
        let mut number = 0;
        while !told.load(Ordering::Relaxed) {
            number += 1;
            write(&path, &name(1000 + number), &noise(number, 2000));
            write(&path, &name(number % 200), &noise(number, 3000));
            if number % 3 == 0 {
                let _perhaps_gone = std::fs::remove_file(path.join(name(number * 7 % 200)));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        number
    });
    for _ in 0..3 {
        let outcome = moved.pass(true).await;
        assert_eq!((outcome.conflicts.count, outcome.foreign.count), (0, 0), "{outcome:?}");
    }
    ends.store(true, Ordering::Relaxed);
    assert!(writer.join().expect("it ended") > 10);
    let last = moved.pass(true).await;
    assert!(last.is_complete(), "{last:?}");
    assert!(contents(from.path()) == contents(to.path()));
    assert!(moved.verify().await.is_equal());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_and_another_move_on_the_same_state_are_refused() {
    let (from, _to, moved) = two_folders();
    let held = moved.open();
    let again = Mover::open(moved.from.clone(), moved.to.clone(), moved.state.path(), limits());
    assert!(again.is_err_and(|error| error.to_string().contains("in use")));
    drop(held);
    let elsewhere = TempDir::new().expect("a folder");
    let other = Mover::open(folder(from.path()), folder(elsewhere.path()), moved.state.path(), limits());
    assert!(matches!(other, Err(movers::media::MediaError::Other { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_bandwidth_is_taken() {
    let (from, _to, moved) = two_folders();
    for number in 0..20 {
        write(from.path(), &name(number), &noise(number, 50_000));
    }
    let began = std::time::Instant::now();
    let ran = moved.open_with(slow(2_000_000)).pass(&Asked::default()).await.expect("nothing is wrong");
    assert!(matches!(ran, Ran::Ended(outcome) if outcome.copied == 20));
    // A megabyte there, and back to be compared: a second in all, but for the last one let through.
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_empty_all_at_once_deletes_nothing() {
    let (from, to, moved) = two_folders();
    fill(from.path(), 10);
    moved.pass(false).await;
    for entry in std::fs::read_dir(from.path()).expect("readable") {
        std::fs::remove_dir_all(entry.expect("readable").path()).expect("removed");
    }
    let found =
        moved.open().pass(&Asked { deletes: true, ..Asked::default() }).await.expect("the state is fine");
    let Ran::Refused(found) = found else { panic!("a volume that is not mounted looks like this") };
    assert!(found.iter().any(|it| it.id == "media-source-lost"), "{found:?}");
    assert_eq!(contents(to.path()).len(), 13);
}
