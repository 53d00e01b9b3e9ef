//! The same frames to this library and to tungstenite.
//!
//! Both must deliver the same messages and report the same errors, except for the cases in
//! [`explain`].

use std::io::{self, Read, Write};

use tungstenite::Message;
use tungstenite::error::Error as TheirError;
use tungstenite::protocol::{CloseFrame, Role as TheirRole, WebSocket, WebSocketConfig};
use ws_proto::{Close, CloseCode, Config, Error, ErrorKind, Event, Limits, Role};

use crate::pair::run;
use crate::pair::wire::{self, PONG};

const MAX: usize = 70_000;

/// Checks a stream; the lowest bit of the first byte of the input is the role, and the other bytes
/// are the stream.
pub fn tungstenite(data: &[u8]) {
    let Some((role, stream)) = data.split_first() else { return };
    let role = if role & 1 == 0 { Role::Server } else { Role::Client };
    agrees_with_tungstenite(role, stream);
}

/// Compares the results of reading `stream`, up to a Close frame, an error or its end.
pub fn agrees_with_tungstenite(role: Role, stream: &[u8]) {
    let ours = ours(role, stream);
    let theirs = theirs(role, stream);
    if let Err(difference) = explain(&ours, &theirs) {
        panic!("{difference}\nours: {ours:?}\ntheirs: {theirs:?}\nof {stream:02x?}");
    }
}

/// The result of reading a stream.
#[derive(Debug)]
struct Course<E> {
    /// All messages and control frames, except for the Close frame.
    messages: Vec<Event<'static>>,
    pongs: Vec<Vec<u8>>,
    end: End<E>,
}

#[derive(Debug)]
enum End<E> {
    Close(Close<'static>),
    Error(E),
    /// The stream ended without a Close frame.
    Cut,
}

/// The errors of tungstenite that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Protocol,
    Utf8,
    Capacity,
}

fn ours(role: Role, stream: &[u8]) -> Course<Error> {
    let incoming = Limits { max_message_size: MAX, max_frame_size: MAX, max_fragments: u32::MAX };
    let config = Config { incoming, ..Config::default() };
    let outcome = run::outcome(role, &config, stream, &[usize::MAX]);
    let mut messages = outcome.events;
    let close = messages.pop_if(|event| matches!(event, Event::Close(_)));
    let end = match (close, outcome.error) {
        (Some(Event::Close(close)), _) => End::Close(close),
        (_, Some(error)) => End::Error(error),
        (_, None) => End::Cut,
    };
    Course { messages, pongs: pongs(&outcome.output), end }
}

fn pongs(output: &[u8]) -> Vec<Vec<u8>> {
    let frames = wire::contents(output).into_iter();
    frames.filter(|(first, _)| *first == PONG).map(|(_, payload)| payload).collect()
}

fn theirs(role: Role, stream: &[u8]) -> Course<Kind> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MAX))
        .max_frame_size(Some(MAX));
    let socket = Socket { input: stream, output: Vec::new() };
    let mut web_socket = WebSocket::from_raw_socket(socket, role, Some(config));
    let mut messages = Vec::new();
    let end = loop {
        match web_socket.read() {
            Ok(Message::Close(frame)) => break End::Close(frame.map_or(Close::EMPTY, into_close)),
            Ok(message) => messages.push(into_event(message)),
            Err(TheirError::Protocol(error)) => {
                use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
                match error {
                    ResetWithoutClosingHandshake => break End::Cut,
                    _ => break End::Error(Kind::Protocol),
                }
            }
            Err(TheirError::Utf8(_)) => break End::Error(Kind::Utf8),
            Err(TheirError::Capacity(_)) => break End::Error(Kind::Capacity),
            Err(error) => panic!("{error}"),
        }
    };
    Course { messages, pongs: pongs(&web_socket.get_ref().output), end }
}

fn into_event(message: Message) -> Event<'static> {
    match message {
        Message::Text(text) => Event::Text(String::from(text.as_str()).into()),
        Message::Binary(data) => Event::Binary(data.to_vec().into()),
        Message::Ping(payload) => Event::Ping(payload.to_vec().into()),
        Message::Pong(payload) => Event::Pong(payload.to_vec().into()),
        Message::Close(_) | Message::Frame(_) => unreachable!("not read as a message"),
    }
}

fn into_close(frame: CloseFrame) -> Close<'static> {
    Close::new(CloseCode::new(frame.code.into()), String::from(frame.reason.as_str()))
}

/// Returns an error unless the results are the same, or differ for a known reason.
fn explain(ours: &Course<Error>, theirs: &Course<Kind>) -> Result<(), &'static str> {
    // RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length", so a control
    // frame never needs the longer forms (§5.5). tungstenite accepts any form and continues.
    if let End::Error(error) = &ours.end
        && let ErrorKind::LengthNotMinimal | ErrorKind::ControlTooLong = error.kind()
    {
        let goes_on =
            theirs.messages.starts_with(&ours.messages) && theirs.pongs.starts_with(&ours.pongs);
        return goes_on.then_some(()).ok_or("other messages before a length that is not minimal");
    }
    if ours.messages != theirs.messages {
        return Err("other messages");
    }
    if ours.pongs != theirs.pongs {
        return Err("other pongs");
    }
    match (&ours.end, &theirs.end) {
        (End::Cut, End::Cut) => Ok(()),
        (End::Close(ours), End::Close(theirs)) if ours == theirs => Ok(()),
        // RFC 6455 §7.4: codes up to 2999 are registered with IANA, 1014 since 2019.
        (End::Close(ours), End::Close(theirs))
            if ours.code == CloseCode::BAD_GATEWAY && is_refusal(theirs) =>
        {
            Ok(())
        }
        // RFC 6455 §7.4: such a code must not be in a Close frame. tungstenite reports it as a
        // Close frame with a different code and reason, and sends these.
        (End::Error(error), End::Close(theirs))
            if error.kind() == ErrorKind::InvalidCloseCode && is_refusal(theirs) =>
        {
            Ok(())
        }
        // The code precedes the reason (RFC 6455 §5.5.1); tungstenite checks the reason first.
        (End::Error(error), End::Error(Kind::Utf8))
            if error.kind() == ErrorKind::InvalidCloseCode =>
        {
            Ok(())
        }
        // An incomplete frame that already violates the protocol: tungstenite checks only complete
        // frames, but RFC 6455 §5.2 and §8.1 allow the connection to fail at any byte.
        (End::Error(_), End::Cut) => Ok(()),
        (End::Error(error), End::Error(theirs)) => explain_error(*error, *theirs),
        _ => Err("another end"),
    }
}

/// Returns whether this is how tungstenite reports an invalid close code.
fn is_refusal(close: &Close<'_>) -> bool {
    close.code == CloseCode::PROTOCOL_ERROR && close.reason == "Protocol violation"
}

fn explain_error(ours: Error, theirs: Kind) -> Result<(), &'static str> {
    let kind = match ours.close_code() {
        CloseCode::PROTOCOL_ERROR => Kind::Protocol,
        CloseCode::INVALID_DATA => Kind::Utf8,
        CloseCode::TOO_BIG => Kind::Capacity,
        _ => return Err("an error of our own"),
    };
    match (kind, theirs) {
        _ if kind == theirs => Ok(()),
        // Two violations in a header: tungstenite checks the length before the reserved bits, the
        // mask and whether the opcode is allowed here, which precede it (RFC 6455 §5.2). A length
        // with the top bit set also exceeds every limit.
        (Kind::Protocol, Kind::Capacity) => Ok(()),
        _ => Err("another error"),
    }
}

/// A socket whose peer has written `input` and disconnected.
struct Socket<'s> {
    input: &'s [u8],
    output: Vec<u8>,
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
