use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use ws_tokio::{ClientStream, Message, ReadHalf, WriteHalf, connect};

use crate::cluster::node::Node;

/// The time limit for anything that is certain to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of a node.
pub(super) struct Client {
    /// The node's name, and the client's own.
    pub(super) node: &'static str,
    pub(super) id: String,
    /// The number of clients in its welcome.
    pub(super) welcomed_as: u64,
    pub(super) receiver: Receiver,
    pub(super) sender: Sender,
}

/// The events that it receives.
pub(super) struct Receiver {
    half: ReadHalf<ClientStream>,
    /// The events that arrived while it waited for others.
    kept: VecDeque<Value>,
}

/// The commands that it sends.
pub(super) struct Sender(WriteHalf<ClientStream>);

impl Client {
    pub(super) async fn connect(node: &Node) -> Self {
        Self::connect_with(node, None).await
    }

    /// Connects, and authenticates by a token if there is one.
    pub(super) async fn connect_with(node: &Node, token: Option<&str>) -> Self {
        let socket = connect(&format!("ws://{}/ws", node.server.address)).await;
        let (half, writer) = socket.expect("a connection").split();
        let mut receiver = Receiver { half, kept: VecDeque::new() };
        let mut sender = Sender(writer);
        if let Some(token) = token {
            sender.send(&json!({ "type": "auth", "token": token })).await;
            receiver.answer("auth_ok").await;
        }
        let welcome = receiver.answer("welcome").await;
        let id = welcome["id"].as_str().expect("an id").to_owned();
        let welcomed_as = number(&welcome);
        Self { node: node.name, id, welcomed_as, receiver, sender }
    }

    /// Joins a room; returns the number of its members.
    pub(super) async fn join(&mut self, room: &str) -> u64 {
        self.sender.send(&json!({ "type": "join", "room": room })).await;
        let joined = self.receiver.answer("joined").await;
        assert_eq!(joined["room"], room);
        number(&joined)
    }

    pub(super) async fn leave(&mut self, room: &str) {
        self.sender.send(&json!({ "type": "leave", "room": room })).await;
        self.receiver.answer("left").await;
    }

    /// The number of a room's members, as the server reports it.
    pub(super) async fn members(&mut self, room: &str) -> u64 {
        self.sender.send(&json!({ "type": "rooms" })).await;
        let rooms = self.receiver.answer("rooms").await;
        let mut listed = rooms["rooms"].as_array().expect("a list").iter();
        listed.find(|listed| listed["room"] == room).map(number).unwrap_or_default()
    }
}

fn number(reply: &Value) -> u64 {
    reply["clients"].as_u64().unwrap_or_else(|| panic!("no number of clients: {reply}"))
}

impl Sender {
    pub(super) async fn send(&mut self, value: &Value) {
        let sent = timeout(TIMEOUT, self.0.send(value.to_string())).await;
        sent.expect("a server that reads").expect("a message sent");
    }

    pub(super) async fn broadcast(&mut self, room: Option<&str>, message: &Value) {
        let mut value = json!({ "type": "broadcast", "message": message });
        if let Some(room) = room {
            value["room"] = room.into();
        }
        self.send(&value).await;
    }
}

impl Receiver {
    /// The next event.
    pub(super) async fn next(&mut self) -> Value {
        match self.kept.pop_front() {
            Some(value) => value,
            None => self.receive().await,
        }
    }

    /// Checks that the next broadcast is this one.
    pub(super) async fn expect(&mut self, from: &str, room: Option<&str>, message: &Value) {
        let next = self.next().await;
        let found = (&next["from"], &next["room"], &next["message"]);
        assert_eq!(found, (&json!(from), &json!(room), message));
    }

    /// The next event of a type; others are kept.
    pub(super) async fn answer(&mut self, kind: &str) -> Value {
        loop {
            let value = self.receive().await;
            if value["type"] == kind {
                return value;
            }
            self.kept.push_back(value);
        }
    }

    /// Waits until the server closes the connection, and nothing else arrives; returns the close code.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            let received = timeout(TIMEOUT, self.half.recv()).await.expect("a message in time");
            match received.expect("a good connection").expect("a message") {
                Message::Close(close) => return close.code.get(),
                Message::Ping(_) | Message::Pong(_) => {}
                message => panic!("instead of a Close frame: {message:?}"),
            }
        }
    }

    async fn receive(&mut self) -> Value {
        loop {
            let received = timeout(TIMEOUT, self.half.recv()).await.expect("a message in time");
            let message = received.expect("a good connection").expect("a message");
            // Pings are not events.
            if let Some(text) = message.as_text() {
                return serde_json::from_str(text).expect("JSON");
            }
        }
    }
}
