//! SOCKS5 (RFC 1928), with user name and password (RFC 1929).

use alloc::vec::Vec;
use core::mem;
use core::net::IpAddr;

use super::TunnelProgress;
use super::destination::{Destination, Host};
use super::error::{TunnelError, TunnelErrorKind};
use crate::credentials::Credentials;

const VERSION: u8 = 5;
const AUTHENTICATION_VERSION: u8 = 1;

const NO_AUTHENTICATION: u8 = 0;
const USERNAME_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xFF;

const CONNECT: u8 = 1;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

#[derive(Debug)]
pub(super) struct Socks5 {
    destination: Destination,
    credentials: Option<Credentials>,
    stage: Stage,
    /// The bytes of the expected reply that have arrived: at most 262.
    answer: Vec<u8>,
}

/// The reply that is expected next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Method,
    Authentication,
    Reply,
}

impl Socks5 {
    pub(super) fn new(
        destination: Destination,
        credentials: Option<Credentials>,
        out: &mut Vec<u8>,
    ) -> Result<Self, TunnelError> {
        let fits = |text: &str| u8::try_from(text.len()).is_ok();
        match &credentials {
            None => out.extend([VERSION, 1, NO_AUTHENTICATION]),
            Some(own) if fits(own.username()) && fits(own.password()) => {
                out.extend([VERSION, 2, NO_AUTHENTICATION, USERNAME_AND_PASSWORD]);
            }
            Some(_) => return Err(TunnelErrorKind::CredentialsTooLong.into()),
        }
        Ok(Self { destination, credentials, stage: Stage::Method, answer: Vec::new() })
    }

    /// Checks each byte as it arrives: an error is returned before the rest of a reply, and what follows
    /// the last reply is not taken.
    pub(super) fn receive(
        &mut self,
        input: &mut &mut [u8],
        out: &mut Vec<u8>,
    ) -> Result<TunnelProgress, TunnelError> {
        while let [byte, rest @ ..] = mem::take(input) {
            *input = rest;
            self.answer.push(*byte);
            if self.advance(out)? == TunnelProgress::Open {
                return Ok(TunnelProgress::Open);
            }
        }
        Ok(TunnelProgress::NeedsInput)
    }

    fn advance(&mut self, out: &mut Vec<u8>) -> Result<TunnelProgress, TunnelErrorKind> {
        let next = match (self.stage, &*self.answer) {
            (Stage::Method, [VERSION]) => return Ok(TunnelProgress::NeedsInput),
            (Stage::Method, [VERSION, NO_AUTHENTICATION]) => self.request(out),
            (Stage::Method, [VERSION, method]) => match (*method, &self.credentials) {
                (USERNAME_AND_PASSWORD, Some(credentials)) => authenticate(credentials, out),
                (NO_ACCEPTABLE_METHOD, Some(_)) => {
                    return Err(TunnelErrorKind::UnsupportedAuthentication);
                }
                (NO_ACCEPTABLE_METHOD, None) => {
                    return Err(TunnelErrorKind::AuthenticationRequired);
                }
                _ => return Err(TunnelErrorKind::Malformed),
            },
            (Stage::Authentication, [AUTHENTICATION_VERSION]) => {
                return Ok(TunnelProgress::NeedsInput);
            }
            (Stage::Authentication, [AUTHENTICATION_VERSION, 0]) => self.request(out),
            (Stage::Authentication, [AUTHENTICATION_VERSION, _]) => {
                return Err(TunnelErrorKind::WrongCredentials);
            }
            (Stage::Reply, [VERSION] | [VERSION, 0]) => return Ok(TunnelProgress::NeedsInput),
            (Stage::Reply, [VERSION, reply]) => return Err(refusal(*reply)),
            (Stage::Reply, [VERSION, 0, _reserved, bound @ ..]) => return bound_address(bound),
            _ => return Err(TunnelErrorKind::Malformed),
        };
        self.stage = next;
        self.answer.clear();
        Ok(TunnelProgress::NeedsInput)
    }

    /// RFC 1928 §4.
    fn request(&self, out: &mut Vec<u8>) -> Stage {
        out.extend([VERSION, CONNECT, 0]);
        match &self.destination.host {
            Host::Address(IpAddr::V4(address)) => {
                out.push(IPV4);
                out.extend(address.octets());
            }
            Host::Address(IpAddr::V6(address)) => {
                out.push(IPV6);
                out.extend(address.octets());
            }
            Host::Name(name) => {
                out.push(NAME);
                push_text(name, out);
            }
        }
        out.extend(self.destination.port.to_be_bytes());
        Stage::Reply
    }
}

/// RFC 1929 §2.
fn authenticate(credentials: &Credentials, out: &mut Vec<u8>) -> Stage {
    out.push(AUTHENTICATION_VERSION);
    push_text(credentials.username(), out);
    push_text(credentials.password(), out);
    Stage::Authentication
}

/// Appends a text after its length, which was checked.
fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

/// The address that the proxy uses. A client does not need it, except where it ends.
fn bound_address(bound: &[u8]) -> Result<TunnelProgress, TunnelErrorKind> {
    let len = match bound {
        [] | [NAME] => return Ok(TunnelProgress::NeedsInput),
        [IPV4, ..] => 1 + 4,
        [IPV6, ..] => 1 + 16,
        [NAME, len, ..] => 2 + usize::from(*len),
        _ => return Err(TunnelErrorKind::Malformed),
    };
    match bound.len() == len + size_of::<u16>() {
        true => Ok(TunnelProgress::Open),
        false => Ok(TunnelProgress::NeedsInput),
    }
}

/// RFC 1928 §6.
fn refusal(reply: u8) -> TunnelErrorKind {
    match reply {
        1 => TunnelErrorKind::GeneralFailure,
        2 => TunnelErrorKind::NotAllowed,
        3 => TunnelErrorKind::NetworkUnreachable,
        4 => TunnelErrorKind::HostUnreachable,
        5 => TunnelErrorKind::ConnectionRefused,
        6 => TunnelErrorKind::TtlExpired,
        7 => TunnelErrorKind::CommandNotSupported,
        8 => TunnelErrorKind::AddressNotSupported,
        _ => TunnelErrorKind::UnknownReply(reply),
    }
}
