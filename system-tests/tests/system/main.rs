//! The programs as processes, with those of other projects: `cargo xtask help` lists the commands that run these
//! tests.

mod authority;
mod clients;
mod cluster;
mod compression;
mod conformance;
mod http;
mod http2;
mod idle;
mod log_load;
mod memory;
mod probes;
mod process;
mod proxies;
mod raw;
mod scripts;
mod server;
mod tls;
