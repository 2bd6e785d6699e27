//! Real Traefik before the testbed.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use plan::Plan;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ground::until;

/// Traefik; it ends with the test.
pub(crate) struct Traefik {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Drop for Traefik {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|place| place.join("traefik")).find(|program| program.is_file())
}

/// How long Traefik by default gathers changes before it takes them (`providers.providersThrottleDuration`).
const THROTTLE_MS: f64 = 2000.0;

/// Starts it with the kubeconfig of the environment, and waits until every route of the plan leads somewhere. A front is part
/// of the cluster: where the cluster's time runs faster, so does its own.
pub(crate) async fn start(program: PathBuf, plan: &Plan, speed: f64) -> Traefik {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let folder = tempfile::tempdir().expect("a folder");
    let log = std::fs::File::create(folder.path().join("log")).expect("a log");
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .arg(format!("--entrypoints.web.address={address}"))
        .arg(format!("--providers.providersthrottleduration={:.0}ms", THROTTLE_MS / speed))
        .arg("--providers.kubernetesingress=true")
        .arg("--providers.kubernetesingress.allowemptyservices=true")
        // GKE compares prefixes element by element, and the tree's paths end in a slash.
        .arg("--providers.kubernetesingress.strictprefixmatching=true")
        .args(["--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=WARN"])
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("the same log"))
        .stdout(log);
    let child = command.spawn().expect("it starts");
    let traefik = Traefik { child, address, folder };
    for route in &plan.routes {
        let path = format!("{}/", route.path.trim_end_matches('/'));
        until(&format!("{}{path}: {}", route.host, traefik.log()), async || {
            leads(address, &route.host, &path).await.unwrap_or(false)
        })
        .await;
    }
    traefik
}

impl Traefik {
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Whether some pod answers, whatever it says.
async fn leads(front: SocketAddr, host: &str, path: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(front).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.to_lowercase().contains("x-stand-in-pod: "))
}
