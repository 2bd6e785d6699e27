//! Servers of PostgreSQL that end with the test, databases after Mastodon's pattern in them, and who writes to those.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use movers::postgres::{Address, Settings, Sides};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// How long anything here may take on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
pub(crate) const PASSWORD: &str = "hush-'hush\\";

/// The folders of Debian's versions, the oldest first.
pub(crate) fn versions() -> Vec<(u32, PathBuf)> {
    let entries =
        fs::read_dir("/usr/lib/postgresql").map(|it| it.flatten().collect()).unwrap_or_else(|_| Vec::new());
    let version = |entry: fs::DirEntry| {
        let major = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        folder.join("initdb").is_file().then_some((major, folder))
    };
    let mut all: Vec<(u32, PathBuf)> = entries.into_iter().filter_map(version).collect();
    all.sort();
    all
}

/// The newest, where there is one; tells what is missing where not.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn newest() -> Option<PathBuf> {
    let found = versions().pop();
    if found.is_none() {
        eprintln!("SKIPPED: needs initdb and postgres (Debian: postgresql)");
    }
    Some(found?.1)
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn has(program: &str, package: &str) -> bool {
    let there =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("SKIPPED: needs {program} (Debian: {package})");
    }
    there
}

/// A port that nobody has, below those that clients are given: while its server is down nobody else gets it.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = std::process::id().wrapping_mul(131).wrapping_add(NEXT.fetch_add(7, Ordering::Relaxed));
        let port = 20_000 + u16::try_from(number % 12_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The user that servers run as: they refuse root. Nothing where this process is none.
fn server_user() -> Option<(u32, u32)> {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    if !text.contains("Uid:\t0\t") {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line =
        passwd.lines().find(|line| line.starts_with("postgres:")).expect("a user postgres beside root");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    Some((fields.next().unwrap(), fields.next().unwrap()))
}

/// A program as the user that servers run as.
pub(crate) fn as_server(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let Some((user, group)) = server_user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command
        .args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()])
        // Where a server looks for certificates of its own when it is a client; ours is closed to it.
        .env("HOME", "/nonexistent")
        .arg(program);
    command
}

pub(crate) fn give_to_server(path: &Path) {
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A server. It ends, and its folder goes, when this does or when the test's process does.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) bin: PathBuf,
    pub(crate) data: PathBuf,
    running: Option<(Child, ChildStdin)>,
    folder: TempDir,
}

impl Server {
    /// A new one that can publish and subscribe.
    pub(crate) async fn start(bin: &Path) -> Self {
        Self::with(bin, "wal_level = logical\n", None).await
    }

    /// With lines of its configuration, and its data in a folder that is given.
    pub(crate) async fn with(bin: &Path, lines: &str, place: Option<&Path>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        give_to_server(folder.path());
        let data = place.unwrap_or(folder.path()).join("data");
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        give_to_server(&password);
        let mut initdb = as_server(bin.join("initdb"));
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]);
        initdb.args(["--auth=scram-sha-256", "--pwfile"]).arg(&password).arg("--pgdata").arg(&data);
        let made = initdb.current_dir(folder.path()).stdout(Stdio::null()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let usual = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
            shared_buffers = 64MB\nmax_connections = 120\nmax_wal_senders = 30\nmax_replication_slots = 30\n\
            max_worker_processes = 40\nmax_logical_replication_workers = 30\nautovacuum_naptime = 5s\n\
            wal_retrieve_retry_interval = 200ms\n"
        );
        let mut configuration =
            fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
        configuration.write_all((usual + lines).as_bytes()).unwrap();
        let mut server = Self { port, bin: bin.to_owned(), data, running: None, folder };
        server.run().await;
        let client = server.client("postgres").await;
        client.batch_execute("CREATE ROLE mastodon LOGIN PASSWORD 'app'").await.unwrap();
        server
    }

    /// Its streaming replica, made by the command that the plan shows.
    pub(crate) async fn replica(&self) -> Self {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        give_to_server(folder.path());
        let data = folder.path().join("data");
        let mut backup = as_server(self.bin.join("pg_basebackup"));
        backup.args([
            "--host=127.0.0.1",
            "--username=postgres",
            "--write-recovery-conf",
            "--wal-method=stream",
        ]);
        backup.args(["--checkpoint=fast", "--create-slot", "--slot=mastoferry_standby", "--no-sync"]);
        backup.arg(format!("--port={}", self.port)).arg("--pgdata").arg(&data).env("PGPASSWORD", PASSWORD);
        let made = backup.current_dir("/").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut configuration =
            fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
        configuration.write_all(format!("port = {port}\n").as_bytes()).unwrap();
        let mut server = Self { port, bin: self.bin.clone(), data, running: None, folder };
        server.run().await;
        server
    }

    /// Starts it, again after it was killed.
    pub(crate) async fn run(&mut self) {
        self.kill();
        // Whoever holds the other end of the pipe is gone when it closes, however that came.
        let script = "\"$0\" -D \"$1\" >>\"$1/log\" 2>&1 & read -r word; kill -QUIT $!; wait; \
            [ \"$word\" = keep ] || rm -rf \"$2\"";
        let mut shell = as_server("sh");
        shell.arg("-c").arg(script).arg(self.bin.join("postgres")).arg(&self.data);
        shell.arg(self.folder.path()).current_dir("/");
        let mut child =
            shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pipe = child.stdin.take().unwrap();
        self.running = Some((child, pipe));
        let began = Instant::now();
        while self.try_client("postgres").await.is_none() {
            assert!(
                began.elapsed() < PATIENCE,
                "{}",
                fs::read_to_string(self.data.join("log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills it as the kernel does, and all its processes.
    pub(crate) fn kill(&mut self) {
        let Some((mut shell, mut pipe)) = self.running.take() else { return };
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        if let Some(first) = text.lines().next().and_then(|line| line.parse::<u32>().ok()) {
            // One that stands still starts no further processes.
            let _stopped =
                Command::new("kill").args(["-STOP", &first.to_string()]).stderr(Stdio::null()).status();
            let mut all = children(first);
            all.insert(0, first);
            let pids = all.iter().map(u32::to_string);
            let _gone = Command::new("kill").arg("-KILL").args(pids).stderr(Stdio::null()).status();
            let began = Instant::now();
            // Until the last has let go of the shared memory it cannot be started again.
            while all.iter().any(|pid| is_alive(*pid)) && began.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let _told = pipe.write_all(b"keep\n");
        drop(pipe);
        let _ended = shell.wait();
        let _lock = fs::remove_file(self.data.join("postmaster.pid"));
    }

    pub(crate) fn url(&self, database: &str) -> String {
        url_at(self.port, database)
    }

    pub(crate) fn address(&self, database: &str) -> Address {
        Address::read(&self.url(database)).unwrap()
    }

    pub(crate) async fn try_client(&self, database: &str) -> Option<Client> {
        connect(self.port, database, "postgres", PASSWORD).await.ok()
    }

    pub(crate) async fn client(&self, database: &str) -> Client {
        self.try_client(database).await.expect("the server lets us in")
    }

    /// A database of Mastodon's, owned by its role, with about so many posts.
    pub(crate) async fn database(&self, name: &str, rows: u32) -> Client {
        self.empty(name).await;
        let client = self.client(name).await;
        client.batch_execute("SET ROLE mastodon").await.unwrap();
        client.batch_execute(include_str!("schema.sql")).await.unwrap();
        client.batch_execute(&include_str!("fill.sql").replace("{rows}", &rows.to_string())).await.unwrap();
        client.batch_execute("RESET ROLE").await.unwrap();
        client
    }

    pub(crate) async fn empty(&self, name: &str) {
        let client = self.client("postgres").await;
        client
            .batch_execute(&format!("CREATE DATABASE {name} OWNER mastodon TEMPLATE template0"))
            .await
            .unwrap();
    }
}

/// A server's address for whoever may do everything.
pub(crate) fn url_at(port: u16, database: &str) -> String {
    let password: String = url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect();
    format!("postgresql://postgres:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
}

fn stat(pid: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

pub(crate) fn children(of: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, parent)| parent == of)).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) async fn connect(
    port: u16,
    database: &str,
    user: &str,
    password: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).dbname(database).user(user).password(password);
    config.connect_timeout(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Two servers that all tests share, each with databases of its own.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
}

static PAIR: OnceLock<Option<Pair>> = OnceLock::new();

/// The servers that are shared; nothing where this machine has none.
pub(crate) fn pair() -> Option<&'static Pair> {
    let make = || {
        let bin = newest()?;
        // Beside the test's own runtime, which may not wait for another.
        let make = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                Pair { source: Server::start(&bin).await, target: Server::start(&bin).await }
            })
        });
        Some(make.join().unwrap())
    };
    PAIR.get_or_init(make).as_ref()
}

/// A name that no other test's database has.
pub(crate) fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("m{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Both sides of a move, the target's database empty.
pub(crate) struct Ground {
    pub(crate) sides: Sides,
    pub(crate) database: String,
    pub(crate) blue: Client,
    pub(crate) green: Client,
    pub(crate) state: TempDir,
}

/// A filled database on the source, an empty one on the target.
pub(crate) async fn ground(source: &Server, target: &Server, rows: u32) -> Ground {
    let database = fresh();
    let blue = source.database(&database, rows).await;
    target.empty(&database).await;
    let sides = Sides {
        source: source.address(&database),
        target: target.address(&database),
        source_from_target: None,
        target_from_source: None,
    };
    let green = target.client(&database).await;
    Ground { sides, database, blue, green, state: TempDir::new().unwrap() }
}

pub(crate) fn settings() -> Settings {
    let mut settings =
        Settings { set_identities: true, patience: Duration::from_secs(30), ..Settings::default() };
    settings.limits.connections = std::num::NonZeroUsize::new(2).unwrap();
    settings
}

/// A row into every table, as the application does it.
pub(crate) async fn insert_everywhere(client: &Client) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute(
            "BEGIN; SET LOCAL ROLE mastodon;
            INSERT INTO public.schema_migrations VALUES ('20990101000000');
            INSERT INTO public.accounts (username) VALUES ('newcomer');
            INSERT INTO public.statuses (account_id, text) SELECT id, 'hello' FROM public.accounts WHERE username = 'newcomer';
            INSERT INTO public.media_attachments (status_id) SELECT max(id) FROM public.statuses;
            INSERT INTO public.tags (name) VALUES ('newest');
            INSERT INTO public.statuses_tags SELECT max(s.id), max(t.id) FROM public.statuses s, public.tags t;
            INSERT INTO public.favourites (account_id, status_id) SELECT max(a.id), max(s.id) FROM public.accounts a, public.statuses s;
            INSERT INTO public.accounts_tags SELECT max(a.id), max(t.id) FROM public.accounts a, public.tags t;
            INSERT INTO public.visits (what) VALUES ('new');
            INSERT INTO public.shifts (during) VALUES (tsrange('2030-01-01', '2030-01-02'));
            INSERT INTO public.\"Odd Name\" DEFAULT VALUES; COMMIT",
        )
        .await
}

pub(crate) async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}
