//! The limits of this machine on the number of connections.

use std::fs;
use std::io;

use ws_tokio::{ConnectError, HandshakeError};

use crate::plan::Plan;
use crate::sources::Sources;

/// File descriptors that are needed for other things than connections.
const RESERVE: u64 = 64;

/// A limit that prevents connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemLimit {
    Descriptors,
    Ports,
}

impl SystemLimit {
    /// Returns the limit that causes an error of the system.
    fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Some(Self::Ports),
            _ if is_out_of_descriptors(error) => Some(Self::Descriptors),
            _ => None,
        }
    }

    /// Returns the limit that causes a failure to connect.
    pub(crate) fn of_connect_error(error: &ConnectError) -> Option<Self> {
        match error {
            ConnectError::Unreachable(unreachable) => {
                unreachable.attempts().iter().find_map(|(_, error)| Self::of(error))
            }
            ConnectError::Resolve { error, .. }
            | ConnectError::UnixSocket { error, .. }
            | ConnectError::Io(error)
            | ConnectError::Handshake(HandshakeError::Io(error)) => Self::of(error),
            _ => None,
        }
    }

    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "this machine's limit of file descriptors is reached: raise it (ulimit -n)"
            }
            Self::Ports => {
                "the ports of this machine are used up: connect from more addresses \
                 (--source 127.0.0.0/28 for a server on 127.0.0.1), or wait for those in TIME_WAIT"
            }
        }
    }
}

#[cfg(unix)]
fn is_out_of_descriptors(error: &io::Error) -> bool {
    use nix::errno::Errno;

    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE))
}

#[cfg(not(unix))]
fn is_out_of_descriptors(_error: &io::Error) -> bool {
    false
}

/// Raises the limit of file descriptors as far as needed, and checks it and the number of ports of the
/// source addresses (`None`: connections have no ports).
///
/// # Errors
///
/// The limit that is too low, and what to do.
pub(crate) fn check(plan: &Plan, sources: Option<&Sources>) -> Result<(), String> {
    let clients = u64::from(plan.clients);
    let limit = rlimit::increase_nofile_limit(clients + RESERVE).unwrap_or(u64::MAX);
    let addresses = sources.map_or(0, |sources| sources.len() as u64);
    fits(clients, limit, sources.and_then(|_| ports()), addresses)
}

/// Checks that a number of clients fits into a limit of file descriptors and the ports of some addresses.
fn fits(clients: u64, limit: u64, ports: Option<u64>, addresses: u64) -> Result<(), String> {
    let wanted = clients + RESERVE;
    if limit < wanted {
        let most = limit.saturating_sub(RESERVE);
        return Err(format!(
            "{clients} clients need {wanted} file descriptors, and the limit is {limit}: \
             raise it (ulimit -n {wanted}) or use --clients {most}"
        ));
    }
    match ports.map(|ports| ports.saturating_mul(addresses)) {
        Some(most) if clients > most => Err(format!(
            "{clients} clients need {clients} ports, and {addresses} source address(es) have {most}: \
             add addresses, such as --source 127.0.0.0/28 for a server on 127.0.0.1"
        )),
        _ => Ok(()),
    }
}

/// Returns the number of ports of one address for connections to one server, if known.
fn ports() -> Option<u64> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut bounds = range.split_ascii_whitespace().map(|bound| bound.parse::<u64>().ok());
    let (first, last) = (bounds.next()??, bounds.next()??);
    Some((last + 1).saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        for (clients, limit, ports, addresses, explanation) in [
            (1000, 1063, None, 1, "1000 clients need 1064 file descriptors, and the limit is 1063"),
            (10, 5, None, 1, "--clients 0"),
            (30_000, 100_000, Some(28_232), 1, "1 source address(es) have 28232"),
            (60_000, 100_000, Some(28_232), 2, "2 source address(es) have 56464"),
        ] {
            let error = fits(clients, limit, ports, addresses).expect_err("a limit");
            assert!(error.contains(explanation), "{error}");
        }
        assert_eq!(fits(1000, 1064, None, 1), Ok(()));
        assert_eq!(fits(56_464, 100_000, Some(28_232), 2), Ok(()));
    }

    #[test]
    fn limits_are_recognised_by_their_errors() {
        let limit = |kind: io::ErrorKind| SystemLimit::of(&kind.into());
        assert_eq!(limit(io::ErrorKind::AddrNotAvailable), Some(SystemLimit::Ports));
        assert_eq!(limit(io::ErrorKind::ConnectionRefused), None);
        #[cfg(unix)]
        {
            let error = io::Error::from_raw_os_error(nix::errno::Errno::EMFILE as i32);
            assert_eq!(SystemLimit::of(&error), Some(SystemLimit::Descriptors));
        }
    }
}
