//! Messages of clients.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Mistake;
use crate::history::Since;
use crate::room::RoomName;
use crate::room_list::{self, PageRequest};

/// What a client wants with a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request<'t> {
    /// `message`, in JSON, is for all other clients, or for the other members of a room.
    Broadcast {
        message: &'t str,
        room: Option<Room>,
        reference: Option<&'t str>,
    },
    Join {
        room: Room,
        /// What the client has received of the room, if it wants the rest.
        since: Option<Since>,
        /// Whether it wants to be notified of others that enter and exit.
        presence: bool,
        reference: Option<&'t str>,
    },
    Leave {
        room: Room,
        reference: Option<&'t str>,
    },
    /// Who is in the room?
    Presence {
        room: Room,
        reference: Option<&'t str>,
    },
    /// Which rooms are there?
    Rooms {
        page: PageRequest,
        reference: Option<&'t str>,
    },
    /// `time`, in JSON, is sent back: pages cannot send ping frames.
    Ping {
        time: Option<&'t str>,
        reference: Option<&'t str>,
    },
    /// The client authenticates.
    Auth {
        token: Option<Token<'t>>,
        reference: Option<&'t str>,
    },
    /// What the client wants is not clear.
    Bad {
        mistake: Mistake,
        reference: Option<&'t str>,
    },
    /// JSON, to be echoed.
    Json(&'t str),
    /// Not JSON, to be echoed.
    Text(&'t str),
}

/// The room that a client means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Named(RoomName),
    /// What it wrote is not the name of a room.
    Bad,
}

/// A secret: it is never shown.
#[derive(PartialEq, Eq)]
pub(crate) struct Token<'t>(Cow<'t, str>);

impl Token<'_> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[derive(Deserialize)]
struct Envelope<'t> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'t, str>>,
    /// `null` is a message.
    #[serde(borrow, default, deserialize_with = "present")]
    message: Option<&'t RawValue>,
    #[serde(borrow)]
    room: Option<&'t RawValue>,
    #[serde(borrow, rename = "ref")]
    reference: Option<&'t RawValue>,
    #[serde(borrow)]
    t: Option<&'t RawValue>,
    #[serde(borrow)]
    token: Option<&'t RawValue>,
    #[serde(borrow)]
    since: Option<&'t RawValue>,
    #[serde(borrow)]
    presence: Option<&'t RawValue>,
    #[serde(borrow)]
    prefix: Option<&'t RawValue>,
    #[serde(borrow)]
    after: Option<&'t RawValue>,
    #[serde(borrow)]
    limit: Option<&'t RawValue>,
}

/// A value that is there, be it `null`.
fn present<'t, D: Deserializer<'t>>(deserializer: D) -> Result<Option<&'t RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl<'t> Request<'t> {
    /// Every text means something. An object with the same key twice is no request, and is echoed:
    /// other parsers must not have to guess which one counts.
    pub(crate) fn parse(text: &'t str) -> Self {
        // Only an object has keys, while Serde would take an array for an envelope, too.
        if text.trim_start().starts_with('{')
            && let Ok(envelope) = serde_json::from_str(text)
            && let Some(request) = Self::from_envelope(&envelope)
        {
            return request;
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(json) => Self::Json(json.get()),
            Err(_) => Self::Text(text),
        }
    }

    fn from_envelope(envelope: &Envelope<'t>) -> Option<Self> {
        let Envelope { kind, message, room, reference, t, token, .. } = envelope;
        let reference = reference.map(RawValue::get);
        let named = || Room::parse(room.map_or("null", RawValue::get));
        Some(match kind.as_deref()? {
            "broadcast" => match message {
                Some(message) => {
                    let message = message.get();
                    Self::Broadcast { message, room: room.map(|_| named()), reference }
                }
                None => Self::Bad { mistake: Mistake::NoMessage, reference },
            },
            "join" => {
                let since = envelope.since.map(|since| Since::parse(since.get()));
                let presence = envelope.presence.is_some_and(|presence| presence.get() == "true");
                Self::Join { room: named(), since, presence, reference }
            }
            "presence" => Self::Presence { room: named(), reference },
            "leave" => Self::Leave { room: named(), reference },
            "rooms" => match envelope.page() {
                Some(page) => Self::Rooms { page, reference },
                None => Self::Bad { mistake: Mistake::BadPage, reference },
            },
            "ping" => Self::Ping { time: t.map(RawValue::get), reference },
            "auth" => {
                let token = token.and_then(|token| string(token.get())).map(Token);
                Self::Auth { token, reference }
            }
            _ => return None,
        })
    }

    /// What the client wants to be given back with the answer, in JSON.
    pub(crate) fn reference(&self) -> Option<&'t str> {
        match *self {
            Self::Broadcast { reference, .. }
            | Self::Join { reference, .. }
            | Self::Leave { reference, .. }
            | Self::Presence { reference, .. }
            | Self::Rooms { reference, .. }
            | Self::Bad { reference, .. }
            | Self::Ping { reference, .. }
            | Self::Auth { reference, .. } => reference,
            Self::Json(_) | Self::Text(_) => None,
        }
    }
}

impl Envelope<'_> {
    fn page(&self) -> Option<PageRequest> {
        let text = |json: &RawValue| string(json.get()).map(Cow::into_owned);
        let prefix = self.prefix.map_or(Some(String::new()), text)?;
        let after = match self.after {
            Some(after) => Some(text(after)?),
            None => None,
        };
        let limit = match self.limit {
            Some(limit) => serde_json::from_str(limit.get()).ok()?,
            None => room_list::DEFAULT_LIMIT,
        };
        Some(PageRequest::new(prefix, after, limit))
    }
}

impl Room {
    fn parse(json: &str) -> Self {
        match string(json).and_then(|name| RoomName::new(&name)) {
            Some(name) => Self::Named(name),
            None => Self::Bad,
        }
    }
}

fn string(json: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

    serde_json::from_str(json).ok().map(|Text(text)| text)
}

#[cfg(test)]
mod tests {
    use ws_hub::Position;

    use super::*;

    fn to_all(message: &str) -> Request<'_> {
        Request::Broadcast { message, room: None, reference: None }
    }

    fn join(room: Room, reference: Option<&str>) -> Request<'_> {
        Request::Join { room, since: None, presence: false, reference }
    }

    fn room(name: &str) -> Room {
        Room::Named(RoomName::new(name).expect("a name"))
    }

    #[test]
    fn broadcasts() {
        for (text, message) in [
            (r#"{"type":"broadcast","message":"Hi everyone!"}"#, r#""Hi everyone!""#),
            (r#"{"message":{"b":1,"a":[2]},"type":"broadcast"}"#, r#"{"b":1,"a":[2]}"#),
            (r#" { "type" : "broadcast" , "message" : 1e400 } "#, "1e400"),
            (
                r#"{"type":"broadcast","message":0.10000000000000000000001}"#,
                "0.10000000000000000000001",
            ),
            (r#"{"type":"broadcast","message":"\u0000\ud800"}"#, r#""\u0000\ud800""#),
            (r#"{"type":"\u0062roadcast","message":true}"#, "true"),
            (r#"{"type":"broadcast","message":null}"#, "null"),
            (r#"{"type":"broadcast","message":1,"room":null,"ref":null}"#, "1"),
            (r#"{"type":"broadcast","other":{"type":"echo"},"message":1}"#, "1"),
        ] {
            assert_eq!(Request::parse(text), to_all(message), "{text}");
        }
    }

    #[test]
    fn rooms_and_the_rest() {
        let long = "x".repeat(129);
        let too_long = format!(r#"{{"type":"join","room":"{long}"}}"#);
        for (text, request) in [
            (r#"{"type":"join","room":"a"}"#, join(room("a"), None)),
            (
                r#"{"ref":[1, 2],"room":"\u0062\"","type":"join"}"#,
                join(room("b\""), Some("[1, 2]")),
            ),
            (r#"{"type":"join"}"#, join(Room::Bad, None)),
            (r#"{"type":"join","room":""}"#, join(Room::Bad, None)),
            (r#"{"type":"join","room":7}"#, join(Room::Bad, None)),
            (r#"{"type":"join","room":"\ud800"}"#, join(Room::Bad, None)),
            (
                r#"{"type":"join","room":"a","since":{"epoch":"00000000000000ab","offset":7}}"#,
                Request::Join {
                    room: room("a"),
                    since: Some(Since(Some(Position { epoch: 0xAB, offset: 7 }))),
                    presence: false,
                    reference: None,
                },
            ),
            (
                r#"{"type":"join","room":"a","since":"yesterday","presence":true}"#,
                Request::Join {
                    room: room("a"),
                    since: Some(Since(None)),
                    presence: true,
                    reference: None,
                },
            ),
            (r#"{"type":"join","room":"a","since":null,"presence":1}"#, join(room("a"), None)),
            (
                r#"{"type":"presence","room":"a","ref":1}"#,
                Request::Presence { room: room("a"), reference: Some("1") },
            ),
            (&too_long, join(Room::Bad, None)),
            (
                r#"{"type":"leave","room":"a","ref":"x"}"#,
                Request::Leave { room: room("a"), reference: Some(r#""x""#) },
            ),
            (
                r#"{"type":"broadcast","room":"a","message":1}"#,
                Request::Broadcast { message: "1", room: Some(room("a")), reference: None },
            ),
            (
                r#"{"type":"broadcast","room":"a\n","message":1}"#,
                Request::Broadcast { message: "1", room: Some(Room::Bad), reference: None },
            ),
            (
                r#"{"type":"rooms"}"#,
                Request::Rooms { page: PageRequest::default(), reference: None },
            ),
            (
                r#"{"type":"rooms","prefix":"\u0061/","after":"a/b","limit":7,"ref":1}"#,
                Request::Rooms {
                    page: PageRequest::new("a/".to_owned(), Some("a/b".to_owned()), 7),
                    reference: Some("1"),
                },
            ),
            (r#"{"type":"ping","t":1.50}"#, Request::Ping { time: Some("1.50"), reference: None }),
            (r#"{"type":"ping"}"#, Request::Ping { time: None, reference: None }),
            (
                r#"{"type":"auth","token":"a\u0062"}"#,
                Request::Auth { token: Some(Token("ab".into())), reference: None },
            ),
            (r#"{"type":"auth","token":7}"#, Request::Auth { token: None, reference: None }),
        ] {
            assert_eq!(Request::parse(text), request, "{text}");
        }
    }

    #[test]
    fn unclear_requests() {
        for (text, mistake) in [
            (r#"{"type":"broadcast","ref":1}"#, Mistake::NoMessage),
            (r#"{"type":"broadcast","text":"Hi","room":"a","ref":1}"#, Mistake::NoMessage),
            (r#"{"type":"rooms","prefix":1,"ref":1}"#, Mistake::BadPage),
            (r#"{"type":"rooms","after":["a"],"ref":1}"#, Mistake::BadPage),
            (r#"{"type":"rooms","limit":-1,"ref":1}"#, Mistake::BadPage),
            (r#"{"type":"rooms","limit":"7","ref":1}"#, Mistake::BadPage),
            (r#"{"type":"rooms","limit":1e99,"ref":1}"#, Mistake::BadPage),
        ] {
            let bad = Request::Bad { mistake, reference: Some("1") };
            assert_eq!(Request::parse(text), bad, "{text}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let request = Request::parse(r#"{"type":"auth","token":"secret"}"#);
        assert!(!format!("{request:?}").contains("secret"));
    }

    #[test]
    fn other_json() {
        for json in [
            r#"{"type":"echo","text":"Hello from Alice"}"#,
            r#"{"type":"Broadcast","message":1}"#,
            r#"{"type":["broadcast"],"message":1}"#,
            r#"{"type":7}"#,
            r#"{"message":"broadcast"}"#,
            r#"{"a":{"type":"broadcast"}}"#,
            r#"["broadcast",1]"#,
            r#"[{"type":"broadcast"}]"#,
            r#""broadcast""#,
            r#""\ud800""#,
            r#"{"\ud800":1}"#,
            "{}",
            "null",
            "-0.0",
            "123456789012345678901234567890",
            "1e999999",
        ] {
            assert_eq!(Request::parse(json), Request::Json(json));
            assert_eq!(Request::parse(&format!(" \t\r\n{json}\n ")), Request::Json(json));
        }
    }

    #[test]
    fn no_json() {
        for text in [
            "",
            " ",
            "hello",
            "{",
            "{'type':'broadcast'}",
            r#"{"type":"broadcast","message":}"#,
            r#"{"type":"broadcast","message":1},"#,
            r#"{"type":"broadcast"} {"type":"broadcast"}"#,
            "\u{feff}{}",
            "\u{a0}{}",
            "01",
            "NaN",
            "\"a\nb\"",
        ] {
            assert_eq!(Request::parse(text), Request::Text(text));
        }
    }

    #[test]
    fn an_ambiguous_request_is_echoed() {
        for json in [
            r#"{"type":"echo","type":"broadcast","message":1}"#,
            r#"{"type":"broadcast","message":1,"message":2}"#,
            r#"{"type":"broadcast","message":1,"m\u0065ssage":1}"#,
            r#"{"type":"join","room":"a","room":"b"}"#,
            r#"{"type":"leave","room":"a","ref":1,"ref":2}"#,
            r#"{"type":"rooms","limit":1,"limit":2}"#,
        ] {
            assert_eq!(Request::parse(json), Request::Json(json));
        }
    }

    #[test]
    fn depth_and_length_do_no_harm() {
        let depth = 500_000;
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Request::parse(&deep), Request::Json(&deep));
        let open = "[".repeat(depth);
        assert_eq!(Request::parse(&open), Request::Text(&open));
        let open = "{\"a\":".repeat(depth / 5);
        assert_eq!(Request::parse(&open), Request::Text(&open));
        let broadcast = format!(r#"{{"type":"broadcast","message":{deep}}}"#);
        assert_eq!(Request::parse(&broadcast), to_all(&deep));
        let digits = "9".repeat(1 << 20);
        assert_eq!(Request::parse(&digits), Request::Json(&digits));
    }
}
