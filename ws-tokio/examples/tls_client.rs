//! A client over TLS with header fields of its own:
//! `tls_client URI [--ca FILE] [--proxy ADDRESS] [--header NAME:VALUE]… [TEXT]…`.
//!
//! It trusts the authorities in a PEM file, or by default those of the enabled features
//! (`webpki-roots`, `rustls-platform-verifier`). It sends each text and prints the messages that it
//! receives.

use std::error::Error;
use std::process::ExitCode;

use ws_tokio::{CloseCode, Connector, Message, TlsConnector};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let usage =
        "usage: tls_client URI [--ca FILE] [--proxy ADDRESS] [--header NAME:VALUE]… [TEXT]…";
    let uri = arguments.next().ok_or(usage)?;
    let mut connector = Connector::new();
    let mut texts = Vec::new();
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--ca" => {
                let authorities = std::fs::read(arguments.next().ok_or(usage)?)?;
                connector = connector.tls(TlsConnector::trusting(authorities)?);
            }
            "--proxy" => {
                connector = connector.proxy(arguments.next().ok_or(usage)?.parse()?);
            }
            "--header" => {
                let field = arguments.next().ok_or(usage)?;
                let (name, value) = field.split_once(':').ok_or(usage)?;
                connector = connector.header(name, value.trim_start());
            }
            _ => texts.push(argument),
        }
    }

    let (mut socket, response) = connector.connect(&uri).await?;
    println!("open: status {}", response.status());
    for text in texts {
        socket.send(text).await?;
        match socket.recv().await? {
            Some(Message::Text(text)) => println!("{text}"),
            other => return Err(format!("received no text: {other:?}").into()),
        }
    }
    socket.close_and_discard(CloseCode::NORMAL).await?;
    println!("closed: {}", socket.closed().map_or(CloseCode::ABNORMAL, |closed| closed.code()));
    Ok(())
}
