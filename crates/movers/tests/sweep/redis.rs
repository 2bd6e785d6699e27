//! A move of keys under 500 writes a second, with an accident at an instant by lot: the mover, the source or the target is
//! killed, the network is cut, the target's disk is full, or its memory. Then what was asked is asked again, as a person
//! would. Whatever the outcome, every write that was answered is on the side that is the one.

#[path = "../keyspace/ground.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod ground;
#[path = "redis_writers.rs"]
mod redis_writers;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use movers::RedisAddress;
use movers::keyspace::{Choice, Crossing, KeyspaceError, Phase, Route, Terms};

use self::ground::{Client, Server, has_redis, limits};
use self::redis_writers::Writers;
use crate::lot::Lot;
use crate::network::{Network, Passages};

const PATIENCE: Duration = Duration::from_secs(180);
const KEYS: usize = 3_000;
/// How often a step may be asked for until it is done.
const TRIES: usize = 12;
/// The mover says that somebody has to look: the source lets writers in although the target is the one.
const UNFENCED: i32 = 5;
/// Or that the sides differ.
const DIFFERENT: i32 = 7;
/// What the mover sends when it lets the fence down, on whichever side.
const FENCE: &[u8] = b"PAUSE\r\n$5\r\n30000";
/// The target's disk, in mebibytes.
const DISK: u32 = 24;

/// What befalls a move.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Accident {
    MoverKilled,
    SourceKilled,
    TargetKilled,
    NetworkCut,
    DiskFull,
    MemoryFull,
}

/// One after the other, so that each has its share of the runs.
const ACCIDENTS: [Accident; 6] = [
    Accident::MoverKilled,
    Accident::SourceKilled,
    Accident::TargetKilled,
    Accident::NetworkCut,
    Accident::DiskFull,
    Accident::MemoryFull,
];

/// Moves: what is asked for, one after the other, and where an accident may happen.
const MOVES: [&[&str]; 6] = [
    &["copy", "cutover"],
    &["replicate", "cutover"],
    &["copy", "rollback"],
    &["replicate", "rollback"],
    &["copy", "cutover"],
    &["replicate", "cutover-followed", "back"],
];

/// When it befalls it: in which step, how far along (in thousandths), and whether counted behind the fence alone.
#[derive(Debug, Clone, Copy)]
struct Instants {
    step: usize,
    behind_the_fence: bool,
    share: u64,
}

/// How much passes in a step that nothing befalls, and how much of it before the fence.
type Calm = Vec<(u64, Option<u64>)>;

/// One run; its number decides what happens.
pub(crate) fn run(number: u64) -> Result<String, String> {
    if !has_redis() {
        return Ok("SKIPPED: needs redis-server".to_owned());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(Box::pin(sweep(number)))
}

async fn sweep(number: u64) -> Result<String, String> {
    let mut lot = Lot(number);
    let accident = ACCIDENTS[(number % ACCIDENTS.len() as u64) as usize];
    let steps = lot.one_of(&MOVES);
    let last = steps.len() - 1;
    let mut at = match lot.below(4) {
        0 => Instants { step: last - 1, behind_the_fence: false, share: lot.below(1_000) },
        1 => Instants { step: last, behind_the_fence: false, share: lot.below(1_000) },
        // Most of what can go wrong can go wrong there.
        _ => Instants { step: last, behind_the_fence: steps[last] != "rollback", share: lot.below(1_000) },
    };
    let calm = calm(steps).await?;
    loop {
        let ran = Box::pin(one(steps, &calm, Some((accident, at)), &mut lot)).await?;
        match ran {
            Some(told) => return Ok(told),
            // The move was over before: a little sooner meets it.
            None => at.share /= 2,
        }
    }
}

/// How much passes in each step of a move that nothing befalls.
async fn calm(steps: &'static [&'static str]) -> Result<Calm, String> {
    static KNOWN: Mutex<BTreeMap<Vec<&'static str>, Calm>> = Mutex::new(BTreeMap::new());
    let known = |calm: Option<&Calm>| {
        let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        calm.map(|it| all.insert(steps.to_vec(), it.clone()));
        all.get(steps).cloned()
    };
    if let Some(calm) = known(None) {
        return Ok(calm);
    }
    let mut calm = Calm::new();
    let told = Box::pin(one(steps, &Calm::new(), None, &mut Lot(1))).await?.unwrap_or_default();
    for pair in told.split_whitespace() {
        let (all, marked) = pair.split_once('/').ok_or("no counts")?;
        calm.push((all.parse().map_err(|_| "no count")?, marked.parse().ok()));
    }
    known(Some(&calm));
    Ok(calm)
}

/// A move, and what came of it; nothing where it was over before the accident.
async fn one(
    steps: &[&str],
    calm: &Calm,
    befalls: Option<(Accident, Instants)>,
    lot: &mut Lot,
) -> Result<Option<String>, String> {
    let mut scene = Scene::set(befalls.map(|it| it.0), lot).await?;
    let Some(scene) = scene.as_mut() else {
        return Ok(Some("SKIPPED: a full disk needs the right to mount (root)".to_owned()));
    };
    let writers = Writers::begin(&scene.servers[0], &scene.servers[1]);
    let mut told = match befalls {
        Some((accident, at)) => {
            let fence = if at.behind_the_fence { " behind the fence" } else { "" };
            format!("{accident:?} at {} ‰ of {}{fence}, {}", at.share, steps[at.step], steps.join(", "))
        }
        None => String::new(),
    };
    let wrong = |told: &str, error: String| format!("{told}: {error}");
    let (mut the_one, mut ended) = (0, 0);
    for (index, step) in steps.iter().enumerate() {
        let accident = befalls.filter(|(_, at)| at.step == index);
        let done = scene.step(step, accident, calm.get(index), lot).await;
        ended = match done.map_err(|error| wrong(&told, error))? {
            Some(ended) => ended,
            None => return Ok(None),
        };
        if ended != 0 {
            break;
        }
        if befalls.is_none() {
            let (all, marked) = scene.passages.count();
            let marked = marked.map_or("-".to_owned(), |it| it.to_string());
            told.push_str(&format!("{all}/{marked} "));
        }
        let side = usize::from(step.starts_with("cutover"));
        if side != the_one {
            the_one = side;
            writers.change_to(side, PATIENCE).await.map_err(|error| wrong(&told, error))?;
        }
    }
    let written = writers.stop().await;
    if ended != 0 {
        scene.is_true(ended).await.map_err(|error| wrong(&told, error))?;
        return Ok(Some(format!("{told}: stopped with the truth ({ended}), {} writes", written.count)));
    }
    let client = scene.servers[the_one].client().await;
    written.judge(&client).await.map_err(|error| wrong(&told, error))?;
    let handed_over = steps.iter().any(|it| it.starts_with("cutover"));
    scene.one_primary(the_one, handed_over).await.map_err(|error| wrong(&told, error))?;
    if befalls.is_some() {
        told.push_str(&format!(": {}, {} writes", ["back", "over"][the_one], written.count));
    }
    Ok(Some(told))
}

/// Two servers, and the mover between them.
struct Scene {
    servers: [Server; 2],
    networks: [Network; 2],
    passages: Arc<Passages>,
    state: tempfile::TempDir,
}

impl Scene {
    /// Nothing where an accident cannot be had on this machine.
    async fn set(accident: Option<Accident>, lot: &mut Lot) -> Result<Option<Self>, String> {
        let target = match accident {
            // Redis ends itself when every write has to be on the disk, and refuses writes otherwise.
            Some(Accident::DiskFull) => {
                let syncs = lot.one_of(&["always", "everysec"]);
                Server::on_a_disk(DISK, &format!("appendonly yes\nappendfsync {syncs}\n")).await
            }
            _ => Some(Server::lasting().await),
        };
        let Some(target) = target else { return Ok(None) };
        let servers = [Server::lasting().await, target];
        let passages = Arc::new(Passages::default());
        let networks = [0, 1].map(|side: usize| Network::to(servers[side].port, &passages));
        servers[0].client().await.fill(KEYS).await;
        let state = tempfile::tempdir().map_err(|error| error.to_string())?;
        Ok(Some(Self { servers, networks, passages, state }))
    }

    /// Has a step done, again and again until it is or somebody has to look: how it ended. Nothing where the accident did
    /// not happen.
    async fn step(
        &mut self,
        step: &str,
        befalls: Option<(Accident, Instants)>,
        calm: Option<&(u64, Option<u64>)>,
        lot: &mut Lot,
    ) -> Result<Option<i32>, String> {
        for attempt in 0..=TRIES {
            match befalls.filter(|_| attempt == 0) {
                Some((accident, at)) => {
                    let (all, marked) = calm.copied().ok_or("nobody counted")?;
                    let (length, mark) = match marked.filter(|_| at.behind_the_fence) {
                        Some(marked) => (all - marked, Some(FENCE)),
                        None => (all, None),
                    };
                    self.passages.stop_after(length * at.share / 1_000, mark);
                    let mut mover = self.begin(step)?;
                    if !self.is_met(&mut mover).await? {
                        return Ok(None);
                    }
                    self.strike(accident, &mut mover, lot).await;
                    self.ended(&mut mover).await?;
                }
                None => {
                    self.passages.watch(Some(FENCE));
                    let mut mover = self.begin(step)?;
                    match self.ended(&mut mover).await? {
                        0 => return Ok(Some(0)),
                        told @ (UNFENCED | DIFFERENT) => return Ok(Some(told)),
                        _ => tokio::time::sleep(Duration::from_millis(200)).await,
                    }
                }
            }
        }
        Err(format!("{step} is not done after {TRIES} tries"))
    }

    fn begin(&self, step: &str) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(["mover", "redis", step]);
        command.args(self.networks.iter().map(|network| network.port.to_string())).arg(self.state.path());
        command.stdout(Stdio::null()).spawn().map_err(|error| error.to_string())
    }

    /// Waits until everything stands still; whether it did before the mover ended.
    async fn is_met(&self, mover: &mut Child) -> Result<bool, String> {
        let began = Instant::now();
        while !self.passages.stands() {
            if mover.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(self.passages.stands());
            }
            if began.elapsed() > PATIENCE {
                let _already_gone = mover.kill();
                return Err("the mover neither ends nor goes on".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(true)
    }

    /// It happens while everything stands still. Then it goes on, and after a while what was broken is mended.
    async fn strike(&mut self, accident: Accident, mover: &mut Child, lot: &mut Lot) {
        let outage = Duration::from_millis(lot.below(700));
        let side = lot.below(2) as usize;
        match accident {
            Accident::MoverKilled => {
                let _already_gone = mover.kill();
                // What it had sent last arrives, or does not.
                if side == 0 {
                    self.networks.iter().for_each(Network::cut);
                }
                self.passages.go_on();
                self.networks.iter().for_each(Network::mend);
            }
            Accident::SourceKilled => self.kill(0, outage).await,
            Accident::TargetKilled => self.kill(1, outage).await,
            Accident::NetworkCut => {
                self.networks[side].cut();
                self.passages.go_on();
                tokio::time::sleep(outage).await;
                self.networks[side].mend();
            }
            Accident::DiskFull => {
                self.servers[1].fill_disk();
                self.passages.go_on();
                tokio::time::sleep(outage).await;
                self.servers[1].free_disk();
                self.servers[1].revive().await;
            }
            Accident::MemoryFull => {
                let client = self.servers[1].client().await;
                client.run(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
                self.passages.go_on();
                tokio::time::sleep(outage).await;
                client.run(&["CONFIG", "SET", "maxmemory", "0"]).await;
            }
        }
    }

    async fn kill(&mut self, side: usize, outage: Duration) {
        self.servers[side].kill();
        self.passages.go_on();
        tokio::time::sleep(outage).await;
        self.servers[side].again().await;
    }

    /// How it ended; -1 where it was killed.
    async fn ended(&self, mover: &mut Child) -> Result<i32, String> {
        let began = Instant::now();
        loop {
            if let Some(status) = mover.try_wait().map_err(|error| error.to_string())? {
                return Ok(status.code().unwrap_or(-1));
            }
            if began.elapsed() > PATIENCE {
                let _already_gone = mover.kill();
                return Err("the mover does not end".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether what it stopped with is so.
    async fn is_true(&self, told: i32) -> Result<(), String> {
        let source = self.servers[0].client().await;
        let role: Vec<redis::Value> = source.say(&["ROLE"]).await;
        let is_primary = matches!(role.first(), Some(redis::Value::BulkString(name)) if name == b"master");
        match (told, is_primary) {
            (UNFENCED, true) => Ok(()),
            (UNFENCED, false) => Err("it says that the fence fell, and it stands".to_owned()),
            _ => Err("it says that the sides differ, though nobody wrote to the new one".to_owned()),
        }
    }

    /// Writers are let in on one side alone.
    async fn one_primary(&self, the_one: usize, handed_over: bool) -> Result<(), String> {
        let set = |client: Client| async move { client.try_say::<String>(&["SET", "sweep:who", "1"]).await };
        let let_in = set(self.servers[the_one].client().await).await;
        let_in.map_err(|error| format!("nobody lets us write: {error}"))?;
        let other = self.servers[1 - the_one].client().await;
        if !handed_over {
            let left: u64 = other.say(&["DBSIZE"]).await;
            return if left == 0 { Ok(()) } else { Err(format!("{left} keys were left on the target")) };
        }
        if set(other).await.is_ok() { Err("two primaries".to_owned()) } else { Ok(()) }
    }
}

/// What the mover does as a process of its own: a step, two ports, and the folder of the state.
#[expect(clippy::print_stderr, reason = "whoever looks into a run wants to know")]
pub(crate) fn mover(arguments: &[String]) -> ExitCode {
    let [step, source, target, state] = arguments else { return ExitCode::from(2) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let state = Path::new(state).join("move");
    let done = runtime.block_on(Box::pin(do_step(step, source, target, &state)));
    if std::env::var_os("SWEEP_TELLS").is_some() {
        eprintln!("{step}: {done:?}");
    }
    done.map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))
}

/// How it ended.
async fn do_step(step: &str, source: &str, target: &str, state: &Path) -> Result<i32, KeyspaceError> {
    let address =
        |port: &str| RedisAddress::read(&format!("redis://127.0.0.1:{port}/0"), None).expect("an address");
    let route = Route {
        source: address(source),
        target: address(target),
        choice: Choice::default(),
        source_seen: None,
        target_seen: None,
    };
    let mut crossing = Crossing::open(route, limits(), state)?;
    match step {
        "copy" if crossing.phase() != Phase::Copied => {
            crossing.copy().await?;
        }
        "replicate" => {
            crossing.replicate().await?;
        }
        "cutover" | "cutover-followed" => {
            let follow_back = step == "cutover-followed";
            let done = crossing.cut_over(Terms { follow_back, ..Terms::default() }).await?;
            return Ok(match &done.proof {
                _ if !done.fenced => UNFENCED,
                Some(proof) if !proof.holds() => DIFFERENT,
                _ => 0,
            });
        }
        "rollback" | "back" => {
            crossing.roll_back(false).await?;
        }
        _ => {}
    }
    Ok(0)
}
