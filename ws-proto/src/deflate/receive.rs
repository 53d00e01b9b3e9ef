//! Inflating messages as they arrive (RFC 7692 §7.2.2).

use alloc::boxed::Box;

use super::engine::Step;
use super::extension::{Extension, Incoming};
use crate::config::Config;
use crate::error::ErrorKind;

/// The number of streams that a peer may end within any message (BFINAL), each of which costs a copy of
/// the history. One more is allowed for each [`RESTART_BYTES`] of the message on the wire, so that the cost
/// is linear in the bytes that arrived (CVE-2026-128131).
const FREE_RESTARTS: u64 = 64;
const RESTART_BYTES: u64 = 64;

impl Extension {
    /// Inflates the next piece of a message, `fin` if it is the last one, and passes the output to `sink`
    /// in pieces, at most `room` bytes in all.
    ///
    /// # Errors
    ///
    /// What is wrong with the piece; the output before the fault is passed to `sink` first.
    pub(crate) fn inflate(
        &mut self,
        config: &Config,
        piece: &[u8],
        fin: bool,
        mut room: usize,
        mut sink: impl FnMut(&[u8]) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let parameters = self.parameters();
        let Some(deflate) = &config.deflate else { return Err(ErrorKind::InvalidDeflate) };
        let incoming = self.incoming.get_or_insert_with(Box::default);
        let Incoming { history, engine, open, ended, restarts, wire } = &mut **incoming;
        let engine = match engine {
            Some(engine) => {
                // The engine remembers more than a smaller window. A reference beyond that window is refused
                // whether the engine has stayed or not.
                if !*open && (!parameters.incoming_takeover || parameters.incoming_bits < 15) {
                    engine.restart(history.as_slices());
                }
                engine
            }
            None => {
                let engine = engine.insert(deflate.engines.inflater());
                engine.restart(history.as_slices());
                engine
            }
        };
        self.used |= engine.stays();
        if !*open {
            (*open, *restarts, *wire) = (true, 0, 0);
        }

        self.saved.received -= piece.len() as i64;
        let mut input = piece;
        loop {
            if *ended {
                if input.is_empty() {
                    break;
                }
                // The next stream begins at the next byte, with the same history.
                *ended = false;
                *restarts += 1;
                // Bytes that follow in the same read do not count yet: the result is the same at any
                // chunking.
                let passed = *wire + (piece.len() - input.len()) as u64;
                if *restarts > FREE_RESTARTS + passed / RESTART_BYTES {
                    return Err(ErrorKind::TooManyStreams);
                }
                engine.restart(history.as_slices());
            }
            let (output, step) = engine.step(&mut input, room.saturating_add(1));
            let fits = &output[..output.len().min(room)];
            sink(fits)?;
            if fits.len() < output.len() {
                return Err(ErrorKind::MessageTooBig);
            }
            history.push(output, parameters.incoming_bits);
            self.saved.received += output.len() as i64;
            room -= output.len();
            match step.map_err(|_corrupt| ErrorKind::InvalidDeflate)? {
                Step::Full => {}
                Step::NeedsInput => break,
                // The trailer of the message before was marked as the last block, which shows now.
                Step::StreamEnd if *wire == 0 && input.len() == piece.len() => {
                    engine.restart(history.as_slices());
                }
                Step::StreamEnd => *ended = true,
            }
        }
        *wire += piece.len() as u64;
        if !fin {
            return Ok(());
        }

        *open = false;
        // A stream that ended exactly with the message needs no trailer, but a new beginning.
        let restart = core::mem::take(ended);
        if !restart && !engine.ends_message() {
            return Err(ErrorKind::InvalidDeflate);
        }
        if !parameters.incoming_takeover {
            history.clear();
        } else if restart {
            engine.restart(history.as_slices());
        }
        self.message_received();
        Ok(())
    }
}
