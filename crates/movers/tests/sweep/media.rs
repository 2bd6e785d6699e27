//! Media: SIGKILL of the mover, SIGKILL of the server, the network gone, a full disk.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use movers::media::{Asked, Mover, Place, Ran};
use tempfile::TempDir;

use self::ground::{ALL, Running, Weed, bucket, contents, fill, folder, has_s3, noise, slow, write};

#[path = "../media/ground.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod ground;

/// The mover as a process of its own: `FROM ENDPOINT STATE`, or `FROM folder:TO STATE`. It ends with 0 when it says that
/// everything is there.
pub(super) fn mover(arguments: &[String]) -> ExitCode {
    let [from, to, state] = arguments else { return ExitCode::from(2) };
    let place = match to.strip_prefix("folder:") {
        Some(path) => folder(Path::new(path)),
        None => Place::Bucket(bucket(to, "green", ALL, &[])),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let ran = Mover::open(folder(Path::new(from)), place, Path::new(state), slow(12 << 20))
        .and_then(|mut mover| runtime.block_on(async { mover.pass(&Asked::default()).await }));
    match ran {
        Ok(Ran::Ended(outcome)) if outcome.is_complete() => ExitCode::SUCCESS,
        Ok(Ran::Refused(_)) => ExitCode::from(6),
        _ => ExitCode::FAILURE,
    }
}

/// Numbers by lot, the same for the same seed.
struct Lot(u64);

impl Lot {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Run {
    from: TempDir,
    state: TempDir,
    to: String,
}

impl Run {
    fn start(&self) -> Running {
        let child = Command::new(std::env::current_exe().expect("known"))
            .args(["mover", "media"])
            .arg(self.from.path())
            .arg(&self.to)
            .arg(self.state.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.expect("it starts"))
    }

    /// Runs it until it says that everything is there: what became of the tries.
    fn finish(&self) -> Result<Vec<i32>, String> {
        let mut ends = Vec::new();
        for _ in 0..4 {
            let code = self.start().0.wait().map_err(|error| error.to_string())?.code().unwrap_or(-1);
            ends.push(code);
            if code == 0 {
                return Ok(ends);
            }
        }
        Err(format!("it never ends: {ends:?}"))
    }
}

pub(super) fn run(seed: u64) -> Result<String, String> {
    if !has_s3() {
        return Ok("SKIPPED".to_owned());
    }
    let mut lot = Lot(seed);
    let from = TempDir::new().expect("a folder");
    fill(from.path(), 150);
    write(from.path(), "media_attachments/files/large.mp4", &noise(seed, 20 << 20));
    let state = TempDir::new().expect("a folder");
    match lot.below(5) {
        0 => killed_mover(from, state, &mut lot),
        1 => killed_server(from, state, &mut lot),
        2 => lost_network(from, state, &mut lot),
        3 => full_disk(from, state, &mut lot),
        _ => killed_mover_of_folders(from, state, &mut lot),
    }
}

fn equal(what: &str, ends: &[i32], here: &Path, there: &BTreeMap<String, Vec<u8>>) -> Result<String, String> {
    let here = contents(here);
    if here == *there {
        return Ok(format!("{what}, then {ends:?}"));
    }
    let lost: Vec<_> =
        here.iter().filter(|(key, bytes)| there.get(*key) != Some(*bytes)).map(|it| it.0).collect();
    Err(format!("{what}: it said that all is there; differ: {lost:?}, {} there", there.len()))
}

fn killed_mover(from: TempDir, state: TempDir, lot: &mut Lot) -> Result<String, String> {
    let weed = Weed::start();
    weed.make_bucket("green");
    let run = Run { from, state, to: weed.endpoint() };
    let after = lot.below(4000);
    let running = run.start();
    std::thread::sleep(Duration::from_millis(after));
    drop(running);
    let ends = run.finish()?;
    equal(&format!("mover killed after {after} ms"), &ends, run.from.path(), &weed.contents("green"))
}

fn killed_mover_of_folders(from: TempDir, state: TempDir, lot: &mut Lot) -> Result<String, String> {
    let to = TempDir::new().expect("a folder");
    let run = Run { from, state, to: format!("folder:{}", to.path().display()) };
    let mut waits = Vec::new();
    for _ in 0..3 {
        waits.push(lot.below(1500));
        let running = run.start();
        std::thread::sleep(Duration::from_millis(waits[waits.len() - 1]));
        drop(running);
        let here = contents(run.from.path());
        let half = contents(to.path());
        let half = half
            .iter()
            .find(|(key, bytes)| !key.starts_with(".mastoferry/") && here.get(*key) != Some(*bytes));
        if let Some((key, _)) = half {
            return Err(format!("{key} is half there"));
        }
    }
    let ends = run.finish()?;
    equal(
        &format!("mover of folders killed after {waits:?} ms"),
        &ends,
        run.from.path(),
        &contents(to.path()),
    )
}

fn killed_server(from: TempDir, state: TempDir, lot: &mut Lot) -> Result<String, String> {
    let mut weed = Weed::start();
    weed.make_bucket("green");
    let run = Run { from, state, to: weed.endpoint() };
    let after = lot.below(4000);
    let mut running = run.start();
    std::thread::sleep(Duration::from_millis(after));
    weed.kill();
    weed.run();
    let first = running.0.wait().map_err(|error| error.to_string())?.code().unwrap_or(-1);
    // A server that was killed may have lost what it had said to have: what was said before is looked at again.
    let again = TempDir::new().expect("a folder");
    let run = Run { state: again, ..run };
    let mut ends = vec![first];
    ends.extend(run.finish()?);
    equal(&format!("server killed after {after} ms"), &ends, run.from.path(), &weed.contents("green"))
}

/// Passes on to a server, until it is told to be gone.
struct Network {
    port: u16,
    is_gone: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let network = Self {
            port: listener.local_addr().expect("bound").port(),
            is_gone: Arc::default(),
            open: Arc::default(),
        };
        let (is_gone, open) = (network.is_gone.clone(), network.open.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                if is_gone.load(Ordering::Relaxed) {
                    continue;
                }
                let clone = |it: &TcpStream| it.try_clone().expect("descriptors");
                open.lock().unwrap_or_else(PoisonError::into_inner).extend([clone(&client), clone(&server)]);
                for (mut from, mut to) in [(clone(&client), clone(&server)), (server, client)] {
                    std::thread::spawn(move || {
                        let mut buffer = vec![0; 1 << 16];
                        while let Ok(read @ 1..) = from.read(&mut buffer) {
                            if to.write_all(&buffer[..read]).is_err() {
                                break;
                            }
                        }
                        let _already_closed = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        network
    }

    fn cut(&self) {
        self.is_gone.store(true, Ordering::Relaxed);
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _already_closed = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_gone.store(false, Ordering::Relaxed);
    }
}

fn lost_network(from: TempDir, state: TempDir, lot: &mut Lot) -> Result<String, String> {
    let weed = Weed::start();
    weed.make_bucket("green");
    let network = Network::to(weed.port);
    let run = Run { from, state, to: format!("http://127.0.0.1:{}", network.port) };
    let (after, gone) = (lot.below(4000), lot.below(3000));
    let mut running = run.start();
    std::thread::sleep(Duration::from_millis(after));
    network.cut();
    std::thread::sleep(Duration::from_millis(gone));
    network.mend();
    let first = running.0.wait().map_err(|error| error.to_string())?.code().unwrap_or(-1);
    let what = format!("network gone for {gone} ms after {after} ms");
    if first == 0 {
        return equal(&what, &[first], run.from.path(), &weed.contents("green"));
    }
    let mut ends = vec![first];
    ends.extend(run.finish()?);
    equal(&what, &ends, run.from.path(), &weed.contents("green"))
}

/// A file system in memory that is unmounted in the end.
struct Disk(PathBuf);

impl Drop for Disk {
    fn drop(&mut self) {
        let _already_gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn full_disk(from: TempDir, state: TempDir, lot: &mut Lot) -> Result<String, String> {
    let to = TempDir::new().expect("a folder");
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(to.path()).stderr(Stdio::null());
        command.status().is_ok_and(|it| it.success())
    };
    // Room as it seems at first; somebody else takes it meanwhile.
    if !mount("size=64m") {
        return Ok("SKIPPED: a full disk needs the right to mount".to_owned());
    }
    let disk = Disk(to.path().to_owned());
    let run = Run { from, state, to: format!("folder:{}", to.path().display()) };
    let mut running = run.start();
    std::thread::sleep(Duration::from_millis(lot.below(800)));
    let mut other = std::fs::File::create(to.path().join("taken")).map_err(|error| error.to_string())?;
    while other.write_all(&[1; 1 << 16]).is_ok() {}
    let first = running.0.wait().map_err(|error| error.to_string())?.code().unwrap_or(-1);
    drop(other);
    std::fs::remove_file(to.path().join("taken")).map_err(|error| error.to_string())?;
    let what = "disk full";
    if first == 0 {
        let end = equal(what, &[first], run.from.path(), &contents(to.path()));
        drop(disk);
        return end;
    }
    let mut ends = vec![first];
    ends.extend(run.finish()?);
    let end = equal(what, &ends, run.from.path(), &contents(to.path()));
    drop(disk);
    end
}
