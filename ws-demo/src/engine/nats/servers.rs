//! Where the broker is.

use std::fmt;
use std::str::FromStr;

use async_nats::ServerAddr;

/// Addresses of one broker, or of a cluster of them. They are shown without what is secret in them.
#[derive(Clone)]
pub(crate) struct Servers(Vec<ServerAddr>);

impl Servers {
    pub(super) fn addresses(&self) -> Vec<ServerAddr> {
        self.0.clone()
    }
}

impl FromStr for Servers {
    type Err = String;

    /// Reads `nats://[user:password@]host[:port]`, or several with commas between them; `tls://` for
    /// brokers that speak TLS.
    fn from_str(text: &str) -> Result<Self, String> {
        let server = |text: &str| {
            let after_scheme = text.strip_prefix("nats://").or_else(|| text.strip_prefix("tls://"));
            let authority = after_scheme.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
            // A secret with one of these would be taken for a host and a path, which are shown.
            let valid = authority.is_some_and(|authority| !authority.contains(['/', '?', '#']));
            let address: Option<ServerAddr> = text.parse().ok().filter(|_| valid);
            address.filter(|address| !address.host().is_empty()).ok_or_else(|| {
                "expected memory, or nats://HOST:PORT or tls://HOST:PORT, with USER:PASSWORD@ \
                 before the host if the broker asks for them (neither has / ? or #)"
                    .to_owned()
            })
        };
        text.split(',').map(server).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let scheme = if server.tls_required() { "tls" } else { "nats" };
            write!(f, "{comma}{scheme}://{}:{}", server.host(), server.port())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Servers({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        for (text, shown) in [
            ("nats://localhost:4222", "nats://localhost:4222"),
            ("nats://localhost", "nats://localhost:4222"),
            ("nats://alice:secret@10.0.0.1:1", "nats://10.0.0.1:1"),
            ("nats://token@10.0.0.1:1", "nats://10.0.0.1:1"),
            ("nats://localhost:4222/", "nats://localhost:4222"),
            ("tls://alice:secret@a:1,nats://b:2", "tls://a:1,nats://b:2"),
        ] {
            let servers: Servers = text.parse().expect(text);
            assert_eq!(servers.to_string(), shown);
            assert_eq!(format!("{servers:?}"), format!("Servers({shown})"));
        }
    }

    #[test]
    fn mistakes() {
        for text in [
            "",
            "nats",
            "localhost:4222",
            "nats://",
            "http://a",
            "ws://a",
            "nats://a:b",
            "nats://a,",
            "nats://to/ken@a:1",
            "nats://to?ken@a:1",
            "nats://to#ken@a:1",
        ] {
            assert!(text.parse::<Servers>().is_err(), "{text:?}");
        }
    }
}
