//! The checks of a WebSocket request.

use alloc::string::String;

use super::super::rejection::RejectionKind;
use super::super::request_head::RequestHead;
use crate::handshake::headers::{Headers, Single};
use crate::handshake::host::{is_host, uri_host};
use crate::handshake::key;

/// Checks a request over HTTP/1.1 (RFC 6455 §4.2.1, RFC 9112) and finds its host.
pub(super) fn upgrade(head: &mut RequestHead, current: bool) -> Result<(), RejectionKind> {
    if !current {
        return Err(RejectionKind::UnsupportedHttpVersion);
    }
    reduce_target(head)?;
    // Required even if the target names the host (RFC 9112 §3.2).
    if let Single::Absent = head.headers.single("host") {
        return Err(RejectionKind::InvalidHost);
    }
    find_host(head)?;
    // A body would be taken for frames (RFC 9112 §6.3).
    match head.headers.single("content-length") {
        Single::Absent | Single::Value(b"0") => {}
        _ => return Err(RejectionKind::HasBody),
    }
    if head.headers.get_all("transfer-encoding").next().is_some() {
        return Err(RejectionKind::HasBody);
    }
    if head.method != "GET" {
        return Err(RejectionKind::MethodNotAllowed);
    }
    let headers = &head.headers;
    if !headers.has_token("upgrade", "websocket") || !headers.has_token("connection", "upgrade") {
        return Err(RejectionKind::NotAnUpgrade);
    }
    check_version(headers)?;
    match headers.single("sec-websocket-key") {
        Single::Value(key) if key::is_valid(key) => {}
        Single::Repeated => return Err(RejectionKind::RepeatedHeader),
        _ => return Err(RejectionKind::InvalidKey),
    }
    check_origin(headers)
}

/// Checks a request over HTTP/2 (RFC 8441 §4 and §5) or HTTP/3 (RFC 9220) and finds its host. The HTTP
/// implementation has checked that there are no connection-specific fields (RFC 9113 §8.2.2).
pub(super) fn extended_connect(
    head: &mut RequestHead,
    protocol: Option<&str>,
) -> Result<(), RejectionKind> {
    if head.method != "CONNECT" {
        return Err(RejectionKind::NotConnect);
    }
    // RFC 9220 §3.
    if protocol != Some("websocket") {
        return Err(RejectionKind::UnsupportedProtocol);
    }
    if !head.target.starts_with('/') {
        return Err(RejectionKind::Malformed);
    }
    find_host(head)?;
    // The data of the stream are frames, of any total length.
    if head.headers.get_all("content-length").next().is_some() {
        return Err(RejectionKind::HasBody);
    }
    check_version(&head.headers)?;
    check_origin(&head.headers)
}

/// Reduces an absolute target to origin form (RFC 9112 §3.2.2).
fn reduce_target(head: &mut RequestHead) -> Result<(), RejectionKind> {
    if head.target.starts_with('/') {
        return Ok(());
    }
    let (scheme, rest) = head.target.split_once("://").ok_or(RejectionKind::Malformed)?;
    if !["http", "https", "ws", "wss"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(RejectionKind::Malformed);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() {
        return Err(RejectionKind::InvalidHost);
    }
    let target = match path.starts_with('/') {
        true => String::from(path),
        false => alloc::format!("/{path}"),
    };
    head.host = authority.into();
    head.target = target;
    Ok(())
}

/// Takes the host of the `Host` field, unless the target or the pseudo-header field has named one.
/// Either must be one, and the field must not occur again (RFC 9112 §3.2).
fn find_host(head: &mut RequestHead) -> Result<(), RejectionKind> {
    let field = match head.headers.single("host") {
        Single::Absent => "",
        Single::Value(value) => {
            core::str::from_utf8(value).map_err(|_error| RejectionKind::InvalidHost)?
        }
        Single::Repeated => return Err(RejectionKind::InvalidHost),
    };
    // What is empty has the form, too: for a target without an authority (RFC 9110 §7.2).
    if uri_host(field).is_none() {
        return Err(RejectionKind::InvalidHost);
    }
    if head.host.is_empty() {
        head.host = field.into();
    }
    if is_host(&head.host) { Ok(()) } else { Err(RejectionKind::InvalidHost) }
}

fn check_version(headers: &Headers) -> Result<(), RejectionKind> {
    match headers.single("sec-websocket-version") {
        Single::Value(b"13") => Ok(()),
        Single::Repeated => Err(RejectionKind::RepeatedHeader),
        _ => Err(RejectionKind::UnsupportedVersion),
    }
}

fn check_origin(headers: &Headers) -> Result<(), RejectionKind> {
    match headers.single("origin") {
        Single::Repeated => Err(RejectionKind::RepeatedHeader),
        _ => Ok(()),
    }
}
