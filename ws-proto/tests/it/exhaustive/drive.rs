//! Connections in every state, and how they read a stream.

use core::fmt;
use std::sync::Arc;

use ws_proto::{CloseCode, Config, Connection, Role};

use crate::exhaustive::model::{self, Reader, Reading};
use crate::pair::peer::Peer;
use crate::pair::{SEED, wire};

pub(crate) const COMPRESSION: &[bool] =
    if cfg!(feature = "deflate") { &[false, true] } else { &[false] };

/// The parameters of a connection, and of the model that reads the same stream.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) role: Role,
    pub(crate) compression: bool,
    /// Whether it has sent its Close frame.
    pub(crate) close_sent: bool,
    pub(crate) config: Arc<Config>,
}

impl Setup {
    pub(crate) fn new(role: Role, compression: bool, config: &Config) -> Self {
        let mut config = config.clone();
        #[cfg(feature = "deflate")]
        {
            config.deflate = compression.then(ws_proto::Deflate::default);
        }
        config.ping_interval = None;
        Self { role, compression, close_sent: false, config: config.into() }
    }

    /// Both roles, with and without compression if it is available.
    pub(crate) fn all(config: &Config) -> impl Iterator<Item = Self> {
        let compressions =
            wire::ROLES.into_iter().flat_map(|role| COMPRESSION.iter().map(move |it| (role, *it)));
        compressions.map(|(role, compression)| Self::new(role, compression, config))
    }

    pub(crate) fn after_our_close(self) -> Self {
        Self { close_sent: true, ..self }
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            role: self.role,
            compression: self.compression,
            limits: &self.config.incoming,
            close_sent: self.close_sent,
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        let mut connection = match (self.compression, self.role) {
            (false, Role::Server) => Connection::server(self.config.clone()),
            (false, Role::Client) => Connection::client(self.config.clone(), SEED),
            (true, role) => compressed(role, self.config.clone()),
        };
        assert_eq!(connection.is_compressed(), self.compression);
        if self.close_sent {
            connection.close(CloseCode::NORMAL, &mut Vec::new()).expect("open");
        }
        Peer::new(connection)
    }

    /// Compares how the connection reads `stream` with how the model does, which it returns: in
    /// one read, and byte by byte from the index `start` on, waiting for each of them.
    pub(crate) fn check_from(&self, start: usize, stream: &[u8]) -> Reading {
        let reading = self.reader().read(stream);
        let mut bytewise = self.peer();
        let mut behind = self.peer();
        bytewise.read(&stream[..start]);
        behind.read_behind(&stream[..start]);
        behind.wait();
        let mut reported = bytewise.error.map(|_| start);
        for (index, byte) in stream.iter().enumerate().skip(start) {
            bytewise.read(&[*byte]);
            behind.read_behind(&[*byte]);
            behind.wait();
            assert_eq!(behind.error, bytewise.error, "{self:?}, {stream:02x?}: at {index}");
            if reported.is_none() && bytewise.error.is_some() {
                reported = Some(index);
            }
        }
        let expected = reading.violation.as_ref().map(|violation| violation.at.max(start));
        assert_eq!(
            reported, expected,
            "{self:?}, {stream:02x?}: {reading:?}, {:?}",
            bytewise.error
        );
        self.compare(&bytewise, &reading, stream);
        self.compare(&behind, &reading, stream);

        let mut whole = self.peer();
        whole.read(stream);
        self.compare(&whole, &reading, stream);
        assert_eq!(whole.error, bytewise.error, "{self:?}, {stream:02x?}");
        reading
    }

    /// Checks that the results of `peer` for `stream`, however it was cut, are those of the model.
    pub(crate) fn compare(&self, peer: &Peer, reading: &Reading, stream: &[u8]) {
        let shown = || format!("{self:?}, {stream:02x?}: {reading:?}");
        assert_eq!(peer.events, reading.events, "{}", shown());
        let mut sent: Vec<(u8, Vec<u8>)> = wire::contents(&peer.output);
        for (first, _) in &mut sent {
            *first &= !wire::FIN;
        }
        match (&reading.violation, peer.error) {
            (None, None) => {}
            (Some(violation), Some(error)) => {
                assert!(violation.kinds.contains(&error.kind()), "{error:?}: {}", shown());
                let code = model::reporting_code(error.kind());
                assert_eq!(error.close_code().get(), code, "{error:?}: {}", shown());
                if !self.close_sent {
                    let (opcode, body) = sent.pop().expect("a Close frame that reports it");
                    let body = (opcode, model::code_of(&body));
                    assert_eq!(body, (0x8, Some(code)), "{error:?}: {}", shown());
                }
            }
            (_, error) => panic!("{error:?}: {}", shown()),
        }
        assert_eq!(sent, reading.replies, "{}", shown());
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compression = if self.compression { " with compression" } else { "" };
        let close_sent = if self.close_sent { " that has sent its Close frame" } else { "" };
        write!(f, "a {:?}{compression}{close_sent}", self.role)
    }
}

/// A connection with permessage-deflate, as it comes out of an opening handshake.
#[cfg(feature = "deflate")]
fn compressed(role: Role, config: Arc<Config>) -> Connection {
    use ws_proto::{client, server};

    const VERSION: (&str, &[u8]) = ("sec-websocket-version", b"13");
    const EXTENSION: (&str, &[u8]) = ("sec-websocket-extensions", b"permessage-deflate");
    match role {
        Role::Server => {
            let pseudo = server::PseudoHeaders {
                method: "CONNECT",
                protocol: Some("websocket"),
                authority: "localhost",
                path: "/",
            };
            let fields = [VERSION, EXTENSION];
            let request = server::ServerRequest::from_pseudo_headers(config, &pseudo, fields);
            request.expect("valid").accept().into_connection()
        }
        Role::Client => {
            let request = client::ClientRequest::new("localhost", "/")
                .extended_connect(config, SEED)
                .expect("valid");
            match request.receive(200, [EXTENSION], b"") {
                Ok(client::ExtendedConnectOutcome::Open(connection, _)) => connection,
                answer => panic!("{answer:?}"),
            }
        }
    }
}

#[cfg(not(feature = "deflate"))]
fn compressed(_role: Role, _config: Arc<Config>) -> Connection {
    unreachable!("there is no compression")
}
