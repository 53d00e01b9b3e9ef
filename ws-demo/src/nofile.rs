//! The limit of open files, which bounds the connections.

/// Files that belong to no client: listeners, logs, connections without a request.
const RESERVED: u64 = 256;

/// Raises the limit as far as possible, and returns the number of clients that are allowed: `wanted`
/// (`usize::MAX`: no limit), or what is possible. Logs a warning if fewer are possible than wanted, or few.
pub(crate) fn connections(wanted: Option<usize>) -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!("[ws] cannot raise the limit of open files: {error}");
            return wanted.unwrap_or(usize::MAX);
        }
    };
    let possible = possible(limit);
    match wanted {
        Some(wanted) if wanted > possible && wanted < usize::MAX => tracing::warn!(
            "[ws] --max-connections {wanted}: the limit of {limit} open files allows about {possible} \
             clients; raise it (ulimit -Hn, LimitNOFILE=)"
        ),
        None | Some(usize::MAX) if possible < 1000 => tracing::warn!(
            "[ws] the limit of {limit} open files allows about {possible} clients; raise it \
             (ulimit -Hn, LimitNOFILE=)"
        ),
        _ => {}
    }
    wanted.unwrap_or(possible)
}

/// The number of clients that a limit of open files allows.
fn possible(limit: u64) -> usize {
    let clients = limit.saturating_sub(RESERVED).max(limit / 2);
    usize::try_from(clients).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_for_other_things() {
        for (limit, clients) in [(20_000, 19_744), (1024, 768), (300, 150), (0, 0)] {
            assert_eq!(possible(limit), clients, "{limit}");
        }
    }
}
