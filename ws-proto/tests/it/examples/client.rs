//! Clients that follow the protocol: one based on the core, and tungstenite.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use tungstenite::WebSocket;
use ws_proto::client::{ClientProgress, ClientRequest};
use ws_proto::{Config, Connection, Event, Payload};

use crate::examples::raw;
use crate::pair::{SEED, peer};

/// A client based on the core over `std::net`.
pub(crate) struct Client {
    pub(crate) connection: Connection,
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Client {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut stream = raw::connect(address);
        let mut output = Vec::new();
        let request = ClientRequest::new(address.to_string(), "/");
        let mut handshake =
            request.send(Config::default(), SEED, &mut output).expect("a valid request");
        stream.write_all(&output).expect("a server");
        output.clear();
        let mut input = Vec::new();
        let connection = loop {
            read(&mut stream, &mut input);
            let before = input.len();
            let mut left = input.as_mut_slice();
            let progress = handshake.receive(&mut left).expect("a valid response");
            let used = before - left.len();
            input.drain(..used);
            match progress {
                ClientProgress::NeedsInput(unfinished) => handshake = unfinished,
                ClientProgress::Open(connection, _response) => break connection,
                ClientProgress::Refused(response) => panic!("refused: {}", response.status()),
            }
        };
        Self { connection, stream, input, output }
    }

    pub(crate) fn send<'m>(&mut self, message: impl Into<Payload<'m>>) {
        self.connection.send(message, &mut self.output).expect("open");
        self.write();
    }

    pub(crate) fn send_fragment<'m>(&mut self, part: impl Into<Payload<'m>>, fin: bool) {
        self.connection.send_fragment(part, fin, &mut self.output).expect("open");
        self.write();
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<Event<'static>> {
        loop {
            let before = self.input.len();
            let mut left = self.input.as_mut_slice();
            let event = self.connection.receive(&mut left).expect("no violation");
            let event = event.map(peer::into_owned);
            let used = before - left.len();
            self.input.drain(..used);
            self.connection.poll_transmit(&mut self.output);
            self.write();
            if event.is_some() {
                return event;
            }
            if read(&mut self.stream, &mut self.input) == 0 {
                let _ = self.connection.receive_eof();
                return None;
            }
        }
    }

    fn write(&mut self) {
        self.stream.write_all(&self.output).expect("a server");
        self.output.clear();
    }
}

fn read(stream: &mut TcpStream, input: &mut Vec<u8>) -> usize {
    let mut buffer = vec![0; 64 * 1024];
    let len = stream.read(&mut buffer).expect("a server");
    input.extend_from_slice(&buffer[..len]);
    len
}

/// A client of another implementation.
pub(crate) fn tungstenite(address: SocketAddr) -> WebSocket<TcpStream> {
    let opened = tungstenite::client(format!("ws://{address}/"), raw::connect(address));
    opened.expect("a server").0
}
