//! The servers that are connected to without a proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The entries of a list such as `NO_PROXY`.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug)]
struct Exception {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    /// A name in lower case, and its subdomains.
    Name(String),
    Network {
        address: IpAddr,
        prefix: u32,
    },
}

impl Exceptions {
    pub(super) fn add(&mut self, list: &str) {
        let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        self.0.extend(entries.map(exception));
    }

    pub(super) fn contain(&self, host: &str, port: u16) -> bool {
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.0.iter().any(|exception| {
            exception.port.is_none_or(|own| own == port)
                && match (&exception.host, address) {
                    (Host::Any, _) => true,
                    (Host::Name(own), None) => name
                        .strip_suffix(&**own)
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
                    (Host::Network { address: own, prefix }, Some(address)) => {
                        is_within(address, *own, *prefix)
                    }
                    _ => false,
                }
        })
    }
}

fn exception(entry: &str) -> Exception {
    let (host, port) = split_port(entry);
    Exception { host: pattern(host), port }
}

/// Host and port; an IPv6 address with a port is in brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => (entry, None),
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        None => (entry, None),
    }
}

fn pattern(host: &str) -> Host {
    if host == "*" {
        return Host::Any;
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let (address, prefix) = match bare.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse::<u32>().ok()),
        None => (bare, Some(u32::MAX)),
    };
    match (address.parse::<IpAddr>(), prefix) {
        (Ok(address), Some(prefix)) => {
            let most = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
            Host::Network { address, prefix: prefix.min(most) }
        }
        _ => {
            let name = host.strip_prefix("*.").unwrap_or(host);
            Host::Name(name.trim_matches('.').to_ascii_lowercase())
        }
    }
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= prefix
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= prefix
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        for (list, host, port, expected) in [
            ("", "a", 80, false),
            ("*", "a", 80, true),
            ("*", "::1", 80, true),
            ("example.com", "example.com", 80, true),
            ("EXAMPLE.com", "Example.COM.", 80, true),
            ("example.com", "www.example.com", 80, true),
            ("example.com", "notexample.com", 80, false),
            (".example.com", "www.example.com", 80, true),
            (".example.com", "example.com", 80, true),
            ("*.example.com", "www.example.com", 80, true),
            ("www.example.com", "example.com", 80, false),
            ("a, b,,c", "c", 80, true),
            ("a b", "b", 80, true),
            ("example.com:8080", "example.com", 8080, true),
            ("example.com:8080", "example.com", 80, false),
            ("*:443", "a", 443, true),
            ("*:443", "a", 80, false),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("127.0.0.1", "127.0.0.10", 80, false),
            ("127.0.0.1:81", "127.0.0.1", 80, false),
            ("0.0.1", "127.0.0.1", 80, false),
            ("10.0.0.0/8", "10.255.0.1", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("10.1.2.3/9", "10.127.0.1", 80, true),
            ("0.0.0.0/0", "1.2.3.4", 80, true),
            ("0.0.0.0/0", "::1", 80, false),
            ("0.0.0.0/0", "example.com", 80, false),
            ("10.0.0.1/99", "10.0.0.2", 80, false),
            ("::1", "::1", 80, true),
            ("[::1]:81", "::1", 81, true),
            ("[::1]:81", "::1", 80, false),
            ("[::1]", "::1", 80, true),
            ("2001:db8::/32", "2001:db8:1::1", 80, true),
            ("2001:db8::/32", "2001:db9::1", 80, false),
        ] {
            let mut exceptions = Exceptions::default();
            exceptions.add(list);
            assert_eq!(exceptions.contain(host, port), expected, "{host}:{port} in {list:?}");
        }
    }

    /// An empty name would be a suffix of every name.
    #[test]
    fn dots_are_no_name() {
        let mut exceptions = Exceptions::default();
        exceptions.add(". *. ..");
        assert!(!exceptions.contain("example.com", 80));
    }
}
