//! PostgreSQL: the mover, a server, the network between or the target's disk fails at a random instant while a crowd writes.
//! Afterwards it goes on or goes back, by chance; every write that was promised must be there once, on the side that serves.

#[path = "../postgres/crowd.rs"]
#[expect(dead_code, reason = "tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod crowd;
#[path = "../postgres/ground.rs"]
#[expect(dead_code, reason = "tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod ground;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use movers::Meter;
use movers::postgres::{Address, Move, Phase, Sides};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;

use crowd::{Crowd, Ports};
use ground::{Server, fresh, newest, settings};

/// How long one life of the mover may take.
const LIFE: Duration = Duration::from_secs(180);

/// What the mover does as a process of its own: `forward STATE` or `back STATE`, with both addresses in the environment.
pub(crate) fn mover(arguments: &[String]) -> ExitCode {
    let [way, state] = arguments else { return ExitCode::from(2) };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let variable = |name: &str| Address::read(&std::env::var(name).expect("an address")).expect("an address");
    let sides = Sides {
        source: variable("SWEEP_SOURCE"),
        target: variable("SWEEP_TARGET"),
        source_from_target: None,
        target_from_source: None,
    };
    match runtime.block_on(go(way, Path::new(state), sides)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn go(way: &str, state: &Path, sides: Sides) -> Result<(), movers::postgres::PostgresError> {
    let mut course = Move::open(state, sides, settings())?;
    let meter = Arc::new(Meter::default());
    if way == "back" {
        return course.rollback(None).await.map(|_| ());
    }
    if matches!(course.phase(), Phase::New | Phase::Copying | Phase::Copied | Phase::Following) {
        course.follow(&meter).await?;
    }
    // What an earlier life has finished is finished.
    if course.phase() != Phase::WayBack {
        course.cutover(None, &meter).await?;
    }
    Ok(())
}

/// One run.
pub(crate) fn run(number: u64) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(Box::pin(one(number)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accident {
    Mover,
    Source,
    Target,
    Network,
    Disk,
}

/// Numbers that follow from one.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

async fn one(number: u64) -> Result<String, String> {
    let Some(bin) = newest() else { return Ok("SKIPPED: needs PostgreSQL".to_owned()) };
    let mut chance = Chance(number);
    let kinds = [Accident::Mover, Accident::Source, Accident::Target, Accident::Network, Accident::Disk];
    let accident = kinds[usize::try_from(chance.below(5)).unwrap_or_default()];
    let disk = if accident == Accident::Disk { Disk::mount() } else { None };
    if accident == Accident::Disk && disk.is_none() {
        return Ok("SKIPPED: a small disk needs the right to mount".to_owned());
    }
    let logical = "wal_level = logical\nmax_wal_size = 64MB\nmin_wal_size = 32MB\n";
    let mut source = Server::start(&bin).await;
    let mut target = Server::with(&bin, logical, disk.as_ref().map(|it| it.folder.path())).await;
    let database = fresh();
    drop(source.database(&database, 1500).await);
    target.empty(&database).await;
    let network = (Wire::lay(source.port).await, Wire::lay(target.port).await);
    let through = |server: &Server, wire: &Wire| {
        server.url(&database).replace(&server.port.to_string(), &wire.port.to_string())
    };
    let addresses =
        [("SWEEP_SOURCE", through(&source, &network.0)), ("SWEEP_TARGET", through(&target, &network.1))];
    let state = TempDir::new().map_err(|error| error.to_string())?;
    let crowd = Crowd::start(3, 5, &Ports(vec![source.port, target.port]), &database, ("mastodon", "app"));
    crowd.more(5).await;
    let mut life = begin("forward", state.path(), &addresses);
    let instant = instant(&mut chance, state.path(), &mut life).await;
    match accident {
        Accident::Mover => {
            let _gone = life.kill();
        }
        Accident::Source => source.kill(),
        Accident::Target => target.kill(),
        Accident::Network => network.0.cut_both(&network.1),
        Accident::Disk => disk.as_ref().map_or((), |disk| disk.fill()),
    }
    tokio::time::sleep(Duration::from_millis(200 + chance.below(1500))).await;
    match accident {
        Accident::Mover => {}
        Accident::Source => source.run().await,
        Accident::Target => target.run().await,
        Accident::Network => network.0.mend_both(&network.1),
        Accident::Disk => {
            if let Some(disk) = &disk {
                disk.free();
            }
            // A server that could not write its log has ended itself.
            if target.try_client("postgres").await.is_none() {
                target.run().await;
            }
        }
    }
    let mut last = ended(&mut life).await?;
    let mut way = "forward";
    for _ in 0..4 {
        if last.0 {
            break;
        }
        way = if chance.below(2) == 0 { "forward" } else { "back" };
        let mut life = begin(way, state.path(), &addresses);
        last = ended(&mut life).await?;
        // Before it began there is nothing to go back from.
        if way == "back" && last.1.contains("nothing to go back from") {
            last.0 = true;
        }
    }
    let told = format!("{accident:?} at {instant}, then {way}");
    if !last.0 {
        return Err(format!("{told}: it neither goes on nor back: {}", last.1));
    }
    crowd.more(10).await;
    let promised = crowd.end().await;
    let serves = if way == "forward" { &target } else { &source };
    judge(&promised, &serves.client(&database).await).await.map_err(|wrong| format!("{told}: {wrong}"))?;
    let other = if way == "forward" { Some(&source) } else { None };
    if let Some(other) = other {
        let write =
            other.client(&database).await.batch_execute("INSERT INTO public.tags (name) VALUES ('x')").await;
        let code = write.err().and_then(|error| error.code().map(|code| code.code().to_owned()));
        if code.as_deref() != Some("25006") {
            return Err(format!("{told}: the old side takes writes ({code:?})"));
        }
    }
    Ok(format!("{told}, {} writes", promised.done.len()))
}

/// Every promise is kept, once.
async fn judge(told: &crowd::Told, client: &Client) -> Result<(), String> {
    let sql =
        "SELECT text, count(*) FROM public.statuses WHERE uri LIKE 'https://crowd.example/%' GROUP BY 1";
    let rows = client.query(sql, &[]).await.map_err(|error| error.to_string())?;
    let there: std::collections::HashMap<String, i64> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let lost = told.done.iter().filter(|token| !there.contains_key(*token)).count();
    let twice = there.values().filter(|count| **count != 1).count();
    let never =
        there.keys().filter(|token| !told.done.contains(token) && !told.unknown.contains(token)).count();
    if lost + twice + never > 0 {
        return Err(format!("{lost} lost, {twice} twice, {never} that nobody wrote, of {}", told.done.len()));
    }
    let everywhere = ground::insert_everywhere(client).await;
    everywhere.map_err(|error| format!("a table takes no rows: {error}"))
}

fn begin(way: &str, state: &Path, addresses: &[(&str, String)]) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["mover", "postgres", way]).arg(state).envs(addresses.iter().cloned());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the mover starts")
}

/// When it happens: at any time, or in the short time of the cut-over.
async fn instant(chance: &mut Chance, state: &Path, life: &mut Child) -> String {
    if chance.below(2) == 0 {
        let after = chance.below(5000);
        tokio::time::sleep(Duration::from_millis(after)).await;
        return format!("{after} ms");
    }
    let journal = state.join("postgres.journal");
    let began = Instant::now();
    let follows = || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"following\""));
    while !follows() && began.elapsed() < LIFE && !matches!(life.try_wait(), Ok(Some(_))) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let after = chance.below(1200);
    tokio::time::sleep(Duration::from_millis(after)).await;
    format!("following + {after} ms")
}

/// Whether it ended well, and its last words.
async fn ended(life: &mut Child) -> Result<(bool, String), String> {
    let began = Instant::now();
    loop {
        match life.try_wait() {
            Ok(Some(status)) => {
                let words = life.stdout.take().map(std::io::read_to_string);
                return Ok((status.success(), words.and_then(Result::ok).unwrap_or_default()));
            }
            Ok(None) if began.elapsed() > LIFE => {
                let _gone = life.kill();
                let _waited = life.wait();
                return Err("the mover does not end".to_owned());
            }
            Ok(None) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// A wire to a server, which can be cut.
struct Wire {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    async fn lay(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let cut = Arc::clone(&cut);
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    carry(near, far, &cut).await;
                });
            }
        });
        Self { port, is_cut }
    }

    fn cut_both(&self, other: &Self) {
        self.is_cut.store(true, Ordering::Relaxed);
        other.is_cut.store(true, Ordering::Relaxed);
    }

    fn mend_both(&self, other: &Self) {
        self.is_cut.store(false, Ordering::Relaxed);
        other.is_cut.store(false, Ordering::Relaxed);
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, cut: &AtomicBool) {
    let broken = async {
        while !cut.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        () = broken => {}
    }
}

/// A small disk.
struct Disk {
    folder: TempDir,
}

impl Disk {
    #[expect(clippy::print_stderr, reason = "a run that did not run must say so")]
    fn mount() -> Option<Self> {
        let folder = TempDir::new().ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=260m,mode=0755", "tmpfs"]).arg(folder.path());
        if mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            ground::give_to_server(folder.path());
            return Some(Self { folder });
        }
        eprintln!("SKIPPED: a small disk needs the right to mount (root)");
        None
    }

    /// Nothing fits on it any more.
    fn fill(&self) {
        let Ok(mut file) = std::fs::File::create(self.folder.path().join("ballast")) else { return };
        let block = vec![1; 1 << 16];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
    }

    fn free(&self) {
        let _gone = std::fs::remove_file(self.folder.path().join("ballast"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
