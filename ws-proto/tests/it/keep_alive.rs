//! Pings of the library, and unresponsive peers.

use core::time::Duration;

use ws_proto::{CloseCode, Config, ErrorKind, Initiator, Instant, Role};

use crate::pair::Pair;
use crate::pair::peer::Peer;
use crate::pair::run;
use crate::pair::wire::{self, CLOSE, FIN, PING, PONG, ROLES, TEXT};

fn config(interval: u64, timeout: u64) -> Config {
    Config {
        ping_interval: Some(Duration::from_secs(interval)),
        ping_timeout: Duration::from_secs(timeout),
        ..Config::default()
    }
}

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

/// One end and a clock, its peer played by hand.
struct Alone {
    peer: Peer,
    role: Role,
}

impl Alone {
    fn new(role: Role, config: &Config) -> Self {
        let mut peer = Peer::new(run::connection(role, config));
        peer.connection.poll_timeout(Instant::EPOCH);
        Self { peer, role }
    }

    fn due(&mut self, now: u64) -> Option<Instant> {
        self.peer.connection.poll_timeout(at(now))
    }

    /// Handles the time, and returns the payload of the ping that is sent then.
    fn ping(&mut self, now: u64) -> Option<Vec<u8>> {
        self.peer.output.clear();
        self.peer.handle_timeout(at(now));
        let mut sent = wire::contents(&self.peer.output).into_iter();
        let ping = sent.find(|(first, _)| *first == PING)?;
        Some(ping.1)
    }

    /// Receives a frame, after which the deadline is asked for.
    fn receive(&mut self, now: u64, first: u8, payload: &[u8]) {
        self.peer.read(&wire::frame(self.role, first, payload));
        self.peer.connection.poll_timeout(at(now));
    }

    fn error(&self) -> Option<ErrorKind> {
        self.peer.error.map(|error| error.kind())
    }
}

/// The times at which a ping is sent to a peer that answers every one of them at once.
fn times_of_pings(role: Role, config: &Config, until: u64) -> Vec<u64> {
    let mut alone = Alone::new(role, config);
    let mut now = 0;
    let mut times = Vec::new();
    while let Some(due) = alone.due(now) {
        now = due.since_epoch().as_secs();
        if now > until {
            break;
        }
        if let Some(payload) = alone.ping(now) {
            times.push(now);
            alone.receive(now, PONG, &payload);
        }
    }
    assert_eq!(alone.error(), None);
    times
}

#[test]
fn a_ping_every_interval() {
    for (name, interval, timeout, expected) in [
        ("a timeout shorter than the interval", 30, 20, [30, 60, 90, 120]),
        ("a timeout as long as the interval", 20, 20, [20, 40, 60, 80]),
        ("a timeout longer than the interval", 10, 25, [10, 20, 30, 40]),
    ] {
        for role in ROLES {
            let until = expected[3] + interval / 2;
            let times = times_of_pings(role, &config(interval, timeout), until);
            assert_eq!(times, expected, "{name}: {role:?}");
        }
    }
}

#[test]
fn none_after_pings_are_switched_off() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(30, 20));
        let off = Config { ping_interval: None, ..Config::default() };
        alone.peer.connection.set_config(off);
        assert_eq!(alone.ping(30), None, "{role:?}");
        assert_eq!(alone.due(30), None, "{role:?}");
    }
}

/// One ping at a time: the next one waits until the fate of the last one is known.
#[test]
fn an_unanswered_ping_has_its_time_before_the_next() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(10, 25));
        let mut times = Vec::new();
        while let Some(due) = alone.due(times.last().copied().unwrap_or(0)) {
            times.push(due.since_epoch().as_secs());
            let sent = alone.ping(due.since_epoch().as_secs());
            assert_eq!(sent.is_some(), times.len() == 1, "{role:?}: {times:?}");
            if alone.error().is_some() {
                break;
            }
        }
        assert_eq!(times, [10, 20, 35], "{role:?}");
        assert!(alone.error().is_some(), "{role:?}");
    }
}

#[test]
fn no_interval_no_deadline() {
    for role in ROLES {
        let config = Config { ping_interval: None, ..Config::default() };
        let mut alone = Alone::new(role, &config);
        assert_eq!(alone.due(0), None, "{role:?}");
        assert_eq!(alone.ping(1_000_000), None, "{role:?}");
        assert_eq!(alone.error(), None, "{role:?}");
    }
}

#[test]
fn not_a_moment_before_the_interval_is_over() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    assert_eq!(alone.due(0), Some(at(30)));
    assert_eq!(alone.ping(29), None);
    assert_eq!(alone.due(29), Some(at(30)));
    assert!(alone.ping(30).is_some());
}

#[test]
fn the_interval_runs_from_the_first_poll() {
    let mut server = run::connection(Role::Server, &config(30, 20));
    assert_eq!(server.poll_timeout(at(100)), Some(at(130)));
}

/// A process that was suspended sends one ping, not one for each interval it missed.
#[test]
fn a_late_call_makes_one_ping() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    assert!(alone.ping(1000).is_some());
    assert_eq!(alone.peer.connection.stats().sent.frames, 1);
    assert_eq!(alone.peer.connection.stats().pings, 1);
    assert_eq!(alone.due(1000), Some(at(1020)));
}

#[test]
fn is_written_before_a_message() {
    let mut server = run::connection(Role::Server, &config(30, 20));
    server.poll_timeout(Instant::EPOCH);
    server.handle_timeout(at(30)).expect("alive");
    assert!(server.wants_transmit());
    let mut output = Vec::new();
    server.send("text", &mut output).expect("open");
    let firsts: Vec<_> = wire::contents(&output).into_iter().map(|(first, _)| first).collect();
    assert_eq!(firsts, [PING, FIN | TEXT]);
}

#[test]
fn a_pending_pong_precedes_it() {
    let mut server = run::connection(Role::Server, &config(30, 20));
    server.poll_timeout(Instant::EPOCH);
    server.handle_timeout(at(30)).expect("alive");
    let mut wire = wire::frame(Role::Server, PING, b"theirs");
    server.receive(&mut wire.as_mut_slice()).expect("valid");
    let mut output = Vec::new();
    server.poll_transmit(&mut output);
    let firsts: Vec<_> = wire::contents(&output).into_iter().map(|(first, _)| first).collect();
    assert_eq!(firsts, [PONG, PING]);
}

#[test]
fn by_default_each_payload_is_another() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    let payloads: Vec<_> = [30, 60, 90]
        .map(|now| {
            let payload = alone.ping(now).expect("a ping");
            alone.receive(now, PONG, &payload);
            alone.ping(now + 20);
            payload
        })
        .into();
    assert!(payloads.iter().all(|payload| payload.len() == 8), "{payloads:?}");
    assert!(payloads[0] != payloads[1] && payloads[1] != payloads[2], "{payloads:?}");
}

/// As far as a ping can carry it.
#[test]
fn the_payload_may_be_chosen() {
    for (chosen, sent) in [(&b"there?"[..], &b"there?"[..]), (&[b'x'; 200], &[b'x'; 125])] {
        let config = Config { ping_payload: chosen, ..config(30, 20) };
        let mut alone = Alone::new(Role::Server, &config);
        assert_eq!(alone.ping(30).as_deref(), Some(sent), "{} bytes", chosen.len());
        alone.receive(31, PONG, sent);
        let rtt = alone.peer.connection.rtt();
        assert_eq!(rtt, Some(Duration::from_secs(1)), "{} bytes", chosen.len());
    }
}

#[test]
fn the_round_trip_time_is_that_of_the_latest_ping() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(30, 20));
        let first = alone.ping(30).expect("a ping");
        assert_eq!(alone.peer.connection.rtt(), None, "{role:?}: none was answered");
        alone.receive(33, PONG, &first);
        assert_eq!(alone.peer.connection.rtt(), Some(Duration::from_secs(3)), "{role:?}");

        alone.ping(50);
        let second = alone.ping(60).expect("a ping");
        alone.receive(65, PONG, &first);
        assert_eq!(alone.peer.connection.rtt(), Some(Duration::from_secs(3)), "{role:?}: late");
        alone.receive(67, PONG, &second);
        assert_eq!(alone.peer.connection.rtt(), Some(Duration::from_secs(7)), "{role:?}");
        alone.receive(69, PONG, &second);
        assert_eq!(alone.peer.connection.rtt(), Some(Duration::from_secs(7)), "{role:?}: twice");
    }
}

/// The round trip ends at the next poll, so a poll is asked for.
#[test]
fn an_answer_changes_the_timeout() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    let payload = alone.ping(30).expect("a ping");
    alone.due(30);
    assert!(!alone.peer.connection.timeout_changed());
    alone.peer.read(&wire::frame(Role::Server, PONG, &payload));
    assert!(alone.peer.connection.timeout_changed());
}

#[test]
fn an_unsolicited_pong_measures_nothing() {
    for payload in [&b""[..], b"unasked", &[0; 8], &[0, 0, 0, 0, 0, 0, 0, 1]] {
        let mut alone = Alone::new(Role::Server, &config(30, 20));
        alone.receive(10, PONG, payload);
        assert_eq!(alone.peer.connection.rtt(), None, "{payload:?}");
    }
}

#[test]
fn silence_after_a_ping_is_an_error_when_the_timeout_is_over() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(30, 20));
        alone.ping(30);
        assert_eq!(alone.due(30), Some(at(50)), "{role:?}");
        alone.ping(49);
        assert_eq!(alone.error(), None, "{role:?}");
        alone.ping(50);
        assert_eq!(alone.error(), Some(ErrorKind::PingTimeout), "{role:?}");
    }
}

#[test]
fn the_error_is_final() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    alone.ping(30);
    alone.ping(50);
    alone.receive(51, FIN | TEXT, b"sorry, I was away");
    assert_eq!(alone.peer.events, []);
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout));
}

#[test]
fn the_peer_gets_a_close_frame_with_the_code() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(30, 20));
        alone.ping(30);
        alone.ping(50);
        let payload = wire::close_payload(1011, b"ping timeout");
        assert_eq!(wire::contents(&alone.peer.output), [(CLOSE, payload)], "{role:?}");
        let closed = alone.peer.connection.closed().expect("closed");
        assert_eq!(closed.initiator, Initiator::Library, "{role:?}");
        assert_eq!(alone.peer.error.map(|e| e.close_code()), Some(CloseCode::INTERNAL_ERROR));
    }
}

type Happening = fn(&mut Alone);

/// What happens between a ping and its timeout, and whether the peer is alive then.
const SIGNS: [(&str, Happening, bool); 7] = [
    ("nothing", |_| {}, false),
    ("a pong that was not asked for", |alone| read(alone, PONG, b"unasked", 100), true),
    ("a message", |alone| read(alone, FIN | TEXT, b"text", 100), true),
    ("the first byte of a message", |alone| read(alone, FIN | TEXT, b"text", 1), true),
    ("output of before the ping is taken", |alone| wrote(alone, [(100, 100), (10, 90)]), true),
    // A stream behind another one, such as TLS, has taken all and is flushed late.
    ("a flush that was refused before", |alone| wrote(alone, [(100, 1), (0, 0)]), true),
    ("output that was never refused", |alone| wrote(alone, [(100, 0), (100, 100)]), false),
];

/// Receives up to `len` bytes of a frame.
fn read(alone: &mut Alone, first: u8, payload: &[u8], len: usize) {
    let wire = wire::frame(alone.role, first, payload);
    alone.peer.read(&wire[..len.min(wire.len())]);
}

fn wrote(alone: &mut Alone, writes: [(usize, usize); 2]) {
    for (written, left) in writes {
        alone.peer.connection.wrote(written, left);
    }
}

#[test]
fn signs_of_life() {
    for (name, happens, alive) in SIGNS {
        for role in ROLES {
            let mut alone = Alone::new(role, &config(30, 20));
            assert!(alone.ping(30).is_some(), "{name}: {role:?}");
            happens(&mut alone);
            alone.ping(50);
            if alive {
                assert_eq!(alone.error(), None, "{name}: {role:?}");
                assert_eq!(alone.due(50), Some(at(60)), "{name}: {role:?}");
            } else {
                assert_eq!(alone.error(), Some(ErrorKind::PingTimeout), "{name}: {role:?}");
            }
        }
    }
}

#[test]
fn life_before_the_ping_does_not_count() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    alone.receive(29, FIN | TEXT, b"text");
    alone.ping(30);
    alone.ping(50);
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout));
}

#[test]
fn a_peer_that_reads_is_alive() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    alone.peer.connection.wrote(100, 100);
    alone.ping(30);
    alone.peer.connection.wrote(0, 100);
    alone.ping(31);
    alone.peer.connection.wrote(10, 90);
    alone.ping(50);
    assert_eq!(alone.error(), None);

    assert!(alone.ping(60).is_some());
    alone.ping(80);
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout), "only once");
}

/// Sends a message of this size, and says when a peer that never answers the ping at 30 s is given up.
fn given_up(role: Role, size: usize, write: impl FnOnce(&mut Alone)) -> u64 {
    let mut alone = Alone::new(role, &config(30, 20));
    let mut output = Vec::new();
    alone.peer.connection.send(vec![0; size], &mut output).expect("open");
    assert!(alone.ping(30).is_some());
    write(&mut alone);
    let mut now = 30;
    while alone.error().is_none() {
        let due = alone.due(now).expect("a deadline").since_epoch().as_secs();
        assert!(due > now && due <= now + 20, "{due} after {now}");
        now = due;
        assert_eq!(alone.ping(now), None, "{size}: one ping at a time");
    }
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout));
    now
}

/// At 32 KiB/s, and of 4 MiB at most.
#[test]
fn a_pong_may_take_as_long_as_the_bytes_ahead_of_its_ping() {
    for role in ROLES {
        let until = |size| given_up(role, size, |_| {});
        assert_eq!(until(0), 50, "{role:?}");
        assert_eq!(until(16 << 10), 50, "{role:?}");
        assert_eq!(until(1 << 20), 50 + 32, "{role:?}");
        assert_eq!(until(4 << 20), 50 + 128, "{role:?}");
        assert_eq!(until(32 << 20), 50 + 128, "{role:?}");
    }
}

#[test]
fn a_full_stream_shows_by_itself_what_it_takes() {
    for role in ROLES {
        let full = |alone: &mut Alone| alone.peer.connection.wrote(1 << 20, 31 << 20);
        assert_eq!(given_up(role, 32 << 20, full), 50, "{role:?}");
    }
}

/// The stream took 1 MiB and was full, then it took the rest as it passed on what it had.
#[test]
fn only_what_a_stream_may_hold_is_ahead_of_a_ping() {
    let mut alone = Alone::new(Role::Server, &config(30, 20));
    let mut output = Vec::new();
    alone.peer.connection.send(vec![0; 32 << 20], &mut output).expect("open");
    alone.peer.connection.wrote(1 << 20, 31 << 20);
    alone.peer.connection.wrote(30 << 20, 1 << 20);
    alone.peer.connection.wrote(1 << 20, 0);
    assert!(alone.ping(30).is_some());
    assert_eq!(alone.due(30), Some(at(50)));
    alone.ping(50);
    assert_eq!(alone.due(50), Some(at(70)));
    alone.ping(70);
    assert_eq!(alone.due(70), Some(at(82)));
    alone.ping(81);
    assert_eq!(alone.error(), None);
    alone.ping(82);
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout));
}

#[test]
fn a_pong_proves_what_lay_ahead_of_its_ping() {
    for role in ROLES {
        let mut alone = Alone::new(role, &config(30, 20));
        let mut output = Vec::new();
        alone.peer.connection.send(vec![0; 1 << 20], &mut output).expect("open");
        let payload = alone.ping(30).expect("a ping");
        assert_eq!(alone.ping(50), None);
        assert_eq!(alone.error(), None, "{role:?}");
        alone.receive(62, PONG, &payload);
        assert_eq!(alone.peer.connection.rtt(), Some(Duration::from_secs(32)), "{role:?}");
        assert!(alone.ping(70).is_some(), "{role:?}: the next one, late");
        alone.ping(90);
        assert_eq!(alone.error(), Some(ErrorKind::PingTimeout), "{role:?}");
    }
}

/// Without a timeout there is an allowance, and not a moment besides.
#[test]
fn a_timeout_of_zero_has_its_end() {
    let mut alone = Alone::new(Role::Server, &config(30, 0));
    let mut output = Vec::new();
    alone.peer.connection.send(vec![0; 64 << 10], &mut output).expect("open");
    assert!(alone.ping(30).is_some());
    assert_eq!(alone.ping(30), None);
    assert_eq!(alone.due(30), Some(at(31)));
    alone.ping(31);
    assert_eq!(alone.error(), None);
    alone.ping(32);
    assert_eq!(alone.error(), Some(ErrorKind::PingTimeout));
}

#[test]
fn two_ends_keep_each_other_alive() {
    for length in run::LENGTHS {
        let mut pair = Pair::cut(&config(30, 20), &[length]);
        pair.pass(Duration::from_secs(24 * 3600));
        assert_eq!([pair.client.error, pair.server.error], [None, None], "{length}");
        assert_eq!(pair.client.connection.rtt(), Some(Duration::ZERO), "{length}");
        // 2,880 pings from each end, and as many pongs.
        let frames = pair.client.connection.stats().sent.frames;
        assert_eq!(frames, pair.server.connection.stats().sent.frames, "{length}");
        assert_eq!(frames, 2 * 2880, "{length}");
    }
}
