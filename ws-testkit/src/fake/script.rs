//! How a stream behaves.

/// The lengths that the calls of each kind are cut to, in turn and repeated. Zero means Pending,
/// and the task is woken at once; an empty list means Pending for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What reading does.
    pub reads: Turns,
    /// What writing does.
    pub writes: Turns,
    /// What flushing does.
    pub flushes: Turns,
    /// What ending the stream does.
    pub closes: Turns,
    /// Whether written bytes wait for a flush, as behind TLS.
    pub holds: bool,
}

impl Default for Script {
    /// Takes and returns all available bytes.
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
    /// Pieces of these lengths in both directions.
    pub fn cut(lengths: &[usize]) -> Self {
        Self { reads: Turns::of(lengths), writes: Turns::of(lengths), ..Self::default() }
    }

    /// Pieces of these lengths for writes.
    pub fn cut_writes(lengths: &[usize]) -> Self {
        Self { writes: Turns::of(lengths), ..Self::default() }
    }

    /// One byte at a time, Pending before each, and before every other call.
    pub fn hesitant() -> Self {
        Self {
            reads: Turns::of(&[0, 1]),
            writes: Turns::of(&[0, 1]),
            flushes: Turns::of(&[0, 1]),
            closes: Turns::of(&[0, 1]),
            holds: false,
        }
    }
}

/// The answers to calls of one kind, in turn and repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turns {
    lengths: Vec<usize>,
    next: usize,
}

impl Turns {
    /// Makes them from the lengths that calls are cut to; zero is a Pending that wakes.
    pub fn of(lengths: &[usize]) -> Self {
        Self { lengths: lengths.to_vec(), next: 0 }
    }

    /// `None`: never.
    pub fn take(&mut self) -> Option<usize> {
        let length = *self.lengths.get(self.next)?;
        self.next = (self.next + 1) % self.lengths.len();
        Some(length)
    }
}
