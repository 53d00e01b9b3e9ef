//! Listeners on ports that the system chooses, and both kinds of runtime.

pub(crate) mod server;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// The time limit of a test, far above what a slow machine needs.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Runs a test on a runtime with one thread and on one with several.
pub(crate) fn on_both_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    on(Builder::new_current_thread(), &test);
    on(Builder::new_multi_thread(), &test);
}

fn on<F: Future<Output = ()>>(mut builder: Builder, test: impl Fn() -> F) {
    let runtime: Runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    let ended = runtime.block_on(async { tokio::time::timeout(TIMEOUT, test()).await });
    ended.expect("hangs");
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}
