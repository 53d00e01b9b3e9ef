//! The gateway of `gateway`, without waiting for the end of messages: `gateway_streaming LISTEN UPSTREAM`.
//!
//! The received part of a message is lent from the read buffer, and forwarded at once as a
//! fragment; so messages may be of any size without taking memory.

#[path = "gateway.rs"]
#[expect(dead_code, reason = "its `main` and its `forward`")]
pub(crate) mod gateway;

use tokio::net::TcpListener;
use ws_tokio::{Config, Delivery, Error, Event, Limits};

use gateway::{BoxError, ReadHalf, WriteHalf};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, upstream] = &*arguments else { return Err("usage: LISTEN UPSTREAM".into()) };
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener, upstream.clone()).await
}

pub(crate) async fn serve(listener: TcpListener, upstream: String) -> Result<(), BoxError> {
    let delivery = Delivery::Chunked;
    let config = Config { delivery, incoming: Limits::UNLIMITED, ..Config::default() };
    gateway::serve(listener, upstream, config, forward).await
}

/// Forwards one direction, like `forward` of `gateway`.
async fn forward(mut from: ReadHalf, mut to: WriteHalf) -> Result<(), Error> {
    let (mut open, config) = (true, from.config());
    while let Some(mut batch) = from.read().await? {
        while let Some(event) = batch.next() {
            open = open && feed(&mut to, event, config.ping_payload).await.is_ok();
        }
        // Everything from one read is sent in one write.
        open = open && to.flush().await.is_ok();
    }
    Ok(())
}

async fn feed(to: &mut WriteHalf, event: Event<'_>, own_payload: &[u8]) -> Result<(), Error> {
    match event {
        Event::TextChunk { data, fin } => to.feed_fragment(data, fin).await,
        Event::BinaryChunk { data, fin } => to.feed_fragment(data, fin).await,
        Event::Pong(payload) if *payload == *own_payload => Ok(()),
        Event::Text(_) | Event::Binary(_) => unreachable!("messages arrive in chunks"),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => to.feed(event).await,
    }
}
