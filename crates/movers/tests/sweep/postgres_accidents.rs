//! What befalls a move of PostgreSQL: wires that can be cut or fall silent, and a disk on which nothing fits any more.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, Sender, channel};

/// How a wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    /// What is open is broken, and nothing new comes through.
    Cut,
    /// Nothing is broken and nothing arrives, as where packets are lost.
    Silent,
}

/// A wire to a server.
pub(super) struct Wire {
    pub(super) port: u16,
    state: Sender<State>,
}

impl Wire {
    pub(super) async fn lay(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (state, seen) = channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut seen = seen.clone();
                tokio::spawn(async move {
                    let mut watched = seen.clone();
                    let is_cut = watched.wait_for(|state| *state == State::Cut);
                    tokio::select! {
                        biased;
                        _ = is_cut => {}
                        () = carry(near, to, &mut seen) => {}
                    }
                });
            }
        });
        Self { port, state }
    }

    pub(super) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(near: TcpStream, to: u16, seen: &mut Receiver<State>) {
    speaks(seen).await;
    let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
    let _quick = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = one_way(near_read, far_write, seen.clone()) => {}
        () = one_way(far_read, near_write, seen.clone()) => {}
    }
}

async fn speaks(seen: &mut Receiver<State>) {
    let _gone = seen.wait_for(|state| *state != State::Silent).await;
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut seen: Receiver<State>,
) {
    let mut parcel = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut parcel).await {
        speaks(&mut seen).await;
        if to.write_all(&parcel[..length]).await.is_err() {
            return;
        }
    }
}

/// A small disk.
pub(super) struct Disk {
    folder: TempDir,
}

impl Disk {
    #[expect(clippy::print_stderr, reason = "a run that did not run must say so")]
    pub(super) fn mount() -> Option<Self> {
        let folder = TempDir::new().ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=260m,mode=0755", "tmpfs"]).arg(folder.path());
        if mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            super::ground::give_to_server(folder.path());
            return Some(Self { folder });
        }
        eprintln!("SKIPPED: a small disk needs the right to mount (root)");
        None
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Nothing fits on it any more.
    pub(super) fn fill(&self) {
        let Ok(mut file) = std::fs::File::create(self.folder.path().join("ballast")) else { return };
        let block = vec![1; 1 << 16];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
    }

    pub(super) fn free(&self) {
        let _gone = std::fs::remove_file(self.folder.path().join("ballast"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
