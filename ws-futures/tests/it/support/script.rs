//! How a stream behaves.

/// The lengths that the calls of each kind are cut to, in turn and over and over. Zero says Pending
/// and wakes the task at once; nothing at all says Pending for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) reads: Turns,
    pub(crate) writes: Turns,
    pub(crate) flushes: Turns,
    pub(crate) closes: Turns,
    /// Whether what is written waits for a flush, as behind TLS.
    pub(crate) holds: bool,
}

impl Default for Script {
    /// Takes and gives all that there is.
    fn default() -> Self {
        Self {
            reads: Turns::of(&[usize::MAX]),
            writes: Turns::of(&[usize::MAX]),
            flushes: Turns::of(&[usize::MAX]),
            closes: Turns::of(&[usize::MAX]),
            holds: false,
        }
    }
}

impl Script {
    /// Pieces of these lengths both ways.
    pub(crate) fn cut(lengths: &[usize]) -> Self {
        Self { reads: Turns::of(lengths), writes: Turns::of(lengths), ..Self::default() }
    }

    /// Pieces of these lengths out.
    pub(crate) fn cut_writes(lengths: &[usize]) -> Self {
        Self { writes: Turns::of(lengths), ..Self::default() }
    }

    /// A byte at a time, Pending before each, and before every other call.
    pub(crate) fn hesitant() -> Self {
        Self {
            reads: Turns::of(&[0, 1]),
            writes: Turns::of(&[0, 1]),
            flushes: Turns::of(&[0, 1]),
            closes: Turns::of(&[0, 1]),
            holds: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turns {
    lengths: Vec<usize>,
    next: usize,
}

impl Turns {
    pub(crate) fn of(lengths: &[usize]) -> Self {
        Self { lengths: lengths.to_vec(), next: 0 }
    }

    /// `None`: never.
    pub(crate) fn take(&mut self) -> Option<usize> {
        let length = *self.lengths.get(self.next)?;
        self.next = (self.next + 1) % self.lengths.len();
        Some(length)
    }
}
