//! The judgement byte by byte against that of `httparse` on the whole.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use httparse::Status;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use super::{HeadBuffer, HeadLimits};

const LIMITS: HeadLimits = HeadLimits { bytes: 1 << 16, headers: 64 };

const HEADS: [&str; 4] = [
    "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nX-Empty:\r\nx:\t y z \r\n\r\n",
    "\r\n\r\nM-SEARCH * HTTP/1.0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "HTTP/1.0 404\r\nServer: \u{FC}\r\n\r\n",
];

const PIECES: [&str; 27] = [
    "G",
    "GET ",
    "/",
    "* ",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/1.2",
    "HTTP/2.0",
    "HTTP/1.1 200",
    " ",
    "\t",
    ":",
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "X: y",
    "Host",
    "\0",
    "\x1F",
    "\x7F",
    "\u{FC}",
    "\"",
    "(",
    "200",
    "20",
    " OK",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Request,
    Response,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    /// The first line, as far as it is kept, and the fields.
    Head(String, Vec<(String, Vec<u8>)>),
    Error,
    Unfinished,
}

/// The verdict when the bytes come in reads of `step`, and the number of bytes read by then.
fn judge(kind: Kind, bytes: &[u8], step: usize) -> (Verdict, usize) {
    let mut buffer = match kind {
        Kind::Request => HeadBuffer::request(),
        Kind::Response => HeadBuffer::response(),
    };
    let mut read = 0;
    for piece in bytes.chunks(step) {
        let mut copy = piece.to_vec();
        let mut input = copy.as_mut_slice();
        let head = match buffer.receive(&mut input, LIMITS) {
            Ok(None) => {
                read += piece.len();
                continue;
            }
            Ok(Some(head)) => head,
            Err(_) => return (Verdict::Error, read + piece.len()),
        };
        read += piece.len() - input.len();
        let parsed = match kind {
            Kind::Request => head.parse_request().map(|(line, headers)| {
                let minor = u8::from(line.current);
                (format!("{} {} {minor}", line.method, line.target), headers)
            }),
            Kind::Response => {
                head.parse_response().map(|(status, headers)| (format!("{status}"), headers))
            }
        };
        let Ok((line, headers)) = parsed else { return (Verdict::Error, read) };
        let fields = headers.iter().map(|(name, value)| (name.into(), value.to_vec())).collect();
        return (Verdict::Head(line, fields), read);
    }
    (Verdict::Unfinished, read)
}

fn parse(kind: Kind, bytes: &[u8]) -> Verdict {
    let mut fields = [httparse::EMPTY_HEADER; LIMITS.headers];
    let (status, line, fields) = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut fields);
            let status = request.parse(bytes);
            let (method, path) = (request.method.unwrap_or("-"), request.path.unwrap_or("-"));
            let line = format!("{method} {path} {}", request.version.unwrap_or_default());
            (status, line, request.headers)
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut fields);
            let status = response.parse(bytes);
            (status, format!("{}", response.code.unwrap_or_default()), response.headers)
        }
    };
    let own = |field: &httparse::Header<'_>| (field.name.into(), field.value.to_vec());
    match status {
        Ok(Status::Complete(_)) => Verdict::Head(line, fields.iter().map(own).collect()),
        Ok(Status::Partial) => Verdict::Unfinished,
        Err(_) => Verdict::Error,
    }
}

/// What `httparse` makes of the shortest beginning that it has a verdict on, but stricter where it is
/// lenient: a bare line feed ends no line, and no empty line precedes a response.
fn expected(kind: Kind, bytes: &[u8]) -> (Verdict, usize) {
    for len in 1..=bytes.len() {
        let beginning = &bytes[..len];
        let lenient = match beginning {
            [b'\r' | b'\n', ..] if kind == Kind::Response => true,
            [.., b'\r', b'\n'] => false,
            [.., b'\n'] => true,
            _ => false,
        };
        let verdict = if lenient { Verdict::Error } else { parse(kind, beginning) };
        if verdict != Verdict::Unfinished {
            return (verdict, len);
        }
    }
    (Verdict::Unfinished, bytes.len())
}

/// Pieces of heads in any order, heads with a few bytes changed, and noise.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..3_usize, select(&PIECES[..]));
    prop_oneof![
        2 => vec(select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        4 => (select(&HEADS[..]), vec(change, 0..3)).prop_map(|(head, changes)| {
            let mut bytes = head.as_bytes().to_vec();
            for (at, removed, added) in changes {
                let start = at.index(bytes.len());
                let end = bytes.len().min(start + removed);
                bytes.splice(start..end, added.bytes());
            }
            bytes
        }),
        1 => vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9112),
        ..ProptestConfig::with_cases(4_000)
    })]

    /// The same verdict at the same byte, so nothing is rejected early that would be a head, and
    /// nothing is waited for that cannot become one.
    #[test]
    fn agrees_with_httparse_at_every_byte(bytes in bytes(), step in 1..20_usize) {
        for kind in [Kind::Request, Kind::Response] {
            let found = judge(kind, &bytes, 1);
            let expected = expected(kind, &bytes);
            // Only when the head is complete, a target that is not UTF-8 is refused.
            let is_target = (kind, bytes.get(expected.1.wrapping_sub(1))) == (Kind::Request, Some(&b' '));
            if is_target && core::str::from_utf8(&bytes[..expected.1]).is_err() {
                prop_assert!(!matches!(found.0, Verdict::Head(..)));
            } else {
                prop_assert_eq!(&found, &expected, "{:?}", kind);
            }
            let (verdict, read) = judge(kind, &bytes, step);
            prop_assert_eq!(&verdict, &found.0);
            if verdict != Verdict::Error {
                prop_assert_eq!(read, found.1);
            }
        }
    }
}
