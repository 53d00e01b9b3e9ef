//! The bounded queue between the code that logs and the thread that writes the log.

use std::io::{self, ErrorKind, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The size of the lines that may wait, in bytes. The lines that are being written have the same limit.
const CAPACITY: usize = 4 * 1024 * 1024;

/// The size of a buffer that is kept while there is nothing to write, in bytes.
const KEPT: usize = 64 * 1024;

/// The pause before another attempt at an output in non-blocking mode that accepts nothing.
const PAUSE: Duration = Duration::from_millis(10);

/// Accepts lines without waiting for the output. Lines that do not fit are dropped and counted.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    capacity: usize,
    state: Mutex<State>,
    /// Lines were added or the end was requested, or the writer has reached the end.
    changed: Condvar,
    /// The number of lines that were not written.
    lost: AtomicU64,
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct State {
    /// Whole lines.
    lines: Vec<u8>,
    /// The number of lines that would follow `lines`, and were dropped.
    dropped: u64,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    None,
    Requested,
    Reached,
}

impl LogQueue {
    /// Starts the thread that writes the lines to `output`. It calls `report` with the number of lines
    /// that were not written, as soon as there is room again.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        Self::with_capacity(CAPACITY, output, report)
    }

    fn with_capacity(
        capacity: usize,
        output: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            capacity,
            state: Mutex::default(),
            changed: Condvar::new(),
            lost: AtomicU64::new(0),
            writer: OnceLock::new(),
        });
        thread::Builder::new().name("log".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || write(&shared, output, report)
        })?;
        Ok(Self(shared))
    }

    /// The number of lines that were not written.
    pub(super) fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written, at most for this time. Lines that follow may be lost.
    pub(super) fn finish(&self, limit: Duration) {
        let mut state = self.0.lock();
        if state.end == End::None {
            state.end = End::Requested;
        }
        self.0.changed.notify_all();
        let result =
            self.0.changed.wait_timeout_while(state, limit, |state| state.end != End::Reached);
        drop(result);
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        // The writer reports lost lines only after it has emptied the queue: there is at most one report
        // over the capacity.
        if state.lines.len() + line.len() > self.0.capacity && !self.0.is_writer() {
            state.dropped += 1;
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        drop(state);
        if was_empty {
            self.0.changed.notify_all();
        }
    }
}

impl Shared {
    /// A panic elsewhere leaves the state valid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_writer(&self) -> bool {
        self.writer.get().is_some_and(|writer| *writer == thread::current().id())
    }

    /// Waits for lines, moves them into `lines`, and returns the number of lines dropped after them;
    /// `None` at the end.
    fn take(&self, lines: &mut Vec<u8>) -> Option<u64> {
        lines.clear();
        lines.shrink_to(KEPT);
        let waits = |state: &mut State| state.lines.is_empty() && state.end == End::None;
        let state = self.changed.wait_while(self.lock(), waits);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.lines.is_empty() {
            state.end = End::Reached;
            self.changed.notify_all();
            return None;
        }
        mem::swap(lines, &mut state.lines);
        Some(mem::take(&mut state.dropped))
    }
}

/// The thread that writes.
fn write(shared: &Shared, output: impl Write, report: impl Fn(u64)) {
    shared.writer.get_or_init(|| thread::current().id());
    let mut output = Output { output, fails: false, is_torn: false };
    let mut lines = Vec::new();
    let mut unreported = 0;
    while let Some(dropped) = shared.take(&mut lines) {
        unreported += dropped;
        // The report comes after the lines that did fit. An output that fails would lose it.
        if unreported > 0 && !output.fails {
            report(mem::take(&mut unreported));
        }
        let lost = output.write_lines(&lines);
        shared.lost.fetch_add(lost, Ordering::Relaxed);
        unreported += lost;
        if unreported > 0 && !output.fails {
            report(mem::take(&mut unreported));
        }
    }
}

/// Where the lines go.
struct Output<W> {
    output: W,
    /// Whether the latest attempt failed.
    fails: bool,
    /// Whether the last line was written in part.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    /// Writes the lines, and returns the number of those that could not be written.
    fn write_lines(&mut self, lines: &[u8]) -> u64 {
        let was_torn = mem::take(&mut self.is_torn);
        if was_torn && self.write_all(b"\n").is_err() {
            self.is_torn = true;
            self.fails = true;
            return count(lines);
        }
        match self.write_all(lines) {
            Ok(()) => {
                self.fails = false;
                0
            }
            Err(rest) => {
                self.fails = true;
                let written = &lines[..lines.len() - rest.len()];
                self.is_torn = written.last().is_some_and(|byte| *byte != b'\n');
                count(rest)
            }
        }
    }

    /// Writes all, or returns what could not be written.
    fn write_all<'b>(&mut self, mut bytes: &'b [u8]) -> Result<(), &'b [u8]> {
        while !bytes.is_empty() {
            match self.output.write(bytes) {
                Ok(0) => return Err(bytes),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(_) => return Err(bytes),
            }
        }
        Ok(())
    }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl<'q> MakeWriter<'q> for LogQueue {
    type Writer = &'q Self;

    fn make_writer(&'q self) -> Self::Writer {
        self
    }
}

/// Each write is a whole line: the subscriber formats it first.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};

    use super::*;

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_secs(20);

    /// An output that waits for an instruction before each write: the number of bytes to accept, or to
    /// fail.
    struct Scripted {
        begun: Sender<Vec<u8>>,
        instructions: Receiver<Option<usize>>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.begun.send(bytes.to_vec());
            match self.instructions.recv() {
                Ok(Some(most)) => Ok(most.min(bytes.len())),
                Ok(None) => Err(ErrorKind::StorageFull.into()),
                // The test is over.
                Err(_) => Ok(bytes.len()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Test {
        queue: LogQueue,
        begun: Receiver<Vec<u8>>,
        instructions: Sender<Option<usize>>,
    }

    /// The report is a line of the log, as in the program.
    fn test(capacity: usize) -> Test {
        let (begun, begins) = mpsc::channel();
        let (instructions, instructed) = mpsc::channel();
        let (later, queue) = mpsc::channel::<LogQueue>();
        let report = move |lost| {
            let queue = queue.recv().expect("a queue");
            queue.push(format!("{lost} lost\n").as_bytes());
        };
        let output = Scripted { begun, instructions: instructed };
        let queue = LogQueue::with_capacity(capacity, output, report).expect("a thread");
        for _ in 0..10 {
            later.send(queue.clone()).expect("a writer");
        }
        Test { queue, begun: begins, instructions }
    }

    impl Test {
        /// The next write to the output, which then has this result.
        fn write(&self, result: Option<usize>) -> String {
            let bytes = self.begun.recv_timeout(LONG).expect("a write");
            self.instructions.send(result).expect("an output");
            String::from_utf8(bytes).expect("text")
        }

        fn write_all(&self) -> String {
            self.write(Some(usize::MAX))
        }
    }

    #[test]
    fn lines_are_written_in_order_and_at_the_end_all_of_them() {
        let test = test(100);
        test.queue.push(b"one\n");
        let begun = test.begun.recv_timeout(LONG).expect("a write");
        assert_eq!(begun, b"one\n");
        test.queue.push(b"two\n");
        test.queue.push(b"three\n");
        test.instructions.send(Some(3)).expect("an output");
        assert_eq!(test.write_all(), "\n");
        assert_eq!(test.write(Some(5)), "two\nthree\n");
        assert_eq!(test.write_all(), "hree\n");
        test.queue.finish(LONG);
        assert_eq!(test.queue.lost(), 0);
        assert_eq!(test.queue.0.lock().end, End::Reached);
    }

    #[test]
    fn lines_over_the_capacity_are_dropped_and_counted_in_a_line_of_their_own() {
        let test = test(10);
        test.queue.push(b"first\n");
        let begun = test.begun.recv_timeout(LONG).expect("a write");
        assert_eq!(begun, b"first\n");
        for _ in 0..5 {
            test.queue.push(b"more\n");
        }
        assert_eq!(test.queue.lost(), 3);
        test.instructions.send(Some(6)).expect("an output");
        assert_eq!(test.write_all(), "more\nmore\n");
        assert_eq!(test.write_all(), "3 lost\n");
        test.queue.push(b"later\n");
        assert_eq!(test.write_all(), "later\n");
        assert_eq!(test.queue.lost(), 3);
    }

    #[test]
    fn a_stalled_output_delays_the_end_for_a_limited_time() {
        let test = test(100);
        test.queue.push(b"one\n");
        assert_eq!(test.begun.recv_timeout(LONG).expect("a write"), b"one\n");
        test.queue.finish(Duration::from_millis(1));
        assert_eq!(test.queue.0.lock().end, End::Requested);
    }

    #[test]
    fn failed_writes_are_reported_after_the_next_that_succeeds() {
        let test = test(100);
        test.queue.push(b"one\n");
        assert_eq!(test.write(None), "one\n");
        test.queue.push(b"two\n");
        // Accepts a part, then fails.
        assert_eq!(test.write(Some(1)), "two\n");
        assert_eq!(test.write(None), "wo\n");
        test.queue.push(b"three\n");
        // Ends the torn line first.
        assert_eq!(test.write(None), "\n");
        test.queue.push(b"four\n");
        assert_eq!(test.write_all(), "\n");
        assert_eq!(test.write_all(), "four\n");
        assert_eq!(test.write_all(), "3 lost\n");
        assert_eq!(test.queue.lost(), 3);
    }
}
