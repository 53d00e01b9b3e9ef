//! The implementations, one file for each.

mod batching;
mod bun;
mod fastwebsockets;
mod hyper;
mod sockudo;
mod tokio_tungstenite;
mod tokio_websockets;
mod tungstenite;
mod ws_hub;
mod ws_proto;
mod ws_tokio_lent;
mod ws_tokio_owned;
mod yawc;

pub(crate) use self::bun::Bun;
use crate::contestant::Contestant;
use crate::floors;

/// The largest message that is sent, above the defaults of some implementations.
const MAX_MESSAGE: usize = 64 << 20;

/// All contestants, in the order of the tables.
pub(crate) const ALL: &[Contestant] = &[
    floors::COPY_AND_XOR,
    floors::BARE,
    floors::RAW_EPOLL,
    floors::RAW_TOKIO,
    ws_proto::CONTESTANT,
    ws_tokio_lent::CONTESTANT,
    ws_tokio_owned::CONTESTANT,
    ws_hub::CONTESTANT,
    tungstenite::CONTESTANT,
    tokio_tungstenite::CONTESTANT,
    fastwebsockets::CONTESTANT,
    tokio_websockets::CONTESTANT,
    sockudo::CONTESTANT,
    yawc::CONTESTANT,
    bun::CONTESTANT,
];

/// Returns the contestant with this name.
pub(crate) fn named(name: &str) -> Option<&'static Contestant> {
    ALL.iter().find(|contestant| contestant.name == name)
}

/// Returns the version of a crate that this program was built with.
pub(crate) fn version(package: &str) -> Option<&'static str> {
    let lock = include_str!("../../Cargo.lock");
    let entry = lock.split("[[package]]").find(|entry| {
        entry.lines().any(|line| {
            line.strip_prefix("name = ").is_some_and(|it| it.trim_matches('"') == package)
        })
    })?;
    entry.lines().find_map(|line| line.strip_prefix("version = ")).map(|it| it.trim_matches('"'))
}
