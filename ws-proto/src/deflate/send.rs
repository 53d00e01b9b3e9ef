//! Compressing messages (RFC 7692 §7.2.1).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::config::Deflate;
use super::engine::TRAILER;
use super::extension::{Extension, Outgoing};
use crate::config::Config;

impl Extension {
    /// Whether a message of this size is worth compressing.
    pub(crate) fn compresses(&self, config: &Config, len: usize) -> bool {
        self.can_compress()
            && config.deflate.as_ref().is_some_and(|deflate| len >= deflate.threshold)
    }

    pub(crate) fn can_compress(&self) -> bool {
        self.parameters().outgoing_bits.is_some()
    }

    /// Returns the payload of a message's next frame, the `first` one or a later one, `fin` if it is the
    /// last. Only for an extension that [can compress](Self::can_compress).
    pub(crate) fn compress(
        &mut self,
        config: &Config,
        data: &[u8],
        first: bool,
        fin: bool,
    ) -> &[u8] {
        let parameters = self.parameters();
        let (Some(deflate), Some(bits)) = (&config.deflate, parameters.outgoing_bits) else {
            return EMPTY;
        };
        let outgoing = self.outgoing.get_or_insert_with(Box::default);
        outgoing.open = !fin;
        let Outgoing { history, engine, .. } = &mut **outgoing;
        let engine = match engine {
            Some(engine) => {
                if first && !parameters.outgoing_takeover {
                    engine.restart(&[]);
                }
                engine
            }
            None => {
                let engine = engine.insert(deflate.engines.deflater(deflate.level(), bits));
                engine.restart(history.as_slice());
                engine
            }
        };
        self.used |= engine.stays();
        if parameters.outgoing_takeover {
            history.push(data, bits);
        }
        let compressed = engine.compress(data);
        let compressed = if fin { finish(compressed) } else { compressed };
        self.saved.sent += data.len() as i64 - compressed.len() as i64;
        compressed
    }

    /// The window of sent messages, if they do not refer to earlier ones.
    pub(crate) fn shared_window_bits(&self) -> Option<u8> {
        let parameters = self.parameters();
        parameters.outgoing_bits.filter(|_| !parameters.outgoing_takeover)
    }
}

/// A stored block without content, less its trailer (RFC 7692 §7.2.3.6).
const EMPTY: &[u8] = &[0];

/// Takes the trailer from the last frame of a message (RFC 7692 §7.2.1).
fn finish(compressed: &[u8]) -> &[u8] {
    match compressed.strip_suffix(&TRAILER).unwrap_or(compressed) {
        [] => EMPTY,
        payload => payload,
    }
}

/// Compresses a message that refers to no other; returns the window bits that it needs, too.
pub(crate) fn compress_alone(deflate: &Deflate, data: &[u8]) -> (Vec<u8>, u8) {
    let window_bits = deflate.window_bits();
    let mut engine = deflate.engines.deflater(deflate.level(), window_bits);
    engine.restart(&[]);
    (finish(engine.compress(data)).to_vec(), window_bits)
}
