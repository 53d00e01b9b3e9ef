//! A runtime without threads, and a listener whose connections the test makes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use ws_futures::serve::{Listener, Runtime, ServeError};

use super::clock::{Alarm, Clock};
use super::script::Script;
use super::stream::{self, Remote, Stream};
use super::task::Task;

type Spawned = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks that are polled when the test requests it.
#[derive(Clone, Default)]
pub(crate) struct Hands {
    pub(crate) clock: Clock,
    spawned: Arc<Mutex<Vec<Spawned>>>,
    /// The size of the latest task, in bytes.
    pub(crate) size: Arc<AtomicUsize>,
}

impl Runtime for Hands {
    type Timer = Alarm;

    fn timer(&self) -> Alarm {
        self.clock.alarm()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.size.store(size_of_val(&task), Ordering::SeqCst);
        lock(&self.spawned).push(Box::pin(task));
    }
}

/// All spawned tasks of a runtime, and the main one.
pub(crate) struct Tasks<R> {
    hands: Hands,
    main: Task<'static, R>,
    others: Vec<Task<'static, ()>>,
}

impl<R> Tasks<R> {
    pub(crate) fn new(
        hands: &Hands,
        main: impl IntoFuture<Output = R, IntoFuture: 'static>,
    ) -> Self {
        Self { hands: hands.clone(), main: Task::new(main.into_future()), others: Vec::new() }
    }

    /// Polls all woken tasks, until none is woken; returns the result of the first task.
    pub(crate) fn run(&mut self) -> Option<R> {
        loop {
            let result = self.main.run();
            self.others.extend(lock(&self.hands.spawned).drain(..).map(Task::new));
            self.others.retain_mut(|task| task.run().is_pending());
            if let Poll::Ready(result) = result {
                return Some(result);
            }
            let others = self.others.iter().any(Task::is_woken);
            if !self.main.is_woken() && !others && lock(&self.hands.spawned).is_empty() {
                return None;
            }
        }
    }

    /// Polls all until they wait.
    #[track_caller]
    pub(crate) fn wait(&mut self) {
        assert!(self.run().is_none(), "ended instead of waiting");
    }

    /// Polls all until the first task ends.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> R {
        self.run().expect("the first task ends")
    }

    /// Drops the first task, and keeps the others.
    pub(crate) fn without_main(self) -> Self
    where
        R: 'static,
    {
        Self { main: Task::new(std::future::pending()), ..self }
    }

    /// The number of tasks beside the first.
    pub(crate) fn others(&self) -> usize {
        self.others.len()
    }
}

type Opening = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;
type Arrival = io::Result<(Opening, u32)>;

/// Connections that wait to be accepted. A clone is another handle.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    arrivals: VecDeque<Arrival>,
    server: Option<Waker>,
    closed: bool,
    last: u32,
}

impl Queue {
    fn push(&self, arrival: Arrival) {
        let mut waiting = lock(&self.0);
        waiting.arrivals.push_back(arrival);
        let server = waiting.server.take();
        drop(waiting);
        server.into_iter().for_each(Waker::wake);
    }

    /// A client connects; the first one is number 1.
    pub(crate) fn connect(&self) -> Remote {
        let (stream, remote) = stream::with_remote(Script::default());
        self.open(async { Ok(stream) });
        remote
    }

    /// A client connects whose stream is ready when `opening` is.
    pub(crate) fn open(&self, opening: impl Future<Output = io::Result<Stream>> + Send + 'static) {
        let number = {
            let mut waiting = lock(&self.0);
            waiting.last += 1;
            waiting.last
        };
        self.push(Ok((Box::pin(opening), number)));
    }

    /// Accepting fails.
    pub(crate) fn fail(&self, error: io::Error) {
        self.push(Err(error));
    }

    /// The number of arrivals that were not accepted.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).arrivals.len()
    }

    /// Whether the server has stopped listening.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.0).closed
    }

    pub(crate) fn listener(&self) -> QueueListener {
        QueueListener(self.clone())
    }
}

pub(crate) struct QueueListener(Queue);

impl Listener for QueueListener {
    type Stream = Stream;
    type Address = u32;
    type Opening = Opening;

    fn accept(&mut self) -> impl Future<Output = Arrival> + Send {
        poll_fn(|cx| {
            let mut waiting = lock(&self.0.0);
            waiting.server = Some(cx.waker().clone());
            waiting.arrivals.pop_front().map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for QueueListener {
    fn drop(&mut self) {
        lock(&self.0.0).closed = true;
    }
}

/// The reports of a server.
#[derive(Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<Vec<ServeError<u32>>>>);

impl Reports {
    pub(crate) fn push(&self, error: ServeError<u32>) {
        lock(&self.0).push(error);
    }

    pub(crate) fn take(&self) -> Vec<ServeError<u32>> {
        std::mem::take(&mut *lock(&self.0))
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
