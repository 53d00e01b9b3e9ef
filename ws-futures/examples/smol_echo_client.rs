//! An echo client for the conformance suite, on smol:
//! `smol_echo_client URL AGENT CASES [--max-message BYTES] [--deflate]`.
//!
//! For each case N from 1 to CASES it connects to `URL/runCase?case=N&agent=AGENT` and sends back
//! the messages it receives until the server closes.

#[path = "smol/timer.rs"]
mod timer;

use std::error::Error;
use std::sync::Arc;

use rand::TryRng;
use rand::rngs::SysRng;
use smol::net::TcpStream;
use ws_futures::client::{ClientRequest, Uri};
use ws_futures::{Config, Event, connect_on};
use ws_testkit::options;

use timer::SmolTimer;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Client::parse(std::env::args().skip(1))?;
    let config = Arc::new(options.config.clone());
    smol::block_on(async {
        for uri in options.cases() {
            // The suite violates the protocol on purpose: most cases end in an error.
            if let Err(error) = echo(&uri.parse()?, Arc::clone(&config)).await {
                println!("{uri}: {error}");
            }
        }
        Ok(())
    })
}

async fn echo(uri: &Uri, config: Arc<Config>) -> Result<(), Box<dyn Error>> {
    let stream = TcpStream::connect((uri.host(), uri.port())).await?;
    stream.set_nodelay(true)?;
    // The key and the masks must be unpredictable (RFC 6455 §10.3).
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    let request = ClientRequest::for_uri(uri);
    let (mut socket, _response) =
        connect_on(stream, SmolTimer::default(), config, request, seed).await?;
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                Event::TextChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::BinaryChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
    }
    Ok(())
}
