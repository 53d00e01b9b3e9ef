//! A client that reconnects: `reconnecting_client URI [--attempts N]`.
//!
//! It prints each message until the server closes permanently, and prints why it waits or ends.

use std::error::Error;
use std::process::ExitCode;

use ws_tokio::{Connector, Failure, Reconnect};

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
    let (uri, attempts) = match &arguments[..] {
        [uri] => (uri, None),
        [uri, option, attempts] if option == "--attempts" => (uri, Some(attempts.parse()?)),
        _ => return Err("usage: reconnecting_client URI [--attempts N]".into()),
    };
    let mut reconnect = Reconnect::new(Connector::new(), uri.parse()?)
        .max_attempts(attempts)
        .judge(|failure, verdict| {
            match failure {
                Failure::Connect(error) => println!("{error}: {verdict:?}"),
                failure => println!("{failure:?}: {verdict:?}"),
            }
            verdict
        });
    loop {
        let (mut socket, _response) = reconnect.connect().await?;
        println!("open");
        let error = loop {
            match socket.recv().await {
                Ok(Some(message)) => println!("{message:?}"),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if reconnect.ended(&socket, error.as_ref()).is_final() {
            return Ok(());
        }
    }
}
