//! Header fields (RFC 9110 §5).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::characters::{is_field_value, is_token};

pub(super) const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// The header fields of a request or a response, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    text: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

/// A header field that must not be written: it is malformed or reserved for the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidHeader {
    /// The name is not a token (RFC 9110 §5.1).
    Name(String),
    /// The value of the field with this name has a line break or another control character
    /// (RFC 9110 §5.5).
    Value(String),
    /// The field with this name is reserved for the handshake.
    Reserved(String),
    /// A subprotocol that is not a token, was given twice, or was not offered
    /// (RFC 6455 §4.1 and §4.2.2).
    Subprotocol(String),
    /// A host or a request target that is not allowed in a request (RFC 9112 §3).
    Target(String),
}

/// The fields of the handshake and of its framing, which an application cannot set.
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
];

impl Headers {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty list with room for this number of fields, whose names and values have this
    /// number of bytes.
    pub(super) fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), fields: Vec::with_capacity(fields) }
    }

    /// Returns the value of the first field with this name, case ignored, if it is UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        core::str::from_utf8(self.get_all(name).next()?).ok()
    }

    /// Returns the values of all fields with this name, case ignored.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let name = name.as_bytes();
        self.fields
            .iter()
            .filter(|field| self.text[field.name.clone()].eq_ignore_ascii_case(name))
            .map(|field| &self.text[field.value.clone()])
    }

    /// Returns all fields: name, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| {
            let name = core::str::from_utf8(&self.text[field.name.clone()]).unwrap_or_default();
            (name, &self.text[field.value.clone()])
        })
    }

    /// Returns the fields that a proxy forwards: all but the hop-by-hop fields, which `Connection` names or
    /// RFC 9110 §7.6.1 lists, and those of the handshake.
    pub fn end_to_end(&self) -> impl Iterator<Item = (&str, &[u8])> {
        const OF_ONE_HOP: [&str; 6] = [
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
        ];
        self.iter().filter(|(name, _)| {
            let is = |other: &&str| other.eq_ignore_ascii_case(name);
            let of_one_hop = RESERVED.iter().any(is) || OF_ONE_HOP.iter().any(is);
            !of_one_hop && !self.has_token("connection", name)
        })
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader::Name`], or [`InvalidHeader::Value`] for a byte that could end the line: no header
    /// can be injected.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidHeader> {
        let value = value.as_ref();
        if !is_token(name) {
            return Err(InvalidHeader::Name(name.into()));
        }
        if !is_field_value(value) {
            return Err(InvalidHeader::Value(name.into()));
        }
        self.push_valid(name, value);
        Ok(())
    }

    /// Adds a field that is known to be valid.
    pub(crate) fn push_valid(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let middle = self.text.len();
        self.text.extend_from_slice(value.as_ref());
        self.fields.push(Field { name: start..middle, value: middle..self.text.len() });
    }

    /// Adds a field for the application.
    pub(super) fn push_foreign(
        &mut self,
        name: &str,
        value: impl AsRef<[u8]>,
    ) -> Result<(), InvalidHeader> {
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(InvalidHeader::Reserved(name.into()));
        }
        self.push(name, value)
    }

    /// The value of a field that may occur once.
    pub(super) fn single(&self, name: &str) -> Single<'_> {
        let mut values = self.get_all(name);
        match (values.next(), values.next()) {
            (None, _) => Single::Absent,
            (Some(value), None) => Single::Value(value),
            (Some(_), Some(_)) => Single::Repeated,
        }
    }

    /// The elements of a list field, over all its occurrences (RFC 9110 §5.6.1).
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get_all(name)
            .filter_map(|value| core::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(|element| element.trim_matches([' ', '\t']))
            .filter(|element| !element.is_empty())
    }

    /// Whether a list field has this token, case ignored.
    pub(super) fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token))
    }

    /// Appends the fields and the blank line that ends a head.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // ": " and the line end of each field, and the blank line.
        out.reserve(self.text.len() + 4 * self.fields.len() + 2);
        for field in &self.fields {
            out.extend_from_slice(&self.text[field.name.clone()]);
            out.extend_from_slice(b": ");
            out.extend_from_slice(&self.text[field.value.clone()]);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

pub(super) enum Single<'h> {
    Absent,
    Value(&'h [u8]),
    Repeated,
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, value)| (name, String::from_utf8_lossy(value))))
            .finish()
    }
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "header name {name:?} is not a token"),
            Self::Value(name) => write!(f, "value of header {name:?} has a control character"),
            Self::Reserved(name) => write!(f, "header {name:?} is reserved for the handshake"),
            Self::Subprotocol(name) => write!(f, "subprotocol {name:?} cannot be used"),
            Self::Target(target) => write!(f, "{target:?} is no host or request target"),
        }
    }
}

impl core::error::Error for InvalidHeader {}
