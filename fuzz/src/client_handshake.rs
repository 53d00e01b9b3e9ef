//! Arbitrary bytes to a client that waits for a response.

use ws_proto::client::{ClientHandshakeErrorKind, ClientProgress, ClientRequest, Response};
use ws_proto::{Config, Headers};

use crate::input::Input;
use crate::pair::{SEED, run};

/// Checks that the outcome is the same at every chunking, except for the body of a redirect, which
/// is the part that arrived together with its head, and that bytes after a response that opens the
/// connection are not consumed.
pub fn client_handshake(data: &[u8]) {
    let Some(input) = Input::new(data) else { return };
    let config = match input.option(0) {
        true => {
            Config { max_head_size: 300, max_headers: 6, max_body_size: 20, ..Config::default() }
        }
        false => Config::default(),
    };
    let [whole, single, cut] =
        input.chunkings().map(|lengths| outcome(&config, input.stream, lengths));
    assert_eq!(single, whole, "byte by byte");
    assert_eq!(cut, whole, "cut");
}

/// The parts of a refusal that do not depend on the chunking: status, headers, body.
type Refusal = (u16, Headers, Option<Vec<u8>>);

#[derive(Debug, PartialEq)]
enum Outcome {
    Open { response: Response, used: usize },
    Refused(Refusal),
    Failed(ClientHandshakeErrorKind),
}

fn outcome(config: &Config, stream: &[u8], lengths: &[usize]) -> Outcome {
    let request =
        ClientRequest::new("example.com", "/").subprotocol("chat").subprotocol("superchat");
    let mut handshake = request.send(config.clone(), SEED, &mut Vec::new()).expect("valid");
    let mut used = 0;
    for piece in run::pieces(stream, lengths) {
        let mut copy = piece.to_vec();
        let mut input = copy.as_mut_slice();
        let progress = handshake.receive(&mut input);
        let left = input.len();
        assert!(piece.ends_with(input), "bytes after the response were consumed");
        used += piece.len() - left;
        handshake = match progress {
            Ok(ClientProgress::NeedsInput(handshake)) => {
                assert_eq!(left, 0, "asks for more before the input is used up");
                handshake
            }
            Ok(ClientProgress::Open(_connection, response)) => {
                return Outcome::Open { response, used };
            }
            Ok(ClientProgress::Refused(response)) => return refused(response, config),
            Err(error) => return Outcome::Failed(error.kind()),
        };
    }
    match handshake.receive_eof() {
        Ok(response) => refused(response, config),
        Err(error) => Outcome::Failed(error.kind()),
    }
}

fn refused(response: Response, config: &Config) -> Outcome {
    assert_ne!(response.status(), 101);
    assert!(response.body().len() <= config.max_body_size);
    let is_redirect = response.redirects_to().is_some();
    let body = (!is_redirect).then(|| response.body().to_vec());
    Outcome::Refused((response.status(), response.headers().clone(), body))
}
