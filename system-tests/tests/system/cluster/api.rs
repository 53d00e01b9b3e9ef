use std::fs;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::cluster::ROOM;
use crate::cluster::broker::Broker;
use crate::cluster::client::Client;
use crate::cluster::node::{Node, SOON, agree, eventually};
use crate::http;

const KEY: &str = "a-key-of-the-api";

/// The secret of the token below.
const SECRET: &str = "a secret of 32 bytes, or of more";

/// `{"alg":"HS256"}` and `{"sub":"alice"}`, signed.
const ALICE: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.WmcqzfbVQ9mRqvbdf9nQMrvMdXYLTf9mAH0zZ21EJLc";

/// The token of clients without a user.
const STATIC: &str = "static-token";

const MESSAGES: usize = 300;

/// Nodes with an API.
struct Backends {
    nodes: Vec<Node>,
    _broker: Broker,
    _files: [NamedTempFile; 3],
}

impl Backends {
    async fn start() -> Self {
        let broker = Broker::start();
        let files = [KEY, SECRET, STATIC].map(|text| {
            let file = NamedTempFile::new().expect("a file");
            fs::write(&file, text).expect("a file");
            file
        });
        let [keys, secret, tokens] =
            files.each_ref().map(|file| file.path().to_str().expect("a path"));
        let files_of_node =
            ["--api-key-file", keys, "--jwt-key-file", secret, "--auth-token-file", tokens];
        let nodes = ["a", "b", "c"].map(|name| Node::start(&broker, name, &files_of_node)).into();
        let backends = Self { nodes, _broker: broker, _files: files };
        backends.agree(0).await;
        backends
    }

    async fn agree(&self, clients: usize) {
        agree(&self.nodes, clients).await;
    }

    fn call(&self, node: usize, path: &str, request: &Value) -> Value {
        let (status, body) =
            http::post(self.nodes[node].operators, path, KEY, &request.to_string());
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    fn publish(&self, node: usize, request: &Value) {
        self.call(node, "/api/publish", request);
    }
}

/// The backend publishes to each node in turn. Each client must receive all messages once, those of each
/// node in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_backend_reaches_the_clients_of_all_nodes_once() {
    let backends = Backends::start().await;
    let mut clients = Vec::new();
    for node in &backends.nodes {
        for _ in 0..2 {
            let mut client = Client::connect_with(node, Some(STATIC)).await;
            client.join(ROOM).await;
            clients.push(client);
        }
    }
    backends.agree(clients.len()).await;
    for number in 0..MESSAGES {
        let mut request = json!({ "message": number });
        if number % 2 == 1 {
            request["room"] = ROOM.into();
        }
        backends.publish(number % 3, &request);
    }
    for client in &mut clients {
        let mut next = [0, 1, 2];
        for _ in 0..MESSAGES {
            let event = client.receiver.next().await;
            assert_eq!(event["from"], "server", "{event}");
            let number = event["message"].as_u64().expect("a number") as usize;
            assert_eq!(number, next[number % 3], "client of {}", client.node);
            assert_eq!(event["room"], json!((number % 2 == 1).then_some(ROOM)));
            next[number % 3] += 3;
        }
    }
    // One client is left out: it is the last of the last node, asked at the first node.
    let except = clients[5].id.clone();
    backends.publish(0, &json!({ "message": "others", "room": ROOM, "except": except }));
    backends.publish(0, &json!({ "message": "all", "room": ROOM }));
    for (index, client) in clients.iter_mut().enumerate() {
        let expected = if index == 5 { &["all"][..] } else { &["others", "all"] };
        for message in expected {
            client.receiver.expect("server", Some(ROOM), &json!(message)).await;
        }
    }
    backends.nodes.iter().for_each(Node::check_nothing_is_missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_disconnected_from_all_nodes() {
    let backends = Backends::start().await;
    let (mut alices, mut others) = (Vec::new(), Vec::new());
    for node in &backends.nodes {
        alices.push(Client::connect_with(node, Some(ALICE)).await);
        others.push(Client::connect_with(node, Some(STATIC)).await);
    }
    backends.agree(6).await;
    // Messages of the same node that were published before arrive first.
    backends.publish(0, &json!({ "message": 1 }));
    let reply = backends.call(0, "/api/disconnect", &json!({ "user": "alice", "code": 4100 }));
    assert_eq!(reply, json!({ "disconnected": 1 }));
    for alice in &mut alices {
        alice.receiver.expect("server", None, &json!(1)).await;
        assert_eq!(alice.receiver.closed().await, 4100, "client of {}", alice.node);
    }
    backends.agree(3).await;
    for other in &mut others {
        other.receiver.expect("server", None, &json!(1)).await;
    }

    // One client, asked at another node than its own.
    let request = json!({ "client": others[2].id });
    assert_eq!(backends.call(1, "/api/disconnect", &request), json!({ "disconnected": 0 }));
    assert_eq!(others[2].receiver.closed().await, 4503);
    backends.agree(2).await;
    let disconnected: u64 =
        backends.nodes.iter().map(|node| node.metric("ws_api_disconnected_total")).sum();
    assert_eq!(disconnected, 4);
}

/// Rooms and their numbers are those of all nodes, whichever is asked.
#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_those_of_all_nodes() {
    let backends = Backends::start().await;
    let mut clients = Vec::new();
    for node in &backends.nodes {
        let mut client = Client::connect_with(node, Some(STATIC)).await;
        client.join(ROOM).await;
        clients.push(client);
    }
    clients[0].join("only here").await;
    let expected = json!({
        "rooms": [{ "room": ROOM, "clients": 3 }, { "room": "only here", "clients": 1 }],
        "total": 2,
    });
    for node in &backends.nodes {
        eventually(SOON, "rooms", expected.clone(), async || {
            let (status, body) = http::get_with_key(node.operators, "/api/rooms", KEY);
            assert_eq!(status, 200, "{body}");
            serde_json::from_str::<Value>(&body).expect("JSON")
        })
        .await;
    }
}
