use crate::conformance::{MAX_MESSAGE, selection};
use crate::service::ECHO_SERVER;

/// A program that the suite tests.
pub(crate) struct Peer {
    /// Its name in reports.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The package that contains it.
    pub(crate) package: &'static str,
    /// What kind of target it is, as an option of cargo's.
    pub(crate) target: &'static str,
    pub(crate) program: &'static str,
    /// The server in front of which it runs.
    pub(crate) behind: Option<&'static Self>,
    /// A server has `{address}` replaced, and `{behind}` by that of the one behind it; a client
    /// `{url}`, `{agent}` and `{cases}`.
    pub(crate) arguments: &'static [&'static str],
    /// Those of the selected cases that apply to it.
    pub(crate) cases: &'static str,
}

pub(crate) enum Kind {
    /// Echoes what it receives on each connection.
    Server,
    /// Connects for one case after the other and echoes until the suite closes.
    Client,
}

macro_rules! arguments_of_server {
    ($runtime:literal $(, $more:literal)*) => {
        ["{address}", "--runtime", $runtime, "--max-message", MAX_MESSAGE, "--deflate" $(, $more)*]
    };
}

macro_rules! arguments_of_client {
    ($runtime:literal) => {
        [
            "{url}",
            "{agent}",
            "{cases}",
            "--runtime",
            $runtime,
            "--max-message",
            MAX_MESSAGE,
            "--deflate",
        ]
    };
}

pub(crate) const PEERS: &[Peer] = &[
    server("tokio_echo", &arguments_of_server!("tokio")),
    Peer {
        cases: "1,2,3,4,5,6,7,12,13",
        ..server("tokio_echo-chunked", &arguments_of_server!("tokio", "--chunked"))
    },
    client("tokio_echo_client", &arguments_of_client!("tokio")),
    AXUM_ECHO,
    Peer {
        behind: Some(&AXUM_ECHO),
        arguments: &["{address}", "{behind}"],
        ..example("axum_echo-http2", "ws-tokio", "http2_bridge")
    },
    server("async_std_echo", &arguments_of_server!("async-std")),
    client("async_std_echo_client", &arguments_of_client!("async-std")),
    server("smol_echo", &arguments_of_server!("smol")),
    client("smol_echo_client", &arguments_of_client!("smol")),
    bare_server("blocking_echo"),
    bare_server("mio_echo"),
    bare_server("uring_echo"),
];

const AXUM_ECHO: Peer = server("axum_echo", &arguments_of_server!("axum"));

/// `echo_server` of `ws-peers`.
const fn server(name: &'static str, arguments: &'static [&'static str]) -> Peer {
    Peer {
        name,
        kind: Kind::Server,
        package: "ws-peers",
        target: "--bin",
        program: ECHO_SERVER,
        behind: None,
        arguments,
        cases: selection::FULL,
    }
}

/// `echo_client` of `ws-peers`.
const fn client(name: &'static str, arguments: &'static [&'static str]) -> Peer {
    Peer { kind: Kind::Client, program: "echo_client", ..server(name, arguments) }
}

/// An example that echoes.
const fn example(name: &'static str, package: &'static str, program: &'static str) -> Peer {
    Peer { package, target: "--example", program, ..server(name, &[]) }
}

/// An example of the core alone: the protocol without compression.
const fn bare_server(name: &'static str) -> Peer {
    Peer {
        arguments: &["{address}", "--max-message", MAX_MESSAGE],
        cases: "1,2,3,4,5,6,7",
        ..example(name, "ws-proto", name)
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
        let expected =
            ["127.0.0.1:7", "--runtime", "tokio", "--max-message", "33554432", "--deflate"];
        assert_eq!(arguments, expected);
    }
}
