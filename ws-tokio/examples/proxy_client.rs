//! A client behind a proxy: `proxy_client URI [--proxy ADDRESS] [TEXT]…`.
//!
//! Without `--proxy` it uses the proxy that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`,
//! `ALL_PROXY`, `NO_PROXY`). It sends each text and prints the messages that it receives.

use std::error::Error;
use std::process::ExitCode;

use ws_tokio::{CloseCode, Connector, Message, Proxy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Vec<String>) -> Result<(), Box<dyn Error>> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (uri, proxy, texts) = match &arguments[..] {
        [uri, "--proxy", address, texts @ ..] => (uri, Proxy::all(address)?, texts),
        [uri, texts @ ..] => (uri, Proxy::from_env()?, texts),
        [] => return Err("usage: proxy_client URI [--proxy ADDRESS] [TEXT]…".into()),
    };

    let (mut socket, _response) = Connector::new().proxy(proxy).connect(uri).await?;
    if let Some(tcp) = socket.get_ref().get_ref().tcp() {
        println!("open: by way of {}", tcp.peer_addr()?);
    }
    for text in texts {
        socket.send(*text).await?;
        match socket.recv().await? {
            Some(Message::Text(text)) => println!("{text}"),
            other => return Err(format!("received no text: {other:?}").into()),
        }
    }
    socket.close_and_discard(CloseCode::NORMAL).await?;
    println!("closed: {}", socket.closed().map_or(CloseCode::ABNORMAL, |closed| closed.code()));
    Ok(())
}
