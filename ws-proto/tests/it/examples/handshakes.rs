//! Requests, good and bad, and arguments.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ws_proto::Role;

use crate::examples::{raw, server};
use crate::pair::wire::{self, FIN, TEXT};

#[test]
fn bytes_behind_the_request_are_frames() {
    server::each(|address| {
        let mut stream = raw::connect(address);
        let frame = wire::frame(Role::Server, FIN | TEXT, b"early");
        stream.write_all(&[raw::REQUEST, &*frame].concat()).expect("a server");
        raw::read_response(&mut stream);
        raw::expect_frame(&mut stream, FIN | TEXT, b"early");
    });
}

#[test]
fn single_bytes_make_a_request_and_a_message() {
    server::each(|address| {
        let mut stream = raw::connect(address);
        let frame = wire::frame(Role::Server, FIN | TEXT, "bit by bit: ß€😀".as_bytes());
        for byte in [raw::REQUEST, &*frame].concat() {
            stream.write_all(&[byte]).expect("a server");
        }
        raw::read_response(&mut stream);
        raw::expect_frame(&mut stream, FIN | TEXT, "bit by bit: ß€😀".as_bytes());
    });
}

#[test]
fn a_plain_request_is_told_to_upgrade() {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    server::each(|address| {
        let answer = answer(&mut raw::connect(address), request);
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    });
}

#[test]
fn the_refusal_of_a_large_head_reaches_a_client_that_goes_on_sending() {
    let more = vec![b'x'; 1 << 20];
    let request = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", &*more].concat();
    server::each(|address| {
        let mut stream = raw::connect(address);
        let answer = answer(&mut stream, &request);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        // The server has ended only its own direction.
        stream.write_all(&more).expect("a server that keeps reading");
    });
}

/// Waits for the deadline of the handshake.
#[test]
fn a_request_that_does_not_end_times_out() {
    server::each(|address| {
        let answer = answer(&mut raw::connect(address), b"GET / HTTP/1.1\r\n");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    });
}

#[test]
fn missing_and_unknown_arguments_are_errors() {
    server::each_refusal(&[], |error| assert!(error.contains("usage: "), "{error}"));
    server::each_refusal(&["127.0.0.1:0", "--loud"], |error| {
        assert!(error.contains("unknown argument --loud"), "{error}");
    });
}

/// Reads the server's answer until it ends its direction, which must not be a reset.
fn answer(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).expect("a server");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the end of the stream");
    answer
}
