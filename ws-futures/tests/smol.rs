//! What every runtime must stand, here on smol, with the timer of its examples.

#[path = "../examples/smol/timer.rs"]
mod timer;

use std::io;
use std::net::SocketAddr;

use smol::net::{TcpListener, TcpStream};
use ws_testkit::Runtime;

use timer::SmolTimer;

struct Smol;

impl Runtime for Smol {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Timer = SmolTimer;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        smol::block_on(future)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }

    fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::try_from(listener)
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        Ok(listener.accept().await?.0)
    }

    async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }

    fn timer() -> SmolTimer {
        SmolTimer::default()
    }

    fn set_nodelay(stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)
    }
}

ws_testkit::tests!(on_smol: super::Smol);
