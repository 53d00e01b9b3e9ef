//! Connections that are closed together.

mod aborting;
mod busy;
mod draining;
mod idle;
mod interleaving;
mod split;

use ws_futures::CloseCode;

use crate::support::wire::{self, Content};

/// The Close frame that a shutdown sends by default.
fn going_away() -> Content {
    wire::close_content(CloseCode::GOING_AWAY.get(), "")
}
