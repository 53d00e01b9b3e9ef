//! The negotiation of parameters (RFC 7692 §7.1).

use alloc::format;
use alloc::string::String;

use super::config::{Deflate, Offers};
use super::extension::Parameters;
use crate::config::Config;
use crate::handshake::client::ClientHandshakeErrorKind;
use crate::handshake::extensions::{Element, Malformed, parse};

const NAME: &str = "permessage-deflate";
const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// The parameters of an offer or a response.
#[derive(Clone, Copy, Default)]
struct Agreement {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_bits: Option<u8>,
    client_bits: Option<ClientBits>,
}

#[derive(Clone, Copy)]
enum ClientBits {
    /// Without a value: the client can obey one.
    Supported,
    AtMost(u8),
}

/// Chooses the first acceptable offer of a client; returns the element that accepts it.
///
/// # Errors
///
/// The field is no list of extensions (RFC 6455 §9.1).
pub(crate) fn accept_offers<'h>(
    fields: impl Iterator<Item = &'h [u8]>,
    config: &Config,
) -> Result<Option<(String, Parameters)>, Malformed> {
    let Some(deflate) = &config.deflate else { return Ok(None) };
    let offers = parse(fields)?;
    Ok(offers.iter().find_map(|offer| accept(offer, deflate)))
}

fn accept(offer: &Element, deflate: &Deflate) -> Option<(String, Parameters)> {
    let offer = read(offer)?;
    let server_bits =
        offer.server_bits.map_or(deflate.window_bits(), |most| deflate.window_bits().min(most));
    // The engine cannot compress with a window of 8 bits.
    if server_bits < 9 {
        return None;
    }
    let client_bits = match offer.client_bits {
        None => 15,
        Some(ClientBits::Supported) => deflate.peer_window_bits(),
        Some(ClientBits::AtMost(most)) => deflate.peer_window_bits().min(most),
    };
    let server_takeover = deflate.context_takeover && !offer.server_no_takeover;
    let client_takeover = deflate.peer_context_takeover && !offer.client_no_takeover;

    let mut response = String::from(NAME);
    if !server_takeover {
        response.push_str(&format!("; {SERVER_NO_TAKEOVER}"));
    }
    if !client_takeover {
        response.push_str(&format!("; {CLIENT_NO_TAKEOVER}"));
    }
    if offer.server_bits.is_some() {
        response.push_str(&format!("; {SERVER_BITS}={server_bits}"));
    }
    if offer.client_bits.is_some() && client_bits < 15 {
        response.push_str(&format!("; {CLIENT_BITS}={client_bits}"));
    }
    let parameters = Parameters {
        outgoing_bits: Some(server_bits),
        outgoing_takeover: server_takeover,
        incoming_bits: client_bits,
        incoming_takeover: client_takeover,
    };
    Some((response, parameters))
}

/// The offers of a client, in order of preference.
pub(crate) fn write_offers(config: &Config) -> Option<String> {
    let deflate = config.deflate.as_ref()?;
    let mut takeover = String::new();
    if !deflate.peer_context_takeover {
        takeover.push_str(&format!("; {SERVER_NO_TAKEOVER}"));
    }
    if !deflate.context_takeover {
        takeover.push_str(&format!("; {CLIENT_NO_TAKEOVER}"));
    }
    let any = format!("{NAME}; {CLIENT_BITS}{takeover}");
    let limited = |bits| format!("{NAME}; {SERVER_BITS}={bits}; {CLIENT_BITS}{takeover}");
    Some(match (deflate.offers, deflate.peer_window_bits()) {
        // The largest window is no limit.
        (Offers::AnyWindow, _) | (_, 15) => any,
        (Offers::PeerWindow, bits) => limited(bits),
        (Offers::PeerWindowOrAny, bits) => format!("{}, {any}", limited(bits)),
    })
}

/// Checks a server's response to [`write_offers`]; `None`: the server declined.
///
/// # Errors
///
/// The response is not what was offered (RFC 7692 §7.1), or accepts more than one offer (§5).
pub(crate) fn check_response<'h>(
    fields: impl Iterator<Item = &'h [u8]>,
    config: &Config,
) -> Result<Option<Parameters>, ClientHandshakeErrorKind> {
    use ClientHandshakeErrorKind::{InvalidExtension, RepeatedExtension};

    let response = parse(fields).map_err(|_malformed| InvalidExtension)?;
    let Some(element) = response.first() else { return Ok(None) };
    let deflate = config.deflate.as_ref().ok_or(InvalidExtension)?;
    if response.iter().any(|element| element.name != NAME) {
        return Err(InvalidExtension);
    }
    if response.len() > 1 {
        return Err(RepeatedExtension);
    }
    let response = read(element).ok_or(InvalidExtension)?;
    if !deflate.peer_context_takeover && !response.server_no_takeover {
        return Err(InvalidExtension);
    }
    let incoming_bits = response.server_bits.unwrap_or(15);
    // A limit that was offered is accepted by the same or a smaller one (RFC 7692 §7.1.2.1).
    if deflate.offers == Offers::PeerWindow && incoming_bits > deflate.peer_window_bits() {
        return Err(InvalidExtension);
    }
    let client_bits = match response.client_bits {
        None => deflate.window_bits(),
        Some(ClientBits::AtMost(most)) => deflate.window_bits().min(most),
        Some(ClientBits::Supported) => return Err(InvalidExtension),
    };
    Ok(Some(Parameters {
        // What cannot be compressed with so small a window is sent as it is.
        outgoing_bits: (client_bits >= 9).then_some(client_bits),
        outgoing_takeover: deflate.context_takeover && !response.client_no_takeover,
        incoming_bits,
        incoming_takeover: !response.server_no_takeover,
    }))
}

/// The parameters, unless one is unknown, repeated or has a wrong value (RFC 7692 §7).
fn read(element: &Element) -> Option<Agreement> {
    if element.name != NAME {
        return None;
    }
    let mut agreement = Agreement::default();
    for (name, value) in &element.parameters {
        let fresh = match (name.as_str(), value) {
            (SERVER_NO_TAKEOVER, None) => {
                !core::mem::replace(&mut agreement.server_no_takeover, true)
            }
            (CLIENT_NO_TAKEOVER, None) => {
                !core::mem::replace(&mut agreement.client_no_takeover, true)
            }
            (SERVER_BITS, Some(value)) => agreement.server_bits.replace(bits(value)?).is_none(),
            (CLIENT_BITS, value) => {
                let limit = match value {
                    None => ClientBits::Supported,
                    Some(value) => ClientBits::AtMost(bits(value)?),
                };
                agreement.client_bits.replace(limit).is_none()
            }
            _ => return None,
        };
        if !fresh {
            return None;
        }
    }
    Some(agreement)
}

/// From 8 to 15, without leading zeros (RFC 7692 §7.1.2.1).
fn bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" | "11" | "12" | "13" | "14" | "15" => value.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(offers: &str, deflate: Deflate) -> Result<Option<String>, Malformed> {
        let config = Config { deflate: Some(deflate), ..Config::default() };
        let accepted = accept_offers([offers.as_bytes()].into_iter(), &config)?;
        Ok(accepted.map(|(response, _)| response))
    }

    #[test]
    fn offers_and_answers() {
        let with = |answer: &str| Some(format!("permessage-deflate{answer}"));
        for (offers, answer) in [
            ("permessage-deflate", with("")),
            ("permessage-deflate; client_max_window_bits", with("; client_max_window_bits=12")),
            ("permessage-deflate; client_max_window_bits=15", with("; client_max_window_bits=12")),
            ("permessage-deflate; client_max_window_bits=10", with("; client_max_window_bits=10")),
            (
                "permessage-deflate; client_max_window_bits=\"9\"",
                with("; client_max_window_bits=9"),
            ),
            ("permessage-deflate; client_max_window_bits=8", with("; client_max_window_bits=8")),
            ("permessage-deflate;server_max_window_bits=15", with("; server_max_window_bits=12")),
            ("permessage-deflate; server_max_window_bits=9", with("; server_max_window_bits=9")),
            (
                "permessage-deflate; server_no_context_takeover",
                with("; server_no_context_takeover"),
            ),
            (
                "permessage-deflate; client_no_context_takeover",
                with("; client_no_context_takeover"),
            ),
            ("x-other, permessage-deflate", with("")),
            ("x-other; a=\"permessage-deflate, b\"; c, permessage-deflate", with("")),
            // Declined, with and without something to fall back to.
            ("permessage-deflate; server_max_window_bits=8", None),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", with("")),
            ("permessage-deflate; server_max_window_bits", None),
            ("permessage-deflate; server_max_window_bits=16", None),
            ("permessage-deflate; server_max_window_bits=7", None),
            ("permessage-deflate; server_max_window_bits=010", None),
            ("permessage-deflate; server_max_window_bits=1e1", None),
            ("permessage-deflate; client_max_window_bits=0", None),
            ("permessage-deflate; client_max_window_bits=\"\"", None),
            ("permessage-deflate; server_no_context_takeover=1", None),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
            ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
            ("permessage-deflate; unknown", None),
            ("permessage-deflate; unknown=1, permessage-deflate", with("")),
            ("x-webkit-deflate-frame", None),
            ("", None),
        ] {
            assert_eq!(negotiate(offers, Deflate::default()).ok(), Some(answer), "{offers}");
        }
    }

    #[test]
    fn malformed_lists() {
        for offers in
            ["permessage-deflate; =1", "a b", "a; b=\"", "a; b=c d", "a;;b", ";a", "a; b="]
        {
            assert!(negotiate(offers, Deflate::default()).is_err(), "{offers}");
        }
    }

    #[test]
    fn a_server_may_refuse_takeover() {
        let deflate =
            Deflate { context_takeover: false, peer_context_takeover: false, ..Deflate::default() };
        let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        assert_eq!(negotiate("permessage-deflate", deflate).ok(), Some(Some(answer.into())));
    }

    #[test]
    fn offers_of_a_client() {
        let any = "permessage-deflate; client_max_window_bits";
        let limited = "permessage-deflate; server_max_window_bits=12; client_max_window_bits";
        let both = format!("{limited}, {any}");
        let offers = |offers| Deflate { offers, ..Deflate::default() };
        let without_takeover =
            Deflate { context_takeover: false, peer_context_takeover: false, ..Deflate::default() };
        let alone = format!("{any}; server_no_context_takeover; client_no_context_takeover");
        for (deflate, expected) in [
            // What browsers offer: one element, and nothing else in it.
            (Deflate::default(), any),
            (Deflate { window_bits: 15, peer_window_bits: 9, ..Deflate::default() }, any),
            (offers(Offers::PeerWindow), limited),
            (offers(Offers::PeerWindowOrAny), &both),
            (Deflate { peer_window_bits: 15, ..offers(Offers::PeerWindow) }, any),
            (Deflate { peer_window_bits: 15, ..offers(Offers::PeerWindowOrAny) }, any),
            (without_takeover, &alone),
        ] {
            let config = Config { deflate: Some(deflate), ..Config::default() };
            assert_eq!(write_offers(&config).as_deref(), Some(expected));
        }
        assert_eq!(write_offers(&Config::default()), None);
    }

    #[test]
    fn responses() {
        use ClientHandshakeErrorKind::{InvalidExtension, RepeatedExtension};
        let with = |deflate: Deflate| Config { deflate: Some(deflate), ..Config::default() };
        let config = with(Deflate::default());
        let strict = with(Deflate { peer_context_takeover: false, ..Deflate::default() });
        let limited = with(Deflate { offers: Offers::PeerWindow, ..Deflate::default() });
        let either = with(Deflate { offers: Offers::PeerWindowOrAny, ..Deflate::default() });
        let none = Config { deflate: None, ..Config::default() };
        // Each is the window for what the client sends, and for what it receives.
        for (config, response, windows) in [
            (&config, "permessage-deflate", Ok(Some((Some(12), 15)))),
            (&config, "permessage-deflate; client_max_window_bits=10", Ok(Some((Some(10), 15)))),
            (&config, "permessage-deflate; client_max_window_bits=8", Ok(Some((None, 15)))),
            (&config, "permessage-deflate; server_max_window_bits=15", Ok(Some((Some(12), 15)))),
            // Not asked for, and allowed (RFC 7692 §7.1.2.1).
            (&config, "permessage-deflate; server_max_window_bits=9", Ok(Some((Some(12), 9)))),
            (&config, "", Ok(None)),
            (&none, "", Ok(None)),
            (&config, "permessage-deflate; client_max_window_bits", Err(InvalidExtension)),
            (&config, "permessage-deflate; server_max_window_bits=16", Err(InvalidExtension)),
            (&config, "permessage-deflate; unknown", Err(InvalidExtension)),
            (&config, "permessage-deflate, permessage-deflate", Err(RepeatedExtension)),
            (
                &either,
                "permessage-deflate; server_max_window_bits=12, permessage-deflate",
                Err(RepeatedExtension),
            ),
            (&config, "permessage-deflate, x-other", Err(InvalidExtension)),
            (&config, "x-other", Err(InvalidExtension)),
            (&config, "permessage-deflate; =", Err(InvalidExtension)),
            (&none, "permessage-deflate", Err(InvalidExtension)),
            (&none, "permessage-deflate, permessage-deflate", Err(InvalidExtension)),
            (&strict, "permessage-deflate", Err(InvalidExtension)),
            (&strict, "permessage-deflate; server_no_context_takeover", Ok(Some((Some(12), 15)))),
            (&limited, "permessage-deflate", Err(InvalidExtension)),
            (&limited, "permessage-deflate; server_max_window_bits=13", Err(InvalidExtension)),
            (&limited, "permessage-deflate; server_max_window_bits=12", Ok(Some((Some(12), 12)))),
            (&limited, "permessage-deflate; server_max_window_bits=9", Ok(Some((Some(12), 9)))),
            (&either, "permessage-deflate", Ok(Some((Some(12), 15)))),
            (&either, "permessage-deflate; server_max_window_bits=12", Ok(Some((Some(12), 12)))),
        ] {
            let checked = check_response([response.as_bytes()].into_iter(), config);
            let found = checked.map(|parameters| {
                parameters.map(|found| (found.outgoing_bits, found.incoming_bits))
            });
            assert_eq!(found, windows, "{response}");
        }
    }
}
