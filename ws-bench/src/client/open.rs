//! Connecting a client, until the load may begin.

use std::fmt;

use serde::Deserialize;
use tokio::time::timeout;
use ws_tokio::{ClientStream, ConnectError, Message, WebSocket};

use crate::options::Mode;
use crate::plan::room;
use crate::shard::Shard;
use crate::system_limits::SystemLimit;
use ws_cli::describe_connect_error;

/// Connects a client, authenticates it if there is a token, waits for the welcome if it is to receive
/// broadcasts, and joins its room if it has one.
pub(crate) async fn open(shard: &Shard, client: u32) -> Result<WebSocket<ClientStream>, OpenError> {
    let shared = &shard.shared;
    let began = shared.clock.now();
    let mut socket = shared.server.connect(shared.sources.of(client)).await?;
    shard.opened_in(shared.clock.now() - began);
    let introduce = async {
        if let Some(message) = &shared.authentication {
            ask(&mut socket, Some(message.clone()), "auth_ok").await?;
        }
        if matches!(shared.plan.mode, Mode::Broadcast | Mode::Rooms) {
            ask(&mut socket, None, "welcome").await?;
        }
        if shared.plan.mode == Mode::Rooms {
            let room = serde_json::Value::from(room(shared.plan.group(client)));
            let join = format!(r#"{{"type":"join","room":{room}}}"#);
            ask(&mut socket, Some(join), "joined").await?;
        }
        Ok(())
    };
    match timeout(shared.timeout, introduce).await {
        Ok(introduced) => introduced.map(|()| socket),
        Err(_elapsed) => Err(OpenError::Timeout),
    }
}

/// Sends the message, if there is one, and waits for a message of this type.
async fn ask(
    socket: &mut WebSocket<ClientStream>,
    message: Option<String>,
    kind: &str,
) -> Result<(), OpenError> {
    #[derive(Deserialize)]
    struct Reply {
        r#type: String,
        code: Option<String>,
    }

    if let Some(message) = message {
        socket.send(message).await?;
    }
    while let Some(reply) = socket.recv().await? {
        if let Message::Close(close) = reply {
            return Err(OpenError::Closed(close.code.get()));
        }
        let Some(text) = reply.as_text() else { continue };
        match serde_json::from_str::<Reply>(text) {
            Ok(reply) if reply.r#type == kind => return Ok(()),
            Ok(Reply { r#type, code }) if r#type == "error" => {
                return Err(OpenError::Refused(code.unwrap_or_default()));
            }
            // A server without rooms echoes the request.
            Ok(reply) if reply.r#type == "echo" => {
                return Err(OpenError::Refused(format!("an echo instead of {kind}")));
            }
            _ => {}
        }
    }
    Err(OpenError::Closed(1006))
}

/// Why a client could not be connected.
#[derive(Debug)]
pub(crate) enum OpenError {
    Connect(ConnectError),
    Stream(ws_tokio::Error),
    Closed(u16),
    Refused(String),
    Timeout,
}

impl OpenError {
    /// Returns the limit of this machine that caused it.
    pub(crate) fn system_limit(&self) -> Option<SystemLimit> {
        match self {
            Self::Connect(error) => SystemLimit::of_connect_error(error),
            _ => None,
        }
    }
}

impl From<ConnectError> for OpenError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<ws_tokio::Error> for OpenError {
    fn from(error: ws_tokio::Error) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => f.write_str(&describe_connect_error(error)),
            Self::Stream(error) => error.fmt(f),
            Self::Closed(code) => write!(f, "closed with {code} before the load"),
            Self::Refused(code) => write!(f, "refused: {code}"),
            Self::Timeout => f.write_str("timeout while waiting for the server's first messages"),
        }
    }
}
