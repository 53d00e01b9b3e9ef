//! What clients and server say to each other, in JSON.
//!
//! JSON that a client wrote is passed on as it was written: the order of its keys, the digits of
//! its numbers. It is looked at without recursion and without being built, so neither its depth nor
//! its numbers can do harm.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::id::ClientId;
use crate::room::RoomName;

/// The rooms that are listed at most; those with the most members.
const LISTED_ROOMS: usize = 1000;

/// What a client wants with a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request<'t> {
    /// `message`, in JSON, is for everybody else, or for the other members of a room.
    Broadcast {
        message: &'t str,
        room: Option<Room>,
        reference: Option<&'t str>,
    },
    Join {
        room: Room,
        reference: Option<&'t str>,
    },
    Leave {
        room: Room,
        reference: Option<&'t str>,
    },
    /// Which rooms are there?
    Rooms {
        reference: Option<&'t str>,
    },
    /// `time`, in JSON, comes back: pages cannot send ping frames.
    Ping {
        time: Option<&'t str>,
        reference: Option<&'t str>,
    },
    /// The client says who it is.
    Auth {
        token: Option<Token<'t>>,
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
    #[serde(borrow)]
    message: Option<&'t RawValue>,
    #[serde(borrow)]
    room: Option<&'t RawValue>,
    #[serde(borrow, rename = "ref")]
    reference: Option<&'t RawValue>,
    #[serde(borrow)]
    t: Option<&'t RawValue>,
    #[serde(borrow)]
    token: Option<&'t RawValue>,
}

impl<'t> Request<'t> {
    /// Every text means something.
    ///
    /// It is the type that makes a broadcast: one without a message broadcasts `null`.
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
        let Envelope { kind, message, room, reference, t, token } = envelope;
        let reference = reference.map(RawValue::get);
        let named = || Room::parse(room.map_or("null", RawValue::get));
        Some(match kind.as_deref()? {
            "broadcast" => {
                let message = message.map_or("null", RawValue::get);
                Self::Broadcast { message, room: room.map(|_| named()), reference }
            }
            "join" => Self::Join { room: named(), reference },
            "leave" => Self::Leave { room: named(), reference },
            "rooms" => Self::Rooms { reference },
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
            | Self::Rooms { reference }
            | Self::Ping { reference, .. }
            | Self::Auth { reference, .. } => reference,
            Self::Json(_) | Self::Text(_) => None,
        }
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

/// What a client did that cannot be done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    AuthRequired,
    AuthFailed,
    AuthTimeout,
    NotInRoom,
    BadRoom,
    TooManyRooms,
    RateLimited,
    /// Other nodes could not be handed it.
    TooLarge,
}

impl Mistake {
    fn code(self) -> &'static str {
        match self {
            Self::AuthRequired => "auth_required",
            Self::AuthFailed => "auth_failed",
            Self::AuthTimeout => "auth_timeout",
            Self::NotInRoom => "not_in_room",
            Self::BadRoom => "bad_room",
            Self::TooManyRooms => "too_many_rooms",
            Self::RateLimited => "rate_limited",
            Self::TooLarge => "too_large",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::AuthRequired => r#"send {"type":"auth","token":"…"} first"#,
            Self::AuthFailed => "the token is not valid",
            Self::AuthTimeout => "no token came in time",
            Self::NotInRoom => "join the room first",
            Self::BadRoom => {
                "the name of a room is a string of 1 to 128 bytes without control characters"
            }
            Self::TooManyRooms => "leave another room first",
            Self::RateLimited => "too many messages: this one was not handled",
            Self::TooLarge => "the message is too large for other nodes: nobody got it",
        }
    }
}

/// What a client is told first.
pub(crate) fn welcome(id: ClientId, clients: usize) -> String {
    format!(r#"{{"type":"welcome","id":"{id}","clients":{clients}}}"#)
}

/// What others get of a broadcast.
pub(crate) fn broadcast(from: ClientId, room: Option<&RoomName>, message: &str) -> String {
    match room {
        None => format!(r#"{{"type":"broadcast","from":"{from}","message":{message}}}"#),
        Some(room) => {
            let room = quoted(room.as_str());
            format!(r#"{{"type":"broadcast","from":"{from}","room":{room},"message":{message}}}"#)
        }
    }
}

/// What comes back of JSON.
pub(crate) fn echo_json(json: &str) -> String {
    format!(r#"{{"type":"echo","original":{json}}}"#)
}

/// What comes back of a text that is not JSON.
pub(crate) fn echo_text(text: &str) -> String {
    echo_json(&quoted(text))
}

/// The client is in the room now, as one of so many.
pub(crate) fn joined(room: &RoomName, clients: usize, reference: Option<&str>) -> String {
    let room = quoted(room.as_str());
    let text = format!(r#"{{"type":"joined","room":{room},"clients":{clients}"#);
    finished(text, reference)
}

/// The client has left the room, and so many are still there.
pub(crate) fn left(room: &RoomName, clients: usize, reference: Option<&str>) -> String {
    let room = quoted(room.as_str());
    finished(format!(r#"{{"type":"left","room":{room},"clients":{clients}"#), reference)
}

/// The rooms and how many are in each, the fullest first, and whether the client is one of them;
/// how many rooms and how many clients there are in all.
pub(crate) fn rooms(
    clients: usize,
    mut rooms: Vec<(RoomName, usize)>,
    is_in: impl Fn(&RoomName) -> bool,
    reference: Option<&str>,
) -> String {
    let total = rooms.len();
    rooms.sort_unstable_by(|(name, clients), (other_name, other_clients)| {
        other_clients.cmp(clients).then_with(|| name.cmp(other_name))
    });
    rooms.truncate(LISTED_ROOMS);
    let mut text = r#"{"type":"rooms","rooms":["#.to_owned();
    for (index, (room, members)) in rooms.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let (name, joined) = (quoted(room.as_str()), is_in(room));
        // A String takes everything.
        let _ =
            write!(text, r#"{separator}{{"room":{name},"clients":{members},"joined":{joined}}}"#);
    }
    let _ = write!(text, r#"],"total":{total},"clients":{clients}"#);
    finished(text, reference)
}

/// What comes back of a ping.
pub(crate) fn pong(time: Option<&str>, reference: Option<&str>) -> String {
    let mut text = r#"{"type":"pong""#.to_owned();
    if let Some(time) = time {
        let _ = write!(text, r#","t":{time}"#);
    }
    finished(text, reference)
}

/// The token is good.
pub(crate) fn auth_ok(reference: Option<&str>) -> String {
    finished(r#"{"type":"auth_ok""#.to_owned(), reference)
}

/// Something could not be done.
pub(crate) fn error(mistake: Mistake, reference: Option<&str>) -> String {
    let (code, message) = (mistake.code(), quoted(mistake.message()));
    finished(format!(r#"{{"type":"error","code":"{code}","message":{message}"#), reference)
}

/// An object that is complete but for what the client wants back, and its brace.
fn finished(mut object: String, reference: Option<&str>) -> String {
    if let Some(reference) = reference {
        let _ = write!(object, r#","ref":{reference}"#);
    }
    object.push('}');
    object
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everybody(message: &str) -> Request<'_> {
        Request::Broadcast { message, room: None, reference: None }
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
            (r#"{"type":"broadcast"}"#, "null"),
            (r#"{"type":"broadcast","text":"Hi"}"#, "null"),
            (r#"{"type":"broadcast","other":{"type":"echo"},"message":1}"#, "1"),
        ] {
            assert_eq!(Request::parse(text), everybody(message), "{text}");
        }
    }

    #[test]
    fn rooms_and_the_rest() {
        let long = "x".repeat(129);
        let too_long = format!(r#"{{"type":"join","room":"{long}"}}"#);
        for (text, request) in [
            (r#"{"type":"join","room":"a"}"#, Request::Join { room: room("a"), reference: None }),
            (
                r#"{"ref":[1, 2],"room":"\u0062\"","type":"join"}"#,
                Request::Join { room: room("b\""), reference: Some("[1, 2]") },
            ),
            (r#"{"type":"join"}"#, Request::Join { room: Room::Bad, reference: None }),
            (r#"{"type":"join","room":""}"#, Request::Join { room: Room::Bad, reference: None }),
            (r#"{"type":"join","room":7}"#, Request::Join { room: Room::Bad, reference: None }),
            (
                r#"{"type":"join","room":"\ud800"}"#,
                Request::Join { room: Room::Bad, reference: None },
            ),
            (&too_long, Request::Join { room: Room::Bad, reference: None }),
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
            (r#"{"type":"rooms"}"#, Request::Rooms { reference: None }),
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

    /// The same key twice means what a parser makes of it; nobody else should have to guess.
    #[test]
    fn an_ambiguous_broadcast_is_echoed() {
        for json in [
            r#"{"type":"echo","type":"broadcast","message":1}"#,
            r#"{"type":"broadcast","message":1,"message":2}"#,
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
        assert_eq!(Request::parse(&broadcast), everybody(&deep));
        let digits = "9".repeat(1 << 20);
        assert_eq!(Request::parse(&digits), Request::Json(&digits));
    }

    #[test]
    fn replies() {
        let id = ClientId::new(0xAB);
        assert_eq!(welcome(id, 2), r#"{"type":"welcome","id":"000000ab","clients":2}"#);
        assert_eq!(
            broadcast(id, None, r#"{"b":1,"a":1.0}"#),
            r#"{"type":"broadcast","from":"000000ab","message":{"b":1,"a":1.0}}"#
        );
        assert_eq!(echo_json("[1]"), r#"{"type":"echo","original":[1]}"#);
        assert_eq!(
            echo_text("say \"hi\"\n\0ü"),
            r#"{"type":"echo","original":"say \"hi\"\n\u0000ü"}"#
        );
    }

    #[test]
    fn replies_about_rooms() {
        let name = |name: &str| RoomName::new(name).expect("a name");
        let (a, b) = (name("a"), name("b\""));
        assert_eq!(joined(&b, 2, None), r#"{"type":"joined","room":"b\"","clients":2}"#);
        assert_eq!(left(&a, 0, Some("[1]")), r#"{"type":"left","room":"a","clients":0,"ref":[1]}"#);
        assert_eq!(
            broadcast(ClientId::new(1), Some(&a), "[]"),
            r#"{"type":"broadcast","from":"00000001","room":"a","message":[]}"#
        );
        let list = vec![(b.clone(), 1), (name("c"), 5), (a.clone(), 1)];
        assert_eq!(
            rooms(9, list, |room| *room == a, Some("7")),
            r#"{"type":"rooms","rooms":[{"room":"c","clients":5,"joined":false},{"room":"a","clients":1,"joined":true},{"room":"b\"","clients":1,"joined":false}],"total":3,"clients":9,"ref":7}"#
        );
        let many = (0..1500).map(|number| (name(&number.to_string()), 1)).collect();
        let listed = rooms(1, many, |_| false, None);
        assert_eq!(listed.matches("joined").count(), LISTED_ROOMS);
        assert!(listed.ends_with(r#"],"total":1500,"clients":1}"#));
    }

    #[test]
    fn other_replies() {
        assert_eq!(pong(Some("1.50"), None), r#"{"type":"pong","t":1.50}"#);
        assert_eq!(pong(None, Some("1")), r#"{"type":"pong","ref":1}"#);
        assert_eq!(auth_ok(None), r#"{"type":"auth_ok"}"#);
        assert_eq!(
            error(Mistake::NotInRoom, Some(r#""x""#)),
            r#"{"type":"error","code":"not_in_room","message":"join the room first","ref":"x"}"#
        );
        for mistake in [Mistake::AuthRequired, Mistake::AuthFailed, Mistake::AuthTimeout] {
            let error: serde_json::Value =
                serde_json::from_str(&error(mistake, None)).expect("JSON");
            assert_eq!(error["code"], mistake.code());
        }
    }
}
