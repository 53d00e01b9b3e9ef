//! Runtimes in one process with different clocks, as tests with paused time have them. No other
//! test is in this program, since the first one that reads a clock may be the one that matters.

use std::time::Duration;

use tokio::io::duplex;
use tokio::runtime::Builder;
use tokio::time::{Instant, advance};
use ws_tokio::proto::Connection;
use ws_tokio::{CloseCode, Config, TokioStream, TokioTimer, WebSocket};

/// The default of the configuration.
const TIMEOUT: Duration = Duration::from_secs(5);

async fn wait_for_a_close() {
    let began = Instant::now();
    let (ours, _theirs) = duplex(1024);
    let connection = Connection::server(Config::default());
    let mut socket = WebSocket::new(TokioStream::new(ours), TokioTimer::default(), connection, &[]);
    socket.close_and_discard(CloseCode::NORMAL).await.expect("no error of the protocol");
    assert_eq!(began.elapsed(), TIMEOUT);
}

#[test]
fn one_after_the_other() {
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().expect("a runtime")
    };
    // Built before any task has read a clock, and used last.
    let (ahead, behind) = (runtime(), runtime());
    ahead.block_on(async {
        advance(1000 * TIMEOUT).await;
        wait_for_a_close().await;
    });
    behind.block_on(wait_for_a_close());
}
