//! The client's request.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::ClientHandshake;
use super::extended_connect::ExtendedConnect;
use super::uri::Uri;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::deflate::write_offers;
use crate::handshake::characters::{is_field_value, is_token};
use crate::handshake::head::HeadBuffer;
use crate::handshake::headers::{EXTENSIONS, Headers, InvalidHeader, Single};
use crate::handshake::host::is_host;
use crate::handshake::key;

/// A WebSocket request.
#[derive(Clone, Debug)]
#[must_use = "nothing is requested until it is sent"]
pub struct ClientRequest {
    secure: bool,
    host: String,
    target: String,
    headers: Headers,
    subprotocols: Vec<String>,
    credentials: Option<Credentials>,
    user_agent: UserAgent,
    invalid: Option<InvalidHeader>,
}

/// The `User-Agent` field, unless [`ClientRequest::header`] adds one.
#[derive(Clone, Debug)]
enum UserAgent {
    /// There is none, and an adapter may set its own.
    Unset,
    /// There is none, by the application's decision.
    Removed,
    Set(String),
}

impl ClientRequest {
    /// Creates a request to `host` (with `:port` unless it is the scheme's default) for `target`: a path
    /// that begins with `/`, and perhaps a query.
    pub fn new(host: impl Into<String>, target: impl Into<String>) -> Self {
        let (host, target) = (host.into(), target.into());
        let invalid = if !is_host(&host) {
            Some(InvalidHeader::Target(host.clone()))
        } else if !is_visible(&target) || !target.starts_with('/') || target.contains('#') {
            Some(InvalidHeader::Target(target.clone()))
        } else {
            None
        };
        Self {
            secure: false,
            host,
            target,
            headers: Headers::new(),
            subprotocols: Vec::new(),
            credentials: None,
            user_agent: UserAgent::Unset,
            invalid,
        }
    }

    /// Creates a request to a URI. A user name and a password in it become an `Authorization` field
    /// (RFC 7617), unless [`header`](Self::header) adds one.
    pub fn for_uri(uri: &Uri) -> Self {
        Self {
            secure: uri.is_secure(),
            credentials: uri.credentials().cloned(),
            ..Self::new(uri.authority(), uri.target())
        }
    }

    /// Sets the scheme to `https`: the request is sent over TLS. Only HTTP/2 and HTTP/3 transmit it.
    pub fn secure(self) -> Self {
        Self { secure: true, ..self }
    }

    /// Adds a header field, such as `Authorization`, `Cookie` or `Origin`.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let pushed = self.headers.push_foreign(name, value);
        self.note(pushed.err());
        self
    }

    /// Sets or removes the `User-Agent` field (RFC 9110 §10.1.5). The core sends none by itself; adapters
    /// such as `ws-tokio` send their name and version if neither this nor [`header`](Self::header) has
    /// decided otherwise.
    pub fn user_agent(mut self, value: Option<&str>) -> Self {
        self.user_agent = match value {
            Some(value) if is_field_value(value) => UserAgent::Set(value.into()),
            Some(_) => {
                self.note(Some(InvalidHeader::Value("User-Agent".into())));
                UserAgent::Removed
            }
            None => UserAgent::Removed,
        };
        self
    }

    /// The same, unless [`user_agent`](Self::user_agent) was called before: for adapters.
    pub fn default_user_agent(self, value: Option<&str>) -> Self {
        match self.user_agent {
            UserAgent::Unset => self.user_agent(value),
            UserAgent::Removed | UserAgent::Set(_) => self,
        }
    }

    /// Offers a subprotocol; call it in order of preference (RFC 6455 §4.1).
    pub fn subprotocol(mut self, name: &str) -> Self {
        if is_token(name) && !self.subprotocols.iter().any(|offer| offer == name) {
            self.subprotocols.push(name.into());
        } else {
            self.note(Some(InvalidHeader::Subprotocol(name.into())));
        }
        self
    }

    /// Replaces the URI, for example by that of a redirect. A user name and a password in it are not used:
    /// a server must not choose those of the client.
    pub fn redirected_to(self, uri: &Uri) -> Self {
        let there = Self::new(uri.authority(), uri.target());
        Self {
            secure: uri.is_secure(),
            host: there.host,
            target: there.target,
            invalid: self.invalid.or(there.invalid),
            ..self
        }
    }

    /// Removes the `Authorization`, `Cookie` and `Proxy-Authorization` fields, and the user name and
    /// password of the URI, none of which another origin may see.
    pub fn without_credentials(self) -> Self {
        const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
        let secret = |name: &str| CREDENTIALS.iter().any(|own| own.eq_ignore_ascii_case(name));
        let mut headers = Headers::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| !secret(name)) {
            headers.push_valid(name, value);
        }
        Self { headers, credentials: None, ..self }
    }

    /// Appends the request to `out`.
    ///
    /// The key of the handshake and later every masking key come from a cryptographic generator seeded with
    /// `seed`, which must be unpredictable and used once (RFC 6455 §4.1 and §10.3).
    ///
    /// # Errors
    ///
    /// The first [`InvalidHeader`] that was given; nothing was appended.
    pub fn send(
        self,
        config: impl Into<Arc<Config>>,
        seed: [u8; 32],
        out: &mut Vec<u8>,
    ) -> Result<ClientHandshake, InvalidHeader> {
        if let Some(invalid) = self.invalid {
            return Err(invalid);
        }
        let config = config.into();
        let mut generator = Box::new(StdRng::from_seed(seed));
        let key = key::generate(&mut generator);

        let mut headers = Headers::new();
        headers.push_valid("Host", &self.host);
        headers.push_valid("Upgrade", "websocket");
        headers.push_valid("Connection", "Upgrade");
        headers.push_valid("Sec-WebSocket-Key", &key);
        self.push_offers(&config, &mut headers);
        out.extend_from_slice(b"GET ");
        out.extend_from_slice(self.target.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        headers.write(out);

        Ok(ClientHandshake {
            config,
            generator,
            accept: key::accept(key.as_bytes()),
            subprotocols: self.subprotocols,
            head: HeadBuffer::response(),
            interim: 0,
            refused: None,
            deadline: None,
        })
    }

    /// Converts into a request for HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220).
    ///
    /// Every masking key comes from a cryptographic generator seeded with `seed`, which must be
    /// unpredictable and used once (RFC 6455 §10.3).
    ///
    /// # Errors
    ///
    /// The first [`InvalidHeader`] that was given.
    pub fn extended_connect(
        self,
        config: impl Into<Arc<Config>>,
        seed: [u8; 32],
    ) -> Result<ExtendedConnect, InvalidHeader> {
        if let Some(invalid) = self.invalid {
            return Err(invalid);
        }
        let config = config.into();
        let mut headers = Headers::new();
        self.push_offers(&config, &mut headers);
        Ok(ExtendedConnect {
            config,
            generator: Box::new(StdRng::from_seed(seed)),
            scheme: if self.secure { "https" } else { "http" },
            authority: self.host,
            path: self.target,
            headers,
            subprotocols: self.subprotocols,
        })
    }

    /// Adds the fields that every version of HTTP has.
    fn push_offers(&self, config: &Config, headers: &mut Headers) {
        headers.push_valid("Sec-WebSocket-Version", "13");
        if !self.subprotocols.is_empty() {
            headers.push_valid("Sec-WebSocket-Protocol", self.subprotocols.join(", "));
        }
        if let Some(offers) = write_offers(config) {
            headers.push_valid(EXTENSIONS, offers);
        }
        for (name, value) in self.headers.iter() {
            headers.push_valid(name, value);
        }
        if let (Some(credentials), Single::Absent) =
            (&self.credentials, self.headers.single("authorization"))
        {
            headers.push_valid("Authorization", credentials.basic());
        }
        if let (UserAgent::Set(value), Single::Absent) =
            (&self.user_agent, self.headers.single("user-agent"))
        {
            headers.push_valid("User-Agent", value);
        }
    }

    fn note(&mut self, invalid: Option<InvalidHeader>) {
        if self.invalid.is_none() {
            self.invalid = invalid;
        }
    }
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
