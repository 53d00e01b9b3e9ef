//! Peers that are wrong, slow or hostile, over raw TCP, against the echo server and the demo server.

mod claims;
mod flood;
mod heads;
mod metrics;

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};
use ws_tokio::proto::Role;
use ws_wire::Content;

use crate::raw;
use crate::server::{self, Server};

#[derive(Clone, Copy, Debug)]
enum Kind {
    Echo,
    Demo,
}

impl Kind {
    fn start(self, arguments: &[&str]) -> Server {
        match self {
            Self::Echo => server::echo(arguments),
            Self::Demo => server::demo(arguments),
        }
    }

    /// Whether this is the reply to a text that is not JSON.
    fn is_reply(self, (first, payload): &Content, text: &str) -> bool {
        let expected = match self {
            Self::Echo => {
                return *first == ws_wire::FIN | ws_wire::TEXT && payload == text.as_bytes();
            }
            Self::Demo => json!({ "type": "echo", "original": text }),
        };
        serde_json::from_slice::<Value>(payload).is_ok_and(|reply| reply == expected)
    }

    /// A new connection on which a text was echoed.
    fn echo(self, server: &Server, text: &str) -> TcpStream {
        let mut stream = raw::open(server.address);
        stream.write_all(&ws_wire::text(Role::Server, text)).expect("a frame");
        while !self.is_reply(&read(&mut stream), text) {}
        stream
    }
}

/// Runs a probe against both servers, which must work afterwards.
fn probe(run: impl Fn(Kind, &Server)) {
    for kind in [Kind::Echo, Kind::Demo] {
        println!("{kind:?}:");
        probe_one(kind, &[], &run);
    }
}

fn probe_one(kind: Kind, arguments: &[&str], run: impl Fn(Kind, &Server)) {
    let mut server = kind.start(arguments);
    run(kind, &server);
    server.process.assert_running();
    kind.echo(&server, "alive");
}

/// Reads a frame.
fn read(stream: &mut TcpStream) -> Content {
    ws_wire::read(stream).expect("a frame").into()
}
