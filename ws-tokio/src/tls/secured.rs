//! A client's stream whose TLS handshake is done.

use std::pin::Pin;

use tokio::io::AsyncWrite as _;

use crate::connect::{Stream, Transport};

#[derive(Debug)]
pub(crate) enum Secured {
    #[cfg(feature = "rustls")]
    Rustls(Box<tokio_rustls::client::TlsStream<Transport>>),
    #[cfg(feature = "native-tls")]
    Native(Box<tokio_native_tls::TlsStream<Transport>>),
}

impl Secured {
    pub(crate) fn transport(&self) -> &Transport {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(stream) => stream.get_ref().0,
            #[cfg(feature = "native-tls")]
            Self::Native(stream) => stream.get_ref().get_ref().get_ref(),
        }
    }

    pub(crate) fn is_write_vectored(&self) -> bool {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(stream) => stream.is_write_vectored(),
            #[cfg(feature = "native-tls")]
            Self::Native(stream) => stream.is_write_vectored(),
        }
    }

    pub(crate) fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(stream) => Pin::new(stream),
            #[cfg(feature = "native-tls")]
            Self::Native(stream) => Pin::new(stream),
        }
    }
}
