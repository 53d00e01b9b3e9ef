//! Messages of the server.

use std::fmt::Write as _;

use crate::history::Epoch;
use crate::id::{ClientAndUser, ClientId, Sender};
use crate::identity::Refusal;
use crate::room::RoomName;
use crate::room_list::Page;
use ws_hub::{Position, PresenceChange};

/// What a client did that cannot be done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    AuthRequired,
    AuthFailed(Refusal),
    AuthTimeout,
    Forbidden,
    NotInRoom,
    BadRoom,
    TooManyRooms,
    RateLimited,
    /// Other nodes could not be handed it.
    TooLarge,
    /// A broadcast of nothing.
    NoMessage,
    /// The page of rooms is not described as it should be.
    BadPage,
}

impl Mistake {
    fn code(self) -> &'static str {
        match self {
            Self::AuthRequired => "auth_required",
            Self::AuthFailed(_) => "auth_failed",
            Self::AuthTimeout => "auth_timeout",
            Self::Forbidden => "forbidden",
            Self::NotInRoom => "not_in_room",
            Self::BadRoom => "bad_room",
            Self::TooManyRooms => "too_many_rooms",
            Self::RateLimited => "rate_limited",
            Self::TooLarge => "too_large",
            Self::NoMessage | Self::BadPage => "bad_request",
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::AuthRequired => r#"send {"type":"auth","token":"…"} first"#,
            Self::AuthFailed(refusal) => refusal.message(),
            Self::AuthTimeout => "no token arrived in time",
            Self::Forbidden => "the token does not allow this",
            Self::NotInRoom => "join the room first",
            Self::BadRoom => {
                "the name of a room is a string of 1 to 128 bytes without control characters"
            }
            Self::TooManyRooms => "leave another room first",
            Self::RateLimited => "too many messages: this one was not handled",
            Self::TooLarge => "the message is too large for other nodes: no client received it",
            Self::NoMessage => "a broadcast must have a `message`, which may be null",
            Self::BadPage => "`prefix` and `after` are strings, `limit` is a number from 0",
        }
    }
}

/// The first message to a client.
pub(crate) fn welcome(id: ClientId, clients: usize) -> String {
    format!(r#"{{"type":"welcome","id":"{id}","clients":{clients}}}"#)
}

/// What others get of a broadcast.
pub(crate) fn broadcast(from: impl Into<Sender>, room: Option<&RoomName>, message: &str) -> String {
    let from = from.into();
    match room {
        None => format!(r#"{{"type":"broadcast","from":"{from}","message":{message}}}"#),
        Some(room) => room_broadcast(from, room, None, message),
    }
}

/// What others get of a broadcast to a room, with its position if the room has a history.
pub(crate) fn room_broadcast(
    from: impl Into<Sender>,
    room: &RoomName,
    position: Option<Position>,
    message: &str,
) -> String {
    let (from, room) = (from.into(), quoted(room.as_str()));
    let mut text = format!(r#"{{"type":"broadcast","from":"{from}","room":{room}"#);
    push_position(&mut text, position);
    text.reserve_exact(message.len() + r#","message":}"#.len());
    text.push_str(r#","message":"#);
    text.push_str(message);
    text.push('}');
    text
}

/// The message in a [`broadcast`].
pub(crate) fn broadcast_message<'b>(
    from: ClientId,
    room: Option<&RoomName>,
    broadcast: &'b [u8],
) -> Option<&'b [u8]> {
    let around = self::broadcast(from, room, "");
    let (before, behind) = around.split_at(around.len() - 1);
    broadcast.strip_prefix(before.as_bytes())?.strip_suffix(behind.as_bytes())
}

/// The reply to JSON.
pub(crate) fn echo_json(json: &str) -> String {
    format!(r#"{{"type":"echo","original":{json}}}"#)
}

/// The reply to a text that is not JSON.
pub(crate) fn echo_text(text: &str) -> String {
    echo_json(&quoted(text))
}

/// The client has joined the room, which has `clients` members now; where its history ends, and whether
/// what the client asked for follows.
pub(crate) fn joined(
    room: &RoomName,
    clients: usize,
    position: Option<Position>,
    recovered: Option<bool>,
    reference: Option<&str>,
) -> String {
    let room = quoted(room.as_str());
    let mut text = format!(r#"{{"type":"joined","room":{room},"clients":{clients}"#);
    push_position(&mut text, position);
    if let Some(recovered) = recovered {
        let _ = write!(text, r#","recovered":{recovered}"#);
    }
    finished(text, reference)
}

/// Some of the members of a room, each with its user, which has `clients` members in all.
pub(crate) fn presence(
    room: &RoomName,
    clients: usize,
    members: impl Iterator<Item = ClientAndUser>,
    reference: Option<&str>,
) -> String {
    let room = quoted(room.as_str());
    let mut text = format!(r#"{{"type":"presence","room":{room},"clients":{clients},"members":["#);
    for (index, (client, user)) in members.enumerate() {
        text.push_str(if index == 0 { "{" } else { ",{" });
        push_client(&mut text, client, user.as_deref());
        text.push('}');
    }
    text.push(']');
    finished(text, reference)
}

/// A client has entered or exited a room.
pub(crate) fn presence_change(
    change: PresenceChange,
    room: &RoomName,
    client: ClientId,
    user: Option<&str>,
) -> String {
    let (room, kind) = (
        quoted(room.as_str()),
        match change {
            PresenceChange::Entered => "entered",
            PresenceChange::Exited => "exited",
        },
    );
    let mut text = format!(r#"{{"type":"{kind}","room":{room},"#);
    push_client(&mut text, client, user);
    finished(text, None)
}

fn push_client(text: &mut String, client: ClientId, user: Option<&str>) {
    let _ = write!(text, r#""client":"{client}""#);
    if let Some(user) = user {
        let _ = write!(text, r#","user":{}"#, quoted(user));
    }
}

fn push_position(text: &mut String, position: Option<Position>) {
    if let Some(Position { epoch, offset }) = position {
        let _ = write!(text, r#","epoch":"{}","offset":{offset}"#, Epoch(epoch));
    }
}

/// The client has left the room, which has `clients` members now.
pub(crate) fn left(room: &RoomName, clients: usize, reference: Option<&str>) -> String {
    let room = quoted(room.as_str());
    finished(format!(r#"{{"type":"left","room":{room},"clients":{clients}"#), reference)
}

/// Rooms, how many clients are in each, and whether this client is one of them; where the next page
/// starts; and how many rooms and clients there are in all.
pub(crate) fn rooms(
    page: &Page,
    (total, clients): (usize, usize),
    is_in: impl Fn(&RoomName) -> bool,
    reference: Option<&str>,
) -> String {
    let mut text = r#"{"type":"rooms","rooms":["#.to_owned();
    for (index, (room, members)) in page.rooms.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let (name, joined) = (quoted(room.as_str()), is_in(room));
        // A String takes everything.
        let _ =
            write!(text, r#"{separator}{{"room":{name},"clients":{members},"joined":{joined}}}"#);
    }
    text.push(']');
    if let Some(next) = page.next() {
        let _ = write!(text, r#","next":{}"#, quoted(next.as_str()));
    }
    let _ = write!(text, r#","total":{total},"clients":{clients}"#);
    finished(text, reference)
}

/// The reply to a ping.
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

    #[test]
    fn replies() {
        let id = ClientId::new(0xAB);
        assert_eq!(welcome(id, 2), r#"{"type":"welcome","id":"000000ab","clients":2}"#);
        assert_eq!(
            broadcast(id, None, r#"{"b":1,"a":1.0}"#),
            r#"{"type":"broadcast","from":"000000ab","message":{"b":1,"a":1.0}}"#
        );
        assert_eq!(
            broadcast(Sender::Server, None, "1"),
            r#"{"type":"broadcast","from":"server","message":1}"#
        );
        assert_eq!(echo_json("[1]"), r#"{"type":"echo","original":[1]}"#);
        assert_eq!(
            echo_text("say \"hi\"\n\0ü"),
            r#"{"type":"echo","original":"say \"hi\"\n\u0000ü"}"#
        );
    }

    #[test]
    fn a_broadcast_gives_its_message_back() {
        let id = ClientId::new(0xAB);
        let room = RoomName::new("b\"}").expect("a name");
        for room in [None, Some(&room)] {
            for message in ["1", r#"{"b":1}"#, r#""}""#] {
                let text = broadcast(id, room, message);
                let back = |from| broadcast_message(from, room, text.as_bytes());
                assert_eq!(back(id), Some(message.as_bytes()));
                assert_eq!(back(ClientId::new(1)), None);
            }
        }
    }

    #[test]
    fn replies_about_rooms() {
        let name = |name: &str| RoomName::new(name).expect("a name");
        let (a, b) = (name("a"), name("b\""));
        assert_eq!(
            joined(&b, 2, None, None, None),
            r#"{"type":"joined","room":"b\"","clients":2}"#
        );
        assert_eq!(left(&a, 0, Some("[1]")), r#"{"type":"left","room":"a","clients":0,"ref":[1]}"#);
        assert_eq!(
            broadcast(ClientId::new(1), Some(&a), "[]"),
            r#"{"type":"broadcast","from":"00000001","room":"a","message":[]}"#
        );
        let mut page = Page { rooms: vec![(a.clone(), 5), (b.clone(), 1)], has_more: false };
        assert_eq!(
            rooms(&page, (2, 9), |room| *room == a, Some("7")),
            r#"{"type":"rooms","rooms":[{"room":"a","clients":5,"joined":true},{"room":"b\"","clients":1,"joined":false}],"total":2,"clients":9,"ref":7}"#
        );
        page.has_more = true;
        let listed = rooms(&page, (3, 9), |_| false, None);
        assert!(listed.ends_with(r#"],"next":"b\"","total":3,"clients":9}"#), "{listed}");
        let empty = rooms(&Page::default(), (0, 1), |_| false, None);
        assert_eq!(empty, r#"{"type":"rooms","rooms":[],"total":0,"clients":1}"#);
    }

    #[test]
    fn replies_about_histories() {
        let room = RoomName::new("a").expect("a name");
        let position = Some(Position { epoch: 0xAB, offset: 7 });
        assert_eq!(
            room_broadcast(ClientId::new(1), &room, position, "[]"),
            r#"{"type":"broadcast","from":"00000001","room":"a","epoch":"00000000000000ab","offset":7,"message":[]}"#
        );
        assert_eq!(
            joined(&room, 2, position, Some(true), Some("1")),
            r#"{"type":"joined","room":"a","clients":2,"epoch":"00000000000000ab","offset":7,"recovered":true,"ref":1}"#
        );
        assert_eq!(
            joined(&room, 2, None, Some(false), None),
            r#"{"type":"joined","room":"a","clients":2,"recovered":false}"#
        );
    }

    #[test]
    fn replies_about_members() {
        let room = RoomName::new("a").expect("a name");
        let members = [(ClientId::new(1), None), (ClientId::new(2), Some("\"Bob\"".into()))];
        assert_eq!(
            presence(&room, 3, members.into_iter(), Some("1")),
            r#"{"type":"presence","room":"a","clients":3,"members":[{"client":"00000001"},{"client":"00000002","user":"\"Bob\""}],"ref":1}"#
        );
        assert_eq!(
            presence_change(PresenceChange::Entered, &room, ClientId::new(1), Some("x")),
            r#"{"type":"entered","room":"a","client":"00000001","user":"x"}"#
        );
        assert_eq!(
            presence_change(PresenceChange::Exited, &room, ClientId::new(1), None),
            r#"{"type":"exited","room":"a","client":"00000001"}"#
        );
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
        for mistake in [
            Mistake::AuthRequired,
            Mistake::AuthFailed(Refusal::Expired),
            Mistake::AuthTimeout,
            Mistake::Forbidden,
        ] {
            let error: serde_json::Value =
                serde_json::from_str(&error(mistake, None)).expect("JSON");
            assert_eq!(error["code"], mistake.code());
        }
    }
}
