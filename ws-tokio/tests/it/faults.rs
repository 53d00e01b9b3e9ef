//! Faults of networks and peers that every runtime must handle, here on Tokio with one thread and
//! with several.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use ws_testkit::Runtime;
use ws_tokio::{TokioStream, TokioTimer};

struct OneThread;
struct Threads;

fn block_on<T>(mut builder: Builder, future: impl Future<Output = T>) -> T {
    builder.worker_threads(2).enable_all().build().expect("a runtime").block_on(future)
}

/// The two kinds of runtime differ only in their builder.
macro_rules! tokio_runtime {
    ($name:ident, $builder:ident) => {
        impl Runtime for $name {
            type Stream = TokioStream<TcpStream>;
            type Listener = TcpListener;
            type Timer = TokioTimer;

            fn block_on<T>(future: impl Future<Output = T>) -> T {
                block_on(Builder::$builder(), future)
            }

            fn spawn(future: impl Future<Output = ()> + Send + 'static) {
                tokio::spawn(future);
            }

            fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
                TcpListener::from_std(listener)
            }

            async fn accept(listener: &TcpListener) -> io::Result<Self::Stream> {
                Ok(TokioStream::new(listener.accept().await?.0))
            }

            async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
                Ok(TokioStream::new(TcpStream::connect(address).await?))
            }

            fn timer() -> TokioTimer {
                TokioTimer::default()
            }

            fn set_nodelay(stream: &Self::Stream) -> io::Result<()> {
                stream.get_ref().set_nodelay(true)
            }
        }
    };
}

tokio_runtime!(OneThread, new_current_thread);
tokio_runtime!(Threads, new_multi_thread);

ws_testkit::tests!(on_one_thread: super::OneThread, on_threads: super::Threads);
