//! The limits of this machine that many connections run into.

use std::fs;
use std::io;

use super::plan::Plan;
use super::sources::Sources;

/// File descriptors for other things than connections.
const RESERVE: u64 = 64;

/// A limit that keeps connections from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wall {
    Descriptors,
    Ports,
}

impl Wall {
    /// The wall that an error comes from.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Some(Self::Ports),
            _ if is_out_of_descriptors(error) => Some(Self::Descriptors),
            _ => None,
        }
    }

    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "this machine's limit of file descriptors is the wall: raise it (ulimit -n)"
            }
            Self::Ports => {
                "this machine's ports are the wall: connect from more addresses \
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

/// Raises what can be raised, and refuses what cannot be done.
///
/// # Errors
///
/// The wall, in words.
pub(super) fn check(plan: &Plan, sources: &Sources) -> Result<(), String> {
    let clients = u64::from(plan.clients);
    let wanted = clients + RESERVE;
    let limit = rlimit::increase_nofile_limit(wanted).unwrap_or(u64::MAX);
    if limit < wanted {
        let most = limit.saturating_sub(RESERVE);
        return Err(format!(
            "{clients} clients need {wanted} file descriptors, and the limit is {limit}: \
             raise it (ulimit -n {wanted}) or use --clients {most}"
        ));
    }
    if let Some(ports) = ports() {
        let most = ports.saturating_mul(sources.len() as u64);
        if clients > most {
            return Err(format!(
                "{clients} clients need as many ports, and {} address(es) have {most}: \
                 add some, such as --source 127.0.0.0/28 for a server on 127.0.0.1",
                sources.len()
            ));
        }
    }
    Ok(())
}

/// How many ports one address has for connections to one server, where that is known.
fn ports() -> Option<u64> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut bounds = range.split_ascii_whitespace().map(|bound| bound.parse::<u64>().ok());
    let (first, last) = (bounds.next()??, bounds.next()??);
    Some((last + 1).saturating_sub(first))
}
