//! The arguments of the echo peers, which are the same for every runtime.

use ws_futures::{Config, Delivery, Limits};

/// The arguments of an echo server.
#[derive(Debug)]
pub struct Server {
    /// Where to listen.
    pub address: String,
    /// How many threads to run on.
    pub threads: usize,
    /// What the others ask for.
    pub config: Config,
}

impl Server {
    /// The arguments of a server, and an example of them.
    pub const USAGE: &str = "ADDRESS [--max-message BYTES] [--chunked] [--deflate] [--threads N]";

    /// Reads `arguments`, which do not contain the program's name.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut address = None;
        let (mut threads, mut config) = (1, Config::default());
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--threads" => threads = number(&mut arguments, "--threads N")?,
                "--chunked" => config.delivery = Delivery::Chunked,
                _ if is_common(&argument, &mut arguments, &mut config)? => {}
                _ if address.is_none() && !argument.starts_with('-') => address = Some(argument),
                _ => return Err(format!("unknown argument {argument}; usage: {}", Self::USAGE)),
            }
        }
        let address = address.ok_or_else(|| format!("usage: {}", Self::USAGE))?;
        Ok(Self { address, threads, config })
    }
}

/// The arguments of an echo client for the conformance suite.
#[derive(Debug)]
pub struct Client {
    url: String,
    agent: String,
    cases: u32,
    /// What the others ask for.
    pub config: Config,
}

impl Client {
    /// The arguments of a client.
    pub const USAGE: &str = "URL AGENT CASES [--max-message BYTES] [--deflate]";

    /// Reads `arguments`, which do not contain the program's name.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut words = Vec::new();
        let mut config = Config::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                _ if is_common(&argument, &mut arguments, &mut config)? => {}
                _ if argument.starts_with('-') => {
                    return Err(format!("unknown argument {argument}; usage: {}", Self::USAGE));
                }
                _ => words.push(argument),
            }
        }
        let Ok([url, agent, cases]) = <[String; 3]>::try_from(words) else {
            return Err(format!("usage: {}", Self::USAGE));
        };
        let cases = cases.parse().map_err(|error| format!("CASES: {error}"))?;
        Ok(Self { url, agent, cases, config })
    }

    /// The address of each case, in order.
    pub fn cases(&self) -> impl Iterator<Item = String> + '_ {
        let Self { url, agent, cases, .. } = self;
        (1..=*cases).map(move |case| format!("{url}/runCase?case={case}&agent={agent}"))
    }
}

fn is_common(
    argument: &str,
    others: &mut impl Iterator<Item = String>,
    config: &mut Config,
) -> Result<bool, String> {
    match argument {
        "--max-message" => {
            let size = number(others, "--max-message BYTES")?;
            config.incoming =
                Limits { max_message_size: size, max_frame_size: size, ..Limits::incoming() };
        }
        #[cfg(feature = "deflate")]
        "--deflate" => config.deflate = Some(ws_futures::Deflate::default()),
        _ => return Ok(false),
    }
    Ok(true)
}

fn number<N: std::str::FromStr<Err: std::fmt::Display>>(
    arguments: &mut impl Iterator<Item = String>,
    usage: &str,
) -> Result<N, String> {
    let number = arguments.next().ok_or_else(|| format!("usage: {usage}"))?;
    number.parse().map_err(|error| format!("{usage}: {error}"))
}
