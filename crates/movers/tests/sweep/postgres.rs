//! PostgreSQL: the mover, a server, the network between or the target's disk fails at a random instant while a crowd writes.
//! Afterwards it goes on or goes back, by lot; every write that was promised must be there once, on the side that serves, and
//! the other side must refuse writes or hold nothing. A mover that stops and says so is right where one of its next commands
//! ends well.

#[path = "postgres_accidents.rs"]
mod accidents;
#[path = "../postgres/crowd.rs"]
#[expect(dead_code, reason = "tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod crowd;
#[path = "../postgres/ground.rs"]
#[expect(dead_code, reason = "tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the run")]
mod ground;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use movers::Meter;
use movers::postgres::{Address, Move, Phase, PostgresError, Sides};
use tempfile::TempDir;
use tokio_postgres::Client;

use accidents::{Disk, State, Wire};
use crowd::{Crowd, Ports};
use ground::{Server, fresh, newest, settings};

/// How long one life of the mover may take.
const LIFE: Duration = Duration::from_secs(300);

/// The mover's exit code where it may not do what was asked, and did nothing.
const REFUSED: u8 = 6;

/// What the mover does as a process of its own: `forward STATE`, `back STATE` or `cleanup STATE`, with both addresses in the
/// environment.
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
            let is_refused =
                matches!(error, PostgresError::OutOfTurn { .. } | PostgresError::Preflight { .. });
            if is_refused { ExitCode::from(REFUSED) } else { ExitCode::FAILURE }
        }
    }
}

async fn go(way: &str, state: &Path, sides: Sides) -> Result<(), PostgresError> {
    let mut course = Move::open(state, sides, settings())?;
    let meter = Arc::new(Meter::default());
    match (way, course.phase()) {
        // What an earlier life has finished is finished, and where nothing began there is nothing to end.
        ("back" | "cleanup", Phase::New) | ("back", Phase::RolledBack) => Ok(()),
        ("back", _) => course.rollback(None).await.map(|_| ()),
        ("cleanup", _) => {
            let left = course.cleanup().await?;
            assert!(left.objects.is_empty(), "{left:?}");
            Ok(())
        }
        (_, Phase::WayBack) if !has_said(state, "returning") => Ok(()),
        (_, phase) => {
            if matches!(phase, Phase::New | Phase::Copying | Phase::Copied | Phase::Following) {
                course.follow(&meter).await?;
            }
            course.cutover(None, &meter).await.map(|_| ())
        }
    }
}

/// Whether the journal has such a record.
fn has_said(state: &Path, record: &str) -> bool {
    let text = std::fs::read_to_string(state.join("postgres.journal")).unwrap_or_default();
    text.contains(&format!("\"{record}\""))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accident {
    Mover,
    Source,
    Target,
    Network,
    Disk,
}

/// Each in its turn: in five runs there is every one.
const ACCIDENTS: [Accident; 5] =
    [Accident::Mover, Accident::Source, Accident::Target, Accident::Network, Accident::Disk];

/// What the journal has said when it happens, and how many milliseconds later it is at most.
const FORTH: [(&str, u64); 8] = [
    ("", 600),
    ("began", 1500),
    ("copied", 200),
    ("following", 1000),
    ("fenced", 40),
    ("opening", 20),
    ("opened", 300),
    ("way-back", 300),
];
const BACK: [(&str, u64); 2] = [("", 400), ("returning", 40)];

/// One run. An accident that comes when all is over shows nothing: another is made then.
pub(crate) fn run(number: u64) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let kind = ACCIDENTS[usize::try_from(number % 5).unwrap_or_default()];
    let mut chance = Chance(number);
    for _ in 0..6 {
        let running = AssertUnwindSafe(one(kind, &mut chance)).catch_unwind();
        let ended = runtime.block_on(Box::pin(running)).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            Err(words.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default())
        });
        if let Some(told) = ended? {
            return Ok(told);
        }
    }
    Err(format!("{kind:?}: six times the move was over before it happened"))
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

/// Both sides, and what is between.
struct Sea {
    source: Server,
    target: Server,
    wires: [Wire; 2],
    disk: Option<Disk>,
    database: String,
    state: TempDir,
    addresses: [(&'static str, String); 2],
}

impl Sea {
    async fn fill(bin: &Path, disk: Option<Disk>) -> Self {
        let logical = "wal_level = logical\nmax_wal_size = 64MB\nmin_wal_size = 32MB\n";
        let source = Server::start(bin).await;
        let target = Server::with(bin, logical, disk.as_ref().map(Disk::path)).await;
        let database = fresh();
        drop(source.database(&database, 1500).await);
        target.empty(&database).await;
        let wires = [Wire::lay(source.port).await, Wire::lay(target.port).await];
        let addresses = [
            ("SWEEP_SOURCE", ground::url_at(wires[0].port, &database)),
            ("SWEEP_TARGET", ground::url_at(wires[1].port, &database)),
        ];
        let state = TempDir::new().expect("a folder");
        Self { source, target, wires, disk, database, state, addresses }
    }

    fn begin(&self, way: &str) -> Child {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.args(["mover", "postgres", way]).arg(self.state.path()).envs(self.addresses.iter().cloned());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the mover starts")
    }

    /// One life of the mover, with nothing in its way.
    async fn live(&self, way: &str) -> Result<(Option<i32>, String), String> {
        ended(&mut self.begin(way)).await
    }

    /// It happens, and after a while it is over.
    async fn befall(&mut self, accident: Accident, life: &mut Child, chance: &mut Chance) {
        match accident {
            Accident::Mover => {
                let _gone = life.kill();
            }
            Accident::Source => self.source.kill(),
            Accident::Target => self.target.kill(),
            Accident::Network => {
                let state = if chance.below(3) == 0 { State::Silent } else { State::Cut };
                // Both wires, or one of them.
                let which = chance.below(4);
                for (wire, spared) in self.wires.iter().zip([2, 3]) {
                    if which != spared {
                        wire.set(state);
                    }
                }
            }
            Accident::Disk => self.disk.iter().for_each(Disk::fill),
        }
        tokio::time::sleep(Duration::from_millis(100 + chance.below(1500))).await;
        match accident {
            Accident::Mover => {}
            Accident::Source => self.source.run().await,
            Accident::Target => self.target.run().await,
            Accident::Network => self.wires.iter().for_each(|wire| wire.set(State::Whole)),
            Accident::Disk => {
                self.disk.iter().for_each(Disk::free);
                // A server that could not write its log has ended itself.
                if self.target.try_client("postgres").await.is_none() {
                    self.target.run().await;
                }
            }
        }
    }
}

/// What it came to; nothing where the move was over before anything happened.
async fn one(accident: Accident, chance: &mut Chance) -> Result<Option<String>, String> {
    let Some(bin) = newest() else { return Ok(Some("SKIPPED: needs PostgreSQL".to_owned())) };
    let disk = if accident == Accident::Disk { Disk::mount() } else { None };
    if accident == Accident::Disk && disk.is_none() {
        return Ok(Some("SKIPPED: a small disk needs the right to mount".to_owned()));
    }
    let mut sea = Sea::fill(&bin, disk).await;
    let ports = Ports(vec![sea.source.port, sea.target.port]);
    let crowd = Crowd::start(3, 5, &ports, &sea.database, ("mastodon", "app"));
    crowd.more(5).await;
    let (mut way, stages) =
        if chance.below(5) == 0 { ("back", BACK.as_slice()) } else { ("forward", FORTH.as_slice()) };
    if way == "back" {
        let (code, words) = sea.live("forward").await?;
        if code != Some(0) {
            return Err(format!("with nothing in its way it ends with {code:?}: {words}"));
        }
    }
    let mut life = sea.begin(way);
    let (record, most) = stages[usize::try_from(chance.below(stages.len() as u64)).unwrap_or_default()];
    let after = chance.below(most + 1);
    if !reached(record, after, sea.state.path(), &mut life).await {
        return Ok(None);
    }
    let instant = format!("{way} {record} + {after} ms");
    sea.befall(accident, &mut life, chance).await;
    let (mut code, mut words) = ended(&mut life).await?;
    // It had ended between the last look and the blow.
    if accident == Accident::Mover && code.is_some() {
        return Ok(None);
    }
    let mut stops = Vec::new();
    for turn in 0..10 {
        if code == Some(0) {
            break;
        }
        stops.push(format!("{way}: {}", words.trim()));
        way = match turn {
            0..4 if chance.below(2) == 0 => "forward",
            0..4 => "back",
            // What is written in the documents: it goes on, or else it goes back.
            even if even % 2 == 0 => "forward",
            _ => "back",
        };
        (code, words) = sea.live(way).await?;
    }
    let told = format!("{accident:?} at {instant}, then {way}");
    if code != Some(0) {
        return Err(format!("{told}: it neither goes on nor back: {}", stops.join(" | ")));
    }
    crowd.more(10).await;
    let promised = crowd.end().await;
    let wrong = |wrong: String| format!("{told}: {wrong} (after {})", stops.join(" | "));
    judge(&sea, way, &promised).await.map_err(wrong)?;
    let stopped = match stops.len() {
        0..=1 => String::new(),
        more => format!(", {more} lives that ended early"),
    };
    Ok(Some(format!("{told}, {} writes{stopped}", promised.done.len())))
}

/// Every promise is kept, once; the side that serves takes rows everywhere, the other none; and nothing of the mover stays.
async fn judge(sea: &Sea, way: &str, told: &crowd::Told) -> Result<(), String> {
    let serves = if way == "forward" { &sea.target } else { &sea.source };
    let client = serves.client(&sea.database).await;
    keeps_promises(told, &client).await?;
    let everywhere = ground::insert_everywhere(&client).await;
    everywhere.map_err(|error| format!("a table takes no rows: {error}"))?;
    let was_open = way == "forward" || has_said(sea.state.path(), "opening");
    other_side(sea, way, was_open).await?;
    let (code, words) = sea.live("cleanup").await?;
    if code != Some(0) {
        return Err(format!("it does not clean up: {words}"));
    }
    other_side(sea, way, was_open).await?;
    for (side, server) in [("source", &sea.source), ("target", &sea.target)] {
        let left = "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication) \
            + (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'mastoferry')";
        let left = ground::number(&server.client(&sea.database).await, left).await;
        if left > 0 {
            return Err(format!("{left} things of the mover are left on the {side}"));
        }
    }
    Ok(())
}

/// The side that does not serve refuses writes, or holds nothing.
async fn other_side(sea: &Sea, way: &str, was_open: bool) -> Result<(), String> {
    let (name, other) = if way == "forward" { ("old", &sea.source) } else { ("new", &sea.target) };
    let client = other.client(&sea.database).await;
    if way == "back" {
        let held = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        let held = ground::number(&client, held).await;
        // Opened or not, only the target knows: where it was not, all was taken away again.
        if held == 0 {
            return Ok(());
        }
        if !was_open {
            return Err(format!("the new side never served, and {held} relations are left on it"));
        }
    }
    let write = client.batch_execute("INSERT INTO public.tags (name) VALUES ('x')").await;
    let code = write.err().and_then(|error| error.code().map(|code| code.code().to_owned()));
    if code.as_deref() == Some("25006") {
        Ok(())
    } else {
        Err(format!("the {name} side takes writes ({code:?})"))
    }
}

async fn keeps_promises(told: &crowd::Told, client: &Client) -> Result<(), String> {
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
    Ok(())
}

/// Waits until the journal has such a record, and so many milliseconds more. Whether the mover lives then.
async fn reached(record: &str, after: u64, state: &Path, life: &mut Child) -> bool {
    let lives = |life: &mut Child| matches!(life.try_wait(), Ok(None));
    let began = Instant::now();
    while !record.is_empty() && !has_said(state, record) {
        if !lives(life) || began.elapsed() > LIFE {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(after)).await;
    lives(life)
}

/// How it ended (nothing where it was killed), and its last words.
async fn ended(life: &mut Child) -> Result<(Option<i32>, String), String> {
    let began = Instant::now();
    loop {
        match life.try_wait() {
            Ok(Some(status)) => {
                let mut words = life.stdout.take().map(std::io::read_to_string);
                if status.code() != Some(1) && status.code() != Some(i32::from(REFUSED)) {
                    words = life.stderr.take().map(std::io::read_to_string);
                }
                return Ok((status.code(), words.and_then(Result::ok).unwrap_or_default()));
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
