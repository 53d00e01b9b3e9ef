//! Servers on real sockets. Their rules are tested in ws-futures, with a clock that is moved by hand.

use async_std::net::TcpListener;
use async_std::task;
use ws_async_std::serve::BoxError;
use ws_async_std::{Config, HandshakeError, Incoming, Message, Shutdown, connect, serve_incoming};

use crate::support;

#[test]
fn a_shutdown_closes_all() {
    ws_testkit::serving::a_shutdown_closes_all::<support::Server>();
}

#[async_std::test]
async fn a_handler_may_decide_on_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = Shutdown::new();
    let handler = async |incoming: Incoming, peer: std::net::SocketAddr| {
        match incoming.request().map(|request| request.path() == "/") {
            Ok(true) => {
                let nodelay = incoming.get_ref().get_ref().nodelay()?;
                let mut socket = incoming.accept().await?;
                socket.send(format!("{peer}, nodelay: {nodelay}")).await?;
                while socket.recv().await?.is_some() {}
            }
            _ => incoming.reject(404, |answer| Ok(answer.body("not here\n"))).await?,
        }
        Ok::<(), BoxError>(())
    };
    let serving = serve_incoming(listener, Config::default(), handler).shutdown(&shutdown);
    let serving = task::spawn(serving.into_future());
    let mut socket = connect(&format!("ws://{address}/")).await.expect("served");
    let ours = socket.get_ref().get_ref().local_addr().expect("a socket");
    let received = socket.recv().await.expect("open");
    assert_eq!(received, Some(Message::text(format!("{ours}, nodelay: true"))));
    let error = connect(&format!("ws://{address}/elsewhere")).await.expect_err("refused");
    let ws_async_std::ConnectError::Handshake(HandshakeError::Refused(response)) = error else {
        panic!("{error}")
    };
    assert_eq!((response.status(), response.body()), (404, &b"not here\n"[..]));
    shutdown.begin();
    while socket.recv().await.expect("a clean end").is_some() {}
    assert_eq!(serving.await.clean, 1);
}
