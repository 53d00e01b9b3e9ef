//! What clients and server say to each other, in JSON.
//!
//! JSON that a client wrote is passed on as it was written: the order of its keys, the digits of
//! its numbers. It is looked at without recursion and without being built, so neither its depth nor
//! its numbers can do harm.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::id::ClientId;

/// What a client wants with a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request<'t> {
    /// `message`, in JSON, is for everybody else.
    Broadcast { message: &'t str },
    /// JSON, to be echoed.
    Json(&'t str),
    /// Not JSON, to be echoed.
    Text(&'t str),
}

#[derive(Deserialize)]
struct Envelope<'t> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'t, str>>,
    #[serde(borrow)]
    message: Option<&'t RawValue>,
}

impl<'t> Request<'t> {
    /// Every text means something.
    ///
    /// It is the type that makes a broadcast: one without a message broadcasts `null`.
    pub(crate) fn parse(text: &'t str) -> Self {
        // Only an object has keys, while Serde would take an array for an envelope, too.
        if text.trim_start().starts_with('{')
            && let Ok(Envelope { kind: Some(kind), message }) = serde_json::from_str(text)
            && kind == "broadcast"
        {
            return Self::Broadcast { message: message.map_or("null", RawValue::get) };
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(json) => Self::Json(json.get()),
            Err(_) => Self::Text(text),
        }
    }
}

/// What a client is told first.
pub(crate) fn welcome(id: ClientId, clients: usize) -> String {
    format!(r#"{{"type":"welcome","id":"{id}","clients":{clients}}}"#)
}

/// What everybody else gets of a broadcast.
pub(crate) fn broadcast(from: ClientId, message: &str) -> String {
    format!(r#"{{"type":"broadcast","from":"{from}","message":{message}}}"#)
}

/// What comes back of JSON.
pub(crate) fn echo_json(json: &str) -> String {
    format!(r#"{{"type":"echo","original":{json}}}"#)
}

/// What comes back of a text that is not JSON.
pub(crate) fn echo_text(text: &str) -> String {
    echo_json(&serde_json::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (r#"{"type":"broadcast"}"#, "null"),
            (r#"{"type":"broadcast","text":"Hi"}"#, "null"),
            (r#"{"type":"broadcast","other":{"type":"echo"},"message":1}"#, "1"),
        ] {
            assert_eq!(Request::parse(text), Request::Broadcast { message }, "{text}");
        }
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
        assert_eq!(Request::parse(&broadcast), Request::Broadcast { message: &deep });
        let digits = "9".repeat(1 << 20);
        assert_eq!(Request::parse(&digits), Request::Json(&digits));
    }

    #[test]
    fn replies() {
        let id = ClientId::new(0xAB);
        assert_eq!(welcome(id, 2), r#"{"type":"welcome","id":"000000ab","clients":2}"#);
        assert_eq!(
            broadcast(id, r#"{"b":1,"a":1.0}"#),
            r#"{"type":"broadcast","from":"000000ab","message":{"b":1,"a":1.0}}"#
        );
        assert_eq!(echo_json("[1]"), r#"{"type":"echo","original":[1]}"#);
        assert_eq!(
            echo_text("say \"hi\"\n\0ü"),
            r#"{"type":"echo","original":"say \"hi\"\n\u0000ü"}"#
        );
    }
}
