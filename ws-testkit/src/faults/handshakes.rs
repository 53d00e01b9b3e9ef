//! Handshakes with peers that do not speak WebSocket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ws_futures::client::{ClientHandshakeErrorKind, ClientRequest};
use ws_futures::{Config, HandshakeError};

use crate::echo::WAYS;
use crate::raw::{self, connect, reset, rest};
use crate::runtime::Runtime;
use crate::server::{Server, listener};

/// Waits without a deadline.
fn patient() -> Config {
    Config { handshake_timeout: None, ..Config::default() }
}

/// The error of a client whose server does this with its stream.
fn connecting<R: Runtime>(config: Config, serve: impl FnOnce(TcpStream) + Send) -> HandshakeError {
    let listener = listener();
    let address = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        scope.spawn(move || {
            let (stream, _peer) = listener.accept().expect("a client");
            serve(raw::prepared(stream));
        });
        R::block_on(async {
            let stream = R::connect(address).await.expect("a server");
            let request = ClientRequest::new("localhost", "/");
            ws_futures::connect_on(stream, R::timer(), config, request, [7; 32]).await
        })
        .map(drop)
        .expect_err("no WebSocket")
    })
}

fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        request.extend(byte);
    }
}

/// A server refuses, and breaks off within the body of its response: the client keeps the
/// part that it has received.
pub fn of_a_server_that_refuses_and_breaks_off<R: Runtime>() {
    let refusal =
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 9\r\n\r\nwho";
    // Long enough for the head on a busy machine.
    let in_time = Config { handshake_timeout: Some(Duration::from_millis(500)), ..patient() };
    let silent = |mut stream: TcpStream| {
        rest(&mut stream);
    };
    let ways: [(Config, fn(TcpStream)); 3] =
        [(patient(), reset), (patient(), drop), (in_time, silent)];
    for (config, end) in ways {
        let error = connecting::<R>(config, |mut stream| {
            read_request(&mut stream);
            stream.write_all(refusal).expect("open");
            end(stream);
        });
        let HandshakeError::Refused(response) = error else { panic!("{error}") };
        assert_eq!((response.status(), response.body()), (401, &b"who"[..]));
        assert_eq!(response.header("www-authenticate"), Some("Basic"));
    }
}

/// The client waits for no more than the first byte that cannot be HTTP.
pub fn of_a_server_that_speaks_something_else<R: Runtime>() {
    for (greeting, kind) in [
        (&b"SSH-2.0-x"[..], ClientHandshakeErrorKind::Malformed),
        (b"220 mail.example ESMTP", ClientHandshakeErrorKind::Malformed),
        (b"\x15\x03\x01\0\x02\x02\x46", ClientHandshakeErrorKind::TlsAlert),
    ] {
        let error = connecting::<R>(patient(), |mut stream| {
            read_request(&mut stream);
            stream.write_all(greeting).expect("open");
            // Until the client ends the stream.
            let mut more = Vec::new();
            let _ = stream.read_to_end(&mut more);
            assert_eq!(more, b"");
        });
        let HandshakeError::Response(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), kind);
    }
}

/// The server answers at the first byte that cannot be HTTP.
pub fn of_a_client_that_speaks_something_else<R: Runtime>() {
    Server::new(WAYS[0], patient()).run::<R>(|server| {
        for (greeting, status) in [
            (&b"garbage\r\n"[..], "400"),
            (b"\x16\x03\x01\x02\0\x01", "400"),
            (b"PRI * HTTP/2.0\r\n", "505"),
        ] {
            let mut stream = connect(server.address);
            stream.write_all(greeting).expect("open");
            let answer = String::from_utf8(rest(&mut stream)).expect("text");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            drop(stream);
            assert!(server.end().is_err(), "{}", greeting.escape_ascii());
        }
    });
}
