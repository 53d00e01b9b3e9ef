use core::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::demo::Demo;
use crate::echo::Echo;
use crate::failure::{Result, bail};
use crate::process::Process;
use crate::wire::{Frame, TEXT, Wire, masked};

/// A server under a probe.
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
            Self::Echo => "tokio_echo",
            Self::Demo => "ws-demo",
        }
    }
}

impl Server {
    pub(crate) fn start(kind: Kind, echo: &Path, demo: &Path, arguments: &[&str]) -> Result<Self> {
        Ok(match kind {
            Kind::Echo => {
                let Echo { process, address } = Echo::start(echo, arguments, "probe")?;
                Self { kind, process, address }
            }
            Kind::Demo => {
                let Demo { process, address, .. } = Demo::start(demo, arguments, "probe")?;
                Self { kind, process, address }
            }
        })
    }

    /// Whether this is what the server answers to a text that is no JSON.
    pub(crate) fn is_reply(&self, frame: &Frame, text: &str) -> bool {
        let as_expected = match self.kind {
            Kind::Echo => frame.payload == text.as_bytes(),
            Kind::Demo => {
                let expected = json!({ "type": "echo", "original": text });
                serde_json::from_slice::<Value>(&frame.payload).is_ok_and(|reply| reply == expected)
            }
        };
        frame.opcode == TEXT && as_expected
    }

    /// A connection with its handshake done.
    pub(crate) fn open(&self) -> Result<Wire> {
        let mut wire = Wire::connect(self.address)?;
        wire.upgrade("/")?;
        Ok(wire)
    }

    /// Has a text echoed on a new connection.
    pub(crate) fn echo(&self, text: &str) -> Result<Wire> {
        let mut wire = self.open()?;
        self.echo_on(&mut wire, text)?;
        Ok(wire)
    }

    /// Has a text echoed, and drops what comes before it.
    pub(crate) fn echo_on(&self, wire: &mut Wire, text: &str) -> Result {
        wire.send(&masked(TEXT, text.as_bytes()))?;
        while let Some(frame) = wire.frame()? {
            if self.is_reply(&frame, text) {
                return Ok(());
            }
        }
        bail!("the connection ended without an echo")
    }
}
