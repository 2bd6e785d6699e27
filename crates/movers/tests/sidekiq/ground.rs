//! A Redis and Sidekiq processes that end with the test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use movers::{RedisAddress, Sidekiq};
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use crate::machine::child::Running;
use crate::machine::port::free_port;
use crate::machine::program::has;

/// How long anything here may take: both are Ruby or C on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// What both kinds of tests need.
pub(super) fn has_all() -> bool {
    has("redis-server", "Debian: redis-server") && has("sidekiq", "Debian: ruby-sidekiq")
}

impl Running {
    /// What Kubernetes sends to a container that shall end; and its end awaited.
    pub(super) fn terminate(&mut self) {
        self.signal("TERM");
        let _status = self.0.wait();
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(status.unwrap().success());
    }
}

/// A Redis of a test's own.
pub(super) struct Server {
    pub(super) port: u16,
    _process: Running,
    folder: TempDir,
}

impl Server {
    pub(super) async fn start() -> Self {
        let port = free_port();
        Self::configured(port, &format!("port {port}\n")).await
    }

    /// With lines of its configuration; `port` is where something listens once it is up.
    pub(super) async fn configured(port: u16, lines: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("redis.conf");
        let usual = format!("bind 127.0.0.1\nsave \"\"\nappendonly no\ndir {}\n", folder.path().display());
        std::fs::write(&file, usual + lines).unwrap();
        let child = Command::new("redis-server").arg(&file).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { port, _process: Running(child), folder };
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "redis-server does not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    pub(super) fn address(&self) -> RedisAddress {
        RedisAddress::read(&format!("redis://127.0.0.1:{}/0", self.port), None).unwrap()
    }

    pub(super) async fn sidekiq(&self) -> Sidekiq {
        Sidekiq::open(self.address(), None).await.unwrap()
    }

    pub(super) async fn client(&self) -> Client {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/0", self.port)).unwrap();
        Client(client.get_multiplexed_async_connection().await.unwrap())
    }

    /// A Sidekiq process on a host of this name, up when this returns.
    pub(super) async fn worker(&self, host: &str, queues: &[&str], namespace: Option<&str>) -> Running {
        let mut command = Command::new("sidekiq");
        command.current_dir(self.folder.path()).arg("-r").arg(jobs()).args(["-c", "3", "-t", "3"]);
        for queue in queues {
            command.args(["-q", queue]);
        }
        command.env("REDIS_URL", format!("redis://127.0.0.1:{}/0", self.port)).env("DYNO", host);
        command.envs(namespace.map(|name| ("REDIS_NAMESPACE", name)));
        let log = std::fs::File::create(self.folder.path().join(format!("{host}.log"))).unwrap();
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let running = Running(child);
        let sidekiq = Sidekiq::open(self.address(), namespace).await.unwrap();
        let hosts = [host].into_iter().collect();
        until(&format!("{host} to register: {}", self.log(host)), async || {
            sidekiq.roster().await.unwrap().on(&hosts).next().is_some()
        })
        .await;
        running
    }

    pub(super) fn log(&self, host: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{host}.log"))).unwrap_or_default()
    }
}

fn jobs() -> PathBuf {
    // The voyage's tests share this file.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../movers/tests/sidekiq/jobs.rb")
}

/// Looks until something is so.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What a test itself says to Redis.
#[derive(Clone)]
pub(super) struct Client(MultiplexedConnection);

impl Client {
    pub(super) async fn say<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let (first, rest) = words.split_first().unwrap();
        redis::cmd(first).arg(rest).query_async(&mut self.0.clone()).await.unwrap()
    }

    pub(super) async fn run(&self, words: &[&str]) {
        let _answer: redis::Value = self.say(words).await;
    }

    /// Puts a job into a queue as Sidekiq's client does.
    pub(super) async fn push(&self, prefix: &str, queue: &str, class: &str, arguments: &str) {
        let id = format!("{:024x}", self.say::<u64>(&["INCR", "test:ids"]).await);
        let job = format!(
            r#"{{"class":"{class}","args":{arguments},"jid":"{id}","queue":"{queue}","retry":true,"created_at":1700000000.0,"enqueued_at":1700000000.0}}"#
        );
        self.run(&["SADD", &format!("{prefix}queues"), queue]).await;
        self.run(&["LPUSH", &format!("{prefix}queue:{queue}"), &job]).await;
    }

    pub(super) async fn list(&self, key: &str) -> Vec<String> {
        self.say(&["LRANGE", key, "0", "-1"]).await
    }
}
