//! The servers. Their results are checked: after a client's violation there is no stream error.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use ws_proto::Role;

use crate::examples::raw;
use crate::guide::{readme, server};
use crate::pair::wire::{self, BINARY, CLOSE, FIN, PING, PONG, TEXT};

/// Has a server serve one client; returns what the server has returned.
fn serve(
    server: fn(TcpStream) -> io::Result<()>,
    client: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        let server = scope.spawn(move || server(listener.accept()?.0));
        client(address);
        server.join().expect("no panic")
    })
}

/// Has each server serve a client whose connection is open.
fn each(client: impl Fn(TcpStream)) {
    let served = serve(server::run, |address| client(raw::open(address)));
    assert!(served.is_ok(), "guide: {served:?}");
    let served = serve(readme::run, |address| client(raw::connect(address)));
    assert!(served.is_ok(), "README: {served:?}");
}

fn send(stream: &mut TcpStream, first: u8, payload: &[u8]) {
    stream.write_all(&wire::frame(Role::Server, first, payload)).expect("a server");
}

/// The code of the Close frame that ends the server's direction.
fn close_code(stream: &mut TcpStream) -> u16 {
    let frames = raw::read_to_end(stream);
    let [close] = &*frames else { panic!("{frames:?}") };
    assert_eq!(close.first, CLOSE);
    u16::from_be_bytes([close.payload[0], close.payload[1]])
}

#[test]
fn a_conversation() {
    each(|mut stream| {
        for text in ["one", "two"] {
            send(&mut stream, FIN | TEXT, text.as_bytes());
            raw::expect_frame(&mut stream, FIN | TEXT, text.as_bytes());
        }
        send(&mut stream, PING, b"there?");
        raw::expect_frame(&mut stream, PONG, b"there?");
        send(&mut stream, CLOSE, &wire::close_payload(1000, b"bye"));
        assert_eq!(close_code(&mut stream), 1000);
    });
}

/// In many reads, each of which is a turn of the server's loop.
fn violation(bytes: &[u8], code: u16) {
    each(|mut stream| {
        stream.write_all(bytes).expect("a server");
        assert_eq!(close_code(&mut stream), code);
        for _ in 0..100 {
            send(&mut stream, FIN | BINARY, &[0; 1000]);
        }
        // The client has the Close frame, and ends the stream.
        stream.shutdown(Shutdown::Write).expect("a server that keeps reading");
    });
}

#[test]
fn a_bad_frame() {
    violation(&[0xFF; 2], 1002);
}

#[test]
fn invalid_utf8() {
    violation(&wire::frame(Role::Server, FIN | TEXT, b"\xFF"), 1007);
}

#[test]
fn a_message_that_is_too_large() {
    violation(&wire::header(Role::Server, FIN | BINARY, 1 << 40), 1009);
}

/// The client drops the connection as soon as it has the Close frame: the server may find its direction
/// ended, or the connection reset, at any of its steps.
#[test]
fn a_client_that_breaks_the_protocol_and_leaves() {
    for server in [server::run, readme::run] {
        for _ in 0..50 {
            let served = serve(server, |address| {
                let mut stream = raw::connect(address);
                let _ = stream.write_all(raw::REQUEST);
                let _ = stream.write_all(&[0xFF; 100]);
            });
            let kind = served.err().map(|error| error.kind());
            let gone = [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
            assert!(kind.is_none_or(|kind| gone.contains(&kind)), "{kind:?}");
        }
    }
}

#[test]
fn an_abrupt_end() {
    let message = wire::frame(Role::Server, FIN | TEXT, b"hello");
    for sent in 0..message.len() {
        each(|mut stream| {
            stream.write_all(&message[..sent]).expect("a server");
            stream.shutdown(Shutdown::Write).expect("a socket");
            assert!(raw::read_to_end(&mut stream).is_empty());
        });
    }
}

#[test]
fn the_end_of_a_request_that_is_incomplete() {
    for sent in [0, 1, raw::REQUEST.len() - 1] {
        let served = serve(server::run, |address| {
            raw::connect(address).write_all(&raw::REQUEST[..sent]).expect("a server");
        });
        assert!(served.is_ok(), "{sent}: {served:?}");
    }
}

#[test]
fn frames_behind_the_request() {
    let served = serve(server::run, |address| {
        let mut stream = raw::connect(address);
        let frame = wire::frame(Role::Server, FIN | TEXT, b"early");
        stream.write_all(&[raw::REQUEST, &frame].concat()).expect("a server");
        raw::read_response(&mut stream);
        raw::expect_frame(&mut stream, FIN | TEXT, b"early");
    });
    assert!(served.is_ok(), "{served:?}");
}

fn refusal(request: &[u8], status: &str) {
    let served = serve(server::run, |address| {
        let mut stream = raw::connect(address);
        stream.write_all(request).expect("a server");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the end of the stream");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        // Only one direction is ended.
        stream.write_all(&[b'x'; 100_000]).expect("a server that keeps reading");
    });
    assert!(served.is_ok(), "{status}: {served:?}");
}

#[test]
fn a_request_that_is_refused() {
    refusal(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "426");
    let wrong = String::from_utf8_lossy(raw::REQUEST).replace("Version: 13", "Version: 12");
    refusal(wrong.as_bytes(), "426");
    refusal(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405");
}

#[test]
fn what_is_no_request() {
    refusal(b"GET / HTTP/1.1\r\nno header\r\n\r\n", "400");
    refusal(&[b"GET / HTTP/1.1\r\nX: ", &*vec![b'x'; 100_000]].concat(), "431");
}
