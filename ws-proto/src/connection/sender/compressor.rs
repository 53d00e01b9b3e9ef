//! permessage-deflate, lent to the sender for one frame (RFC 7692 §7.2.1).

use alloc::boxed::Box;

use crate::config::Config;
use crate::deflate::Extension;

pub(in crate::connection) struct Compressor<'c> {
    extension: &'c mut Extension,
    config: &'c Config,
}

impl<'c> Compressor<'c> {
    /// `None` for a frame that is not to be compressed.
    #[inline]
    pub(in crate::connection) fn lend(
        extension: &'c mut Option<Box<Extension>>,
        config: &'c Config,
        compressed: bool,
    ) -> Option<Self> {
        let extension = extension.as_deref_mut().filter(|_| compressed)?;
        Some(Self { extension, config })
    }

    /// The payload of a message's next frame; `start` and `fin` are its place in the message.
    pub(super) fn compress(&mut self, data: &[u8], start: bool, fin: bool) -> &[u8] {
        self.extension.compress(self.config, data, start, fin)
    }

    /// Gives back the engine where it is kept for one message only.
    pub(super) fn frame_sent(self) {
        self.extension.message_sent();
    }
}
