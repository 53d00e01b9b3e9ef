//! The options of the API.

use std::path::PathBuf;

use clap::Args;

use crate::auth::Source;
use crate::rate::Rate;

/// The options of the API.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct ApiOptions {
    /// The file of the keys of the API on --admin-listen, one key per line; SIGHUP reloads it. Without
    /// it, the API answers each request with 403
    #[arg(long, env = "WS_DEMO_API_KEY_FILE", value_name = "FILE", requires = "admin_listen")]
    api_key_file: Option<PathBuf>,

    /// The number of requests per second to the API, on average; further ones get status 429; 0: no
    /// limit
    #[arg(long, env = "WS_DEMO_API_RATE", value_name = "PER SECOND", default_value_t = 0)]
    api_rate: u32,

    /// The number of requests to the API at once, beyond --api-rate
    #[arg(long, env = "WS_DEMO_API_BURST", value_name = "COUNT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    api_burst: u32,
}

/// The settings of the API.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) keys: Option<Source>,
    pub(crate) limit: Option<Rate>,
}

impl ApiOptions {
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            keys: self.api_key_file.clone().map(Source::File),
            limit: Rate::new(self.api_rate, self.api_burst),
        }
    }
}
