//! WebSockets in servers on hyper and axum, over HTTP/1.1 and HTTP/2.

mod back_pressure;
mod bridge;
mod conversation;
mod dropped;
mod ended;
mod failed;
mod fallback;
mod h2_client;
#[path = "../../../examples/http2_bridge.rs"]
#[allow(dead_code, reason = "its `main` is not called")]
mod http2_bridge;
mod over_tls;
mod pipelined;
mod raw_h2;
mod refused;
mod requests;
mod reset;
mod server;
