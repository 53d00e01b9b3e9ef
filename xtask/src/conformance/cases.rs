/// The groups of the suite's cases, in its own order, and how many cases each has.
const GROUPS: &[(&str, u32)] = &[
    // Framing, pings and pongs, reserved bits, opcodes, fragmentation.
    ("1.1", 8),
    ("1.2", 8),
    ("2", 11),
    ("3", 7),
    ("4.1", 5),
    ("4.2", 5),
    ("5", 20),
    // UTF-8.
    ("6.1", 3),
    ("6.2", 4),
    ("6.3", 2),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 11),
    ("6.7", 4),
    ("6.8", 2),
    ("6.9", 4),
    ("6.10", 3),
    ("6.11", 5),
    ("6.12", 8),
    ("6.13", 5),
    ("6.14", 10),
    ("6.15", 1),
    ("6.16", 3),
    ("6.17", 5),
    ("6.18", 5),
    ("6.19", 5),
    ("6.20", 7),
    ("6.21", 8),
    ("6.22", 34),
    ("6.23", 7),
    // The closing handshake.
    ("7.1", 6),
    ("7.3", 6),
    ("7.5", 1),
    ("7.7", 13),
    ("7.9", 9),
    ("7.13", 2),
    // Limits and performance, automatic fragmentation.
    ("9.1", 6),
    ("9.2", 6),
    ("9.3", 9),
    ("9.4", 9),
    ("9.5", 6),
    ("9.6", 6),
    ("9.7", 6),
    ("9.8", 6),
    ("10.1", 1),
    // permessage-deflate: kinds of content, then parameters that are negotiated.
    ("12.1", 18),
    ("12.2", 18),
    ("12.3", 18),
    ("12.4", 18),
    ("12.5", 18),
    ("13.1", 18),
    ("13.2", 18),
    ("13.3", 18),
    ("13.4", 18),
    ("13.5", 18),
    ("13.6", 18),
    ("13.7", 18),
];

/// Cases of which the suite only says what the peer did: the RFC leaves it open.
pub(crate) const INFORMATIONAL: &[&str] = &["7.1.6", "7.13.1", "7.13.2"];

/// The names of all cases. The suite hangs when it is asked for one that it does not have.
pub(crate) fn all() -> impl Iterator<Item = String> {
    let names = |&(group, count): &(&'static str, u32)| {
        (1..=count).map(move |number| format!("{group}.{number}"))
    };
    GROUPS.iter().flat_map(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_has_517_cases() {
        assert_eq!(all().count(), 517);
        assert_eq!(all().filter(|case| case.starts_with("6.")).count(), 145);
        assert_eq!(all().filter(|case| case.starts_with("12.")).count(), 90);
        assert_eq!(all().filter(|case| case.starts_with("13.")).count(), 126);
    }

    #[test]
    fn what_is_informational_exists() {
        assert!(INFORMATIONAL.iter().all(|name| all().any(|case| case == *name)));
    }
}
