//! An echo client for the conformance suite:
//! `tokio_echo_client URL AGENT CASES [--max-message BYTES] [--deflate]`.
//!
//! For each case N from 1 to CASES it connects to `URL/runCase?case=N&agent=AGENT` and sends back
//! what it gets until the server closes.

use std::error::Error;
use std::sync::Arc;

use ws_tokio::proto::client::{Request, Uri};
use ws_tokio::{Config, Event, Limits, connect_with};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let deflate = arguments.last().is_some_and(|last| last == "--deflate");
    arguments.truncate(arguments.len() - usize::from(deflate));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (url, agent, cases, size) = match arguments[..] {
        [url, agent, cases] => (url, agent, cases.parse()?, 32 << 20),
        [url, agent, cases, "--max-message", size] => (url, agent, cases.parse()?, size.parse()?),
        _ => {
            let usage =
                "usage: tokio_echo_client URL AGENT CASES [--max-message BYTES] [--deflate]";
            return Err(usage.into());
        }
    };
    let config = Arc::new(Config {
        incoming: Limits { max_message_size: size, max_frame_size: size, ..Limits::incoming() },
        #[cfg(feature = "deflate")]
        deflate: deflate.then(ws_tokio::Deflate::default),
        ..Config::default()
    });
    for case in 1..=cases {
        let uri = format!("{url}/runCase?case={case}&agent={agent}").parse()?;
        // The suite breaks the protocol on purpose: most cases end in an error.
        if let Err(error) = echo(&uri, Arc::clone(&config)).await {
            println!("case {case}: {error}");
        }
    }
    Ok(())
}

async fn echo(uri: &Uri, config: Arc<Config>) -> Result<(), Box<dyn Error>> {
    let (mut socket, _response) = connect_with(uri, Request::for_uri(uri), config).await?;
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                _ => {}
            }
        }
    }
    Ok(())
}
