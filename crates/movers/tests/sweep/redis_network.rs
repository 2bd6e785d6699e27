//! A network that can be cut: everything between the mover, the replica and a server passes through it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to a server.
pub(crate) struct Network {
    pub(crate) port: u16,
    open: Arc<watch::Sender<bool>>,
}

impl Network {
    /// Before a server's port.
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let open = Arc::new(watch::Sender::new(true));
        let seen = open.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut seen = seen.clone();
                tokio::spawn(async move {
                    if *seen.borrow_and_update() {
                        tokio::select! {
                            () = carry(client, server) => {}
                            _cut = seen.changed() => {}
                        }
                    }
                });
            }
        });
        Self { port, open }
    }

    /// Nothing passes for a while, and what was open is closed.
    pub(crate) async fn cut_for(&self, span: Duration) {
        self.open.send_replace(false);
        tokio::time::sleep(span).await;
        self.open.send_replace(true);
    }
}

async fn carry(mut client: TcpStream, server: u16) {
    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await {
        let _however_it_ended = copy_bidirectional(&mut client, &mut server).await;
    }
}
