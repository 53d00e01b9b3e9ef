//! What both halves know of the connection, and may set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ws_proto::{Closed, Config, Error, Role, State, Stats};

use super::{ReadHalf, WriteHalf};
use crate::lock::lock;

macro_rules! facts {
    ($Half:ident) => {
        impl<Io, T> $Half<Io, T> {
            /// The facts about the end, from its first step on.
            pub fn closed(&self) -> Option<Closed> {
                lock(&self.shared.socket).connection.closed().cloned()
            }

            /// The peer's error that ended the connection.
            pub fn error(&self) -> Option<Error> {
                lock(&self.shared.socket).connection.error()
            }

            /// Which end this is.
            pub fn role(&self) -> Role {
                lock(&self.shared.socket).connection.role()
            }

            /// How far the connection is.
            pub fn state(&self) -> State {
                lock(&self.shared.socket).connection.state()
            }

            /// What has passed so far.
            pub fn stats(&self) -> Stats {
                lock(&self.shared.socket).connection.stats()
            }

            /// The latest round-trip time that a keep-alive ping measured.
            pub fn rtt(&self) -> Option<Duration> {
                lock(&self.shared.socket).connection.rtt()
            }

            /// The number of bytes that the stream has taken since the opening handshake.
            pub fn written(&self) -> u64 {
                lock(&self.shared.socket).bytes_written()
            }

            /// Whether permessage-deflate was negotiated (RFC 7692).
            pub fn is_compressed(&self) -> bool {
                lock(&self.shared.socket).connection.is_compressed()
            }

            /// The configuration.
            pub fn config(&self) -> Arc<Config> {
                Arc::clone(lock(&self.shared.socket).connection.config())
            }

            /// Replaces the configuration; see
            /// [`WebSocket::set_config`](crate::WebSocket::set_config).
            pub fn set_config(&mut self, config: impl Into<Arc<Config>>) {
                lock(&self.shared.socket).connection.set_config(config);
            }

            /// Lends the stream. The lock on the connection is held meanwhile, so neither wait in
            /// `look` nor use the other half there. Reading from the stream or writing to it would
            /// break the connection.
            pub fn with_ref<R>(&self, look: impl FnOnce(&Io) -> R) -> R {
                look(&lock(&self.shared.socket).io)
            }
        }

        impl<Io, T> fmt::Debug for $Half<Io, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Half)).finish_non_exhaustive()
            }
        }
    };
}

facts!(ReadHalf);
facts!(WriteHalf);
