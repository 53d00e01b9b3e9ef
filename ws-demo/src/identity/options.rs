//! The options for signed tokens.

use std::path::PathBuf;

use clap::Args;

use super::keys::{Setup, Source};

/// The options for signed tokens.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct IdentityOptions {
    /// The file of the key of signed tokens (JWT), of which each client must send one: a secret for
    /// HS256, or a public key in PEM for RS256, ES256 or EdDSA; SIGHUP reloads it
    #[arg(long, env = "WS_DEMO_JWT_KEY_FILE", value_name = "FILE", conflicts_with = "jwks_file")]
    jwt_key_file: Option<PathBuf>,

    /// The file of the keys of signed tokens as a JWK Set, in JSON, instead of --jwt-key-file; SIGHUP
    /// reloads it, and clients whose key was removed are disconnected
    #[arg(long, env = "WS_DEMO_JWKS_FILE", value_name = "FILE")]
    jwks_file: Option<PathBuf>,

    /// The audience that signed tokens must have in their claim `aud`; repeatable, then one of them.
    /// Without it, tokens with an audience are refused
    #[arg(long, env = "WS_DEMO_JWT_AUDIENCE", value_name = "AUDIENCE", value_delimiter = ',')]
    jwt_audience: Vec<String>,
}

impl IdentityOptions {
    /// Where the keys are; `None` if signed tokens are not accepted.
    ///
    /// # Errors
    ///
    /// There is an audience, but no key.
    pub(crate) fn keys(&self) -> Result<Option<Setup>, String> {
        let key = self.jwt_key_file.clone().map(Source::Key);
        match key.or_else(|| self.jwks_file.clone().map(Source::Set)) {
            Some(source) => Ok(Some(Setup { source, audience: self.jwt_audience.clone() })),
            None if self.jwt_audience.is_empty() => Ok(None),
            None => Err("--jwt-audience: needs --jwt-key-file or --jwks-file".to_owned()),
        }
    }
}
