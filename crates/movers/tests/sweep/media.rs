//! Media between folders and buckets, with an accident at an instant by lot: the mover or a server is killed, the network
//! is cut, or the target's disk is full. What was asked is asked again, the source changes, the last delta passes, and all
//! is verified. When that says that all is there, another client must find the same.

#[path = "../media/ground.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod ground;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use movers::media::{Asked, Mover, Place, Ran};
use tempfile::TempDir;

use self::ground::{ALL, Weed, bucket, contents, fill, folder, has_s3, limits, name, noise, write};
use crate::lot::Lot;
use crate::machine::disk::Disk;
use crate::network::{Network, Passages};

/// How long one life of the mover may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// How many files there are of those that change.
const FILES: u64 = 150;
/// How often a step may be asked for until it is done.
const TRIES: usize = 8;
/// Verified, and not the same.
const DIFFERENT: i32 = 7;
/// The target's disk where it shall be full, in mebibytes.
const DISK: u32 = 64;

const STEPS: [&str; 3] = ["copy", "delta", "verify"];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Accident {
    MoverKilled,
    SourceKilled,
    TargetKilled,
    NetworkCut,
    DiskFull,
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    FolderToBucket,
    BucketToBucket,
    BucketToFolder,
    FolderToFolder,
}

use Way::{BucketToBucket, BucketToFolder, FolderToBucket, FolderToFolder};

/// One after the other, so that each has its share of the runs, with the ways on which each can happen.
const ACCIDENTS: [(Accident, &[Way]); 5] = [
    (Accident::MoverKilled, &[FolderToBucket, BucketToBucket, BucketToFolder, FolderToFolder]),
    (Accident::SourceKilled, &[BucketToBucket, BucketToFolder]),
    (Accident::TargetKilled, &[FolderToBucket, BucketToBucket]),
    (Accident::NetworkCut, &[FolderToBucket, BucketToBucket, BucketToFolder]),
    (Accident::DiskFull, &[BucketToFolder, FolderToFolder]),
];

/// When: in which step, and how far along, in thousandths.
#[derive(Debug, Clone, Copy)]
struct Instants {
    step: usize,
    share: u64,
}

/// How much passes in a step that nothing befalls, and how long it takes.
type Calm = [(u64, Duration); 3];

/// Two servers that outlive the runs, what is moved, and what is known of each way.
pub(crate) struct Sweep {
    weeds: [Weed; 2],
    source: TempDir,
    calm: BTreeMap<Way, Calm>,
    targets: u32,
}

impl Sweep {
    /// Nothing where there is no server.
    pub(crate) fn begin() -> Option<Self> {
        if !has_s3() {
            return None;
        }
        let source = TempDir::new().expect("a folder");
        fill(source.path(), FILES);
        write(source.path(), "media_attachments/files/large.mp4", &noise(17, 20 << 20));
        let weeds = [Weed::start(), Weed::start()];
        weeds[0].make_bucket("blue");
        weeds[1].make_bucket("green");
        Some(Self { weeds, source, calm: BTreeMap::new(), targets: 0 })
    }

    /// One run; its number decides what happens.
    pub(crate) fn run(&mut self, number: u64) -> Result<String, String> {
        let mut lot = Lot(number);
        let (accident, ways) = ACCIDENTS[(number % ACCIDENTS.len() as u64) as usize];
        let way = lot.one_of(ways);
        // What fills a disk has no effect on what only reads it.
        let steps = if accident == Accident::DiskFull { 2 } else { 3 };
        let mut at = Instants { step: lot.below(steps) as usize, share: lot.below(1_000) };
        if !self.calm.contains_key(&way) {
            let calm = self.calm_of(way)?;
            self.calm.insert(way, calm);
        }
        loop {
            match self.one(way, Some((accident, at)), &mut lot)? {
                Ok(told) => return Ok(told),
                // The step was over before: a little sooner meets it.
                Err(_) => at.share /= 2,
            }
        }
    }

    fn calm_of(&mut self, way: Way) -> Result<Calm, String> {
        match self.one(way, None, &mut Lot(1))? {
            Err(calm) => Ok(calm),
            Ok(told) => Err(told),
        }
    }

    /// A move, and what came of it; only how much passed where nothing happened.
    fn one(
        &mut self,
        way: Way,
        befalls: Option<(Accident, Instants)>,
        lot: &mut Lot,
    ) -> Result<Result<String, Calm>, String> {
        let told = befalls.map_or_else(String::new, |(accident, at)| {
            format!("{accident:?} at {} ‰ of {}, {way:?}", at.share, STEPS[at.step])
        });
        let wrong = |error: String| format!("{told}: {error}");
        let disk_full = befalls.is_some_and(|(accident, _)| accident == Accident::DiskFull);
        let Some(scene) = Scene::set(self, way, disk_full) else {
            return Ok(Ok("SKIPPED: a full disk needs the right to mount (root)".to_owned()));
        };
        let mut calm = Calm::default();
        let mut ends = Vec::new();
        for (index, step) in STEPS.iter().enumerate() {
            if index == 1 {
                alter(self.source.path(), lot);
                scene.tell_source(self);
            }
            let began = Instant::now();
            let accident = befalls.filter(|(_, at)| at.step == index);
            let here = self.calm.get(&way).map(|calm| calm[index]);
            let done = scene.step(self, step, accident, here, lot).map_err(wrong)?;
            let Some(these) = done else { return Ok(Err(calm)) };
            ends.extend(these);
            calm[index] = (scene.passages.count().0, began.elapsed());
        }
        if ends.contains(&DIFFERENT)
            && !matches!(befalls, Some((Accident::SourceKilled | Accident::TargetKilled, _)))
        {
            return Err(wrong(format!("it said that all was there, and it was not: {ends:?}")));
        }
        scene.is_equal(self).map_err(wrong)?;
        Ok(if befalls.is_some() { Ok(format!("{told}, then {ends:?}")) } else { Err(calm) })
    }
}

/// Some files are new, some are others, some are gone.
fn alter(source: &Path, lot: &mut Lot) {
    for _ in 0..12 {
        let number = lot.below(FILES + 20);
        let path = source.join(name(number));
        if lot.below(3) == 0 && path.exists() {
            std::fs::remove_file(path).expect("removed");
        } else {
            write(source, &name(number), &noise(lot.below(1 << 40), 100 + lot.below(9_000) as usize));
        }
    }
}

/// One move from one place to another.
struct Scene {
    way: Way,
    networks: [Network; 2],
    passages: Arc<Passages>,
    state: TempDir,
    green: String,
    /// Before the folder that it lies over.
    disk: Option<Disk>,
    to: TempDir,
}

impl Scene {
    /// Nothing where a small disk cannot be had.
    fn set(sweep: &mut Sweep, way: Way, disk_full: bool) -> Option<Self> {
        let to = TempDir::new().expect("a folder");
        let disk = match disk_full {
            true => Some(Disk::over(to.path(), DISK)?),
            false => None,
        };
        let passages = Arc::new(Passages::default());
        let networks = [0, 1].map(|side: usize| Network::to(sweep.weeds[side].port, &passages));
        // A bucket for each would have volumes of its own, of which there is an end.
        sweep.targets += 1;
        let green = format!("green/run-{}", sweep.targets);
        let state = TempDir::new().expect("a folder");
        let scene = Self { way, networks, passages, state, green, disk, to };
        scene.tell_source(sweep);
        Some(scene)
    }

    /// Has the bucket hold what the folder does, where a bucket is the source.
    fn tell_source(&self, sweep: &Sweep) {
        if matches!(self.way, BucketToBucket | BucketToFolder) {
            let from = sweep.source.path().display().to_string();
            let words = ["sync", "--checksum", "--transfers", "8", &from, "s3:blue"];
            assert!(sweep.weeds[0].rclone(ALL, &words), "the source is filled");
        }
    }

    fn begin(&self, sweep: &Sweep, step: &str) -> Child {
        let endpoint = |side: usize| format!("http://127.0.0.1:{}", self.networks[side].port);
        let from = match self.way {
            FolderToBucket | FolderToFolder => format!("folder={}", sweep.source.path().display()),
            BucketToBucket | BucketToFolder => format!("{}=blue", endpoint(0)),
        };
        let to = match self.way {
            BucketToFolder | FolderToFolder => format!("folder={}", self.to.path().display()),
            FolderToBucket | BucketToBucket => format!("{}={}", endpoint(1), self.green),
        };
        let mut command = Command::new(std::env::current_exe().expect("known"));
        command.args(["mover", "media", step, &from, &to]).arg(self.state.path()).stdin(Stdio::null());
        command.spawn().expect("it starts")
    }

    /// Has a step done until it is: how each try ended. Nothing where the accident did not happen.
    fn step(
        &self,
        sweep: &mut Sweep,
        step: &str,
        befalls: Option<(Accident, Instants)>,
        calm: Option<(u64, Duration)>,
        lot: &mut Lot,
    ) -> Result<Option<Vec<i32>>, String> {
        let mut ends = Vec::new();
        let mut asked = step;
        for attempt in 0..=TRIES {
            let accident = befalls.filter(|_| attempt == 0);
            self.passages.watch(None);
            if let (Some((_, at)), Some((passages, _))) = (accident, calm)
                && self.way != FolderToFolder
            {
                self.passages.stop_after(passages * at.share / 1_000, None);
            }
            let mut mover = self.begin(sweep, asked);
            if let (Some((accident, at)), Some((_, took))) = (accident, calm) {
                let is_met = match self.way {
                    FolderToFolder => halted(&mut mover, took.mul_f64(at.share as f64 / 1_000.0))?,
                    _ => self.is_met(&mut mover)?,
                };
                if !is_met {
                    return Ok(None);
                }
                let killed = self.strike(sweep, accident, &mut mover, lot)?;
                if killed {
                    ends.push(-9);
                    self.has_no_half(sweep)?;
                    continue;
                }
            }
            let code = wait(&mut mover)?.code().unwrap_or(-1);
            ends.push(code);
            match (asked, code) {
                ("reread", 0) => asked = "verify",
                (_, 0) => return Ok(Some(ends)),
                // Servers that were killed may have lost what they had said to have.
                ("verify", DIFFERENT) => asked = "reread",
                _ => {}
            }
        }
        let told = std::fs::read_to_string(self.state.path().join("told")).unwrap_or_default();
        Err(format!("{step} is not done: {ends:?}; {told}"))
    }

    fn is_met(&self, mover: &mut Child) -> Result<bool, String> {
        let began = Instant::now();
        while !self.passages.stands() {
            if mover.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(self.passages.stands());
            }
            if began.elapsed() > PATIENCE {
                let _already_gone = mover.kill();
                return Err("the mover neither ends nor goes on".to_owned());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(true)
    }

    /// It happens while everything stands still; whether the mover was killed by it.
    fn strike(
        &self,
        sweep: &mut Sweep,
        accident: Accident,
        mover: &mut Child,
        lot: &mut Lot,
    ) -> Result<bool, String> {
        let outage = Duration::from_millis(lot.below(2_000));
        let side = match self.way {
            FolderToBucket => 1,
            BucketToFolder => 0,
            BucketToBucket | FolderToFolder => usize::from(lot.below(2) == 0),
        };
        match accident {
            Accident::MoverKilled => {
                let _already_gone = mover.kill();
                // What it had sent last arrives, or does not.
                if lot.below(2) == 0 {
                    self.networks.iter().for_each(Network::cut);
                }
                self.passages.go_on();
                self.networks.iter().for_each(Network::mend);
                return Ok(wait(mover)?.signal() == Some(9));
            }
            Accident::SourceKilled | Accident::TargetKilled => {
                let side = usize::from(accident == Accident::TargetKilled);
                sweep.weeds[side].kill();
                self.passages.go_on();
                std::thread::sleep(outage);
                sweep.weeds[side].run();
            }
            Accident::NetworkCut => {
                self.networks[side].cut();
                self.passages.go_on();
                std::thread::sleep(outage);
                self.networks[side].mend();
            }
            Accident::DiskFull => {
                let disk = self.disk.as_ref().ok_or("there is no small disk")?;
                disk.fill();
                self.passages.go_on();
                signal(mover, "CONT");
                std::thread::sleep(outage);
                disk.free();
            }
        }
        Ok(false)
    }

    /// No file of the target's has its own name and half its content.
    fn has_no_half(&self, sweep: &Sweep) -> Result<(), String> {
        if !matches!(self.way, BucketToFolder | FolderToFolder) {
            return Ok(());
        }
        let here = contents(sweep.source.path());
        let is_half = |(key, bytes): &(&String, &Vec<u8>)| {
            let whole = here.get(*key).filter(|it| it.len() > bytes.len());
            whole.is_some_and(|it| it.starts_with(bytes) && !bytes.is_empty())
        };
        match contents(self.to.path()).iter().find(is_half) {
            Some((key, _)) => Err(format!("{key} is half there")),
            None => Ok(()),
        }
    }

    /// What another client finds on the target is what the source has.
    fn is_equal(&self, sweep: &Sweep) -> Result<(), String> {
        let here = contents(sweep.source.path());
        let there = match self.way {
            FolderToBucket | BucketToBucket => sweep.weeds[1].contents(&self.green),
            BucketToFolder | FolderToFolder => contents(self.to.path()),
        };
        if here == there {
            return Ok(());
        }
        let lost: Vec<_> =
            here.iter().filter(|(key, bytes)| there.get(*key) != Some(*bytes)).map(|it| it.0).collect();
        let strange: Vec<_> = there.keys().filter(|key| !here.contains_key(*key)).collect();
        Err(format!("verified, and yet {lost:?} are not there, {strange:?} are"))
    }
}

/// How it ended.
fn wait(mover: &mut Child) -> Result<std::process::ExitStatus, String> {
    let began = Instant::now();
    loop {
        if let Some(status) = mover.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if began.elapsed() > PATIENCE {
            let _already_gone = mover.kill();
            return Err("the mover does not end".to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Stops it where it is after a while; whether it was still running.
fn halted(mover: &mut Child, after: Duration) -> Result<bool, String> {
    std::thread::sleep(after);
    signal(mover, "STOP");
    Ok(mover.try_wait().map_err(|error| error.to_string())?.is_none())
}

fn signal(mover: &Child, name: &str) {
    let mut command = Command::new("kill");
    let _perhaps_gone =
        command.arg(format!("-{name}")).arg(mover.id().to_string()).stderr(Stdio::null()).status();
}

/// The mover as a process of its own: `STEP FROM TO STATE`, places as `folder=PATH` or `ENDPOINT=BUCKET[/PREFIX]`. It ends with 0
/// when it says that everything is there.
pub(crate) fn mover(arguments: &[String]) -> ExitCode {
    let [step, from, to, state] = arguments else { return ExitCode::from(2) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let code = runtime.expect("threads").block_on(do_step(step, &place(from), &place(to), Path::new(state)));
    ExitCode::from(code as u8)
}

fn place(text: &str) -> Place {
    match text.split_once('=').expect("a place") {
        ("folder", path) => folder(Path::new(path)),
        (endpoint, name) => {
            let (name, prefix) = name.split_once('/').unwrap_or((name, ""));
            let settings = [("S3_PERMISSION", ""), ("S3_KEY_PREFIX", prefix)];
            Place::Bucket(bucket(endpoint, name, ALL, &settings))
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever looks into a run wants to know")]
async fn do_step(step: &str, from: &Place, to: &Place, state: &Path) -> i32 {
    let tells = std::env::var_os("SWEEP_TELLS").is_some();
    let mut mover = match Mover::open(from.clone(), to.clone(), state, limits()) {
        Ok(mover) => mover,
        Err(error) => {
            if tells {
                eprintln!("{step}: {error}");
            }
            return 1;
        }
    };
    if step == "verify" {
        let verdict = mover.verify().await;
        if tells {
            eprintln!("{step}: {verdict:?}");
        }
        let _only_told = std::fs::write(state.join("told"), format!("{verdict:?}"));
        return verdict.map_or(1, |verdict| if verdict.is_equal() { 0 } else { DIFFERENT });
    }
    let asked = Asked { deletes: step != "copy", rereads: step == "reread", ..Asked::default() };
    let ran = mover.pass(&asked).await;
    if tells {
        eprintln!("{step}: {ran:?}");
    }
    match ran {
        Ok(Ran::Ended(outcome)) if outcome.is_complete() => 0,
        Ok(Ran::Refused(_)) => 6,
        _ => 1,
    }
}
