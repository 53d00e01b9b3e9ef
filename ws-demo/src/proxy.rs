//! The address of a client behind a proxy.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The address that a connection counts for: the peer's or, if the peer is a trusted proxy, the last one
/// in `X-Forwarded-For` that is not a trusted proxy. What stands before that one may be forged. `peer`
/// is `None` for a Unix socket, whose peer is trusted.
pub(crate) fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let peer = peer.map(|peer| peer.to_canonical());
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if peer.is_some_and(|peer| !is_trusted(peer)) {
        return peer;
    }
    let fields = headers.get_all("x-forwarded-for").iter();
    let fields: Vec<&str> =
        fields.map(|value| str::from_utf8(value.as_bytes()).unwrap_or_default()).collect();
    let mut client = peer;
    for entry in fields.iter().rev().flat_map(|field| field.rsplit(',')) {
        // An entry that is no address ends the chain, whichever proxy has written it.
        let Some(address) = parse(entry.trim()) else { break };
        client = Some(address);
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// An address, with or without a port; some proxies add theirs.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry
        .parse()
        .or_else(|_| entry.parse().map(|socket: std::net::SocketAddr| socket.ip()))
        .or_else(|_| entry.trim_start_matches('[').trim_end_matches(']').parse());
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn address(peer: &str, fields: &[&'static str]) -> String {
        let name = HeaderName::from_static("x-forwarded-for");
        let field = |value: &&'static str| (name.clone(), HeaderValue::from_static(value));
        let headers: HeaderMap = fields.iter().map(field).collect();
        let trusted = ["10.0.0.0/8".parse().expect("a net"), "fd00::/8".parse().expect("a net")];
        let client = client_address(peer.parse().ok(), &headers, &trusted);
        client.map_or("none".to_owned(), |address| address.to_string())
    }

    #[test]
    fn addresses() {
        for (peer, fields, client) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("::ffff:192.0.2.1", &[], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, 10.2.3.4"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7,10.2.3.4"], "198.51.100.7"),
            ("10.0.0.1", &["10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &["203.0.113.9, junk"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, junk, 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("fd00::1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("local", &["198.51.100.7"], "198.51.100.7"),
            ("local", &[], "none"),
        ] {
            assert_eq!(address(peer, fields), client, "{peer} {fields:?}");
        }
    }
}
