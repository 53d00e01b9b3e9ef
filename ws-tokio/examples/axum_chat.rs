//! A chat: `cargo run --example axum_chat`, then http://127.0.0.1:9001 in some windows.

use axum::extract::State;
use axum::response::{Html, Response};
use axum::{Router, routing};
use tokio::sync::broadcast;
use ws_tokio::upgrade::{self, WebSocket, WebSocketUpgrade};
use ws_tokio::{ByteString, Deflate, Error, Message};

const PAGE: &str = "<input onchange='chat.send(value); value = ``'><pre id=said></pre><script>
    const chat = new WebSocket(`ws://${location.host}/chat`)
    chat.onmessage = ({ data }) => said.append(`${data}\n`)</script>";

type Room = broadcast::Sender<ByteString>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let page = routing::get(async || Html(PAGE));
    let app = Router::new().route("/", page).route("/chat", routing::any(join));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
    upgrade::serve(listener, app.with_state(Room::new(256))).await;
    Ok(())
}

async fn join(upgrade: WebSocketUpgrade, State(room): State<Room>) -> Response {
    upgrade.deflate(Deflate::default()).on_upgrade(async |socket| drop(chat(socket, room).await))
}

async fn chat(mut socket: WebSocket, room: Room) -> Result<(), Error> {
    let mut said = room.subscribe();
    loop {
        tokio::select! {
            message = socket.recv() => match message? {
                Some(Message::Text(text)) => drop(room.send(text)),
                Some(_) => {}
                None => return Ok(()),
            },
            Ok(text) = said.recv() => socket.send(Message::Text(text)).await?,
        }
    }
}
