//! Clients and the ways to their server: addresses, redirects, proxies, timeouts.

mod addresses;
#[cfg(feature = "rustls")]
mod certificates;
mod fake_proxy;
mod full;
mod local_address;
mod proxies;
mod reconnecting;
mod redirects;
mod requests;
#[cfg(feature = "rustls")]
mod secure_proxies;
mod server;
mod timeouts;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(feature = "rustls")]
mod tls_accept;
#[cfg(feature = "rustls")]
mod tls_full_duplex;
#[cfg(feature = "rustls")]
mod trusted;
#[cfg(unix)]
mod unix_socket;
