//! Counters of what compression saves.

use ws_proto::{Config, Deflate, Event, Prepared, Stats};

use crate::compressed::content::{self, Random};
use crate::compressed::{Agreed, config};

/// The header of a server's frame with 126 bytes to 64 KiB; a client's has four more bytes for the
/// mask.
const HEADER: u64 = 4;

/// The bytes that each direction would have taken without compression.
fn plain(stats: Stats) -> [u64; 2] {
    [stats.sent, stats.received].map(|traffic| {
        traffic.bytes.checked_add_signed(traffic.saved).expect("no more than there was")
    })
}

#[test]
fn wire_and_savings_make_up_what_was_sent() {
    let [mut client, mut server] = Agreed::new(12, false).connections(&config());
    let (mut upwards, mut downwards) = (Vec::new(), Vec::new());
    let text = content::words(5000, &mut Random(1));
    let news = Prepared::deflated(text.clone(), &Deflate::default());

    client.send(&text, &mut upwards).expect("open");
    client.send_fragment(&text[..3000], false, &mut upwards).expect("open");
    client.send_fragment(&text[3000..], true, &mut upwards).expect("open");
    server.send_prepared(&news, &mut downwards).expect("open");
    for (receiver, wire) in [(&mut server, &mut upwards), (&mut client, &mut downwards)] {
        let mut input = wire.as_mut_slice();
        while let Some(event) = receiver.receive(&mut input).expect("valid") {
            assert_eq!(event, Event::Text(text.as_str().into()));
        }
    }

    for (stats, sends) in [(client.stats(), 0), (server.stats(), 1)] {
        let [sent, received] = plain(stats);
        let plain = [sent, received];
        // The header of a compressed message may be shorter than without compression.
        let upwards = 10_000 + 3 * (HEADER + 4);
        assert!(plain[sends].abs_diff(upwards) < 8, "{stats:?}");
        assert!(plain[1 - sends].abs_diff(5000 + HEADER) < 8, "{stats:?}");
        assert!(stats.sent.ratio() < 0.6 && stats.received.ratio() < 0.6, "{stats:?}");
    }
}

#[test]
fn without_compression_the_ratio_is_one() {
    let mut server = ws_proto::Connection::server(Config::default());
    assert_eq!(server.stats().sent.ratio(), 1.0);
    server.send("plain", &mut Vec::new()).expect("open");
    assert_eq!(server.stats().sent.ratio(), 1.0);
    assert_eq!(server.stats().sent.saved, 0);
}

/// Content that cannot be compressed grows slightly.
#[test]
fn savings_may_be_negative() {
    let [_, mut server] = Agreed::default().connections(&config());
    let noise = content::noise(1000, &mut Random(3));
    server.send(&noise, &mut Vec::new()).expect("open");
    let sent = server.stats().sent;
    assert!((-20..0).contains(&sent.saved), "{sent:?}");
    assert!(sent.ratio() > 1.0, "{sent:?}");
}
