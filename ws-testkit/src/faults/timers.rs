//! Deadlines that pass while data is in transit.

use std::io::Write;
use std::time::Duration;

use ws_futures::client::ClientRequest;
use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, Message};

use crate::echo::WAYS;
use crate::raw::{open, read_frame};
use crate::runtime::Runtime;
use crate::server::Server;

const COUNT: u32 = 300;

/// A ping at every pause of a millisecond.
fn eager() -> Config {
    Config { ping_interval: Some(Duration::from_millis(1)), ..Config::default() }
}

/// Pings are sent between the frames of messages and never inside one, and messages keep their
/// order.
pub fn pings_between_messages<R: Runtime>() {
    for way in WAYS {
        Server::new(way, eager()).run::<R>(|server| {
            let mut stream = open(server.address);
            let mut pings = 0;
            // Until a pause was long enough for some pings.
            let mut number = 0_u32;
            while number < COUNT || pings < 3 {
                let payload = number.to_be_bytes().repeat(1 + number as usize * 7 % 4000);
                stream.write_all(&ws_wire::frame(Role::Server, 0x82, &payload)).expect("open");
                loop {
                    match read_frame(&mut stream) {
                        (0x89, _) => pings += 1,
                        (0x82, echo) => {
                            break assert!(echo == payload, "{way:?}: message {number}");
                        }
                        other => panic!("{way:?}: {other:?}"),
                    }
                }
                number += 1;
            }
            stream.write_all(&ws_wire::frame(Role::Server, 0x88, b"")).expect("open");
            let end = server.end();
            assert!(matches!(end, Ok(Some(_))), "{way:?}: {end:?}");
        });
    }
}

/// Both sides ping constantly; nothing is lost, and each measures its round-trip time.
pub fn pings_both_ways<R: Runtime>() {
    for way in WAYS {
        Server::new(way, eager()).run::<R>(|server| {
            R::block_on(async {
                let stream = R::connect(server.address).await.expect("a server");
                let request = ClientRequest::new("localhost", "/");
                let connected =
                    ws_futures::connect_on(stream, R::timer(), eager(), request, [7; 32]).await;
                let (mut socket, _response) = connected.expect("a response");
                let mut number = 0;
                while number < COUNT || socket.rtt().is_none() {
                    let message = Message::text(number.to_string());
                    socket.send(message.clone()).await.expect("open");
                    loop {
                        let received = socket.recv().await.expect("no error").expect("open");
                        if received.is_data() {
                            break assert_eq!(received, message, "{way:?}");
                        }
                    }
                    number += 1;
                }
                socket.close_and_discard(CloseCode::NORMAL).await.expect("no error");
                assert!(socket.closed().is_some_and(|closed| closed.is_clean()), "{way:?}");
            });
            let end = server.end().expect("no error").expect("a Close frame");
            assert_eq!(end.code, CloseCode::NORMAL, "{way:?}");
        });
    }
}
