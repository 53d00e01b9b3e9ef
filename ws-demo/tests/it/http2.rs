//! HTTP/2, which must be enabled, and WebSockets over it (RFC 8441).

use axum::http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_tokio::proto::client::ClientRequest;
use ws_tokio::{CloseCode, Config, HandshakeError, Message, WebSocket, http2, upgrade};

use crate::process::Server;

async fn connect(server: &Server) -> SendRequest<String> {
    let stream = TcpStream::connect(server.address).await.expect("a server");
    http2::handshake(stream, &Config::default()).await.expect("HTTP/2")
}

async fn get(sender: &mut SendRequest<String>, path: &str) -> Response<Incoming> {
    let request = Request::get(format!("http://demo.example{path}")).body(String::new());
    sender.send_request(request.expect("valid")).await.expect("an answer")
}

fn request() -> ClientRequest {
    ClientRequest::new("demo.example", "/ws")
}

async fn open(sender: &mut SendRequest<String>) -> upgrade::WebSocket {
    http2::connect(sender, request(), Config::default()).await.expect("granted").0
}

async fn text<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) -> String {
    let message = socket.recv().await.expect("open").expect("a message");
    message.as_text().unwrap_or_else(|| panic!("{message:?}")).to_owned()
}

#[tokio::test]
async fn clients_of_both_versions_reach_each_other() {
    let server = Server::start(&["--http2"]);
    let mut sender = connect(&server).await;
    let mut alice = open(&mut sender).await;
    assert!(text(&mut alice).await.ends_with(r#""clients":1}"#));
    let mut bob = open(&mut sender).await;
    assert!(text(&mut bob).await.ends_with(r#""clients":2}"#));
    let (mut carol, _) = server.connect().await;
    carol.send(r#"{"type":"broadcast","message":"hi"}"#).await.expect("sent");
    for socket in [&mut alice, &mut bob] {
        assert!(text(socket).await.ends_with(r#""message":"hi"}"#));
    }
    let large = "x".repeat(500_000);
    alice.send(large.as_str()).await.expect("sent");
    assert_eq!(
        text(&mut alice).await.len(),
        large.len() + r#"{"type":"echo","original":""}"#.len()
    );

    for (path, status) in [("/", 200), ("/ws", 426), ("/healthz", 200), ("/other", 404)] {
        let response = get(&mut sender, path).await;
        assert_eq!((response.status().as_u16(), response.version()), (status, Version::HTTP_2));
        assert!(response.headers().get("upgrade").is_none());
    }

    // Clients that leave are counted, and the server closes the others when it ends.
    bob.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    server.wait_for(" disconnected (2 total)");
    server.signal("TERM");
    for close in [alice.recv().await, carol.recv().await] {
        let Ok(Some(Message::Close(close))) = close else { panic!("{close:?}") };
        assert_eq!(close.code, CloseCode::GOING_AWAY);
    }
    assert_eq!((alice.recv().await.ok(), carol.recv().await.ok()), (Some(None), Some(None)));
    server.wait_for("[ws] Bye: 2 closed cleanly, 0 cut");
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test]
async fn limits_hold_over_http2() {
    let server = Server::start(&["--http2", "--max-connections", "1"]);
    let mut sender = connect(&server).await;
    let foreign = request().header("Origin", "https://evil.example");
    let mut refused = Vec::new();
    refused.push(http2::connect(&mut sender, foreign, Config::default()).await.err());
    let mut first = open(&mut sender).await;
    text(&mut first).await;
    refused.push(http2::connect(&mut sender, request(), Config::default()).await.err());
    let statuses: Vec<_> = refused
        .into_iter()
        .map(|error| match error {
            Some(http2::Http2Error::Handshake(HandshakeError::Refused(response))) => {
                response.status()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(statuses, [403, 503]);
    // Plain requests are answered on the same connection.
    assert_eq!(get(&mut sender, "/readyz").await.status(), StatusCode::OK);
}
