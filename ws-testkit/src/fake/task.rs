//! Futures that are polled by hand, and only when they were woken: a lost wake-up shows as
//! a task that waits for ever.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::stream::Remote;

/// More polls in a row than any test needs: only an endless loop reaches it.
const TOO_MANY: usize = 10_000_000;

/// A future that is polled only if it was woken.
pub struct Task<'f, R> {
    future: Pin<Box<dyn Future<Output = R> + 'f>>,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    times: AtomicUsize,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        self.times.fetch_add(1, Ordering::SeqCst);
    }
}

impl<'f, R> Task<'f, R> {
    /// A task that has not been polled yet.
    pub fn new(future: impl Future<Output = R> + 'f) -> Self {
        let bell = Bell { rung: AtomicBool::new(true), ..Bell::default() };
        Self { future: Box::pin(future), bell: Arc::new(bell) }
    }

    /// Whether there is a reason to poll it.
    pub fn is_woken(&self) -> bool {
        self.bell.rung.load(Ordering::SeqCst)
    }

    /// The number of times it was woken.
    pub fn wakes(&self) -> usize {
        self.bell.times.load(Ordering::SeqCst)
    }

    /// Polls it once, woken or not.
    pub fn poll(&mut self) -> Poll<R> {
        self.bell.rung.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls it for as long as it is woken. `Pending`: it waits for something else.
    pub fn run(&mut self) -> Poll<R> {
        for _ in 0..TOO_MANY {
            if !self.is_woken() {
                return Poll::Pending;
            }
            if let Poll::Ready(result) = self.poll() {
                return Poll::Ready(result);
            }
        }
        panic!("polled {TOO_MANY} times and still woken");
    }

    /// Runs it to its end, for which nothing else is needed.
    #[track_caller]
    pub fn finish(&mut self) -> R {
        match self.run() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("waits, and nothing will wake it"),
        }
    }

    /// Runs it until it waits.
    #[track_caller]
    pub fn wait(&mut self) {
        assert!(self.run().is_pending(), "ended instead of waiting");
    }
}

/// Runs a future to its end, for which nothing else is needed.
#[track_caller]
pub fn run<R>(future: impl Future<Output = R>) -> R {
    Task::new(future).finish()
}

/// The output of a future that is ready at its first poll.
#[track_caller]
pub fn at_once<R>(future: impl Future<Output = R>) -> R {
    match Task::new(future).poll() {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("waits"),
    }
}

/// Runs two futures concurrently to their ends.
#[track_caller]
pub fn run_both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (None, None);
    let tasks =
        vec![Task::new(async { a = Some(one.await) }), Task::new(async { b = Some(other.await) })];
    Crowd { tasks, wires: Vec::new() }.run_to_end(|_| 0);
    (a.expect("ended"), b.expect("ended"))
}

/// Tasks that run concurrently. `pick` chooses one of the given number of woken tasks, which is
/// polled once.
pub struct Crowd<'f> {
    /// The tasks that have not ended.
    pub tasks: Vec<Task<'f, ()>>,
    /// Streams that wake their writers for room only when no task can run.
    pub wires: Vec<Remote>,
}

impl Crowd<'_> {
    /// Runs until all have ended.
    #[track_caller]
    pub fn run_to_end(&mut self, pick: impl FnMut(usize) -> usize) {
        self.run_until(pick, |_| false);
    }

    /// Runs until `done` returns true for the number of remaining tasks.
    #[track_caller]
    pub fn run_until(
        &mut self,
        mut pick: impl FnMut(usize) -> usize,
        done: impl Fn(usize) -> bool,
    ) {
        let tasks = &mut self.tasks;
        for _ in 0..TOO_MANY {
            if tasks.is_empty() || done(tasks.len()) {
                return;
            }
            let woken = |tasks: &[Task<'_, ()>]| {
                (0..tasks.len()).filter(|i| tasks[*i].is_woken()).collect()
            };
            let mut choice: Vec<usize> = woken(tasks);
            if choice.is_empty() {
                self.wires.iter().for_each(Remote::tell);
                choice = woken(tasks);
            }
            assert!(!choice.is_empty(), "{} tasks wait, and nothing will wake them", tasks.len());
            let chosen = choice[pick(choice.len())];
            if tasks[chosen].poll().is_ready() {
                drop(tasks.swap_remove(chosen));
            }
        }
        panic!("polled {TOO_MANY} times and still woken");
    }
}

/// Makes a call, drops its future after this number of polls, makes the call again, and so on until
/// one is ready.
pub async fn insist<R>(timeout: usize, mut call: impl AsyncFnMut() -> R) -> R {
    loop {
        // Dropped before it was polled.
        drop(call());
        let mut future = pin!(call());
        let mut polls = 0;
        let polled = poll_fn(|cx| {
            if polls == timeout {
                return Poll::Ready(None);
            }
            polls += 1;
            future.as_mut().poll(cx).map(Some)
        });
        if let Some(result) = polled.await {
            return result;
        }
    }
}
