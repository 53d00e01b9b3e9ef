//! Byte streams of any kind.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream, for trait objects.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> ByteStream for S {}
