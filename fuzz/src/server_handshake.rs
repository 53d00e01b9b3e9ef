//! Arbitrary bytes to a server that waits for a request.

use ws_proto::Config;
use ws_proto::server::{RejectionKind, RequestHead, ServerHandshake, ServerProgress};

use crate::input::Input;
use crate::pair::run;

/// Checks that the answer is the same at every chunking and a complete HTTP response, that bytes
/// after the head are not consumed, and that a head rejected before it is complete could not become
/// valid.
pub fn server_handshake(data: &[u8]) {
    let Some(input) = Input::new(data) else { return };
    let config = match input.option(0) {
        true => Config { max_head_size: 300, max_headers: 6, ..Config::default() },
        false => Config::default(),
    };
    let [whole, single, cut] =
        input.chunkings().map(|lengths| answer(&config, input.stream, lengths));
    assert_eq!(single, whole, "byte by byte");
    assert_eq!(cut, whole, "cut");
    if let Answer::Rejected { request: None, kind: RejectionKind::Malformed, .. } = whole {
        assert!(!is_head(input.stream), "rejected early");
    }
}

/// Returns whether the stream begins with a head that another parser accepts, except for the line
/// ends that only the other parser accepts.
fn is_head(stream: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 256];
    let Ok(httparse::Status::Complete(len)) = httparse::Request::new(&mut fields).parse(stream)
    else {
        return false;
    };
    let head = &stream[..len];
    head[0] != b'\n' && head.windows(2).all(|pair| pair[1] != b'\n' || pair[0] == b'\r')
}

#[derive(Debug, PartialEq)]
enum Answer {
    None,
    Accepted { request: RequestHead, used: usize, response: Vec<u8> },
    Rejected { request: Option<RequestHead>, kind: RejectionKind, response: Vec<u8> },
}

fn answer(config: &Config, stream: &[u8], lengths: &[usize]) -> Answer {
    let mut handshake = ServerHandshake::new(config.clone());
    let mut used = 0;
    for piece in run::pieces(stream, lengths) {
        let mut copy = piece.to_vec();
        let mut input = copy.as_mut_slice();
        let progress = handshake.receive(&mut input);
        let left = input.len();
        assert!(piece.ends_with(input), "bytes after the head were consumed");
        used += piece.len() - left;
        handshake = match progress {
            Ok(ServerProgress::NeedsInput(handshake)) => {
                assert_eq!(left, 0, "asks for more before the input is used up");
                handshake
            }
            Ok(ServerProgress::Request(request)) => return accept(request, used),
            Err(rejection) => {
                let mut response = Vec::new();
                rejection.respond(&mut response);
                check_response(&response, rejection.status());
                let request = rejection.request().cloned();
                return Answer::Rejected { request, kind: rejection.kind(), response };
            }
        };
    }
    assert!(stream.len() <= config.max_head_size, "a head without end");
    Answer::None
}

fn accept(request: ws_proto::server::ServerRequest, used: usize) -> Answer {
    let head = RequestHead::clone(&request);
    let offer = request.subprotocols().next().map(String::from);
    let accept = request.accept();
    let accept = match offer {
        Some(offer) => accept.subprotocol(&offer).expect("it was offered"),
        None => accept,
    };
    let mut response = Vec::new();
    drop(accept.respond(&mut response));
    check_response(&response, 101);
    Answer::Accepted { request: head, used, response }
}

/// Checks that the response is a complete head, with nothing injected into it, and the body that
/// the head announces.
fn check_response(response: &[u8], status: u16) {
    let text = str::from_utf8(response).expect("ASCII");
    assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
    let (head, body) = text.split_once("\r\n\r\n").expect("a blank line");
    assert!(head.split("\r\n").all(|line| !line.contains(['\r', '\n'])), "{text}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    match length {
        Some(length) => assert!(body.is_empty() || length == body.len().to_string(), "{text}"),
        None => assert_eq!(body, "", "{text}"),
    }
}
