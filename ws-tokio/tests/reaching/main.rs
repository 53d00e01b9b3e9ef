//! Clients that reach their server: by every address, by redirects, in time.

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod fake_proxy;
mod full;
mod proxies;
mod redirects;
mod requests;
mod server;
mod timeouts;
