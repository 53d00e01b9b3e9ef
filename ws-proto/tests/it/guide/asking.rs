//! The client.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use ws_proto::Role;

use crate::examples::raw;
use crate::guide::{client, server};
use crate::pair::wire::{self, CLOSE, FIN, TEXT};

type Answer = io::Result<Option<String>>;

/// Runs the client against a server, which receives the stream.
fn ask(server: impl FnOnce(TcpStream) + Send) -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let (stream, _address) = listener.accept().expect("a client");
            stream.set_read_timeout(Some(raw::TIMEOUT)).expect("a socket");
            server(stream);
        });
        let answer = client::run(address);
        server.join().expect("no panic");
        answer
    })
}

/// Answers the request with `response`.
fn respond(stream: &mut TcpStream, response: &[u8]) {
    read_request(stream);
    stream.write_all(response).expect("a client");
}

/// Reads the head of the request.
fn read_request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        head.extend(byte);
    }
    String::from_utf8(head).expect("text")
}

/// Runs the client against a server that accepts it, reads the question, and sends `bytes`.
fn ask_open(bytes: &[u8], then: impl FnOnce(&mut TcpStream) + Send) -> Answer {
    ask(|mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(&acceptance(&request)).expect("a client");
        let mut question = [0; 2 + 4 + 8];
        stream.read_exact(&mut question).expect("a question");
        stream.write_all(bytes).expect("a client");
        then(&mut stream);
    })
}

/// The response that accepts a request, from the library's own server.
fn acceptance(request: &str) -> Vec<u8> {
    let mut request = request.to_owned().into_bytes();
    let handshake = ws_proto::server::ServerHandshake::new(ws_proto::Config::default());
    let Ok(ws_proto::server::ServerProgress::Request(request)) =
        handshake.receive(&mut request.as_mut_slice())
    else {
        panic!("a valid request");
    };
    let mut response = Vec::new();
    let _connection = request.accept().respond(&mut response);
    response
}

/// The code of the only Close frame among what the client still sends.
fn close_code(stream: &mut TcpStream) -> u16 {
    let frames = raw::read_to_end(stream);
    let closes: Vec<_> = frames.iter().filter(|frame| frame.first == CLOSE).collect();
    let [close] = &*closes else { panic!("{frames:?}") };
    u16::from_be_bytes([close.payload[0], close.payload[1]])
}

/// The client's error message.
#[track_caller]
fn failure(answer: Answer) -> String {
    answer.expect_err("a failure").to_string()
}

#[test]
fn a_conversation() {
    let mut served = None;
    let answer = ask(|stream| served = Some(server::run(stream)));
    assert_eq!(answer.expect("an answer").as_deref(), Some("question"));
    assert!(matches!(served, Some(Ok(()))), "{served:?}");
}

#[test]
fn a_server_that_closes_instead() {
    let close = wire::frame(Role::Client, CLOSE, &wire::close_payload(1001, b""));
    let answer = ask_open(&close, |stream| {
        stream.shutdown(Shutdown::Write).expect("a socket");
        assert_eq!(close_code(stream), 1001);
    });
    assert_eq!(answer.expect("no error"), None);
}

/// The client sends a Close frame with this code, and returns an error.
fn violation(bytes: &[u8], code: u16) {
    let answer = ask_open(bytes, |stream| {
        let frame = &mut [0; 6 + 2];
        stream.read_exact(frame).expect("a Close frame");
        let code_of = |frame: &[u8]| u16::from_be_bytes([frame[6] ^ frame[2], frame[7] ^ frame[3]]);
        assert_eq!((frame[0], code_of(frame)), (CLOSE, code));
    });
    failure(answer);
}

#[test]
fn a_bad_frame() {
    violation(&[0xFF; 2], 1002);
}

#[test]
fn a_masked_frame() {
    violation(&wire::frame(Role::Server, FIN | TEXT, b"answer"), 1002);
}

#[test]
fn invalid_utf8() {
    violation(&wire::frame(Role::Client, FIN | TEXT, b"\xFF"), 1007);
}

#[test]
fn an_abrupt_end() {
    let message = wire::frame(Role::Client, FIN | TEXT, b"answer");
    for sent in 0..message.len() {
        let answer = ask_open(&message[..sent], |_stream| {});
        assert!(failure(answer).contains("end"), "{sent}");
    }
}

#[test]
fn an_end_without_a_response() {
    for response in [&b""[..], b"HTTP/1.1 101 Switching Protocols\r\n"] {
        let answer = ask(|mut stream| respond(&mut stream, response));
        failure(answer);
    }
}

#[test]
fn a_refusal() {
    for response in [
        &b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"[..],
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 200\r\n\r\nno, becau",
        b"HTTP/1.1 403 Forbidden\r\n\r\nno",
    ] {
        let answer = ask(|mut stream| respond(&mut stream, response));
        assert_eq!(failure(answer), "refused: 403");
    }
}

#[test]
fn what_is_no_acceptance() {
    let wrong =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    for response in [&wrong[..], b"SSH-2.0-OpenSSH_9.2\r\n"] {
        let answer = ask(|mut stream| respond(&mut stream, response));
        failure(answer);
    }
}
