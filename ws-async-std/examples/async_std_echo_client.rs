//! An echo client for the conformance suite, on async-std:
//! `async_std_echo_client URL AGENT CASES [--max-message BYTES] [--deflate]`.
//!
//! For each case N from 1 to CASES it connects to `URL/runCase?case=N&agent=AGENT` and sends back
//! what it gets until the server closes.

use std::error::Error;
use std::sync::Arc;

use ws_async_std::client::{ClientRequest, Uri};
use ws_async_std::{Config, Event, connect_with};
use ws_testkit::options;

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options::Client::parse(std::env::args().skip(1))?;
    let config = Arc::new(options.config.clone());
    for uri in options.cases() {
        // The suite breaks the protocol on purpose: most cases end in an error.
        if let Err(error) = echo(&uri.parse()?, Arc::clone(&config)).await {
            println!("{uri}: {error}");
        }
    }
    Ok(())
}

async fn echo(uri: &Uri, config: Arc<Config>) -> Result<(), Box<dyn Error>> {
    let (mut socket, _response) = connect_with(uri, ClientRequest::for_uri(uri), config).await?;
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
