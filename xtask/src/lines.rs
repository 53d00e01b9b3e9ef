use core::task::Poll;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use crate::failure::{Result, bail};

/// The lines that a process writes, as they arrive.
pub(crate) struct Lines {
    receiver: Receiver<String>,
}

impl Lines {
    /// Reads to the end, whether the lines are used or not, and copies them into `log`.
    pub(crate) fn follow(
        source: impl Read + Send + 'static,
        log: impl Write + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || copy(source, log, |line| drop(sender.send(line))));
        Self { receiver }
    }

    /// The next line, or `None` at the end; pending when neither arrived within the limit.
    pub(crate) fn poll(&self, limit: Duration) -> Poll<Option<String>> {
        match self.receiver.recv_timeout(limit) {
            Ok(line) => Poll::Ready(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Poll::Ready(None),
            Err(RecvTimeoutError::Timeout) => Poll::Pending,
        }
    }

    /// The next line, or `None` at the end.
    pub(crate) fn next(&self, limit: Duration) -> Result<Option<String>> {
        match self.poll(limit) {
            Poll::Ready(line) => Ok(line),
            Poll::Pending => bail!("no output within {} s", limit.as_secs()),
        }
    }

    /// The first thing that `find` makes of a line; the lines before it are dropped.
    pub(crate) fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            match self.poll(deadline.saturating_duration_since(Instant::now())) {
                Poll::Ready(Some(line)) => {
                    if let Some(found) = find(&line) {
                        return Ok(found);
                    }
                }
                Poll::Ready(None) => bail!("it ended without {what}"),
                Poll::Pending => bail!("{what} did not arrive within {} s", limit.as_secs()),
            }
        }
    }
}

/// Copies line by line; bytes that are not UTF-8 are shown as replacement characters.
fn copy(source: impl Read, mut log: impl Write, mut each: impl FnMut(String)) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    loop {
        line.clear();
        match source.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        // A full disk must not stop the process that writes.
        let _ = log.write_all(&line).and_then(|()| log.flush());
        let text = String::from_utf8_lossy(&line);
        each(text.trim_end_matches(['\n', '\r']).to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, sink};

    use super::*;

    #[test]
    fn a_line_is_found_behind_others() {
        let lines = Lines::follow(Cursor::new("one\r\ntwo\nport 7\nthree"), sink());
        let number = |line: &str| line.strip_prefix("port ")?.parse::<u16>().ok();
        assert_eq!(lines.wait_for("a port", Duration::from_secs(10), number).unwrap(), 7);
        assert_eq!(lines.next(Duration::from_secs(10)).unwrap().as_deref(), Some("three"));
        assert_eq!(lines.next(Duration::from_secs(10)).unwrap(), None);
    }

    #[test]
    fn a_missing_line_is_an_error() {
        let lines = Lines::follow(Cursor::new("one\n"), sink());
        let failure =
            lines.wait_for("a port", Duration::from_secs(10), |_| None::<()>).unwrap_err();
        assert_eq!(failure.to_string(), "it ended without a port");
    }
}
