//! The layout of an input: options, the lengths of reads, a byte stream.

/// ```text
/// options | n | n lengths, less one each | the stream
/// ```
pub(crate) struct Input<'d> {
    options: u8,
    pub(crate) cuts: Vec<usize>,
    pub(crate) stream: &'d [u8],
}

impl<'d> Input<'d> {
    /// `None` if the input is shorter than it says.
    pub(crate) fn new(data: &'d [u8]) -> Option<Self> {
        let [options, count, rest @ ..] = data else { return None };
        let (cuts, stream) = rest.split_at_checked(usize::from(count % 16))?;
        let cuts = match cuts {
            [] => vec![1],
            _ => cuts.iter().map(|cut| usize::from(*cut) + 1).collect(),
        };
        Some(Self { options: *options, cuts, stream })
    }

    /// Whether an option is chosen.
    pub(crate) fn option(&self, bit: u8) -> bool {
        self.options & (1 << bit) != 0
    }

    /// The ways to read the stream: whole, byte by byte, as the input says.
    pub(crate) fn chunkings(&self) -> [&[usize]; 3] {
        [&[usize::MAX], &[1], &self.cuts]
    }
}
