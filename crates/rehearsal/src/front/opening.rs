//! Opening and closing a front.

use super::{proxy, table, watching};
use crate::doors;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use clock::Clock;
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use table::Table;

/// Why a front could not be opened.
#[derive(Debug, Error)]
#[error("the front cannot listen on {address}")]
pub struct FrontError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// A running front. It ends when it is dropped or its token is cancelled.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    table: watch::Receiver<Arc<Table>>,
    cancel: CancellationToken,
    watching: AbortOnDropHandle<()>,
    serving: AbortOnDropHandle<()>,
}

impl Front {
    /// Opens a front on `listen` (port 0 for any) and begins to watch the cluster.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(
        client: kube::Client,
        listen: SocketAddr,
        clock: Clock,
        cancel: CancellationToken,
    ) -> Result<Self, FrontError> {
        let cancel = cancel.child_token();
        let failed = |cause| FrontError { address: listen, cause };
        let listener = doors::open(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (swap, table) = watch::channel(Arc::new(Table::default()));
        let watch = cancel.clone().run_until_cancelled_owned(watching::keep(client, clock, swap));
        let watching = tokio::spawn(async move {
            let _ = watch.await;
        });
        let serving = tokio::spawn(proxy::serve(listener, table.clone(), cancel.clone()));
        Ok(Self {
            address,
            table,
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

    /// Waits until a request for this host and path would find a ready endpoint. Never returns where the
    /// cluster never has one: bound it with a timeout.
    pub async fn routes(&self, host: &str, path: &str) {
        let mut table = self.table.clone();
        let found = |table: &Arc<Table>| table.find(host, path).is_some_and(|backend| !backend.is_empty());
        if table.wait_for(found).await.is_err() {
            // The watching has ended: there will be no route any more.
            std::future::pending::<()>().await;
        }
    }
}
