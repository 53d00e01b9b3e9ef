//! Values that are dropped before they have completed.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use tokio::sync::oneshot;
use ws_tokio::http2;
use ws_tokio::upgrade::upgrade;
use ws_tokio::{CloseCode, Config};

use crate::support::listen;
use crate::upgrade::server::{
    echo, echoed, http2_connection, over_http1, over_http2, request, serve, soon,
};

#[tokio::test]
async fn a_future_dropped_after_the_grant_ends_the_websocket() {
    soon(async {
        let (listener, address) = listen().await;
        let grant = async |mut request: Request| -> Response {
            let (response, socket) =
                upgrade(&mut request, Config::default()).expect("a valid request");
            drop(socket);
            response
        };
        let app = Router::new().route("/", any(grant));
        tokio::spawn(async move { axum::serve(listener, app).await });

        let (mut socket, _) =
            over_http1(address, request(address), Config::default()).await.expect("granted");
        assert!(socket.recv().await.is_err());
        assert_eq!(socket.closed().expect("closed").code(), CloseCode::ABNORMAL);
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        assert!(socket.recv().await.is_err());
        assert_eq!(socket.closed().expect("closed").code(), CloseCode::ABNORMAL);
    })
    .await;
}

/// Dropped at the first wait, and after the request has arrived.
#[tokio::test]
async fn a_connect_that_is_given_up_leaves_the_connection_for_others() {
    soon(async {
        let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
        let address = serve(move |upgrade| {
            let arrived = arrived.clone();
            async move {
                if upgrade.header("x-hang").is_some() {
                    let (given_up, noticed) = oneshot::channel::<()>();
                    let _ = arrived.send(noticed);
                    std::future::pending::<()>().await;
                    drop(given_up);
                }
                upgrade.on_upgrade(echo)
            }
        })
        .await;
        let mut sender = http2_connection(address).await;
        let hanging = || request(address).header("X-Hang", "yes");
        {
            let connecting = http2::connect(&mut sender, hanging(), Config::default());
            let mut connecting = std::pin::pin!(connecting);
            std::future::poll_fn(|cx| {
                assert!(connecting.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
        let noticed = tokio::select! {
            outcome = http2::connect(&mut sender, hanging(), Config::default()) =>
                panic!("{outcome:?}"),
            noticed = arrivals.recv() => noticed.expect("a server"),
        };
        // The stream was reset: the server drops its handler.
        assert!(noticed.await.is_err());
        let connected = http2::connect(&mut sender, request(address), Config::default()).await;
        echoed(&mut connected.expect("granted").0, "hello").await;
    })
    .await;
}

#[tokio::test]
async fn receiving_may_be_given_up_at_any_time_over_http2() {
    soon(async {
        let address = serve(async |upgrade| upgrade.on_upgrade(echo)).await;
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        for i in 0..100 {
            socket.send(format!("message {i}")).await.expect("open");
            let received = loop {
                tokio::select! {
                    biased;
                    received = socket.recv() => break received,
                    () = tokio::task::yield_now() => {}
                }
            };
            let received = received.expect("open").expect("open");
            assert_eq!(received.as_text(), Some(&*format!("message {i}")));
        }
    })
    .await;
}
