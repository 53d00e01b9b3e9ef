//! The extended lengths: all of 16 bits, and of 64 bits a grid that covers each byte's extremes.

use ws_proto::{Config, Limits, Role};

use crate::exhaustive::drive::Setup;
use crate::pair::wire::{self, BINARY, CONTINUATION, FIN, PING};

/// The configurations whose limits are tried: the defaults, limits that fall within the forms of the
/// length, and none.
fn configs() -> [Config; 3] {
    let within = Limits { max_message_size: 70_000, max_frame_size: 1_000, max_fragments: 3 };
    [Limits::incoming(), within, Limits::UNLIMITED]
        .map(|incoming| Config { incoming, ..Config::default() })
}

/// A connection, the bytes it has read, and a first byte that is allowed then.
fn begun(role: Role) -> impl Iterator<Item = (Setup, Vec<u8>)> {
    let setups = configs().map(|config| Setup::new(role, false, &config));
    setups.into_iter().flat_map(move |setup| {
        let fragment = wire::frame(role, BINARY, b"four");
        [vec![FIN | BINARY], [&*fragment, &[CONTINUATION]].concat(), vec![PING]]
            .map(|before| (setup.clone(), before))
    })
}

#[test]
fn all_of_16_bits_at_a_client() {
    all_of_16_bits(Role::Client);
}

#[test]
#[ignore = "another role or state in the same code"]
fn all_of_16_bits_at_a_server() {
    all_of_16_bits(Role::Server);
}

fn all_of_16_bits(role: Role) {
    let mut prefixes = 0;
    for (setup, mut before) in begun(role) {
        before.extend(&wire::begin(role, 0, 126, &[])[1..]);
        prefixes += walk(&setup, &before, 2, &|_| (0..=u8::MAX).collect());
    }
    println!("{prefixes} prefixes");
}

#[test]
fn a_grid_of_64_bits() {
    let mut prefixes = 0;
    for role in wire::ROLES {
        for (setup, mut before) in begun(role) {
            before.extend(&wire::begin(role, 0, 127, &[])[1..]);
            prefixes += walk(&setup, &before, 8, &|depth| match depth {
                8 => vec![0x00, 0x01, 0x7F, 0x80, 0xFF],
                _ => vec![0x00, 0x7F, 0xFF],
            });
        }
    }
    println!("{prefixes} prefixes");
}

/// Frames with all of their payload, whose header alone would show the error.
#[test]
fn of_whole_frames() {
    for role in wire::ROLES {
        for (setup, before) in begun(role) {
            let short = (0..=300).map(|len| (126, len)).chain([(126, 0xFFFF)]);
            let long = [0, 1, 125, 126, 127, 999, 1_000, 0xFFFF, 0x1_0000].map(|len| (127, len));
            for (form, len) in short.chain(long) {
                let extended = match form {
                    126 => (len as u16).to_be_bytes().to_vec(),
                    _ => (len as u64).to_be_bytes().to_vec(),
                };
                let header = wire::begin(role, 0, form, &extended);
                // The key and the payload of the frame in the shortest form.
                let frame = wire::frame(role, 0, &vec![b'p'; len]);
                let shortest = wire::header(role, 0, len as u64).len();
                let key = if role == Role::Server { 4 } else { 0 };
                let stream = [&*before, &header[1..], &frame[shortest - key..]].concat();
                setup.check_from(stream.len(), &stream);
            }
        }
    }
}

/// Checks every continuation of `stream` by up to `depth` bytes, and none of one that is refused;
/// returns their number.
fn walk(setup: &Setup, stream: &[u8], depth: usize, bytes: &dyn Fn(usize) -> Vec<u8>) -> u64 {
    let mut count = 0;
    for byte in bytes(depth) {
        let stream = [stream, &[byte]].concat();
        let reading = setup.check_from(stream.len() - 1, &stream);
        count += 1;
        if depth > 1 && reading.violation.is_none() {
            count += walk(setup, &stream, depth - 1, bytes);
        }
    }
    count
}
