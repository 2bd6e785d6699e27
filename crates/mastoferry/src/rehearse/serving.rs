//! The cluster of a rehearsal, open to `kubectl` and `helm` while it runs and for as long as somebody looks at it.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use camino::Utf8PathBuf;
use rehearsal::{ClusterInside, Door};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::state::State;
use crate::private_file;
use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::words::Words;

/// An open door, and the file that leads to it.
pub(crate) struct Serving {
    kubeconfig: Utf8PathBuf,
    _door: Door,
}

impl Serving {
    /// Opens the cluster's API server and writes a kubeconfig, for its owner alone, into the rehearsal's folder.
    pub(crate) fn open(
        inside: &ClusterInside,
        listen: SocketAddr,
        state: &State,
        namespace: &str,
        words: &Words,
    ) -> Result<Self, Problem> {
        let address = listen.to_string();
        let refused = |detail: String| {
            Problem::new(words, Exit::Failed, "serve", &[("address", &address), ("detail", &detail)])
        };
        let door = inside.open_door(listen).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            refused(format!("{error}{}", cause.unwrap_or_default()))
        })?;
        let given = state.directory.join("kubeconfig");
        let written = private_file::write(&given, door.kubeconfig(namespace).as_bytes());
        written.map_err(|error| refused(format!("{given}: {error}")))?;
        // A shell in another folder shall find it too.
        let kubeconfig = given.canonicalize_utf8().unwrap_or(given);
        Ok(Self { kubeconfig, _door: door })
    }

    /// Where the kubeconfig is.
    pub(crate) fn told(&self, words: &Words) -> String {
        words.tell("serve-open", &[("file", self.kubeconfig.as_str())])
    }
}

impl Drop for Serving {
    /// What leads to a closed door is of no use any more.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}

/// Waits for the Enter key before users come, where there is somebody to press it.
pub(crate) async fn look_around(progress: &Progress, words: &Words) {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return;
    }
    progress.say(&words.word("serve-before"));
    // An input that cannot be read is one that nobody waits at.
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
}

/// The cluster after its rehearsal.
pub(crate) struct Standing {
    pub(crate) runtime: Runtime,
    pub(crate) inside: ClusterInside,
    pub(crate) serving: Option<Serving>,
}

impl Standing {
    /// Ends it.
    pub(crate) fn end(self) {
        drop(self.serving);
        self.runtime.block_on(self.inside.stop());
        // A thread that waits for a key would be waited for.
        self.runtime.shutdown_background();
    }

    /// Keeps it as it stands until SIGINT or SIGTERM, then ends it.
    pub(crate) fn hold(self, words: &Words) {
        if let Some(serving) = &self.serving {
            let file = serving.kubeconfig.as_str();
            say(&words.tell("serve-hold", &[("file", file)]));
            self.runtime.block_on(told_to_end());
        }
        self.end();
    }
}

async fn told_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without a way to be told there is no end to wait for.
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn say(text: &str) {
    use std::io::Write as _;
    // Nobody reads what cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}
