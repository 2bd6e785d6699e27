//! Listening sockets that a crowd may knock at.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted. When a pod ends, every WebSocket it held comes back at once;
/// a connection that finds the queue full is tried again by its kernel a whole second later, and looks like
/// an outage that no server had.
const QUEUE: u32 = 4096;

/// Opens a listening socket.
pub(crate) fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}
