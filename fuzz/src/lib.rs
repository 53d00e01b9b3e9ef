//! The checks of the fuzz targets, shared by the targets and by tests.
//!
//! Every function takes the bytes from the fuzzer and panics if a property does not hold.

mod client_handshake;
mod frames;
mod inflate;
mod input;
mod request;
mod round_trip;
mod server_handshake;
mod tungstenite;
mod tunnel;

#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/compressed/mod.rs"]
mod compressed;
#[allow(dead_code, reason = "the rest is for other tests")]
#[path = "../../ws-proto/tests/it/pair/mod.rs"]
mod pair;

pub use client_handshake::client_handshake;
pub use frames::{client_frames, server_frames};
pub use inflate::inflate;
pub use request::request;
pub use round_trip::{deflate_round_trip, round_trip};
pub use server_handshake::server_handshake;
pub use tungstenite::{agrees_with_tungstenite, tungstenite};
pub use tunnel::{http_connect, socks5};

/// A check and its name, which is also the name of its target and of its folder of seeds.
pub type Check = (&'static str, fn(&[u8]));

/// All checks.
pub const CHECKS: [Check; 11] = [
    ("server_frames", server_frames),
    ("client_frames", client_frames),
    ("round_trip", round_trip),
    ("inflate", inflate),
    ("deflate_round_trip", deflate_round_trip),
    ("tungstenite", tungstenite),
    ("server_handshake", server_handshake),
    ("client_handshake", client_handshake),
    ("request", request),
    ("http_connect", http_connect),
    ("socks5", socks5),
];
