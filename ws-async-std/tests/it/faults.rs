//! Faults of networks and peers that every runtime must handle, here on async-std.

use std::io;
use std::net::SocketAddr;

use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use ws_async_std::{AsyncStdStream, AsyncStdTimer};
use ws_testkit::Runtime;

struct AsyncStd;

impl Runtime for AsyncStd {
    type Stream = AsyncStdStream;
    type Listener = TcpListener;
    type Timer = AsyncStdTimer;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        task::block_on(future)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        task::spawn(future);
    }

    fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(listener.into())
    }

    async fn accept(listener: &TcpListener) -> io::Result<AsyncStdStream> {
        Ok(listener.accept().await?.0.into())
    }

    async fn connect(address: SocketAddr) -> io::Result<AsyncStdStream> {
        Ok(TcpStream::connect(address).await?.into())
    }

    fn timer() -> AsyncStdTimer {
        AsyncStdTimer::default()
    }

    fn set_nodelay(stream: &AsyncStdStream) -> io::Result<()> {
        stream.get_ref().set_nodelay(true)
    }
}

ws_testkit::tests!(on_async_std: super::AsyncStd);
