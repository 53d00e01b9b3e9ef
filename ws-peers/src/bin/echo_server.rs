//! An echo server on the runtime of choice.

use clap::Parser as _;

fn main() -> ws_peers::Result {
    ws_peers::serve(ws_peers::Server::parse())
}
