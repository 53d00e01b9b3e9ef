//! A peer must keep to the negotiated window, whatever happened to the engine.

use ws_proto::{Config, Deflate, EnginePool, ErrorKind, Event, Instant, Role, server};

use crate::compressed::content::{self, Random};
use crate::compressed::stream::{Stream, Symbol};
use crate::compressed::{Agreed, config, frame, release};
use crate::pair::peer::Peer;
use crate::pair::wire::{BINARY, ROLES};

#[derive(Clone, Copy, Debug)]
enum Engine {
    Kept,
    Released,
    /// Another one for each message.
    Borrowed,
}

/// The result of a message that begins with these symbols, after a message three times as large as
/// the window.
fn second(role: Role, bits: u8, engine: Engine, symbols: &[Symbol]) -> Result<Vec<u8>, ErrorKind> {
    let engines = EnginePool::new(match engine {
        Engine::Kept | Engine::Released => 8,
        Engine::Borrowed => 0,
    });
    let deflate = Deflate { engines, ..Deflate::default() };
    let config = Config { deflate: Some(deflate), ..config() };
    let mut peer = Peer::new(Agreed::new(bits, true).connection(role, &config));
    let earlier = content::noise(3 << bits, &mut Random(u64::from(bits)));
    let payload = Stream::new().stored(false, &earlier).message();
    peer.read(&frame(role, BINARY, &payload));
    assert_eq!(peer.events, [Event::Binary(earlier.into())]);
    if matches!(engine, Engine::Released) {
        release(&mut peer, Instant::EPOCH);
    }
    peer.read(&frame(role, BINARY, &Stream::new().fixed(false, symbols).message()));
    match (peer.error, peer.events.pop()) {
        (Some(error), _) => Err(error.kind()),
        (None, Some(Event::Binary(data))) => Ok(data.into_owned()),
        (None, other) => panic!("{other:?}"),
    }
}

fn everywhere(check: impl Fn(usize, &dyn Fn(&[Symbol]) -> Result<Vec<u8>, ErrorKind>)) {
    for role in ROLES {
        for bits in 9..=14 {
            for engine in [Engine::Kept, Engine::Released, Engine::Borrowed] {
                println!("{role:?}, {bits} bits, {engine:?}");
                check(1 << bits, &|symbols| second(role, bits, engine, symbols));
            }
        }
    }
}

#[test]
fn the_whole_window_may_be_used() {
    everywhere(|window, second| {
        assert_eq!(second(&[Symbol::Copy(3, window)]).map(|data| data.len()), Ok(3));
    });
}

#[test]
fn an_earlier_message_beyond_the_window_is_refused() {
    everywhere(|window, second| {
        for distance in [window + 1, 2 * window, (3 * window).min(1 << 15)] {
            assert_eq!(second(&[Symbol::Copy(3, distance)]), Err(ErrorKind::InvalidDeflate));
        }
    });
}

/// Within a message the window between messages does not apply.
#[test]
fn the_window_ends_where_the_message_began() {
    everywhere(|window, second| {
        let symbols = [Symbol::Literal(b'x'), Symbol::Copy(3, window + 1)];
        assert_eq!(second(&symbols).map(|data| data.len()), Ok(4));
        let symbols = [Symbol::Literal(b'x'), Symbol::Copy(3, window + 2)];
        assert_eq!(second(&symbols), Err(ErrorKind::InvalidDeflate));
    });
}

/// RFC 7692 §7.2.2: a client that offers no limit may use the full window.
#[test]
fn without_an_agreement_it_is_the_largest() {
    let pseudo = server::PseudoHeaders {
        method: "CONNECT",
        protocol: Some("websocket"),
        authority: "localhost",
        path: "/",
    };
    let fields: [(&str, &[u8]); 2] =
        [("sec-websocket-version", b"13"), ("sec-websocket-extensions", b"permessage-deflate")];
    let request =
        server::ServerRequest::from_pseudo_headers(config(), &pseudo, fields).expect("valid");
    let mut peer = Peer::new(request.accept().into_connection());
    let farthest = 1 << 15;
    let earlier = content::noise(farthest, &mut Random(15));
    peer.read(&frame(Role::Server, BINARY, &Stream::new().stored(false, &earlier).message()));
    let again = Stream::new().fixed(false, &[Symbol::Copy(3, farthest)]).message();
    peer.read(&frame(Role::Server, BINARY, &again));
    let expected = [Event::Binary(earlier[..].into()), Event::Binary(earlier[..3].into())];
    assert_eq!((peer.error, &*peer.events), (None, &expected[..]));
}
