//! A client: `tokio_client [URI]`.

use std::error::Error;

use ws_tokio::{CloseCode, connect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let uri = std::env::args().nth(1).unwrap_or("ws://127.0.0.1:9001/".into());
    let mut socket = connect(&uri).await?;
    socket.send("hello").await?;
    if let Some(message) = socket.recv().await? {
        println!("{message:?}");
    }
    socket.close_and_discard(CloseCode::NORMAL).await?;
    Ok(())
}
