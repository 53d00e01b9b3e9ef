//! The demonstration: a server and two clients, over real sockets, with their lines in one order.
//!
//! No sleeping makes the order: the server logs an event before it answers, so its line is printed when
//! the answer arrives.

use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;
use ws_tokio::{ClientStream, Close, CloseCode, WebSocket, connect};

use crate::endpoint::Listen;
use crate::journal::Journal;
use crate::notice::Notice;
use crate::server::{Server, Setup};
use crate::service::Settings;

/// A script that takes longer hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Plays the demonstration on standard output.
///
/// # Errors
///
/// When an event is not the expected one, or standard output takes no more.
pub(crate) async fn play() -> Result {
    timeout(TIMEOUT, acts()).await.map_err(|_elapsed| "the demonstration hangs")?
}

async fn acts() -> Result {
    say("=== WebSocket Server Demo ===")?;
    let listen = vec![Listen::Tcp("127.0.0.1:0".to_owned())];
    let setup = Setup { listen, ..Setup::default() };
    let server = Server::bind(setup, Settings::default(), Journal::new(log, || 0)).await?;
    let address = server.address().ok_or("the server has no address")?;
    let uri = format!("ws://{address}/ws");
    let hub = server.hub().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server.run(async {
        // An error, too, stops the server: the sender is dropped.
        let _ = stopped.await;
    }));
    let mut alice = Client::connect("Alice", &uri).await?;
    let mut bob = Client::connect("Bob", &uri).await?;

    heading("Sending messages")?;
    alice.send(r#"{"type":"echo","text":"Hello from Alice"}"#).await?;
    alice.expect("echo").await?;
    bob.send(r#"{"type":"broadcast","message":"Hi everyone!"}"#).await?;
    alice.expect("broadcast").await?;
    alice.send(r#"{"type":"broadcast","message":"Hey Bob!"}"#).await?;
    bob.expect("broadcast").await?;

    heading("Connection stats")?;
    say(&format!("Active clients: {}", hub.len()))?;

    heading("Shutting down")?;
    alice.disconnect().await?;
    bob.disconnect().await?;
    drop(stop);
    server.await?;
    say("Server closed")
}

/// One of the two clients.
struct Client {
    name: &'static str,
    socket: WebSocket<ClientStream>,
}

impl Client {
    async fn connect(name: &'static str, uri: &str) -> Result<Self> {
        let mut client = Self { name, socket: connect(uri).await? };
        // The server logs a client between the handshake and the welcome.
        let welcome = client.receive().await?;
        client.say("Connected")?;
        client.show(&welcome, "welcome")?;
        Ok(client)
    }

    async fn send(&mut self, text: &str) -> Result {
        Ok(self.socket.send(text).await?)
    }

    async fn expect(&mut self, kind: &str) -> Result {
        let message = self.receive().await?;
        self.show(&message, kind)
    }

    async fn receive(&mut self) -> Result<Value> {
        let message = self.socket.recv().await?.ok_or("the connection ended early")?;
        let text = message.as_text().ok_or("a message is no text")?;
        Ok(serde_json::from_str(text)?)
    }

    fn show(&self, message: &Value, kind: &str) -> Result {
        if message["type"] != kind {
            return Err(format!("{}: expected {kind}, received {message}", self.name).into());
        }
        match (message["from"].as_str(), &message["message"]) {
            (Some(from), text) => self.say(&format!("Received: {kind} from {from}: {text}")),
            (None, _) => self.say(&format!("Received: {kind}")),
        }
    }

    async fn disconnect(mut self) -> Result {
        self.socket.close_and_discard(Close::new(CloseCode::NORMAL, "Done")).await?;
        self.say("Disconnected")
    }

    fn say(&self, text: &str) -> Result {
        say(&format!("[{}] {text}", self.name))
    }
}

/// Prints the server's lines that belong to the script.
fn log(notice: &Notice<'_>) {
    match notice {
        Notice::Listening { .. }
        | Notice::AdminListening { .. }
        | Notice::Disconnected { .. }
        | Notice::Repeated { .. }
        | Notice::Stopping { .. }
        | Notice::Bye { .. } => {}
        // The next line of a client reports an output that has failed.
        _ => drop(say(&notice.to_string())),
    }
}

fn heading(text: &str) -> Result {
    say(&format!("\n--- {text} ---\n"))
}

fn say(line: &str) -> Result {
    Ok(writeln!(io::stdout(), "{line}")?)
}
