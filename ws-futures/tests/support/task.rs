//! Futures that are polled by hand, and only when they were woken: a wake-up that is lost shows as
//! a task that waits for ever.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// No test needs as many polls in a row; a loop that goes nowhere does.
const TOO_MANY: usize = 10_000_000;

pub(crate) struct Task<'f, R> {
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
    /// A task that is about to be polled for the first time.
    pub(crate) fn new(future: impl Future<Output = R> + 'f) -> Self {
        let bell = Bell { rung: AtomicBool::new(true), ..Bell::default() };
        Self { future: Box::pin(future), bell: Arc::new(bell) }
    }

    /// Whether there is a reason to poll it.
    pub(crate) fn is_woken(&self) -> bool {
        self.bell.rung.load(Ordering::SeqCst)
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.bell.times.load(Ordering::SeqCst)
    }

    /// Polls it once, woken or not.
    pub(crate) fn poll(&mut self) -> Poll<R> {
        self.bell.rung.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls it for as long as it is woken. `Pending`: it waits for something else to happen.
    pub(crate) fn run(&mut self) -> Poll<R> {
        for _ in 0..TOO_MANY {
            if !self.is_woken() {
                return Poll::Pending;
            }
            if let Poll::Ready(result) = self.poll() {
                return Poll::Ready(result);
            }
        }
        panic!("polled {TOO_MANY} times without coming to rest");
    }

    /// Runs it to its end, which nothing else is needed for.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> R {
        match self.run() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("waits, and nothing will wake it"),
        }
    }

    /// Runs it until it waits.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        assert!(self.run().is_pending(), "ended instead of waiting");
    }
}

/// Runs a future to its end, which nothing else is needed for.
#[track_caller]
pub(crate) fn run<R>(future: impl Future<Output = R>) -> R {
    Task::new(future).finish()
}

/// What a future gives at once, without being woken.
#[track_caller]
pub(crate) fn at_once<R>(future: impl Future<Output = R>) -> R {
    match Task::new(future).poll() {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("waits"),
    }
}

/// Runs two tasks side by side to their ends.
#[track_caller]
pub(crate) fn run_both<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> (A, B) {
    let (mut one, mut other) = (Task::new(one), Task::new(other));
    let (mut a, mut b) = (None, None);
    loop {
        if a.is_none()
            && let Poll::Ready(result) = one.run()
        {
            a = Some(result);
        }
        if b.is_none()
            && let Poll::Ready(result) = other.run()
        {
            b = Some(result);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => return (a, b),
            (left, right) => {
                let stuck =
                    (left.is_some() || !one.is_woken()) && (right.is_some() || !other.is_woken());
                assert!(
                    !stuck,
                    "nothing will wake what still waits: {}",
                    if left.is_some() {
                        "the second"
                    } else if right.is_some() {
                        "the first"
                    } else {
                        "both"
                    },
                );
                (a, b) = (left, right);
            }
        }
    }
}

/// Polls `$future` at most `$patience` times, drops it and begins again, until one is ready.
#[allow(unused_macros, reason = "every test file takes the part it needs")]
macro_rules! insist {
    ($patience:expr, $future:expr) => {
        'insist: loop {
            // Dropped before it was polled at all.
            drop($future);
            let mut task = $crate::support::task::Task::new($future);
            for _ in 0..$patience {
                if let std::task::Poll::Ready(result) = task.poll() {
                    break 'insist result;
                }
                assert!(task.is_woken(), "nothing will wake it");
            }
        }
    };
}
#[allow(unused_imports, reason = "every test file takes the part it needs")]
pub(crate) use insist;
