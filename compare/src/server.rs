//! The parts of servers: each writes its port to its standard output, and exits when its standard input ends.

use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::content::{Content, Kind};
use crate::contestant::Accept;
use crate::mode::Mode;

/// The message of a receiver, and the answer to it.
pub(crate) const READY: &[u8; 1] = b"r";
/// The message of the publisher.
pub(crate) const PUBLISHER: u8 = b'p';

/// Serves with this implementation: a task for each connection.
pub(crate) fn run<P: Accept>(mode: Mode) {
    block_on(async {
        let listener = listen().await;
        let receivers = Receivers::default();
        loop {
            let (stream, _) = listener.accept().await.expect("open files");
            drop(stream.set_nodelay(true));
            match mode {
                Mode::Echo => drop(tokio::spawn(echo::<P>(stream))),
                Mode::Broadcast => drop(tokio::spawn(broadcast::<P>(stream, receivers.clone()))),
            }
        }
    });
}

type Receivers = Arc<Mutex<Vec<mpsc::UnboundedSender<Content>>>>;

async fn echo<P: Accept>(stream: TcpStream) {
    if let Some(mut peer) = P::accept(stream).await {
        peer.echo(usize::MAX).await;
    }
}

async fn broadcast<P: Accept>(stream: TcpStream, receivers: Receivers) {
    let Some(mut peer) = P::accept(stream).await else { return };
    let mut data = Bytes::new();
    peer.receive(1, |payload| data = Bytes::copy_from_slice(payload)).await;
    let lock = || receivers.lock().unwrap_or_else(PoisonError::into_inner);
    if data.first() == Some(&PUBLISHER) {
        while peer.receive(1, |payload| data = Bytes::copy_from_slice(payload)).await == 1 {
            let message = Content { kind: Kind::Binary, data: data.clone() };
            // It fails if the receiver has left.
            lock().retain(|receiver| receiver.send(message.clone()).is_ok());
        }
        return;
    }
    let (sender, mut queue) = mpsc::unbounded_channel();
    lock().push(sender);
    let ready = Content { kind: Kind::Binary, data: Bytes::from_static(READY) };
    peer.send([&ready].into_iter()).await;
    let mut batch = Vec::new();
    loop {
        // Receivers send nothing, so that no message is lost with the call that is dropped.
        let ended = tokio::select! {
            biased;
            queued = queue.recv_many(&mut batch, 64) => queued == 0,
            received = peer.receive(1, |_| ()) => received == 0,
        };
        if ended {
            return;
        }
        peer.send(batch.iter()).await;
        batch.clear();
    }
}

/// Runs a server on this thread.
pub(crate) fn block_on(server: impl Future<Output = ()>) {
    exit_with_input();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(server);
}

/// Exits the process when its standard input ends.
pub(crate) fn exit_with_input() {
    std::thread::spawn(|| {
        let ended = io::stdin().read(&mut [0]);
        std::process::exit(i32::from(ended.is_err()));
    });
}

pub(crate) fn bind() -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    listener
}

pub(crate) async fn listen() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    listener
}
