//! Servers with faults that a run must find.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use ws_tokio::{Config, Message, WebSocket, accept};

use crate::run::{Run, bench};

/// Starts a server that serves each client with a function; returns its URL and the addresses of the clients.
async fn serving<F>(
    serve: impl Fn(WebSocket<TcpStream>) -> F + Send + 'static,
) -> (String, Arc<Mutex<Vec<IpAddr>>>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let peers = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&peers);
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            seen.lock().expect("a lock").push(peer.ip());
            let socket = accept(stream, Config::default()).await.expect("a handshake");
            tokio::spawn(serve(socket));
        }
    });
    (url, peers)
}

async fn bench_of(url: String, arguments: &'static [&'static str]) -> Run {
    tokio::task::spawn_blocking(move || bench(&url, arguments)).await.expect("a run")
}

async fn data(socket: &mut WebSocket<TcpStream>) -> Option<Message> {
    loop {
        match socket.recv().await {
            Ok(Some(message)) if message.is_data() => return Some(message),
            Ok(Some(_)) => {}
            _ => return None,
        }
    }
}

#[tokio::test]
async fn faults_are_found() {
    let (url, _) = serving(async |mut socket: WebSocket<TcpStream>| {
        let mut messages = Vec::new();
        while let Some(message) = data(&mut socket).await {
            messages.push(message.clone());
            let replies = match messages.len() - 1 {
                0 | 2 => vec![],
                1 => vec![message.clone(), message],
                3 => vec![message, messages[2].clone()],
                4 => vec![Message::text(message.as_text().expect("text").replace("xx", "xy"))],
                _ => vec![message],
            };
            for reply in replies {
                socket.send(reply).await.expect("a reply sent");
            }
        }
    })
    .await;
    let run =
        bench_of(url, &["--clients", "1", "--rate", "20", "--warmup", "0s", "--drain", "100ms"])
            .await;
    assert_eq!(run.status, Some(1));
    assert_eq!(run.number("/messages/sent"), 10);
    // The first and the damaged one are lost.
    assert_eq!(run.faults(), [2, 1, 1, 0, 1], "{:#}", run.report);
    assert_eq!(run.number("/messages/arrived"), 8);
}

#[tokio::test]
async fn connections_that_end_early_are_reported() {
    let (url, _) = serving(async |mut socket: WebSocket<TcpStream>| {
        data(&mut socket).await;
        let close = ws_tokio::Close::new(ws_tokio::CloseCode::TRY_AGAIN_LATER, "slow");
        // The client answers with its own Close frame, or has ended.
        let _ = socket.close_and_discard(close).await;
    })
    .await;
    let run = bench_of(url, &["--clients", "3"]).await;
    assert_eq!(run.status, Some(1));
    let lost = &run.report["connections"]["lost"];
    assert_eq!(*lost, serde_json::json!({"closed by the server: 1013 try again later": 3}));
}

#[tokio::test]
async fn a_stall_delays_every_message_that_was_scheduled_during_it() {
    let (url, _) = serving(async |mut socket: WebSocket<TcpStream>| {
        let mut count = 0;
        while let Some(message) = data(&mut socket).await {
            count += 1;
            if count == 10 {
                sleep(Duration::from_millis(400)).await;
            }
            socket.send(message).await.expect("a reply sent");
        }
    })
    .await;
    let run =
        bench_of(url, &["--clients", "1", "--rate", "100", "--duration", "1s", "--warmup", "0s"])
            .await;
    assert_eq!(run.number("/latency/count"), 100);
    // Forty messages were scheduled during the stall: half of them waited for 200 ms or more.
    assert!(run.time("/latency/max") >= 400.0, "{:#}", run.report);
    assert!(run.time("/latency/p90") >= 200.0, "{:#}", run.report);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_come_from_the_addresses_that_are_given() {
    let (url, peers) = serving(async |mut socket: WebSocket<TcpStream>| {
        while let Some(message) = data(&mut socket).await {
            socket.send(message).await.expect("a reply sent");
        }
    })
    .await;
    let run =
        bench_of(url, &["--clients", "6", "--source", "127.0.0.9", "--source", "127.0.1.0/30"])
            .await;
    run.is_well(6);
    let mut peers: Vec<_> = peers.lock().expect("a lock").iter().map(ToString::to_string).collect();
    peers.sort();
    let (one, two, three) = ("127.0.0.9", "127.0.1.1", "127.0.1.2");
    assert_eq!(peers, [one, one, two, two, three, three]);
}

#[test]
fn a_server_that_is_not_there() {
    // A port that is bound, but not listened on, refuses connections.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let closed = socket.local_addr().expect("an address");
    let run = bench(&format!("ws://{closed}/"), &["--clients", "3"]);
    assert_eq!(run.status, Some(1));
    let failed = &run.report["connections"]["failed"];
    assert_eq!(failed["Connection refused (os error 111)"], 3, "{failed}");
    let problems = run.report["problems"].to_string();
    assert!(problems.contains("nothing to measure"), "{problems}");
}
