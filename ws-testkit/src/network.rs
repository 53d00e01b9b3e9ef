//! A network between client and server that cuts its data at any place, and stalls.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::server::listener;

/// Carries the next connection to `server` in both directions; the seed chooses the cuts and
/// stalls.
pub fn start(server: SocketAddr, seed: u64) -> SocketAddr {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (client, _peer) = listener.accept().expect("a client");
        let server = TcpStream::connect(server).expect("a server");
        for (number, (from, to)) in [(&client, &server), (&server, &client)].into_iter().enumerate()
        {
            from.set_nodelay(true).expect("a socket");
            let random = StdRng::seed_from_u64(2 * seed + number as u64);
            let (from, to) =
                (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
            thread::spawn(move || carry(from, to, random));
        }
    });
    address
}

fn carry(mut from: TcpStream, mut to: TcpStream, mut random: StdRng) {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let most = match random.random_range(0..3) {
            0 => random.random_range(1..20),
            1 => random.random_range(1..4000),
            _ => buffer.len(),
        };
        let Ok(len @ 1..) = from.read(&mut buffer[..most]) else { break };
        match random.random_range(0..100) {
            0 => thread::sleep(Duration::from_millis(random.random_range(1..10))),
            1..30 => thread::yield_now(),
            _ => {}
        }
        if to.write_all(&buffer[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
