//! Arbitrary URIs and header fields of a client.

use ws_proto::client::{self, ClientProgress, ExtendedConnectOutcome, Uri};
use ws_proto::server::{
    PseudoHeaders, RejectionKind, ServerHandshake, ServerProgress, ServerRequest,
};
use ws_proto::{Config, Credentials};

use crate::pair::SEED;

/// The byte between two fields of an input, which does not occur in UTF-8.
const SEPARATOR: u8 = 0xFF;

/// Checks that a server reads the request that was sent, field by field: nothing in a URI or a
/// value can add a line. The server's response opens the connection.
///
/// The input is a URI, or a host and a target; then subprotocols, each after a `+`, and header
/// fields.
pub fn request(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == SEPARATOR);
    let Some((mut request, credentials)) = address(&mut parts) else { return };
    let mut fields: Vec<(&str, &[u8])> = Vec::new();
    let mut offers = Vec::new();
    for part in parts {
        if let [b'+', offer @ ..] = part {
            let Ok(offer) = str::from_utf8(offer) else { return };
            request = request.subprotocol(offer);
            offers.push(offer);
            continue;
        }
        let end = part.iter().position(|byte| *byte == b':').unwrap_or(part.len());
        let Ok(name) = str::from_utf8(&part[..end]) else { return };
        let value = part.get(end + 1..).unwrap_or_default();
        request = request.header(name, value);
        fields.push((name, value));
    }

    let authorized = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let basic = credentials.filter(|_| !authorized).map(|credentials| credentials.basic());
    over_http2(request.clone(), &fields, basic.as_deref());
    let mut wire = Vec::new();
    let Ok(sent) = request.send(Config::default(), SEED, &mut wire) else {
        assert_eq!(wire, b"", "something was appended");
        return;
    };
    let mut input = wire.as_mut_slice();
    let received = match ServerHandshake::new(Config::default()).receive(&mut input) {
        Ok(ServerProgress::Request(request)) => request,
        Ok(ServerProgress::NeedsInput(_)) => panic!("half a head"),
        // The client has no limits, and accepts a repeated `Origin` from the application.
        Err(rejection) if rejection.status() == 431 => return,
        Err(rejection) if rejection.kind() == RejectionKind::RepeatedHeader => {
            let origins = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("origin"));
            assert!(origins.count() > 1, "{rejection}");
            return;
        }
        Err(rejection) => panic!("{rejection}"),
    };
    assert_eq!(input.len(), 0, "more than a head");

    let own = received.headers().len() - fields.len() - usize::from(basic.is_some());
    assert_eq!(own, if offers.is_empty() { 5 } else { 6 }, "fields of the handshake itself");
    let foreign: Vec<_> = received.headers().iter().skip(own).take(fields.len()).collect();
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, trim(value))).collect();
    assert_eq!(foreign, fields);
    if let Some(basic) = &basic {
        assert_eq!(received.header("authorization"), Some(&**basic));
    }
    assert_eq!(received.subprotocols().collect::<Vec<_>>(), offers);

    let mut answer = Vec::new();
    drop(received.accept().respond(&mut answer));
    let opened = sent.receive(&mut answer.as_mut_slice());
    assert!(matches!(opened, Ok(ClientProgress::Open(..))), "{opened:?}");
}

/// Checks the same request by extended CONNECT, without bytes between the two sides.
fn over_http2(request: client::ClientRequest, fields: &[(&str, &[u8])], basic: Option<&str>) {
    let Ok(sent) = request.extended_connect(Config::default(), SEED) else { return };
    let pseudo = PseudoHeaders {
        method: "CONNECT",
        protocol: Some("websocket"),
        authority: sent.authority(),
        path: sent.path(),
    };
    let received =
        ServerRequest::from_pseudo_headers(Config::default(), &pseudo, sent.headers().iter());
    let received = match received {
        Ok(received) => received,
        Err(rejection) if rejection.kind() == RejectionKind::RepeatedHeader => return,
        Err(rejection) => panic!("{rejection}"),
    };
    let own = received.headers().len() - fields.len() - usize::from(basic.is_some());
    let foreign: Vec<_> = received.headers().iter().skip(own).take(fields.len()).collect();
    assert_eq!(foreign, fields);
    if let Some(basic) = basic {
        assert_eq!(received.header("authorization"), Some(basic));
    }
    let accept = received.accept();
    let opened = sent.receive(accept.status(), accept.headers().iter(), b"");
    assert!(matches!(opened, Ok(ExtendedConnectOutcome::Open(..))), "{opened:?}");
}

fn address<'d>(
    parts: &mut impl Iterator<Item = &'d [u8]>,
) -> Option<(client::ClientRequest, Option<Credentials>)> {
    let first = str::from_utf8(parts.next()?).ok()?;
    if !first.contains("://") {
        let target = str::from_utf8(parts.next()?).ok()?;
        return Some((client::ClientRequest::new(first, target), None));
    }
    let uri: Uri = first.parse().ok()?;
    let again: Uri = uri.to_string().parse().expect("an address");
    assert!(again.is_same_origin(&uri));
    assert_eq!((again.authority(), again.target()), (uri.authority(), uri.target()));
    Some((client::ClientRequest::for_uri(&uri), uri.credentials().cloned()))
}

/// Removes the whitespace around a value, which is not part of it (RFC 9112 §5.1).
fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}
