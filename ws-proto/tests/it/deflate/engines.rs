//! Engines leave idle connections and return, to these or to others; nothing is lost.

use ws_proto::{Config, Deflate, EnginePool, Event, Instant, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair;
use crate::pair::Pair;
use crate::pair::wire::{self, ROLES, RSV1};

struct Link {
    pair: Pair,
    agreed: Agreed,
    inflaters: [Inflate; 2],
    now: Instant,
}

impl Link {
    fn new(agreed: Agreed, config: &Config) -> Self {
        Self {
            pair: agreed.pair(config, &[usize::MAX]),
            agreed,
            inflaters: ROLES.map(|role| Inflate::new(agreed.of(role))),
            now: Instant::EPOCH,
        }
    }

    fn send(&mut self, from: Role, text: &str, parts: usize) {
        let [sender, receiver] = match from {
            Role::Client => [&mut self.pair.client, &mut self.pair.server],
            Role::Server => [&mut self.pair.server, &mut self.pair.client],
        };
        let data = text.as_bytes();
        let size = data.len() / parts;
        for i in 0..parts {
            let fin = i == parts - 1;
            let end = if fin { data.len() } else { (i + 1) * size };
            let part = &data[i * size..end];
            sender.connection.send_fragment(part, fin, &mut sender.output).expect("open");
        }
        let wire = core::mem::take(&mut sender.output);
        let frames = wire::parse(&wire);
        assert_ne!(frames[0].first & RSV1, 0, "compressed");
        let payload: Vec<u8> = frames.into_iter().flat_map(|frame| frame.payload).collect();
        let inflate = &mut self.inflaters[usize::from(from == Role::Client)];
        assert_eq!(inflate.message(&payload), data, "{:?}", self.agreed);
        receiver.read(&wire);
        assert_eq!(receiver.error, None);
        let events = core::mem::take(&mut receiver.events);
        assert_eq!(events, [Event::Binary(data.into())], "{:?}", self.agreed);
    }

    fn release(&mut self, who: usize) {
        let mut now = self.now;
        if who != 0 {
            now = compressed::release(&mut self.pair.client, now);
        }
        if who != 1 {
            now = compressed::release(&mut self.pair.server, now);
        }
        self.now = now;
    }
}

/// Messages of one connection after another, with engines returned at times; all share one pool.
fn converse(agreed: &[Agreed], pool: EnginePool, random: &mut Random) -> Vec<Link> {
    let deflate = Deflate { engines: pool, threshold: 0, ..Deflate::default() };
    let config = Config { deflate: Some(deflate), ..compressed::config() };
    let mut links: Vec<Link> = agreed.iter().map(|agreed| Link::new(*agreed, &config)).collect();
    for _ in 0..60 * agreed.len() {
        let link = random.below(links.len() as u32);
        let link = &mut links[link];
        let size = match random.below(8) {
            0 => random.below(20_000),
            _ => random.below(800),
        };
        let text = content::words(size, random);
        link.send(ROLES[random.below(2)], &text, 1 + random.below(3));
        if random.below(3) == 0 {
            link.release(random.below(3));
        }
    }
    links
}

#[test]
fn of_one_connection() {
    for agreed in Agreed::all().filter(|agreed| agreed.client_takeover == agreed.server_takeover) {
        let random = &mut Random(u64::from(agreed.client_bits));
        for link in converse(&[agreed], EnginePool::default(), random) {
            for (role, inflate) in ROLES.into_iter().zip(link.inflaters) {
                let (bits, takeover) = agreed.of(role);
                assert_eq!(inflate.farthest_earlier > 0, takeover, "{agreed:?}");
                assert!(inflate.farthest > (1 << bits) / 3, "{agreed:?}: {}", inflate.farthest);
            }
        }
    }
}

#[test]
fn of_many_connections_with_one_pool() {
    for kept in [0, 1, 2, 16] {
        let agreed = [
            Agreed::new(12, true),
            Agreed::new(12, true),
            Agreed::new(9, true),
            Agreed::new(15, true),
            Agreed::new(12, false),
            Agreed { server_takeover: false, ..Agreed::new(10, true) },
        ];
        converse(&agreed, EnginePool::new(kept), &mut Random(kept as u64));
    }
}

/// The history works as well as the engine: the second of two equal messages is small either way.
#[test]
fn takeover_survives() {
    let text =
        String::from_utf8(content::noise(600, &mut Random(1)).iter().map(|b| b & 0x7F).collect());
    let text = text.expect("ASCII");
    for release in [false, true] {
        let [mut client, _] = Agreed::default().connections(&compressed::config());
        let mut sizes = [0; 2];
        for size in &mut sizes {
            let mut output = Vec::new();
            client.send(&text, &mut output).expect("open");
            *size = output.len();
            if release {
                let mut peer = pair::peer::Peer::new(client);
                compressed::release(&mut peer, Instant::EPOCH);
                client = peer.connection;
            }
        }
        assert!(sizes[0] > 500 && sizes[1] < 50, "{release}: {sizes:?}");
    }
}

/// A message that is partly sent, or partly received, keeps its engine.
#[test]
fn engines_stay_within_a_message() {
    let [client, server] = Agreed::default().connections(&compressed::config());
    let mut pair = Pair::of(client, server, &[usize::MAX]);
    let parts = ["one ".repeat(100), "two ".repeat(100), "three ".repeat(100)];
    let mut now = Instant::EPOCH;
    for (i, part) in parts.iter().enumerate() {
        let Pair { client, .. } = &mut pair;
        client.connection.send_fragment(part, i == 2, &mut client.output).expect("open");
        pair.deliver_to_server();
        for peer in [&mut pair.client, &mut pair.server] {
            for _ in 0..5 {
                peer.connection.poll_timeout(now);
                now = now + core::time::Duration::from_secs(1);
                peer.handle_timeout(now);
            }
            assert_eq!(peer.connection.next_timeout().is_none(), i == 2, "after part {i}");
        }
    }
    assert_eq!(pair.server.events, [Event::Text(parts.concat().into())]);
}
