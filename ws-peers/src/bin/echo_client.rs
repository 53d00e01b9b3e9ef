//! An echo client for the conformance suite, on the runtime of choice.
//!
//! For each case N from 1 to CASES it connects to `URL/runCase?case=N&agent=AGENT` and sends back
//! what arrives until the server closes.

use clap::Parser as _;

fn main() -> ws_peers::Result {
    ws_peers::connect(&ws_peers::Client::parse())
}
