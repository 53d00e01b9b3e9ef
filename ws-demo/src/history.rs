//! The history of rooms, and the positions in it that clients know.

mod options;

use std::fmt;

use serde::Deserialize;
use ws_hub::Position;

pub(crate) use options::HistoryOptions;

/// The epoch of a history, as clients know it: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(pub(crate) u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a client has received of a room: everything up to a position. `None`: what it wrote is no position
/// of this server, so that nothing can be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(pub(crate) Option<Position>);

impl Since {
    pub(crate) fn parse(json: &str) -> Self {
        #[derive(Deserialize)]
        struct Known {
            epoch: String,
            offset: u64,
        }

        let position = |Known { epoch, offset }: Known| {
            let is_epoch =
                epoch.len() == 16 && epoch.bytes().all(|digit| digit.is_ascii_hexdigit());
            let epoch = u64::from_str_radix(&epoch, 16).ok().filter(|_| is_epoch)?;
            Some(Position { epoch, offset })
        };
        Self(serde_json::from_str(json).ok().and_then(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_are_written() {
        for (epoch, offset) in [(0, 0), (0xAB, 1), (u64::MAX, u64::MAX)] {
            let json = format!(r#"{{"offset":{offset},"epoch":"{}","x":1}}"#, Epoch(epoch));
            assert_eq!(Since::parse(&json), Since(Some(Position { epoch, offset })));
        }
    }

    #[test]
    fn nothing_is_recovered_from_other_values() {
        for json in [
            "7",
            "{}",
            "[]",
            r#"{"epoch":"00000000000000ab"}"#,
            r#"{"epoch":"ab","offset":1}"#,
            r#"{"epoch":"+0000000000000ab","offset":1}"#,
            r#"{"epoch":171,"offset":1}"#,
            r#"{"epoch":"00000000000000ab","offset":-1}"#,
            r#"{"epoch":"00000000000000ab","offset":1.5}"#,
        ] {
            assert_eq!(Since::parse(json), Since(None), "{json}");
        }
    }
}
