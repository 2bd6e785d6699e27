//! What is refused before anything was written.

use std::os::unix::fs::{PermissionsExt, symlink};

use movers::media::{Asked, Place, Ran};
use tempfile::TempDir;

use super::ground::{ALL, Move, READER, Weed, bucket, contents, fill, folder, has_s3, name, write};
use crate::machine::port::free_port;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_folder_cannot_give_or_take() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let moved = Move::new(folder(from.path()), folder(to.path()));
    fill(from.path(), 5);
    symlink("/etc/hostname", from.path().join("link.png")).expect("made");
    assert_eq!(moved.refused().await, ["media-names-unusable"]);
    std::fs::remove_file(from.path().join("link.png")).expect("removed");

    use std::os::unix::ffi::OsStrExt as _;
    let strange = from.path().join(std::ffi::OsStr::from_bytes(b"\xff.png"));
    std::fs::write(&strange, b"x").expect("written");
    assert_eq!(moved.refused().await, ["media-names-unusable"]);
    std::fs::remove_file(strange).expect("removed");

    let elsewhere = TempDir::new().expect("a folder");
    symlink(elsewhere.path(), to.path().join("accounts")).expect("made");
    assert_eq!(moved.refused().await, ["media-target-names"], "nothing is written where a link leads");
    std::fs::remove_file(to.path().join("accounts")).expect("removed");

    write(to.path(), &name(1), b"of somebody else");
    write(to.path(), "of/somebody/else.png", b"x");
    assert_eq!(moved.refused().await, ["media-target-different", "media-target-foreign"]);
    let ran = moved.open().pass(&Asked::default()).await.expect("the state is fine");
    assert!(matches!(ran, Ran::Refused(_)));
    assert_eq!(contents(to.path()).len(), 2, "nothing was written");

    let within = from.path().join("accounts");
    assert_eq!(Move::new(folder(from.path()), folder(&within)).refused().await, ["media-same-place"]);
    assert!(Place::folder(&from.path().join("nowhere")).is_err());
    assert!(Place::folder(&from.path().join(name(1))).is_err(), "a file is no folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_may_not_be_written() {
    let (from, to) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fill(from.path(), 5);
    std::fs::set_permissions(to.path(), PermissionsExt::from_mode(0o500)).expect("set");
    let moved = Move::new(folder(from.path()), folder(to.path()));
    let refused = moved.refused().await;
    std::fs::set_permissions(to.path(), PermissionsExt::from_mode(0o700)).expect("set");
    // Who is root may write everywhere.
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    assert_eq!(refused, if is_root { vec![] } else { vec!["media-target-denied"] });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bucket_does_not_permit() {
    if !has_s3() {
        return;
    }
    let weed = Weed::start();
    weed.make_bucket("target");
    let from = TempDir::new().expect("a folder");
    fill(from.path(), 5);
    let refused = async |to| Move::new(folder(from.path()), Place::Bucket(to)).refused().await;
    assert_eq!(refused(weed.bucket_for("target", READER, &[])).await, ["media-target-denied"]);
    assert_eq!(
        refused(weed.bucket_for("target", ("AKALL", "hush-wrong"), &[])).await,
        ["media-target-denied"]
    );
    assert_eq!(refused(weed.bucket_for("target", ("AKNOBODY", "hush"), &[])).await, ["media-target-denied"]);
    assert_eq!(refused(weed.bucket("nowhere")).await, ["media-target-missing"]);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    assert_eq!(refused(bucket(&nobody, "target", ALL, &[])).await, ["media-target-unreachable"]);
    let encrypted = weed.endpoint().replace("http:", "https:");
    assert_eq!(refused(bucket(&encrypted, "target", ALL, &[])).await, ["media-target-unreachable"]);
    assert_eq!(weed.contents("target").len(), 0, "nothing was written, and no probe is left");

    let to = TempDir::new().expect("a folder");
    let source = |bucket| Move::new(Place::Bucket(bucket), folder(to.path()));
    assert_eq!(source(weed.bucket("nowhere")).refused().await, ["media-source-missing"]);
    let denied = source(weed.bucket_for("target", ("AKALL", "hush-wrong"), &[])).refused().await;
    assert_eq!(denied, ["media-source-denied"]);

    write(from.path(), "a.png", b"one");
    let other = from.path().join(name(1)).display().to_string();
    assert!(weed.rclone(ALL, &["copyto", &other, "s3:target/a.png"]));
    assert_eq!(refused(weed.bucket("target")).await, ["media-target-different"]);
}
