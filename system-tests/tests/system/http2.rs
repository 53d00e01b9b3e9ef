//! WebSockets over HTTP/2 with other clients.

use crate::process::pass;
use crate::scripts::node;
use crate::server::{echo, listen};

#[test]
fn node_is_the_client() {
    let server = echo(&["--runtime", "axum", "--deflate"]);
    pass(node("http2.mjs").arg(server.address.to_string()));
}

#[test]
fn chromium_is_the_client() {
    let server = listen("axum_tls_echo", &[]);
    pass(node("http2_chromium.mjs").arg(server.address.to_string()));
}
