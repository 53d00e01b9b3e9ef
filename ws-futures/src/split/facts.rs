//! The accessors of the connection that both halves have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ws_proto::{Closed, Config, Error, Role, State, Stats};

use super::{ReadHalf, WriteHalf};
use crate::lock::lock;

macro_rules! facts {
    ($Half:ident) => {
        impl<Io, T> $Half<Io, T> {
            /// Returns how the connection ended or is ending; available from the first step of closing on.
            pub fn closed(&self) -> Option<Closed> {
                lock(&self.shared.socket).connection.closed().cloned()
            }

            /// Returns the peer's error that ended the connection.
            pub fn error(&self) -> Option<Error> {
                lock(&self.shared.socket).connection.error()
            }

            /// Returns the role of this endpoint.
            pub fn role(&self) -> Role {
                lock(&self.shared.socket).connection.role()
            }

            /// Returns the state of the connection.
            pub fn state(&self) -> State {
                lock(&self.shared.socket).connection.state()
            }

            /// Returns the counters of the connection.
            pub fn stats(&self) -> Stats {
                lock(&self.shared.socket).connection.stats()
            }

            /// Returns the latest round-trip time measured by a keep-alive ping.
            pub fn rtt(&self) -> Option<Duration> {
                lock(&self.shared.socket).connection.rtt()
            }

            /// Returns the number of bytes that the stream has accepted since the opening handshake.
            pub fn written(&self) -> u64 {
                lock(&self.shared.socket).bytes_written()
            }

            /// Whether permessage-deflate was negotiated (RFC 7692).
            pub fn is_compressed(&self) -> bool {
                lock(&self.shared.socket).connection.is_compressed()
            }

            /// Returns the configuration.
            pub fn config(&self) -> Arc<Config> {
                Arc::clone(lock(&self.shared.socket).connection.config())
            }

            /// Replaces the configuration; see
            /// [`WebSocket::set_config`](crate::WebSocket::set_config).
            pub fn set_config(&mut self, config: impl Into<Arc<Config>>) {
                lock(&self.shared.socket).connection.set_config(config);
            }

            /// Lends the stream. The lock on the connection is held during the call, so `look` must neither
            /// block nor use the other half. Reading from the stream or writing to it would
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
