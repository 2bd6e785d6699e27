//! From and to servers that speak S3.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use movers::media::{Asked, Place};
use tempfile::TempDir;

use super::ground::{
    ALL, Move, Weed, bucket, contents, fill, folder, has_s3, name, noise, rclone, slow, until, write,
};
use crate::machine::child::Running;
use crate::machine::port::free_port;
use crate::machine::program::has;

const LARGE: &str = "media_attachments/files/109/000/000/original/大きい.mp4";

#[tokio::test(flavor = "multi_thread")]
async fn from_a_folder_to_a_bucket_and_back_again() {
    if !has_s3() {
        return;
    }
    let weed = Weed::start();
    weed.make_bucket("target");
    let (from, back) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fill(from.path(), 120);
    write(from.path(), LARGE, &noise(1, 40 << 20));
    let there = Move::new(folder(from.path()), Place::Bucket(weed.bucket("target")));
    let with_acls = Place::Bucket(weed.bucket_for("target", ALL, &[]));
    let found = Move::new(folder(from.path()), with_acls).open().plan().await.expect("the state is fine");
    assert!(
        found.iter().any(|it| it.id == "media-acl-ignored"),
        "a server that only seems to keep them: {found:?}"
    );
    let first = there.pass(false).await;
    assert_eq!((first.copied, first.is_complete()), (124, true), "{first:?}");
    assert!(contents(from.path()) == weed.contents("target"), "another client reads what was there");
    assert_told(&weed, "target");
    let second = there.pass(true).await;
    assert_eq!((second.copied, second.deleted), (0, 0), "{second:?}");
    assert_eq!(second.unchanged + second.equal, 124, "{second:?}");
    let verdict = there.verify().await;
    assert!(verdict.is_equal(), "{verdict:?}");

    corrupted_and_lost_are_found(&weed, &there).await;

    let here = Move::new(Place::Bucket(weed.bucket("target")), folder(back.path()));
    let outcome = here.pass(false).await;
    assert_eq!((outcome.copied, outcome.is_complete()), (123, true), "{outcome:?}");
    assert!(contents(back.path()) == weed.contents("target"));
    assert!(here.verify().await.is_equal());
    assert_eq!(here.pass(true).await.unchanged, 123, "entity tags stay what they are");
}

/// Content type and cache control, as another client sees them.
fn assert_told(weed: &Weed, bucket: &str) {
    let mut command = rclone(&weed.endpoint(), ALL);
    let output = command
        .args(["lsjson", "--metadata", "--recursive", "--files-only", &format!("s3:{bucket}/accounts")])
        .stdout(Stdio::piped())
        .output()
        .expect("rclone runs");
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(listed.len() > 10);
    for object in listed {
        let metadata = &object["Metadata"];
        let path = object["Path"].as_str().expect("a path");
        let wanted = if path.ends_with(".png") { "image/png" } else { "image/jpeg" };
        assert_eq!(metadata["content-type"], wanted, "{object}");
        assert_eq!(metadata["cache-control"], "public, max-age=315576000, immutable", "{object}");
        assert_eq!(metadata["mastoferry-sha256"].as_str().map(str::len), Some(64), "{object}");
    }
}

async fn corrupted_and_lost_are_found(weed: &Weed, moved: &Move) {
    let file = TempDir::new().expect("a folder");
    write(file.path(), "other", &noise(77, 100 + 5 * 37));
    let path = file.path().join("other").display().to_string();
    assert!(weed.rclone(ALL, &["copyto", "--ignore-times", &path, &format!("s3:target/{}", name(5))]));
    assert!(weed.rclone(ALL, &["deletefile", &format!("s3:target/{}", name(6))]));
    let verdict = moved.verify().await;
    assert_eq!(verdict.different.first, [name(5)], "{verdict:?}");
    assert_eq!(verdict.missing.first, [name(6)], "{verdict:?}");
    assert!(!verdict.is_equal());
    // Somebody else's is not written over, and there is something else at the source: a human decides.
    let outcome = moved.pass(true).await;
    assert_eq!((outcome.conflicts.first.clone(), outcome.copied), (vec![name(5)], 1), "{outcome:?}");
    assert!(weed.rclone(ALL, &["deletefile", &format!("s3:target/{}", name(5))]));
    assert!(weed.rclone(ALL, &["deletefile", &format!("s3:target/{}", name(6))]));
    let Place::Folder(from) = &moved.from else { panic!("a folder") };
    std::fs::remove_file(from.join(name(6))).expect("removed");
    assert!(moved.pass(true).await.is_complete());
    assert!(moved.verify().await.is_equal());
}

#[tokio::test(flavor = "multi_thread")]
async fn between_buckets_under_a_writer_and_cut_short() {
    if !has_s3() {
        return;
    }
    let weed = Weed::start();
    weed.make_bucket("blue");
    weed.make_bucket("green");
    let filled = TempDir::new().expect("a folder");
    fill(filled.path(), 100);
    write(filled.path(), LARGE, &noise(1, 20 << 20));
    copy(&weed, filled.path(), "s3:blue/media");
    let blue = weed.bucket_for("blue", ALL, &[("S3_KEY_PREFIX", "media"), ("S3_PERMISSION", "")]);
    let green = weed.bucket_for("green", ALL, &[("S3_KEY_PREFIX", "of/green"), ("S3_PERMISSION", "")]);
    let moved = Move::new(Place::Bucket(blue), Place::Bucket(green));
    for _ in 0..2 {
        let mut mover = moved.open_with(slow(20 << 20));
        let asked = Asked::default();
        let _cut = tokio::time::timeout(Duration::from_millis(600), mover.pass(&asked)).await;
    }
    // Who dies before the server has answered does not know what it has begun; somebody else's is not touched.
    leave_begun(&weed, &filled.path().join(LARGE), &format!("s3:green/of/green/{LARGE}"));
    leave_begun(&weed, &filled.path().join(LARGE), "s3:green/of/green/somebody-elses.mp4");
    let ends = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_to_blue(&weed, filled.path(), &ends));
        let passes = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current()
                .block_on(async { (moved.pass(true).await, moved.pass(true).await) })
        });
        ends.store(true, Ordering::Relaxed);
        assert!(writer.join().expect("it ended") > 0);
        assert_eq!((passes.0.conflicts.count, passes.1.conflicts.count), (0, 0), "{passes:?}");
    });
    let last = moved.pass(true).await;
    assert!(last.is_complete(), "{last:?}");
    assert!(weed.contents("blue/media") == weed.contents("green/of/green"));
    let verdict = moved.verify().await;
    assert!(verdict.is_equal() && verdict.surplus.count == 0, "{verdict:?}");
    moved.open().cleanup().await.expect("cleaned up");
    assert_eq!(unfinished(&weed, "green"), 1, "no upload of ours is left begun");

    // Somebody who has lost the state recognises what was written, and writes nothing again.
    let again = Move::new(moved.from.clone(), moved.to.clone());
    let outcome = again.pass(true).await;
    assert_eq!((outcome.copied, outcome.equal), (0, outcome.objects), "{outcome:?}");
}

fn copy(weed: &Weed, from: &Path, to: &str) {
    assert!(
        weed.rclone(ALL, &["copy", "--transfers", "8", &from.display().to_string(), to]),
        "{to} is filled"
    );
}

/// Adds, overwrites and deletes until it is told to end; how often.
fn write_to_blue(weed: &Weed, filled: &Path, ends: &AtomicBool) -> u64 {
    let mut round = 0;
    while !ends.load(Ordering::Relaxed) {
        round += 1;
        let more = TempDir::new().expect("a folder");
        for number in 0..5 {
            write(more.path(), &name(round * 100 + 1000 + number), &noise(round, 1000));
            write(more.path(), &name(round * 5 % 90 + number), &noise(round, 2000));
        }
        copy(weed, more.path(), "s3:blue/media");
        weed.rclone(ALL, &["deletefile", &format!("s3:blue/media/{}", name(round * 11 % 90))]);
    }
    assert!(filled.exists());
    round
}

/// Begins an upload in parts, and is killed while the parts are sent.
fn leave_begun(weed: &Weed, from: &Path, to: &str) {
    let before = unfinished(weed, "green");
    let mut sender = rclone(&weed.endpoint(), ALL)
        .args([
            "copyto",
            "--ignore-times",
            "--bwlimit",
            "2M",
            "--s3-chunk-size",
            "5M",
            "--s3-upload-cutoff",
            "5M",
        ])
        .arg(from)
        .arg(to)
        .spawn()
        .expect("rclone runs");
    while unfinished(weed, "green") == before {
        assert!(sender.try_wait().expect("asked").is_none(), "it has ended before it was seen");
    }
    sender.kill().expect("killed");
    sender.wait().expect("gone");
}

fn unfinished(weed: &Weed, bucket: &str) -> usize {
    let output = rclone(&weed.endpoint(), ALL)
        .args(["backend", "list-multipart-uploads", &format!("s3:{bucket}")])
        .stdout(Stdio::piped())
        .output()
        .expect("rclone runs");
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    listed[bucket].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn acls_go_along() {
    if !has("moto_server", "PyPI: moto[server]") || !has("rclone", "Debian: rclone") {
        return;
    }
    let port = free_port();
    let mut command = Command::new("moto_server");
    let child = command
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _moto = Running(child.spawn().expect("moto_server starts"));
    let endpoint = format!("http://127.0.0.1:{port}");
    let run =
        |arguments: &[&str]| rclone(&endpoint, ALL).args(arguments).status().expect("rclone runs").success();
    until("moto_server to take a bucket", || run(&["mkdir", "s3:blue"]));
    assert!(run(&["mkdir", "s3:green"]));
    let from = TempDir::new().expect("a folder");
    write(from.path(), "a.png", b"everybody may see it");
    write(from.path(), "suspended.png", b"nobody may see it");
    write(from.path(), "backups/dumps/1/original/archive.zip", b"one may see it");
    std::fs::set_permissions(
        from.path().join("suspended.png"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .expect("set");
    let (blue, green) = (bucket(&endpoint, "blue", ALL, &[]), bucket(&endpoint, "green", ALL, &[]));
    let to_blue = Move::new(folder(from.path()), Place::Bucket(blue.clone()));
    let outcome = to_blue.pass(false).await;
    assert!(outcome.is_complete() && outcome.copied == 3, "{outcome:?}");
    let verdict = to_blue.verify().await;
    assert!(verdict.is_equal() && verdict.unasked == 0, "{verdict:?}");
    let public = |bucket: &str, key: &str| status(port, bucket, key) == 200;
    let all = |bucket: &str| {
        ["a.png", "suspended.png", "backups/dumps/1/original/archive.zip"].map(|key| public(bucket, key))
    };
    assert_eq!(all("blue"), [true, false, false]);

    let on = Move::new(Place::Bucket(blue), Place::Bucket(green));
    assert!(on.pass(false).await.is_complete());
    assert_eq!(all("green"), [true, false, false], "ACLs are copied");
    // Suspended after the first pass: no listing tells, the verification does.
    assert!(run(&["copyto", "s3:blue/a.png", "s3:blue/a.png", "--s3-acl", "private", "--ignore-times"]));
    let hidden = !public("blue", "a.png");
    if hidden {
        let verdict = on.verify().await;
        assert_eq!(verdict.access.first, ["a.png"], "{verdict:?}");
        let outcome = on.asked(&Asked { rereads: true, ..Asked::default() }).await;
        assert_eq!(outcome.copied, 1, "{outcome:?}");
        assert_eq!(all("green"), [false, false, false]);
        assert!(on.verify().await.is_equal());
    }
}

/// What somebody gets who has no key: 200, or 403.
fn status(port: u16, bucket: &str, key: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!("GET /{bucket}/{key} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    assert!(matches!(status, 200 | 403), "{answer}");
    status
}
