//! The layout of an input: options, the lengths of reads, a byte stream.

/// An input:
///
/// ```text
/// options | n | n lengths, each minus one | the stream
/// ```
pub(crate) struct Input<'d> {
    options: u8,
    pub(crate) cuts: Vec<usize>,
    pub(crate) stream: &'d [u8],
}

impl<'d> Input<'d> {
    /// Returns `None` if the input is shorter than it announces.
    pub(crate) fn new(data: &'d [u8]) -> Option<Self> {
        let [options, count, rest @ ..] = data else { return None };
        let (cuts, stream) = rest.split_at_checked(usize::from(count % 16))?;
        let cuts = match cuts {
            [] => vec![1],
            _ => cuts.iter().map(|cut| usize::from(*cut) + 1).collect(),
        };
        Some(Self { options: *options, cuts, stream })
    }

    /// Returns whether an option is set.
    pub(crate) fn option(&self, bit: u8) -> bool {
        self.options & (1 << bit) != 0
    }

    /// Returns the ways to read the stream: whole, byte by byte, and in the lengths of the input.
    pub(crate) fn chunkings(&self) -> [&[usize]; 3] {
        [&[usize::MAX], &[1], &self.cuts]
    }
}
