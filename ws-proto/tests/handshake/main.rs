//! The opening handshake, request by request and response by response.

mod client;
mod redirects;
mod server;
