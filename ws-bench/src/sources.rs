//! The addresses that clients connect from.

use std::net::IpAddr;

use ipnet::IpNet;

/// The maximum number of addresses; each has tens of thousands of ports.
const MAX: usize = 4096;

/// Addresses of this machine. If there is none, the system chooses.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Vec<IpAddr>);

impl Sources {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.iter().flat_map(IpNet::hosts).take(MAX).collect())
    }

    /// Returns the address for a client; clients take turns.
    pub(crate) fn of(&self, client: u32) -> Option<IpAddr> {
        let addresses = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        client.checked_rem(addresses).map(|at| self.0[at as usize])
    }

    /// Returns the number of addresses, at least 1.
    pub(crate) fn len(&self) -> usize {
        self.0.len().max(1)
    }

    pub(crate) fn any_is_ipv4(&self) -> bool {
        self.0.iter().any(IpAddr::is_ipv4)
    }

    pub(crate) fn any_is_ipv6(&self) -> bool {
        self.0.iter().any(IpAddr::is_ipv6)
    }
}

/// Parses a network, or an address, which is a network of one.
///
/// # Errors
///
/// The message for the user.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        "expected an address or a network, such as 127.0.0.2 or 127.0.0.0/28".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_take_turns() {
        let networks = ["127.0.0.2", "127.0.1.0/30"].map(|text| network(text).expect(text));
        let sources = Sources::new(&networks);
        let addresses: Vec<_> =
            (0..4).map(|client| sources.of(client).expect("one").to_string()).collect();
        assert_eq!(addresses, ["127.0.0.2", "127.0.1.1", "127.0.1.2", "127.0.0.2"]);
        assert_eq!(Sources::new(&[]).of(7), None);
        assert_eq!(Sources::new(&[network("10.0.0.0/8").expect("one")]).len(), MAX);
        assert!(network("localhost").is_err());
    }
}
