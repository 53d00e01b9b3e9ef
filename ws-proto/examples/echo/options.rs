use std::error::Error;

use ws_proto::{Config, Limits};

pub(crate) struct Options {
    pub(crate) address: String,
    pub(crate) config: Config,
}

impl Options {
    /// Reads `ADDRESS [--max-message BYTES]`.
    pub(crate) fn parse(program: &str) -> Result<Self, Box<dyn Error>> {
        let mut address = None;
        let mut config = Config::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--max-message" => {
                    let size = arguments.next().ok_or("--max-message takes BYTES")?.parse()?;
                    config.incoming = Limits {
                        max_message_size: size,
                        max_frame_size: size,
                        ..Limits::incoming()
                    };
                }
                _ if address.is_none() && !argument.starts_with('-') => address = Some(argument),
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        let usage = format!("usage: {program} ADDRESS [--max-message BYTES]");
        Ok(Self { address: address.ok_or(usage)?, config })
    }
}
