//! Compressed messages sent in fragments.

use ws_proto::{Config, Delivery, Event, Role};

use crate::compressed;
use crate::compressed::Agreed;
use crate::compressed::content::{self, Random};
use crate::compressed::inflate::Inflate;
use crate::pair;
use crate::pair::run;
use crate::pair::wire::{self, CONTINUATION, FIN, PING, ROLES, RSV1, TEXT};

/// The sizes of the parts; the first one decides whether the message is compressed.
const PARTS: [&[usize]; 8] = [
    &[500],
    &[500, 500],
    &[200, 0, 0, 300],
    &[200, 0],
    &[128, 1, 1, 1, 0, 1],
    &[300, 20_000, 3, 40_000],
    &[70_000, 0, 70_000],
    &[130, 130, 130, 130, 130, 130, 130, 130],
];

#[test]
fn come_back_whole_with_control_frames_between() {
    for agreed in [Agreed::new(9, true), Agreed::new(12, true), Agreed::new(15, false)] {
        for delivery in [Delivery::Whole, Delivery::Chunked] {
            let config = Config { delivery, ..compressed::config() };
            for from in ROLES {
                converse(agreed, &config, from);
            }
        }
    }
}

fn converse(agreed: Agreed, config: &Config, from: Role) {
    let random = &mut Random(6455);
    let mut pair = agreed.pair(config, &[1000]);
    let [sender, receiver] = match from {
        Role::Client => [&mut pair.client, &mut pair.server],
        Role::Server => [&mut pair.server, &mut pair.client],
    };
    let mut inflate = Inflate::new(agreed.of(from));
    for sizes in PARTS {
        let mut whole = String::new();
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for (i, size) in sizes.iter().enumerate() {
            let part = content::words(*size, random);
            let fin = i == sizes.len() - 1;
            sender.connection.send_fragment(&part, fin, &mut wire).expect("open");
            whole += &part;
            if !fin {
                sender.connection.ping(&[i as u8], &mut wire).expect("open");
                expected.push(Event::Ping(vec![i as u8].into()));
            }
        }
        expected.push(Event::Text(whole.clone().into()));

        let (pings, frames): (Vec<_>, Vec<_>) =
            wire::contents(&wire).into_iter().partition(|(first, _)| *first == PING);
        assert_eq!(pings.len(), sizes.len() - 1);
        for (i, (first, _)) in frames.iter().enumerate() {
            let opcode = if i == 0 { TEXT | RSV1 } else { CONTINUATION };
            let fin = if i == sizes.len() - 1 { FIN } else { 0 };
            assert_eq!(*first, fin | opcode, "frame {i} of {sizes:?}");
        }
        let payload: Vec<u8> = frames.into_iter().flat_map(|(_, payload)| payload).collect();
        assert_eq!(inflate.message(&payload), whole.as_bytes(), "{sizes:?}");

        for piece in run::pieces(&wire, &[1000]) {
            receiver.read(piece);
        }
        assert_eq!(receiver.error, None);
        assert_eq!(run::messages(core::mem::take(&mut receiver.events)), expected, "{sizes:?}");
    }
}

/// The whole content of a fragment can be read when it has arrived (RFC 7692 §7.2.1 flushes each).
#[test]
fn can_be_read_one_by_one() {
    let config = Config { delivery: Delivery::Chunked, ..compressed::config() };
    let mut pair = Agreed::default().pair(&config, &[usize::MAX]);
    for (i, part) in ["one ".repeat(100), "two ".repeat(7), "three".into()].iter().enumerate() {
        let pair::peer::Peer { connection, output, .. } = &mut pair.server;
        connection.send_fragment(part, i == 2, output).expect("open");
        pair.deliver_to_client();
        let events = core::mem::take(&mut pair.client.events);
        let data = part.as_str().into();
        assert_eq!(events, [Event::TextChunk { data, fin: i == 2 }], "part {i}");
    }
}

/// The first fragment decides whether the message is compressed.
#[test]
fn below_the_threshold_are_not_compressed() {
    let [mut client, _] = Agreed::default().connections(&compressed::config());
    let mut wire = Vec::new();
    client.send_fragment("short", false, &mut wire).expect("open");
    client.send_fragment("long ".repeat(100), true, &mut wire).expect("open");
    let frames = wire::contents(&wire);
    assert_eq!(frames[0], (TEXT, b"short".to_vec()));
    assert_eq!(frames[1], (FIN | CONTINUATION, "long ".repeat(100).into_bytes()));
}
