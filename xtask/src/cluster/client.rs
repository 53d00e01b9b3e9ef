use core::time::Duration;
use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::time::timeout;
use ws_tokio::{ClientStream, ReadHalf, WriteHalf, connect};

use crate::cluster::node::Node;
use crate::failure::{Context as _, Result, bail};

/// The time limit for anything that is certain to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of a node.
pub(super) struct Client {
    /// The node's name, and the client's own.
    pub(super) node: &'static str,
    pub(super) id: String,
    welcomed_as: Option<u64>,
    pub(super) listener: Listener,
    pub(super) speaker: Speaker,
}

/// The events that it receives.
pub(super) struct Listener {
    reader: ReadHalf<ClientStream>,
    /// The events that arrived while it waited for others.
    kept: VecDeque<Value>,
}

/// The commands that it sends.
pub(super) struct Speaker(WriteHalf<ClientStream>);

impl Client {
    pub(super) async fn connect(node: &Node) -> Result<Self> {
        let address = node.demo.address;
        let socket = connect(&format!("ws://{address}/ws")).await.context(node.name)?;
        let (reader, writer) = socket.split();
        let mut listener = Listener { reader, kept: VecDeque::new() };
        let welcome = listener.answer("welcome").await?;
        let id = welcome["id"].as_str().context("the welcome has no id")?.to_owned();
        let welcomed_as = welcome["clients"].as_u64();
        Ok(Self { node: node.name, id, welcomed_as, listener, speaker: Speaker(writer) })
    }

    /// Checks the number of clients in its welcome.
    pub(super) fn welcomed_as(&self, number: u64) -> Result<u64> {
        match self.welcomed_as {
            Some(seen) if seen == number => Ok(seen),
            seen => bail!("the welcome should have {number} clients, but has {seen:?}"),
        }
    }

    /// Joins a room; returns the number of its members.
    pub(super) async fn join(&mut self, room: &str) -> Result<u64> {
        self.speaker.say(&json!({ "type": "join", "room": room })).await?;
        let joined = self.listener.answer("joined").await?;
        if joined["room"] != room {
            bail!("{} joined {room}, and received: {joined}", self.id);
        }
        joined["clients"].as_u64().context("no number of clients")
    }

    pub(super) async fn leave(&mut self, room: &str) -> Result {
        self.speaker.say(&json!({ "type": "leave", "room": room })).await?;
        self.listener.answer("left").await?;
        Ok(())
    }

    /// The number of a room's members, as the server reports it.
    pub(super) async fn members(&mut self, room: &str) -> Result<u64> {
        self.speaker.say(&json!({ "type": "rooms" })).await?;
        let rooms = self.listener.answer("rooms").await?;
        let listed = rooms["rooms"].as_array().context("no list of rooms")?;
        let room = listed.iter().find(|listed| listed["room"] == room);
        Ok(room.and_then(|room| room["clients"].as_u64()).unwrap_or_default())
    }
}

impl Speaker {
    pub(super) async fn say(&mut self, value: &Value) -> Result {
        timeout(TIMEOUT, self.0.send(value.to_string()))
            .await
            .context("the server takes nothing")?
            .context("sending")
    }

    pub(super) async fn broadcast(&mut self, room: Option<&str>, message: &Value) -> Result {
        let mut value = json!({ "type": "broadcast", "message": message });
        if let Some(room) = room {
            value["room"] = room.into();
        }
        self.say(&value).await
    }
}

impl Listener {
    /// The next message.
    pub(super) async fn hear(&mut self) -> Result<Value> {
        match self.kept.pop_front() {
            Some(value) => Ok(value),
            None => self.receive().await,
        }
    }

    /// Checks that the next broadcast is this one.
    pub(super) async fn expect(
        &mut self,
        from: &str,
        room: Option<&str>,
        message: &Value,
    ) -> Result {
        let heard = self.hear().await?;
        let room = room.map_or(Value::Null, Value::from);
        if heard["from"] != from || heard["room"] != room || heard["message"] != *message {
            bail!("{message} from {from} to {room} was expected, but received {heard}");
        }
        Ok(())
    }

    /// The next message of a type; others are kept.
    pub(super) async fn answer(&mut self, kind: &str) -> Result<Value> {
        loop {
            let value = self.receive().await?;
            if value["type"] == kind {
                return Ok(value);
            }
            self.kept.push_back(value);
        }
    }

    async fn receive(&mut self) -> Result<Value> {
        let text = timeout(TIMEOUT, self.next_text()).await.context("no message arrived")??;
        serde_json::from_str(&text).context(&text)
    }

    async fn next_text(&mut self) -> Result<String> {
        loop {
            let received = self.reader.recv().await.context("receiving")?;
            let message = received.context("the connection ended")?;
            // A heartbeat is no message of a client.
            if let Some(text) = message.as_text() {
                return Ok(text.to_owned());
            }
        }
    }
}
