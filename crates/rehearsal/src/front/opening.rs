//! Opening and closing a front.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clock::Clock;
use http::HeaderMap;
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Profile;
use super::proxy::{self, House};
use super::table::{Ask, Found};
use super::watching::{Keeper, Stand};
use crate::doors;

/// Why a front could not be opened.
#[derive(Debug, Error)]
#[error("the front cannot listen on {address}")]
pub struct FrontError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// How a front is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrontOptions {
    /// Where it listens; port 0 for any.
    pub listen: SocketAddr,
    /// Whose delays and gaps it has.
    pub profile: Profile,
    /// What its delays are drawn from; the same seed gives the same delays.
    pub seed: u64,
}

/// A running front. It ends when it is dropped or its token is cancelled.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    stand: watch::Receiver<Arc<Stand>>,
    cancel: CancellationToken,
    watching: AbortOnDropHandle<()>,
    serving: AbortOnDropHandle<()>,
}

impl Front {
    /// Opens a front and begins to watch the cluster. Until the first user comes, whatever changes is in effect at
    /// once: what stands then has always stood.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(
        client: kube::Client,
        options: FrontOptions,
        clock: Clock,
        cancel: CancellationToken,
    ) -> Result<Self, FrontError> {
        let FrontOptions { listen, profile, seed } = options;
        let cancel = cancel.child_token();
        let failed = |cause| FrontError { address: listen, cause };
        let listener = doors::open(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (swap, stand) = watch::channel(Arc::new(Stand::default()));
        let visited = Arc::new(AtomicBool::new(false));
        let keeper = Keeper { client, clock, profile, seed, stand: swap, visited: visited.clone() };
        let watch = cancel.clone().run_until_cancelled_owned(keeper.keep());
        let watching = tokio::spawn(async move {
            let _ = watch.await;
        });
        let house = House { stand: stand.clone(), profile, clock, visited, cancel: cancel.clone() };
        let serving = tokio::spawn(proxy::serve(listener, house));
        Ok(Self {
            address,
            stand,
            cancel,
            watching: AbortOnDropHandle::new(watching),
            serving: AbortOnDropHandle::new(serving),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it, with every connection it carries.
    pub async fn stop(self) {
        self.cancel.cancel();
        // A panic in either has been told by the runtime already.
        let _ = tokio::join!(self.watching, self.serving);
    }

    /// Waits until a GET for this host and path would find an endpoint. Never returns where the cluster never has
    /// one: bound it with a timeout.
    pub async fn routes(&self, host: &str, path: &str) {
        let mut stand = self.stand.clone();
        let headers = HeaderMap::new();
        let ask = Ask { host, path, method: "GET", query: "", headers: &headers };
        let found = |stand: &Arc<Stand>| match stand.table.find(ask) {
            Found::To(backend, _) => !backend.is_empty(),
            Found::Nowhere | Found::Broken => false,
        };
        if stand.wait_for(found).await.is_err() {
            // The watching has ended: there will be no route any more.
            std::future::pending::<()>().await;
        }
    }
}
