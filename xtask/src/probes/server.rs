use core::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use ws_tokio::proto::{Config, Connection, Event};

use crate::demo::Demo;
use crate::failure::{Context as _, Result};
use crate::process::Process;
use crate::service::Service;
use crate::wire::Wire;

/// A server that is probed.
pub(crate) struct Server {
    kind: Kind,
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Echo,
    Demo,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo_server",
            Self::Demo => "ws-demo",
        }
    }
}

impl Server {
    pub(crate) fn start(kind: Kind, echo: &Path, demo: &Path, arguments: &[&str]) -> Result<Self> {
        let (process, address) = match kind {
            Kind::Echo => {
                let Service { process, address } = Service::echo(echo, arguments, "probe")?;
                (process, address)
            }
            Kind::Demo => {
                let Demo { process, address, .. } = Demo::start(demo, arguments, "probe")?;
                (process, address)
            }
        };
        Ok(Self { kind, process, address })
    }

    /// Whether this is the reply to a text that is not JSON.
    pub(crate) fn is_reply(&self, event: &Event<'_>, text: &str) -> bool {
        let Event::Text(reply) = event else { return false };
        match self.kind {
            Kind::Echo => reply == text,
            Kind::Demo => {
                let expected = json!({ "type": "echo", "original": text });
                serde_json::from_str::<Value>(reply).is_ok_and(|reply| reply == expected)
            }
        }
    }

    /// A new connection on which a text was echoed.
    pub(crate) fn echo(&self, text: &str) -> Result<Wire> {
        let mut wire = Wire::open(self.address)?;
        let mut frame = Vec::new();
        let mut client = Connection::client(Config::default(), [7; 32]);
        client.send(text, &mut frame).context("a text")?;
        wire.send(&frame)?;
        wire.wait_for(|event| self.is_reply(event, text)).context("the echo")?;
        Ok(wire)
    }
}
