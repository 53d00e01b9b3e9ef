//! An end of a connection in memory, whose work is measured.

use crate::content::Content;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Receive,
    Send,
    Echo,
}

/// An end of a connection in memory.
pub(crate) trait Codec {
    fn supports(&self, work: Work) -> bool;

    /// Works on `count` messages, and checks the content of all that it returns.
    fn check(&mut self, work: Work, content: &Content, count: usize);

    /// Whether a message can be received, which may be invalid.
    fn receives(&mut self) -> bool;

    /// Works on `count` messages. Only the length of what it returns is checked.
    fn run(&mut self, work: Work, content: &Content, count: usize);
}
