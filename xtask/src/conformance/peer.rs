use crate::conformance::{MAX_MESSAGE, selection};

/// A program that the suite tests.
pub(crate) struct Peer {
    /// What reports call it.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The package that it is an example of.
    pub(crate) package: &'static str,
    pub(crate) program: &'static str,
    /// The server that it is in front of.
    pub(crate) behind: Option<&'static Self>,
    /// A server has `{address}` replaced, and `{behind}` by that of the one behind it; a client
    /// `{url}`, `{agent}` and `{cases}`.
    pub(crate) arguments: &'static [&'static str],
    /// The cases that make sense for it, of those that are selected.
    pub(crate) cases: &'static str,
}

pub(crate) enum Kind {
    /// Echoes what it gets on each connection.
    Server,
    /// Connects for one case after the other and echoes until the suite closes.
    Client,
}

pub(crate) const PEERS: &[Peer] = &[
    server("tokio_echo", "ws-tokio"),
    Peer {
        name: "tokio_echo-chunked",
        arguments: &["{address}", "--max-message", MAX_MESSAGE, "--chunked", "--deflate"],
        cases: "1,2,3,4,5,6,7,12,13",
        ..server("tokio_echo", "ws-tokio")
    },
    client("tokio_echo_client", "ws-tokio"),
    AXUM_ECHO,
    Peer {
        name: "axum_echo-http2",
        behind: Some(&AXUM_ECHO),
        arguments: &["{address}", "{behind}"],
        ..server("http2_bridge", "ws-tokio")
    },
    server("async_std_echo", "ws-async-std"),
    client("async_std_echo_client", "ws-async-std"),
    server("smol_echo", "ws-futures"),
    client("smol_echo_client", "ws-futures"),
    bare_server("blocking_echo"),
    bare_server("mio_echo"),
    bare_server("uring_echo"),
];

const AXUM_ECHO: Peer = server("axum_echo", "ws-tokio");

const fn server(program: &'static str, package: &'static str) -> Peer {
    Peer {
        name: program,
        kind: Kind::Server,
        package,
        program,
        behind: None,
        arguments: &["{address}", "--max-message", MAX_MESSAGE, "--deflate"],
        cases: selection::FULL,
    }
}

/// An example of the core alone: the protocol without compression.
const fn bare_server(program: &'static str) -> Peer {
    Peer {
        arguments: &["{address}", "--max-message", MAX_MESSAGE],
        cases: "1,2,3,4,5,6,7",
        ..server(program, "ws-proto")
    }
}

const fn client(program: &'static str, package: &'static str) -> Peer {
    Peer {
        name: program,
        kind: Kind::Client,
        package,
        program,
        behind: None,
        arguments: &["{url}", "{agent}", "{cases}", "--max-message", MAX_MESSAGE, "--deflate"],
        cases: selection::FULL,
    }
}

impl Peer {
    /// The arguments with the names in braces replaced.
    pub(crate) fn arguments(&self, values: &[(&str, &str)]) -> Vec<String> {
        let replaced = |argument: &&str| {
            let value = values.iter().find(|(name, _)| name == argument);
            value.map_or(*argument, |(_, value)| value).to_owned()
        };
        self.arguments.iter().map(replaced).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_replaced() {
        let arguments = PEERS[0].arguments(&[("{address}", "127.0.0.1:7")]);
        assert_eq!(arguments, ["127.0.0.1:7", "--max-message", "33554432", "--deflate"]);
    }
}
