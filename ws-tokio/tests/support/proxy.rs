//! A network between client and server that cuts what it carries at any place, and stalls.

use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::listen;

/// Carries each connection that comes to `server` and back, as the seed wants it.
pub(crate) async fn start(server: SocketAddr, seed: u64) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut seeds = seed..;
        while let (Ok((client, _peer)), Some(seed)) = (listener.accept().await, seeds.next()) {
            let server = TcpStream::connect(server).await.expect("a server");
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a socket");
            }
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(carry(from_client, to_server, StdRng::seed_from_u64(2 * seed)));
            tokio::spawn(carry(from_server, to_client, StdRng::seed_from_u64(2 * seed + 1)));
        }
    });
    address
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut random: StdRng) {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let most = match random.random_range(0..3) {
            0 => random.random_range(1..20),
            1 => random.random_range(1..4000),
            _ => buffer.len(),
        };
        let Ok(len @ 1..) = from.read(&mut buffer[..most]).await else { break };
        match random.random_range(0..100) {
            0 => tokio::time::sleep(Duration::from_millis(random.random_range(1..10))).await,
            1..30 => tokio::task::yield_now().await,
            _ => {}
        }
        if to.write_all(&buffer[..len]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
