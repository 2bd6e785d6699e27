//! A move of keys under 500 writes a second, with an accident at a random instant: the mover, the source or the target is
//! killed, the network is cut, or the target has no memory left. Then what was asked is asked again, as a person would.
//! Whatever the outcome, every write that was answered is on the side that is the one.

#[path = "../keyspace/ground.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod ground;
#[path = "redis_network.rs"]
mod redis_network;
#[path = "redis_writers.rs"]
mod redis_writers;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use movers::RedisAddress;
use movers::keyspace::{Choice, Crossing, KeyspaceError, Phase, Route, Terms};

use ground::{Client, Server, has_redis, limits};
use redis_network::Network;
use redis_writers::Writers;

const PATIENCE: Duration = Duration::from_secs(120);
const KEYS: usize = 3_000;
/// How often a step may be asked for until it is done.
const TRIES: usize = 12;
/// The mover says that somebody has to look.
const STOPPED: i32 = 5;

/// Numbers by lot, the same for the same seed (SplitMix64).
struct Lot(u64);

impl Lot {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What befalls a move.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Accident {
    MoverKilled,
    SourceKilled,
    TargetKilled,
    SourceCutOff,
    TargetCutOff,
    TargetFull,
}

const ACCIDENTS: [Accident; 6] = [
    Accident::MoverKilled,
    Accident::SourceKilled,
    Accident::TargetKilled,
    Accident::SourceCutOff,
    Accident::TargetCutOff,
    Accident::TargetFull,
];

/// One run.
pub(crate) fn run(seed: u64) -> Result<String, String> {
    if !has_redis() {
        return Ok("skipped".to_owned());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(Box::pin(sweep(seed)))
}

async fn sweep(seed: u64) -> Result<String, String> {
    let mut lot = Lot(seed);
    let mut servers = [Server::lasting().await, Server::lasting().await];
    let networks = [Network::before(servers[0].port).await, Network::before(servers[1].port).await];
    servers[0].client().await.fill(KEYS).await;
    let state = tempfile::tempdir().map_err(|error| error.to_string())?;
    let writers = Writers::begin(&servers[0], &servers[1]);
    let first = if lot.below(2) == 0 { "copy" } else { "replicate" };
    let steps: &[&str] = if lot.below(5) == 0 { &[first, "rollback"] } else { &[first, "cutover"] };
    let accident = ACCIDENTS[lot.below(ACCIDENTS.len() as u64) as usize];
    let struck = lot.below(2) as usize;
    // A step takes half a second here; what comes later meets nobody.
    let instant = Duration::from_millis(lot.below(600));
    let told =
        format!("{} {accident:?} at {} ms of {}", steps.join(", "), instant.as_millis(), steps[struck]);
    let mut ended = 0;
    for (index, step) in steps.iter().enumerate() {
        for attempt in 0.. {
            let mut mover = begin(step, &networks, state.path())?;
            if index == struck && attempt == 0 {
                tokio::time::sleep(instant).await;
                strike(accident, &mut mover, &mut servers, &networks).await;
            }
            ended = end(&mut mover).await?;
            if ended == 0 {
                break;
            }
            if ended == STOPPED && *step == "cutover" && attempt > 0 {
                break;
            }
            if attempt == TRIES {
                return Err(format!("{told}: {step} still ends with {ended}"));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if ended != 0 {
            break;
        }
    }
    let one = if steps[1] == "cutover" && ended == 0 { 1 } else { 0 };
    if one == 1 {
        writers.may_change();
        writers.until_changed(PATIENCE).await.map_err(|error| format!("{told}: {error}"))?;
    }
    let written = writers.stop().await;
    if ended == STOPPED {
        return Ok(format!("{told}: stopped with the truth, {} writes", written.count));
    }
    written.judge(&servers[one].client().await).await.map_err(|error| format!("{told}: {error}"))?;
    one_primary(&servers, one).await.map_err(|error| format!("{told}: {error}"))?;
    let outcome = ["back", "over"][one];
    Ok(format!("{told}: {outcome}, {} writes", written.count))
}

/// Writers are let in on one side alone.
async fn one_primary(servers: &[Server; 2], one: usize) -> Result<(), String> {
    let set = |client: Client| async move { client.try_say::<String>(&["SET", "sweep:who", "1"]).await };
    set(servers[one].client().await).await.map_err(|error| format!("nobody lets us write: {error}"))?;
    let empty: u64 = servers[1].client().await.say(&["DBSIZE"]).await;
    match one {
        1 if set(servers[0].client().await).await.is_ok() => Err("two primaries".to_owned()),
        0 if empty > 0 => Err(format!("{empty} keys were left on the target")),
        _ => Ok(()),
    }
}

async fn strike(accident: Accident, mover: &mut Child, servers: &mut [Server; 2], networks: &[Network; 2]) {
    let outage = Duration::from_millis(300);
    match accident {
        Accident::MoverKilled => drop(mover.kill()),
        Accident::SourceKilled => {
            servers[0].kill();
            tokio::time::sleep(outage).await;
            servers[0].again().await;
        }
        Accident::TargetKilled => {
            servers[1].kill();
            tokio::time::sleep(outage).await;
            servers[1].again().await;
        }
        Accident::SourceCutOff => networks[0].cut_for(outage).await,
        Accident::TargetCutOff => networks[1].cut_for(outage).await,
        Accident::TargetFull => {
            let client = servers[1].client().await;
            client.run(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
            tokio::time::sleep(outage).await;
            client.run(&["CONFIG", "SET", "maxmemory", "0"]).await;
        }
    }
}

fn begin(step: &str, networks: &[Network; 2], state: &Path) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["mover", "redis", step]).args(networks.iter().map(|network| network.port.to_string()));
    command.arg(state).stdout(Stdio::null()).spawn().map_err(|error| error.to_string())
}

/// How it ended; -1 where it was killed.
async fn end(mover: &mut Child) -> Result<i32, String> {
    let began = Instant::now();
    loop {
        if let Some(status) = mover.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code().unwrap_or(-1));
        }
        if began.elapsed() > PATIENCE {
            let _already_gone = mover.kill();
            return Err("the mover does not end".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
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
    match runtime.block_on(Box::pin(do_step(step, source, target, &state))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(STOPPED as u8),
        Err(error) => {
            if std::env::var_os("SWEEP_TELLS").is_some() {
                eprintln!("{step}: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether it ended as it should; otherwise it says that somebody has to look.
async fn do_step(step: &str, source: &str, target: &str, state: &Path) -> Result<bool, KeyspaceError> {
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
        "copy" if crossing.phase() != Phase::Copied => drop(crossing.copy().await?),
        "replicate" => drop(crossing.replicate().await?),
        "cutover" => {
            let done = crossing.cut_over(Terms::default()).await?;
            return Ok(done.fenced && done.proof.is_none_or(|proof| proof.holds()));
        }
        "rollback" => drop(crossing.roll_back(false).await?),
        _ => {}
    }
    Ok(true)
}
