//! The code in the guide for adapters and in the README, over real sockets: through conversations,
//! violations, refusals and abrupt ends.

mod asking;
mod serving;
mod texts;

mod server {
    include!("server.rs");

    /// Serves a client with the guide's server, from its request on.
    pub(crate) fn run(stream: TcpStream) -> Result<()> {
        serve(stream)
    }
}

mod client {
    include!("client.rs");

    pub(crate) fn run(server: SocketAddr) -> Result<Option<String>> {
        ask(server, [7; 32], "question")
    }
}

mod readme {
    include!("readme.rs");

    /// Serves a client with the README's server, whose handshake was done elsewhere.
    pub(crate) fn run(stream: TcpStream) -> std::io::Result<()> {
        echo(stream, Connection::server(ws_proto::Config::default()))
    }
}
