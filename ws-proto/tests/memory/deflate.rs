//! What compression makes a connection hold.

use std::sync::Arc;

use ws_proto::{
    CloseCode, Config, Connection, Deflate, Delivery, EnginePool, Error, Event, Instant, Limits,
    Prepared, Role, client, server,
};
use zlib_rs::{DeflateConfig, DeflateFlush};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::pair;
use crate::pair::wire::{self, BINARY, CONTINUATION};
use crate::{ALLOCATOR, live};

pub(crate) const CHECKS: [(&str, fn()); 13] = [
    ("negotiated but unused", negotiated_but_unused),
    ("idle after 100 messages with takeover", idle_with_takeover),
    ("idle after 100 messages without takeover", idle_without_takeover),
    ("engines of dropped connections serve others", engines_come_back),
    ("a failed connection holds no engine", a_failed_connection_holds_no_engine),
    ("the pool is bounded", the_pool_is_bounded),
    ("idle connections leave a small pool", idle_connections_leave_a_small_pool),
    ("connections that end leave the reserve", connections_that_end_leave_the_reserve),
    ("messages that end late leave the reserve", messages_that_end_late_leave_the_reserve),
    ("the reserve serves short-lived connections", the_reserve_serves_short_lived_connections),
    ("a large message does not stay in the pool", a_large_message_does_not_stay),
    ("a gibibyte of zeros costs the limit", zeros_cost_the_limit),
    ("a gibibyte of zeros in pieces", zeros_in_pieces),
];

const PAIRS: usize = 500;
/// So many of them exchange messages.
const BUSY: usize = 8;

/// A client and a server that share their configurations with others.
fn connect(client: &Arc<Config>, server: &Arc<Config>) -> [Connection; 2] {
    let mut request = Vec::new();
    let handshake = client::ClientRequest::new("localhost", "/")
        .send(Arc::clone(client), pair::SEED, &mut request)
        .expect("valid");
    let Ok(server::ServerProgress::Request(request)) =
        server::ServerHandshake::new(Arc::clone(server)).receive(&mut request.as_mut_slice())
    else {
        panic!("a valid request");
    };
    let mut response = Vec::new();
    let server = request.accept().respond(&mut response);
    let Ok(client::ClientProgress::Open(client, _)) =
        handshake.receive(&mut response.as_mut_slice())
    else {
        panic!("a valid response");
    };
    [client, server]
}

/// So many pairs, and what each connection holds, on average.
fn connect_all(configs: [Config; 2]) -> (Vec<[Connection; 2]>, usize) {
    let [client, server] = configs.map(Arc::new);
    let mut pairs = Vec::with_capacity(PAIRS);
    let before = live();
    pairs.extend((0..PAIRS).map(|_| connect(&client, &server)));
    let held = (live() - before).div_ceil(2 * PAIRS);
    (pairs, held)
}

fn config(agreed: Agreed, engines: &EnginePool) -> [Config; 2] {
    let deflate = Deflate { engines: engines.clone(), ..Deflate::default() };
    agreed.configs(&Config { deflate: Some(deflate), ..compressed::config() })
}

fn plain() -> usize {
    let config = Config { deflate: None, ..compressed::config() };
    connect_all([config.clone(), config]).1
}

fn negotiated_but_unused() {
    let plain = plain();
    let (pairs, held) = connect_all(config(Agreed::default(), &EnginePool::new(0)));
    assert!(pairs[0].iter().all(Connection::is_compressed));
    println!("  {} bytes, {} without ({} more)", held, plain, held - plain);
    assert!(held <= plain + 64, "{held} bytes, {plain} without");
}

/// Sends 100 messages each way over every pair, lets the engines leave; gives what each connection
/// holds more than before.
fn after_100_messages(agreed: Agreed) -> usize {
    let random = &mut Random(12);
    // Every busy connection may keep its engines.
    let engines = EnginePool::new(4 * BUSY);
    let nothing = live();
    let messages: Vec<String> = (0..100).map(|_| content::words(2000, random)).collect();
    let (mut pairs, _) = connect_all(config(agreed, &engines));
    let mut wire = Vec::with_capacity(1 << 14);
    let before = live();
    for [client, server] in &mut pairs[..BUSY] {
        for message in &messages {
            for (from, to) in [(0, 1), (1, 0)] {
                let ends = [&mut *client, &mut *server];
                wire.clear();
                ends[from].send(message, &mut wire).expect("open");
                let mut input = wire.as_mut_slice();
                let received = ends[to].receive(&mut input);
                assert_eq!(received, Ok(Some(Event::Text(message.into()))));
            }
        }
    }
    let busy = (live() - before) / (2 * BUSY);
    pairs[..BUSY].iter_mut().flatten().for_each(fall_idle);
    assert_eq!(wire.capacity(), 1 << 14, "the buffer has grown");
    let idle = live() - before;
    drop((wire, messages));
    drop(pairs);
    // What is left now is in the pool.
    let idle = (idle - (live() - nothing)) / (2 * BUSY);
    let Agreed { client_bits, server_bits, .. } = agreed;
    println!("  windows {client_bits} and {server_bits}: {busy} bytes busy, {idle} idle");
    idle
}

/// Lets the deadlines pass until there are none.
fn fall_idle(connection: &mut Connection) {
    let mut now = Instant::EPOCH;
    while let Some(due) = connection.poll_timeout(now) {
        now = due;
        connection.handle_timeout(now).expect("open");
    }
}

fn idle_with_takeover() {
    assert!(after_100_messages(Agreed::default()) <= 16 * 1024);
    for bits in [9, 10, 15] {
        let idle = after_100_messages(Agreed::new(bits, true));
        assert!(idle <= (2 << bits) + 512, "{bits} bits: {idle} bytes");
    }
}

fn idle_without_takeover() {
    assert_eq!(after_100_messages(Agreed::new(12, false)), 0);
    let agreed = Agreed { server_takeover: false, ..Agreed::default() };
    assert!(after_100_messages(agreed) <= (1 << 12) + 256, "one direction");
}

fn pooled(kept: usize) -> Config {
    let deflate = Deflate { engines: EnginePool::new(kept), ..Deflate::default() };
    Config { deflate: Some(deflate), ..compressed::config() }
}

/// A message each way, so that both ends hold both engines.
fn converse([client, server]: &mut [Connection; 2], message: &[u8]) {
    let mut wire = Vec::new();
    client.send(message, &mut wire).expect("open");
    assert!(matches!(server.receive(&mut wire.as_mut_slice()), Ok(Some(Event::Binary(_)))));
    wire.clear();
    server.send(message, &mut wire).expect("open");
    assert!(matches!(client.receive(&mut wire.as_mut_slice()), Ok(Some(Event::Binary(_)))));
}

fn engines_come_back() {
    let config = pooled(2);
    let message = content::words(2000, &mut Random(1)).into_bytes();
    let mut first = Agreed::default().connections(&config);
    converse(&mut first, &message);
    let before = live();
    drop(first);
    for _ in 0..10 {
        let mut next = Agreed::default().connections(&config);
        converse(&mut next, &message);
        // The histories are fresh, the engines are those of the first ones.
        assert!(live() < before + 4096, "{} bytes more", live() - before);
    }
    // A server that fails its client has no use for its engines either, once it is dropped.
    let [_, mut server] = Agreed::default().connections(&config);
    let mut wire = wire::frame(Role::Server, BINARY, &message[..200]);
    wire[0] |= wire::RSV1;
    assert!(server.receive(&mut wire.as_mut_slice()).is_err());
    drop(server);
    assert!(live() < before + 4096);
}

/// Half a message is in the engine when the peer breaks the protocol.
fn a_failed_connection_holds_no_engine() {
    let [client, server] = config(Agreed::default(), &EnginePool::new(0)).map(Arc::new);
    let [mut client, mut server] = connect(&client, &server);
    let mut wire = Vec::new();
    client.send_fragment("x".repeat(1000), false, &mut wire).expect("open");
    drop(client);

    let before = live();
    assert_eq!(server.receive(&mut wire.as_mut_slice()), Ok(None));
    assert!(live() - before > 32 * 1024);
    assert!(server.receive(&mut [0xFF_u8; 2].as_mut_slice()).is_err());
    let held = live() - before;
    assert!(held < 1024, "{held} bytes");
}

fn the_pool_is_bounded() {
    let message = content::words(2000, &mut Random(2)).into_bytes();
    let held = |kept, connections| {
        let config = pooled(kept);
        let before = live();
        let mut pairs: Vec<_> =
            (0..connections).map(|_| Agreed::default().connections(&config)).collect();
        pairs.iter_mut().for_each(|pair| converse(pair, &message));
        drop(pairs);
        live() - before
    };
    assert!(held(0, 5) < 1024);
    let of_one = held(2, 1);
    println!("  {of_one} bytes for an engine of each direction");
    assert!(of_one > 100_000, "{of_one} bytes: they are kept");
    assert!(held(2, 20) < of_one + 1024);
    // Messages that are encoded for many borrow one as well.
    let deflate = pooled(1).deflate.expect("set");
    let before = live();
    for _ in 0..5 {
        drop(Prepared::deflated(&message, &deflate));
    }
    assert!(live() - before < of_one);
}

fn idle_connections_leave_a_small_pool() {
    let message = content::words(2000, &mut Random(4)).into_bytes();
    let config = pooled(32);
    let before = live();
    let mut pairs: Vec<_> = (0..20).map(|_| Agreed::default().connections(&config)).collect();
    pairs.iter_mut().for_each(|pair| converse(pair, &message));
    let busy = live() - before;
    pairs.iter_mut().flatten().for_each(fall_idle);
    drop(pairs);
    let idle = live() - before;
    println!("  {busy} bytes busy, {idle} idle");
    // Two engines of each direction, of the 16 that stayed with the connections and one that served
    // the others.
    assert!(idle > 400_000 && idle < busy / 8, "{idle} bytes");
}

/// More than an engine of each direction takes, with what a short message has left in it.
const ENGINES: usize = 256 * 1024;

/// A pool of the default size keeps this number of engines of each direction while none is in use.
const RESERVE: usize = 4;

/// All connections end while they are busy, so that no deadline passes.
fn connections_that_end_leave_the_reserve() {
    let message = content::words(2000, &mut Random(5)).into_bytes();
    let config = pooled(64);
    let before = live();
    let mut pairs: Vec<_> = (0..300).map(|_| Agreed::default().connections(&config)).collect();
    pairs.iter_mut().for_each(|pair| converse(pair, &message));
    let busy = live() - before;
    while pairs.len() > 5 {
        drop(pairs.pop());
    }
    // The first ones have kept their engines.
    let in_use = 2 * pairs.len();
    let few = live() - before;
    drop(pairs);
    let none = live() - before;
    println!("  {busy} bytes busy, {few} with {in_use} in use, {none} with none");
    assert!(busy > 32 * ENGINES / 2, "{busy} bytes: engines are in use");
    assert!(few < 2 * in_use * ENGINES, "{few} bytes");
    assert!(none > 100_000 && none < RESERVE * ENGINES, "{none} bytes");
}

/// Engines that were borrowed beyond those that may stay are returned after all others, by connections
/// that remain.
fn messages_that_end_late_leave_the_reserve() {
    let config = pooled(64);
    let mut pairs: Vec<_> = (0..100).map(|_| Agreed::new(12, false).connections(&config)).collect();
    let mut late = pairs.split_off(40);
    let mut wire = Vec::with_capacity(1 << 12);
    let before = live();
    for [client, server] in pairs.iter_mut().chain(&mut late) {
        wire.clear();
        client.send_fragment("x".repeat(1000), false, &mut wire).expect("open");
        assert_eq!(server.receive(&mut wire.as_mut_slice()), Ok(None));
    }
    drop(pairs);
    for [client, server] in &mut late {
        wire.clear();
        client.send_fragment("y", true, &mut wire).expect("open");
        assert!(matches!(server.receive(&mut wire.as_mut_slice()), Ok(Some(Event::Text(_)))));
    }
    // The connections that were dropped have freed more than their engines.
    let held = live().saturating_sub(before);
    println!("  {held} bytes");
    assert!(held < RESERVE * ENGINES, "{held} bytes");
}

fn the_reserve_serves_short_lived_connections() {
    let message = content::words(2000, &mut Random(6)).into_bytes();
    let config = pooled(64);
    let few = || -> Vec<_> {
        let mut pairs: Vec<_> =
            (0..RESERVE / 2).map(|_| Agreed::default().connections(&config)).collect();
        pairs.iter_mut().for_each(|pair| converse(pair, &message));
        pairs
    };
    drop(few());
    let allocated = ALLOCATOR.stats().bytes_allocated;
    for _ in 0..10 {
        drop(few());
    }
    let each = (ALLOCATOR.stats().bytes_allocated - allocated) / 10;
    println!("  {each} bytes allocated for {} connections", RESERVE);
    assert!(each < 100_000, "{each} bytes: no new engine");
}

fn a_large_message_does_not_stay() {
    let config = pooled(2);
    let message = content::noise(8 << 20, &mut Random(3));
    let mut pair = Agreed::default().connections(&config);
    let before = live();
    converse(&mut pair, &message);
    drop(pair);
    let held = live() - before;
    println!("  {held} bytes after 8 MiB");
    assert!(held < 1 << 20, "{held} bytes");
}

/// Zeros as C zlib would compress them: a message's first and its further MiB.
fn zeros() -> [Vec<u8>; 2] {
    let mut engine = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: 9,
        window_bits: -15,
        ..DeflateConfig::default()
    });
    [(); 2].map(|()| {
        let mut packed = vec![0; 1 << 16];
        let before = engine.total_out();
        engine.compress(&[0; 1 << 20], &mut packed, DeflateFlush::SyncFlush).expect("room");
        packed.truncate((engine.total_out() - before) as usize);
        packed
    })
}

/// Reads a GiB of zeros in fragments of a MiB each, until there is an error; gives the most that was
/// held, and how many bytes came out and went in.
fn read_zeros(config: &Config) -> (usize, usize, usize, Result<(), Error>) {
    let mut server = Agreed::new(15, true).connection(Role::Server, config);
    let [first, more] = zeros();
    let mut head = wire::frame(Role::Server, wire::RSV1 | BINARY, &first);
    let more = wire::frame(Role::Server, CONTINUATION, &more);
    let mut input = Vec::with_capacity(more.len());
    let before = live();
    let (mut most, mut came_out, mut went_in) = (0, 0, 0);
    for i in 0..1024 {
        input.clear();
        input.extend_from_slice(if i == 0 { &mut head } else { &more });
        for piece in input.chunks_mut(256) {
            went_in += piece.len();
            let mut piece = piece;
            loop {
                match server.receive(&mut piece) {
                    Ok(Some(Event::BinaryChunk { data, .. })) => came_out += data.len(),
                    Ok(Some(event)) => panic!("{event:?}"),
                    Ok(None) => break,
                    Err(error) => return (most, came_out, went_in, Err(error)),
                }
                most = most.max(live() - before);
            }
            most = most.max(live() - before);
        }
    }
    (most, came_out, went_in, Ok(()))
}

fn zeros_cost_the_limit() {
    for (delivery, limit) in [
        (Delivery::Whole, 64 << 10),
        (Delivery::Whole, 1 << 20),
        (Delivery::Whole, 16 << 20),
        (Delivery::Chunked, 16 << 20),
    ] {
        let incoming = Limits { max_message_size: limit, ..Limits::incoming() };
        let config = Config { incoming, delivery, ..compressed::config() };
        let (most, _, went_in, result) = read_zeros(&config);
        println!("  {delivery:?}, limit {limit}: at most {most} bytes; refused after {went_in}");
        assert_eq!(result.map_err(|error| error.close_code()), Err(CloseCode::TOO_BIG));
        let engine = 128 << 10;
        match delivery {
            Delivery::Whole => assert!(most <= 2 * limit + engine),
            _ => assert!(most <= (1 << 20) + engine),
        }
    }
}

fn zeros_in_pieces() {
    let config =
        Config { incoming: Limits::UNLIMITED, delivery: Delivery::Chunked, ..compressed::config() };
    let (most, came_out, went_in, result) = read_zeros(&config);
    println!("  at most {most} bytes for {came_out}, which came in {went_in}");
    assert_eq!(result, Ok(()));
    assert_eq!(came_out, 1 << 30);
    assert!(went_in < 1_200_000, "{went_in}");
    assert!(most <= 1 << 20, "{most}");
}
