//! Faults of networks and peers that every runtime must handle, here on smol, with the timer and
//! the runtime of its examples.

#[path = "../../examples/smol/runtime.rs"]
mod runtime;
#[path = "../../examples/smol/timer.rs"]
mod timer;

use std::io;
use std::net::SocketAddr;

use smol::net::{TcpListener, TcpStream};
use ws_futures::serve::{Serve, ServeError};
use ws_futures::{Config, Drained, Error, Shutdown, WebSocket};
use ws_testkit::Runtime;
use ws_testkit::serving::{Serves, a_shutdown_closes_all};

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

impl Serves for Smol {
    fn serve(
        listener: std::net::TcpListener,
        shutdown: &Shutdown,
        on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
    ) -> Drained {
        let runtime = runtime::Smol::default();
        let listener =
            runtime::SmolListener(<Self as Runtime>::listen(listener).expect("a listener"));
        let serving = Serve::sockets(runtime.clone(), listener, Config::default(), echo);
        runtime.block_on(2, serving.shutdown(shutdown).on_error(on_error).into_future())
    }
}

async fn echo(mut socket: WebSocket<TcpStream, SmolTimer>) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}

#[test]
fn a_server_closes_all() {
    a_shutdown_closes_all::<Smol>();
}
