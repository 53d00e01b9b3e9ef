//! The commands that run tests of `system-tests`.

use anyhow::Result;
use clap::Args;
use xshell::{Shell, cmd};

use crate::{packages, system};

#[derive(Args, Default)]
pub(crate) struct Clients {
    /// The clients to run; all if none is named
    #[arg(value_name = "CLIENT", value_parser = ["node", "python", "chromium"])]
    clients: Vec<String>,
}

/// Clients of other projects with the demo server.
pub(crate) fn clients(sh: &Shell, options: &Clients) -> Result<()> {
    install_all(sh)?;
    let programs = system::build_demo(sh)?;
    let names: Vec<_> = match &*options.clients {
        [] => vec!["clients::".to_owned()],
        named => named.iter().map(|name| format!("clients::{name}")).collect(),
    };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    system::test(sh, programs, &names)
}

/// permessage-deflate with clients and servers of other projects.
pub(crate) fn compression(sh: &Shell) -> Result<()> {
    install_all(sh)?;
    let examples = ["--package=ws-tokio", "--example=deflate_client", "--example=deflate_streams"];
    let programs = system::build(sh, "checked", &[&examples, system::ECHO_SERVER])?;
    system::test(sh, programs, &["compression::"])
}

fn install_all(sh: &Shell) -> Result<()> {
    system::python(sh)?;
    system::chromium(sh)
}

/// Clients of other projects over HTTP/2, with servers on axum.
pub(crate) fn http2(sh: &Shell) -> Result<()> {
    system::chromium(sh)?;
    let example = ["--package=ws-tokio", "--features=ws-tokio/rustls", "--example=axum_tls_echo"];
    let programs = system::build(sh, "checked", &[&example, system::ECHO_SERVER])?;
    system::test(sh, programs, &["http2::"])
}

/// Our client through tinyproxy and microsocks.
pub(crate) fn proxies(sh: &Shell) -> Result<()> {
    packages::program(sh, "tinyproxy", "tinyproxy-bin")?;
    packages::program(sh, "microsocks", "microsocks")?;
    let examples = ["--example=tokio_echo", "--example=proxy_client"];
    let programs = system::build(sh, "dev", &[&TLS_EXAMPLES, &examples])?;
    system::test(sh, programs, &["proxies::"])
}

const TLS_EXAMPLES: [&str; 4] =
    ["--package=ws-tokio", "--features=rustls", "--example=tls_echo", "--example=tls_client"];

/// TLS with Python, as client and as server.
pub(crate) fn tls(sh: &Shell) -> Result<()> {
    system::python(sh)?;
    let programs = system::build(sh, "dev", &[&TLS_EXAMPLES])?;
    system::test(sh, programs, &["tls::"])
}

/// Nodes of the demo server with a broker.
pub(crate) fn cluster(sh: &Shell) -> Result<()> {
    packages::program(sh, "nats-server", "nats-server")?;
    system::test(sh, system::build_demo(sh)?, &["cluster::"])
}

/// promtool.
/// Hostile peers. The memory of the servers is measured, so that they are optimized.
pub(crate) fn probes(sh: &Shell) -> Result<()> {
    packages::program(sh, "promtool", "prometheus")?;
    let demo = ["--package=ws-demo", "--bin=ws-demo"];
    system::test(sh, system::build(sh, "checked", &[&demo, system::ECHO_SERVER])?, &["probes::"])
}

#[derive(Args)]
pub(crate) struct LogLoad {
    /// The size of the log, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 2_000_000_000)]
    bytes: u64,
}

pub(crate) fn log_load(sh: &Shell, options: &LogLoad) -> Result<()> {
    sh.set_var("LOG_BYTES", options.bytes.to_string());
    let demo = ["--package=ws-demo", "--bin=ws-demo"];
    system::test(sh, system::build(sh, "release", &[&demo])?, &["log_load::"])
}

#[derive(Args, Default)]
pub(crate) struct Idle {
    /// How many connections to open without compression, by default 5000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    connections: Option<u64>,
}

/// The memory of idle connections, in the programs that users run.
pub(crate) fn idle(sh: &Shell, options: &Idle) -> Result<()> {
    let known = cmd!(sh, "/sbin/ldconfig --print-cache").quiet().read()?;
    if !known.contains("libjemalloc.so.2") {
        packages::install(sh, "library `libjemalloc.so.2`", "libjemalloc2")?;
    }
    if let Some(connections) = options.connections {
        sh.set_var("CONNECTIONS", connections.to_string());
    }
    system::test(sh, system::build(sh, "release", &[system::ECHO_SERVER])?, &["idle::"])
}
