//! How many files, and so how many connections, the process may have open.

/// Files that are no client's: listeners, logs, requests that are being waited for.
const RESERVED: u64 = 256;

/// Raises the limit as far as it goes, and returns how many clients there may be: `wanted`, or what
/// is possible. Warns when that is less than what is wanted, or little.
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
        Some(wanted) if wanted > possible => tracing::warn!(
            "[ws] {wanted} clients are allowed, but the limit of {limit} open files lets only some \
             {possible} come: raise it (ulimit -Hn, LimitNOFILE=)"
        ),
        None if possible < 1000 => tracing::warn!(
            "[ws] the limit of {limit} open files lets only some {possible} clients come: raise it \
             (ulimit -Hn, LimitNOFILE=)"
        ),
        _ => {}
    }
    wanted.unwrap_or(possible)
}

/// How many clients a limit of open files leaves room for.
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
