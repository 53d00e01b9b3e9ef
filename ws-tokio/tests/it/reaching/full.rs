//! An address that hangs.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A listener that accepts no more connections: attempts hang, as with a host that drops packets.
pub(crate) struct Full {
    pub(crate) address: SocketAddr,
    _held: (TcpListener, Vec<TcpStream>),
}

impl Full {
    pub(crate) async fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mut held = Vec::new();
        let limit = Duration::from_millis(500);
        while let Ok(stream) = tokio::time::timeout(limit, TcpStream::connect(address)).await {
            held.push(stream.expect("a place in the queue"));
            assert!(held.len() < 100, "a queue that is never full");
        }
        Self { address, _held: (listener, held) }
    }
}
