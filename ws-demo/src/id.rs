//! What clients are called, and who sends a broadcast.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A client's name for as long as it is connected: 8 hexadecimal characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientId(u32);

/// A client, and the user that its token names.
pub(crate) type ClientAndUser = (ClientId, Option<Arc<str>>);

/// The sender of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Client(ClientId),
    /// The backend, through the API.
    Server,
}

impl ClientId {
    /// No client has it.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// Random ids.
pub(crate) struct ClientIds(Mutex<StdRng>);

impl ClientIds {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(Mutex::new(StdRng::from_seed(seed)))
    }

    /// An id, which may be one that was given before.
    pub(crate) fn next(&self) -> ClientId {
        ClientId(self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u32().max(1))
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for ClientId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u32::from_str_radix(text, 16) {
            Ok(number) if text.len() == 8 && is_hexadecimal => Ok(Self(number)),
            _ => Err("expected the id of a client: 8 hexadecimal characters"),
        }
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl From<ClientId> for Sender {
    fn from(client: ClientId) -> Self {
        Self::Client(client)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => id.fmt(f),
            Self::Server => f.write_str("server"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        for number in [1, 0xAB, u32::MAX] {
            let id = ClientId(number);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "ab", "000000000", "+0000001", "0000000g", "0x000001", "server"] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
    }
}
