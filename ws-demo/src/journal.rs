//! Where the server reports what happens.

use std::sync::Arc;

use crate::notice::Notice;

/// Receives the notices: for the log, or for the output of `script`. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Inner>);

struct Inner {
    write: Box<dyn Fn(&Notice<'_>) + Send + Sync>,
    lost: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Journal {
    /// Calls `write`, which must not wait, with each notice; `lost` returns the number of lines that
    /// were not written.
    pub(crate) fn new(
        write: impl Fn(&Notice<'_>) + Send + Sync + 'static,
        lost: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner { write: Box::new(write), lost: Box::new(lost) }))
    }

    pub(crate) fn log(&self, notice: &Notice<'_>) {
        (self.0.write)(notice);
    }

    /// The number of lines that were not written.
    pub(crate) fn lost(&self) -> u64 {
        (self.0.lost)()
    }
}
