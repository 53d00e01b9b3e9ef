//! The values of options of `serve`.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use ipnet::IpNet;

use crate::command::environment::PLACEHOLDER;
use crate::engine::nats;
use crate::origin::Origin;
use ws_cli::size_limit;
use ws_hub as hub;

/// What happens to a client that does not keep up.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Slow {
    /// The connection is closed with code 1013
    Close,
    /// The messages that do not fit are dropped
    Drop,
}

impl From<Slow> for hub::SlowPolicy {
    fn from(slow: Slow) -> Self {
        match slow {
            Slow::Close => Self::Close,
            Slow::Drop => Self::Drop,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Engine {
    Memory,
    Nats(nats::Servers),
}

/// Parses `--engine`. The error does not repeat the value, as that of a function would: it may contain a
/// password.
#[derive(Clone)]
pub(super) struct EngineParser;

impl TypedValueParser for EngineParser {
    type Value = Engine;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Engine, clap::Error> {
        let parsed = value.to_str().ok_or_else(|| "not UTF-8".to_owned()).and_then(engine);
        parsed.map_err(|why| {
            let error = format!("invalid value for '--engine <ENGINE>': {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, error).with_cmd(command)
        })
    }
}

pub(super) fn engine(text: &str) -> Result<Engine, String> {
    match text {
        "memory" => Ok(Engine::Memory),
        servers if servers.contains(&format!("//{PLACEHOLDER}@")) => Err(format!(
            "{PLACEHOLDER} stands for a password that --print-config does not print: set it, or \
             --engine-file"
        )),
        servers => servers.parse().map(Engine::Nats),
    }
}

#[derive(Clone, Debug)]
pub(super) enum AllowedOrigin {
    Any,
    Site(Origin),
}

pub(super) fn origin(text: &str) -> Result<AllowedOrigin, String> {
    match Origin::parse(text) {
        _ if text == "*" => Ok(AllowedOrigin::Any),
        Some(origin) => Ok(AllowedOrigin::Site(origin)),
        None => Err("expected a scheme and a host, as in https://chat.example, or *".to_owned()),
    }
}

/// hyper has no smaller limit.
pub(super) fn max_head(text: &str) -> Result<usize, String> {
    match size_limit(text)? {
        ..8192 => Err("must be at least 8KiB".to_owned()),
        size => Ok(size),
    }
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| {
        "expected an address or a network, as in 10.0.0.0/8 or 2001:db8::/32".to_owned()
    })
}
