//! A shutdown that starts at the worst moment: no wake-up is lost, and no lock is held.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use ws_futures::proto::{Connection, Role};
use ws_futures::{Config, Instant, Shutdown, Timer, WebSocket};

use crate::support::open_plainly;
use crate::support::reading::Reading;

/// The time limit of a test, far above what a slow machine needs.
const HANGS: Duration = Duration::from_secs(60);

/// A waker that runs a function when it wakes.
struct Acting<F>(Mutex<F>);

impl<F: FnMut()> Wake for Acting<F> {
    fn wake(self: Arc<Self>) {
        (self.0.lock().expect("no panic"))();
    }
}

fn acting(act: impl FnMut() + Send + 'static) -> Waker {
    Waker::from(Arc::new(Acting(Mutex::new(act))))
}

fn poll<F: Future>(future: F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// A timer that starts a shutdown when it is polled.
struct Begins(Option<Shutdown>);

impl Timer for Begins {
    fn now(&self) -> Instant {
        Instant::EPOCH
    }

    fn poll_until(&mut self, _deadline: Instant, _cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_ref().inspect(|shutdown| shutdown.begin());
        Poll::Pending
    }
}

/// Before the connection waits, and after it has checked for the last time.
#[test]
fn it_begins_during_a_poll() {
    for by_stream in [true, false] {
        let shutdown = Shutdown::new();
        let begins = |it: bool| it.then(|| shutdown.clone());
        let by_read = begins(by_stream);
        let stream = Reading(move |_: &mut [u8]| {
            by_read.as_ref().inspect(|shutdown| shutdown.begin());
            Poll::Pending
        });
        let connection = Connection::server(Config::default());
        let mut socket = WebSocket::new(stream, Begins(begins(!by_stream)), connection, &[]);
        socket.close_on(&shutdown);
        let woken = Arc::new(AtomicBool::new(false));
        let waker = acting({
            let woken = Arc::clone(&woken);
            move || woken.store(true, Ordering::SeqCst)
        });
        assert!(poll(socket.recv(), &waker).is_pending());
        assert!(shutdown.has_begun());
        let seen = socket.closed().is_some();
        assert!(seen || woken.load(Ordering::SeqCst), "by the stream: {by_stream}");
    }
}

/// The waker calls the shutdown, and drops a guard.
#[test]
fn a_waker_may_use_the_shutdown() {
    let shutdown = Shutdown::new();
    let (mut socket, _remote, _clock) = open_plainly(Role::Server);
    socket.close_on(&shutdown);
    let mut guard = Some(shutdown.guard());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let waker = acting({
        let (shutdown, seen) = (shutdown.clone(), Arc::clone(&seen));
        move || {
            shutdown.begin();
            drop(guard.take());
            let other = shutdown.guard();
            seen.lock().expect("no panic").push(shutdown.connections());
            drop(other);
        }
    });
    assert!(poll(socket.recv(), &waker).is_pending());
    let mut begun = pin!(shutdown.begun());
    assert!(begun.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    shutdown.begin();
    assert_eq!(*seen.lock().expect("no panic"), [2, 2]);
}

/// Two threads that meet with different delays.
#[test]
fn no_wake_up_is_lost_between_threads() {
    const ROUNDS: usize = 3000;
    let (sender, ended) = channel();
    let (shutdowns, for_other) = channel::<Shutdown>();
    let barrier = Arc::new(Barrier::new(2));
    let others = Arc::clone(&barrier);
    thread::spawn(move || {
        for round in 0..ROUNDS {
            let Ok(shutdown) = for_other.recv() else { return };
            others.wait();
            for _ in 0..round % 64 {
                std::hint::spin_loop();
            }
            shutdown.begin();
        }
    });
    thread::spawn(move || {
        for round in 0..ROUNDS {
            let shutdown = Shutdown::new();
            let (mut socket, remote, _clock) = open_plainly(Role::Server);
            let this = thread::current();
            let waker = acting(move || this.unpark());
            shutdowns.send(shutdown.clone()).expect("the other thread");
            barrier.wait();
            for _ in 0..(round / 64) % 64 {
                std::hint::spin_loop();
            }
            socket.close_on(&shutdown);
            while socket.closed().is_none() {
                assert!(poll(socket.recv(), &waker).is_pending());
                if socket.closed().is_none() {
                    thread::park();
                }
            }
            assert!(!remote.take().is_empty());
            drop(socket);
            assert!(poll(shutdown.drained(), &waker).is_ready());
            sender.send(round).expect("the test");
        }
    });
    for round in 0..ROUNDS {
        assert_eq!(ended.recv_timeout(HANGS), Ok(round), "a wake-up was lost");
    }
}

/// The last connection is dropped while another thread starts to wait for that.
#[test]
fn no_end_is_missed_between_threads() {
    const ROUNDS: usize = 3000;
    let (sender, ended) = channel();
    let (guards, for_other) = channel();
    let barrier = Arc::new(Barrier::new(2));
    let others = Arc::clone(&barrier);
    thread::spawn(move || {
        while let Ok(guard) = for_other.recv() {
            others.wait();
            drop::<ws_futures::ShutdownGuard>(guard);
        }
    });
    thread::spawn(move || {
        for round in 0..ROUNDS {
            let shutdown = Shutdown::new();
            guards.send(shutdown.guard()).expect("the other thread");
            shutdown.begin();
            let this = thread::current();
            let waker = acting(move || this.unpark());
            barrier.wait();
            for _ in 0..round % 64 {
                std::hint::spin_loop();
            }
            let mut drained = pin!(shutdown.drained());
            while drained.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                thread::park();
            }
            sender.send(round).expect("the test");
        }
    });
    for round in 0..ROUNDS {
        assert_eq!(ended.recv_timeout(HANGS), Ok(round), "a wake-up was lost");
    }
}
