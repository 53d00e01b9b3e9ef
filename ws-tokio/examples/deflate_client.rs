//! A client that exchanges messages with echo servers over all combinations of compression parameters:
//! `deflate_client ADDRESS OUTGOING INCOMING INSISTING`.
//!
//! The server at `ws://ADDRESS/M/N` uses option M, of OUTGOING, for messages it sends, and option N, of
//! INCOMING, for messages it receives. The first INSISTING options of OUTGOING require context takeover:
//! they refuse a client that forbids it. Each option of the server is combined with each of the client
//! for the same direction, with varying options for the other direction. In the first round the client
//! offers what browsers offer, in the others it requests the server's window.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_tokio::client::ClientRequest;
use ws_tokio::{CloseCode, Config, Deflate, HandshakeError, Message, Offers, connect_on};

type Failure = Box<dyn Error>;

const MESSAGES: usize = 40;
/// The number of concurrent connections.
const AHEAD: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(10);
/// The number of rounds; each combines the options with others for the other direction.
const ROUNDS: usize = 3;
/// The stride that permutes the options; it divides no number of them.
const STRIDE: usize = 131;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, outgoing, incoming, insisting] = arguments.as_slice() else {
        return Err("usage: deflate_client ADDRESS OUTGOING INCOMING INSISTING".into());
    };
    let (outgoing, incoming): (usize, usize) = (outgoing.parse()?, incoming.parse()?);
    let insisting: usize = insisting.parse()?;

    // All combinations for one direction: the client's options with the server's.
    let ours: Vec<(u8, bool)> = (9..=15).flat_map(|bits| [(bits, true), (bits, false)]).collect();
    let from_server = ours.len() * outgoing;
    let to_server = ours.len() * incoming;
    let most = from_server.max(to_server);

    let engines = Deflate::default();
    let (mut compressed, mut refused) = (0, 0);
    for k in 0..ROUNDS * most {
        let (down, up) = (k % from_server, (k * STRIDE + k / most) % to_server);
        let ((peer_window_bits, peer_context_takeover), server_out) =
            (ours[down % ours.len()], down / ours.len());
        let ((window_bits, context_takeover), server_in) = (ours[up % ours.len()], up / ours.len());
        let deflate = Deflate {
            window_bits,
            peer_window_bits,
            offers: if k < most { Offers::AnyWindow } else { Offers::PeerWindowOrAny },
            context_takeover,
            peer_context_takeover,
            threshold: 0,
            ..engines.clone()
        };
        let target = format!("/{server_out}/{server_in}");
        let shown = format!("{target} with {deflate:?}");
        let opened = timeout(TIMEOUT, converse(address, target, deflate)).await;
        let opened = opened.map_err(|_elapsed| format!("{shown}: not in time"))?;
        let insists = server_out < insisting && !peer_context_takeover;
        match opened.map_err(|error| format!("{shown}: {error}"))? {
            Answer::Compressed if !insists => compressed += 1,
            Answer::Refused if insists => refused += 1,
            answer => return Err(format!("{shown}: {answer:?}").into()),
        }
    }
    println!("{compressed} connections, {MESSAGES} messages each; {refused} refused");
    Ok(())
}

#[derive(Debug)]
enum Answer {
    Compressed,
    Plain,
    Refused,
}

async fn converse(address: &str, target: String, deflate: Deflate) -> Result<Answer, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let wire = Arc::new(Wire::default());
    let stream = Counted { stream, wire: Arc::clone(&wire) };
    let config = Config { deflate: Some(deflate), ..Config::default() };
    let (mut socket, response) =
        match connect_on(stream, ClientRequest::new(address, target), config).await {
            Ok(opened) => opened,
            Err(HandshakeError::Refused(response)) if response.status() == 400 => {
                return Ok(Answer::Refused);
            }
            Err(error) => return Err(error.into()),
        };
    let Some(agreed) = response.header("sec-websocket-extensions") else {
        return Ok(Answer::Plain);
    };
    let agreed = agreed.to_owned();
    let (sent_before, received_before) = wire.so_far();

    let mut plain = 0;
    for i in 0..MESSAGES + AHEAD {
        if i < MESSAGES {
            socket.send(message(i)).await?;
        }
        if let Some(i) = i.checked_sub(AHEAD) {
            let received = socket.recv().await?.ok_or("the server has closed")?;
            if received != message(i) {
                return Err(format!("{agreed}: message {i} came back as {received:?}").into());
            }
            plain += received.as_bytes().len();
        }
    }
    let (sent, received) = wire.so_far();
    let small = |len: usize| len < plain * 7 / 10;
    // With a window of 8 bits, which the engine does not support, messages are not compressed.
    let sends_plainly = agreed.contains("client_max_window_bits=8");
    if small(sent - sent_before) == sends_plainly || !small(received - received_before) {
        return Err(format!("{agreed}: {wire:?} for {plain} bytes").into());
    }

    socket.close_and_discard(CloseCode::NORMAL).await?;
    while socket.recv().await?.is_some() {}
    let closed = socket.closed().ok_or("still open")?;
    match &closed.received {
        Some(close) if close.code == CloseCode::NORMAL => Ok(Answer::Compressed),
        _ => Err(format!("{agreed}: {closed:?}").into()),
    }
}

/// Text and data up to a few KiB, all similar and all different.
fn message(i: usize) -> Message {
    let item = |k: usize| {
        let [id, value] = [7919, 31].map(|factor| (i * factor + k * 104_729) % 100_003);
        format!(r#"{{"id":{id},"name":"item {i} €","tags":["alpha","beta"],"value":0.{value}}}"#)
    };
    let items: Vec<String> = (0..i * 5 % 23).map(item).collect();
    let text = format!("[{}]", items.join(","));
    match i % 3 {
        0 => Message::binary(text.into_bytes()),
        _ => Message::text(text),
    }
}

/// The bytes read and written.
#[derive(Debug, Default)]
struct Wire {
    sent: AtomicUsize,
    received: AtomicUsize,
}

impl Wire {
    fn so_far(&self) -> (usize, usize) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }
}

/// A stream that counts bytes.
struct Counted {
    stream: TcpStream,
    wire: Arc<Wire>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.wire.received.fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(len)) = result {
            self.wire.sent.fetch_add(len, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
