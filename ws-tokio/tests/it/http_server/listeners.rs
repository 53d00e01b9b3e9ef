//! Several listeners.

use std::time::Duration;

use ws_tokio::serve::{AnyListener, Listeners};
use ws_tokio::upgrade::serve;

use crate::http_server::{Network, ask};

#[tokio::test(start_paused = true)]
async fn each_has_its_turn() {
    let networks = [(); 3].map(|()| Network::new());
    let mut clients = Vec::new();
    for _ in 0..4 {
        for (network, _) in &networks {
            clients.push(network.connect());
        }
    }
    let [one, other, third] = networks.map(|(network, queue)| {
        // An error of one does not keep the others from being served.
        network.fail(std::io::ErrorKind::ConnectionAborted.into());
        (network, queue)
    });
    let listeners = Listeners::from_iter([one.1, other.1, third.1]);
    // One connection without a request at a time: each must be accepted in its turn.
    tokio::spawn(serve(listeners, crate::http_server::app()).max_handshakes(1).into_future());
    for client in &mut clients {
        assert!(ask(client).await.ends_with("hello"));
    }
    for network in [&one.0, &other.0, &third.0] {
        assert!(ask(&mut network.connect()).await.ends_with("hello"));
    }
}

#[tokio::test(start_paused = true)]
async fn none_is_a_server_that_waits() {
    let listeners = Listeners::<AnyListener>::from_iter([]);
    let serving = serve(listeners, crate::http_server::app()).with_graceful_shutdown(async {
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    assert_eq!(serving.await.clean, 0);
}
