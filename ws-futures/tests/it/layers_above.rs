//! What a layer above the loop needs to detect a slow peer: progress, and deadlines of its own.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ws_futures::{Close, CloseCode, Error, Instant};

use crate::support::script::Script;
use crate::support::task::{Task, run};
use crate::support::{ROLES, Socket, open, open_plainly, wire};

/// The defaults of the configuration.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(1);

/// Returns whether `deadline` or an end was first, with the connection kept alive meanwhile.
async fn passes(socket: &mut Socket, deadline: Instant) -> Result<(), Error> {
    poll_fn(|cx| {
        if let Poll::Ready(Err(error)) = pin!(socket.recv()).poll(cx) {
            return Poll::Ready(Err(error));
        }
        socket.poll_until(deadline, cx).map(Ok)
    })
    .await
}

#[test]
fn written_counts_what_the_stream_has_taken() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &Default::default(), Script::default());
        assert_eq!(socket.written(), 0);
        remote.set_capacity(100);
        run(socket.feed(vec![0; 50_000])).expect("open");
        run(socket.feed("small")).expect("open");
        assert_eq!(socket.written(), 0, "{role:?}: fed, not written");
        let mut taken = 0;
        for _ in 0..10 {
            assert!(Task::new(socket.flush()).run().is_pending());
            assert_eq!(socket.written(), taken as u64 + 100, "{role:?}");
            taken += remote.take().len();
        }
        remote.set_capacity(usize::MAX);
        remote.send(&wire::frame(role, wire::PING, b"there?"));
        assert!(Task::new(socket.recv()).run().is_ready());
        run(socket.flush()).expect("open");
        taken += remote.take().len();
        assert_eq!(socket.written(), taken as u64, "{role:?}: the pong counts as well");
        run(socket.close(Close::new(CloseCode::NORMAL, "done"))).expect("open");
        assert_eq!(socket.written(), (taken + remote.take().len()) as u64, "{role:?}");
    }
}

#[test]
fn a_deadline_before_the_next_ping_passes_in_time() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let deadline = socket.now() + (INTERVAL - MOMENT);
        let mut waiting = Task::new(passes(&mut socket, deadline));
        waiting.wait();
        clock.advance(INTERVAL - MOMENT - MOMENT);
        waiting.wait();
        clock.advance(MOMENT);
        waiting.finish().expect("in time");
        assert!(remote.take().is_empty(), "{role:?}: no ping yet");
    }
}

#[test]
fn a_deadline_behind_pings_delays_none_of_them() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let deadline = socket.now() + 3 * INTERVAL + MOMENT;
        let mut waiting = Task::new(passes(&mut socket, deadline));
        waiting.wait();
        for _ in 0..3 {
            clock.advance(INTERVAL);
            waiting.wait();
            let [(wire::PING, payload)] = &wire::contents(&remote.take())[..] else {
                panic!("{role:?}: no ping")
            };
            remote.send(&wire::frame(role, wire::PONG, payload));
            waiting.wait();
        }
        clock.advance(MOMENT);
        waiting.finish().expect("in time");
    }
}

#[test]
fn a_silent_peer_is_found_before_a_later_deadline() {
    for role in ROLES {
        let (mut socket, _remote, clock) = open_plainly(role);
        let deadline = socket.now() + Duration::from_secs(3600);
        let mut waiting = Task::new(passes(&mut socket, deadline));
        waiting.wait();
        clock.advance(INTERVAL);
        waiting.wait();
        clock.advance(TIMEOUT);
        let ended = loop {
            match waiting.run() {
                Poll::Ready(ended) => break ended,
                Poll::Pending => clock.advance(clock.next().expect("a deadline")),
            }
        };
        assert!(matches!(ended, Err(Error::Protocol(_))), "{role:?}: {ended:?}");
    }
}
