//! A database copied by us, by `pg_dump` with `pg_restore`, and by pgcopydb where it is: the same data between the same two
//! servers, wall time, processor time and peak memory. Then the pause of a followed move under writes. `cargo xtask bench
//! postgres [-- --rows N] [--rounds N] [--connections N] [--lock FILE]`. With a file to lock, every measurement holds it alone:
//! on a machine that others use as well, who compiles holds it shared.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

#[path = "../tests/postgres/bouncer.rs"]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod bouncer;
#[path = "../tests/postgres/crowd.rs"]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod crowd;
#[path = "../tests/postgres/ground.rs"]
#[expect(dead_code, reason = "tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod ground;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use movers::Meter;
use movers::postgres::{Address, Mode, Move, Sides, verify};
use tempfile::TempDir;
use wait4::Wait4 as _;

use bouncer::Bouncer;
use crowd::{Crowd, Ports};
use ground::{Server, newest, settings};

/// Rows of the largest table; with all others it is nearly four times as many.
const ROWS: u64 = 3_000_000;
/// Who write while it is cut over, and how many transactions a second they ask for together: five changes each.
const WRITERS: usize = 8;
const RATE: usize = 100;
/// As on any server that is meant for work.
const CONFIGURATION: &str = "wal_level = logical\nfsync = on\nshared_buffers = 512MB\nmax_wal_size = 4GB\nmaintenance_work_mem = 64MB\n";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if arguments.first().is_some_and(|it| it == "mover") {
        return mover(&arguments[1..]);
    }
    let value = |name: &str, usual: u64| {
        let at = arguments.iter().position(|it| it == name);
        at.and_then(|at| arguments.get(at + 1)).map_or(usual, |text| text.parse().expect("a number"))
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let lock = arguments.iter().position(|it| it == "--lock").and_then(|at| arguments.get(at + 1));
    let machine = Machine(lock.map(|path| std::fs::File::create(path).expect("a file to lock")));
    runtime.block_on(all(&machine, value("--rows", ROWS), value("--rounds", 1), value("--connections", 2)));
}

/// What others may be using.
struct Machine(Option<std::fs::File>);

impl Machine {
    /// Ours alone until this ends.
    fn alone(&self) -> Alone<'_> {
        if let Some(file) = &self.0 {
            file.lock().expect("locked");
        }
        Alone(self.0.as_ref())
    }
}

struct Alone<'a>(Option<&'a std::fs::File>);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            file.unlock().expect("unlocked");
        }
    }
}

/// Our copy, as a process of its own whose memory can be measured.
fn mover(arguments: &[String]) {
    let variable = |name: &str| Address::read(&std::env::var(name).expect("an address")).expect("an address");
    let sides = Sides {
        source: variable("BENCH_SOURCE"),
        target: variable("BENCH_TARGET"),
        source_from_target: None,
        target_from_source: None,
    };
    let mut settings = settings();
    settings.limits.connections = arguments[1].parse().expect("a number");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        let state = std::path::Path::new(&arguments[0]);
        let mut course = Move::open(state, sides, settings).expect("a state");
        course
            .copy(Mode::Copy, false, &Arc::new(Meter::default()))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
    });
}

struct Row {
    name: String,
    wall: Duration,
    client: Duration,
    servers: Duration,
    peak: u64,
}

async fn all(machine: &Machine, rows: u64, rounds: u64, connections: u64) {
    let Some(bin) = newest() else { return };
    let source = Server::with(&bin, CONFIGURATION, None).await;
    let target = Server::with(&bin, CONFIGURATION, None).await;
    let began = Instant::now();
    source.empty("bench").await;
    let blue = source.client("bench").await;
    let rows = include_str!("mastodon.sql").replace("{rows}", &rows.to_string());
    blue.batch_execute(&format!("SET ROLE mastodon; {rows}; RESET ROLE")).await.expect("filled");
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        blue.batch_execute(statement).await.expect("made ready");
    }
    let (count, bytes) = (
        ground::number(&blue, "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").await,
        ground::number(&blue, "SELECT pg_database_size('bench')").await,
    );
    println!(
        "{count} rows, {} MiB, made in {:.0} s; {connections} connections\n",
        bytes >> 20,
        began.elapsed().as_secs_f64()
    );
    let mut measured = Vec::new();
    for round in 0..rounds {
        measured.push(ours(machine, [&source, &target], round, connections).await);
        measured.extend(theirs(machine, [&source, &target], round, connections).await);
        if ground::has("pgcopydb", "pgcopydb") {
            measured.extend(pgcopydb(machine, [&source, &target], round, connections).await);
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    println!(
        "| | wall | client CPU | servers' CPU | all CPU on {cores} cores | peak memory of the largest process |\n\
        | --- | ---: | ---: | ---: | ---: | ---: |"
    );
    for row in &measured {
        let (wall, client, servers) =
            (row.wall.as_secs_f64(), row.client.as_secs_f64(), row.servers.as_secs_f64());
        let bound = (client + servers) / cores as f64;
        println!(
            "| {} | {wall:.1} s | {client:.1} s | {servers:.1} s | {bound:.1} s | {} MiB |",
            row.name,
            row.peak >> 20
        );
    }
    let best = |name: &str| {
        measured.iter().filter(|row| row.name == name).map(|row| row.wall.as_secs_f64()).reduce(f64::min)
    };
    if let Some(ours) = best("ours") {
        println!();
        for other in ["pg_dump, pg_restore", "pg_dump, pg_restore, statistics", "pgcopydb"] {
            if let Some(theirs) = best(other) {
                println!("{other}: {:.2} times as long as ours", theirs / ours);
            }
        }
    }
    for round in 0..3 {
        pause(machine, [&source, &target], round, false).await;
        if ground::has("pgbouncer", "pgbouncer") {
            pause(machine, [&source, &target], round, true).await;
        }
    }
}

/// The processor time of a server and of all that it has started.
fn used(server: &Server) -> Duration {
    let text = std::fs::read_to_string(server.data.join("postmaster.pid")).expect("it runs");
    let first: u32 = text.lines().next().and_then(|line| line.parse().ok()).expect("a number");
    let ticks: u64 = std::iter::once(first).chain(ground::children(first)).filter_map(ticks).sum();
    // The kernel counts in hundredths of a second on every machine that Linux runs on today.
    Duration::from_millis(ticks * 10)
}

/// Own time, and that of children that have ended.
fn ticks(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum()
}

/// Commands one after another, as one measure.
async fn measure(machine: &Machine, name: &str, servers: [&Server; 2], commands: Vec<Command>) -> Row {
    let alone = machine.alone();
    servers[1].client("postgres").await.batch_execute("CHECKPOINT").await.expect("at rest");
    let before: Duration = servers.iter().map(|server| used(server)).sum();
    let began = Instant::now();
    let (mut client, mut peak) = (Duration::ZERO, 0);
    for mut command in commands {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
        let ended =
            tokio::task::spawn_blocking(move || child.wait4()).await.expect("waited").expect("waited");
        assert!(ended.status.success(), "{name}: {}", ended.status);
        client += ended.rusage.utime + ended.rusage.stime;
        peak = peak.max(ended.rusage.maxrss);
    }
    let wall = began.elapsed();
    drop(alone);
    let servers = servers.iter().map(|server| used(server)).sum::<Duration>() - before;
    // At once: a run that is ended early has told what it has measured.
    let seconds = [wall, client, servers].map(|it| it.as_secs_f64());
    eprintln!(
        "{name}: {:.1} s, {:.1} s of the clients' CPU, {:.1} s of the servers'",
        seconds[0], seconds[1], seconds[2]
    );
    Row { name: name.to_owned(), wall, client, servers, peak }
}

async fn done(source: &Server, target: &Server, database: &str) {
    let meter = Arc::new(Meter::default());
    let proof =
        verify(&source.address("bench"), &target.address(database), 2, &meter).await.expect("compared");
    assert!(
        proof.is_equal(),
        "{database}: {:?} {:?} {:?} {:?}",
        proof.differing(),
        proof.missing,
        proof.sequences_behind,
        proof.views_empty
    );
    target
        .client("postgres")
        .await
        .batch_execute(&format!("DROP DATABASE {database} WITH (FORCE)"))
        .await
        .expect("dropped");
}

async fn ours(machine: &Machine, [source, target]: [&Server; 2], round: u64, connections: u64) -> Row {
    let database = format!("ours_{round}");
    target.empty(&database).await;
    let state = TempDir::new().expect("a folder");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg("mover").arg(state.path()).arg(connections.to_string());
    command.env("BENCH_SOURCE", source.url("bench")).env("BENCH_TARGET", target.url(&database));
    let row = measure(machine, "ours", [source, target], vec![command]).await;
    done(source, target, &database).await;
    row
}

async fn theirs(machine: &Machine, [source, target]: [&Server; 2], round: u64, connections: u64) -> [Row; 2] {
    let database = format!("theirs_{round}");
    target.empty(&database).await;
    let folder = TempDir::new().expect("a folder");
    let dump = folder.path().join("dump");
    let tool = |name: &str, server: &Server| {
        let mut command = Command::new(source.bin.join(name));
        command.env("PGHOST", "127.0.0.1").env("PGPORT", server.port.to_string()).env("PGUSER", "postgres");
        command.env("PGPASSWORD", ground::PASSWORD).arg(format!("--jobs={connections}"));
        command
    };
    let mut out = tool("pg_dump", source);
    out.args(["--format=directory", "--compress=0", "--dbname=bench", "--file"]).arg(&dump);
    let mut back = tool("pg_restore", target);
    back.arg(format!("--dbname={database}")).arg(&dump);
    let row = measure(machine, "pg_dump, pg_restore", [source, target], vec![out, back]).await;
    // The others gather statistics as well.
    let mut statistics = tool("vacuumdb", target);
    statistics.arg("--analyze-only").arg(&database);
    let more = measure(machine, "vacuumdb --analyze-only", [source, target], vec![statistics]).await;
    done(source, target, &database).await;
    let sum = Row {
        name: "pg_dump, pg_restore, statistics".to_owned(),
        wall: row.wall + more.wall,
        client: row.client + more.client,
        servers: row.servers + more.servers,
        peak: row.peak.max(more.peak),
    };
    [row, sum]
}

async fn pgcopydb(
    machine: &Machine,
    [source, target]: [&Server; 2],
    round: u64,
    connections: u64,
) -> Option<Row> {
    let database = format!("pgcopydb_{round}");
    target.empty(&database).await;
    let folder = TempDir::new().expect("a folder");
    let mut command = Command::new("pgcopydb");
    command
        .arg("clone")
        .arg(format!("--table-jobs={connections}"))
        .arg(format!("--index-jobs={connections}"));
    let words = folder.path().join("words");
    command.arg("--dir").arg(folder.path().join("work"));
    command.stderr(std::fs::File::create(&words).expect("a file"));
    // At its end it signals its whole group.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
        .env("PGCOPYDB_SOURCE_PGURI", source.url("bench"))
        .env("PGCOPYDB_TARGET_PGURI", target.url(&database));
    let mut path = std::ffi::OsString::from(&source.bin);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    command.env("PATH", path);
    let row = measure(machine, "pgcopydb", [source, target], vec![command]).await;
    done(source, target, &database).await;
    Some(row)
}

/// The pause of a followed move, while 500 changes and more are asked for each second; behind PgBouncer or not.
async fn pause(machine: &Machine, [source, target]: [&Server; 2], round: u64, pooled: bool) {
    let database = &format!("{}_{round}", if pooled { "pooled" } else { "paused" });
    drop(source.database(database, 100_000).await);
    target.empty(database).await;
    let _alone = machine.alone();
    let bouncer =
        if pooled { Some(Bouncer::start(database, source.port, "transaction").await) } else { None };
    let ports = match &bouncer {
        Some(bouncer) => vec![bouncer.port],
        None => vec![source.port, target.port],
    };
    let crowd =
        Crowd::start(WRITERS, (WRITERS * 1000 / RATE) as u64, &Ports(ports), database, ("mastodon", "app"));
    let state = TempDir::new().expect("a folder");
    let sides = Sides {
        source: source.address(database),
        target: target.address(database),
        source_from_target: None,
        target_from_source: None,
    };
    let mut course = Move::open(state.path(), sides, settings()).expect("a state");
    let meter = Arc::new(Meter::default());
    course.follow(&meter).await.unwrap_or_else(|error| panic!("{error}"));
    let (from, began) = (crowd.written.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rate = (crowd.written.load(Ordering::Relaxed) - from) as f64 / began.elapsed().as_secs_f64();
    let pooler = bouncer.as_ref().map(|it| it.pooler(database));
    let switched = course.cutover(pooler.as_ref(), &meter).await.unwrap_or_else(|error| panic!("{error}"));
    crowd.more(100).await;
    let told = crowd.end().await;
    crowd::keeps_promises(&told, &target.client(database).await).await;
    assert!(!pooled || told.errors.is_empty(), "{:?}", told.errors);
    let parts: Vec<String> = switched.parts.iter().map(|(name, ms)| format!("{name} {ms:.1}")).collect();
    println!(
        "\n{}: {rate:.0} transactions of five changes a second; the pause of the cut-over {:.1} ms ({}); the longest that a \
        writer waited {} ms; {} errors of writers; {} promised, none lost, none twice",
        if pooled { "behind PgBouncer" } else { "without a pooler" },
        switched.pause_ms.unwrap_or(f64::NAN),
        parts.join(", "),
        told.longest.as_millis(),
        told.errors.len(),
        told.done.len(),
    );
}
