//! How connections end: what the client receives, and which side ends the stream.

use std::io::{self, ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};
use ws_proto::Role;

use crate::examples::client::tungstenite;
use crate::examples::{raw, server};
use crate::pair::wire::{self, BINARY, CLOSE, FIN, TEXT};

#[test]
fn a_close_frame_is_answered_and_the_server_ends_the_stream() {
    server::each(|address| {
        let mut client = tungstenite(address);
        let close = CloseFrame { code: CloseCode::Library(4000), reason: "enough".into() };
        client.close(Some(close)).expect("open");
        let Message::Close(Some(answer)) = client.read().expect("open") else { panic!("no Close") };
        assert_eq!(answer.code, CloseCode::Library(4000));
        assert!(matches!(client.read(), Err(Error::ConnectionClosed)));
    });
}

#[test]
fn messages_before_a_close_frame_are_answered_first() {
    server::each(|address| {
        let mut stream = raw::open(address);
        let frame = |first, payload| wire::frame(Role::Server, first, payload);
        let close = wire::close_payload(1000, b"");
        let frames = [frame(FIN | TEXT, b"last"), frame(CLOSE, &close)].concat();
        stream.write_all(&frames).expect("a server");
        raw::expect_frame(&mut stream, FIN | TEXT, b"last");
        raw::expect_frame(&mut stream, CLOSE, &close);
        assert_eq!(raw::read_to_end(&mut stream), []);
    });
}

/// The client is sending a large message, and must still receive the reason of the failure.
#[test]
fn the_reason_of_an_error_reaches_a_client_that_goes_on_sending() {
    server::each(|address| {
        let mut stream = raw::open(address);
        stream.write_all(&wire::frame(Role::Server, FIN | 0x3, b"")).expect("a server");
        stream.write_all(&vec![0; 1 << 20]).expect("a server that keeps reading");
        expect_close(&mut stream, 1002);
        // The server has ended only its own direction.
        stream.write_all(&vec![0; 1 << 20]).expect("a server that keeps reading");
    });
}

#[test]
fn a_client_that_never_stops_sending_after_an_error_is_cut_off() {
    server::each(|address| {
        let error = send_until_cut_off(address);
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    });
}

/// An event loop that is woken by its own actions would be busy all the time.
#[cfg(target_os = "linux")]
#[test]
fn waiting_for_the_end_takes_no_processor_time() {
    server::each_with(&[], |server| {
        let before = server.ticks();
        send_until_cut_off(server.address);
        let ticks = server.ticks() - before;
        assert!(ticks < 20, "{ticks} ticks");
    });
}

/// Violates the protocol, and continues to send until that is an error.
fn send_until_cut_off(address: SocketAddr) -> io::Error {
    let mut stream = raw::open(address);
    stream.write_all(&wire::frame(Role::Server, FIN | 0x3, b"")).expect("a server");
    expect_close(&mut stream, 1002);
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < raw::TIMEOUT, "the server reads for ever");
        thread::sleep(Duration::from_millis(20));
        if let Err(error) = stream.write_all(b"!") {
            return error;
        }
    }
}

#[test]
fn messages_over_the_limit_end_with_1009() {
    server::each_with(&["--max-message", "1000"], |server| {
        let mut stream = raw::open(server.address);
        let frame = |payload: &[u8]| wire::frame(Role::Server, FIN | BINARY, payload);
        stream.write_all(&frame(&[1; 1000])).expect("a server");
        raw::expect_frame(&mut stream, FIN | BINARY, &[1; 1000]);
        stream.write_all(&frame(&[1; 1001])).expect("a server");
        expect_close(&mut stream, 1009);
    });
}

#[test]
fn a_client_that_vanishes_affects_no_other() {
    server::each(|address| {
        let mut other = tungstenite(address);
        for sent in 0..raw::REQUEST.len() {
            let mut stream = raw::connect(address);
            stream.write_all(&raw::REQUEST[..sent]).expect("a server");
        }
        let frame = wire::frame(Role::Server, FIN | BINARY, &[1; 1000]);
        for sent in 0..20 {
            let mut stream = raw::open(address);
            stream.write_all(&frame[..50 * sent]).expect("a server");
        }
        // Its reply is never read, so that closing resets the connection.
        raw::open(address).write_all(&frame).expect("a server");
        other.send(Message::text("still here")).expect("open");
        assert_eq!(other.read().expect("open"), Message::text("still here"));
    });
}

/// Reads a Close frame with this code, and then the end of the stream.
fn expect_close(stream: &mut TcpStream, code: u16) {
    let frames = raw::read_to_end(stream);
    let [close] = &*frames else { panic!("{} frames", frames.len()) };
    assert_eq!((close.first, &close.payload[..2]), (CLOSE, &code.to_be_bytes()[..]));
}
