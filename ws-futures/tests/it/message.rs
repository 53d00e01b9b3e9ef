//! Conversions into messages, and of messages.

use std::borrow::Cow;

use ws_futures::{ByteString, Bytes, Close, CloseCode, Message};

fn every_kind() -> Vec<Message> {
    vec![
        Message::text("Grüße"),
        Message::binary(vec![0xB1; 3]),
        Message::TextChunk { data: "Grü".into(), fin: false },
        Message::BinaryChunk { data: Bytes::from_static(&[0xB1; 2]), fin: true },
        Message::ping("there?"),
        Message::pong(""),
        Message::close(Close::new(CloseCode::new(4000), "enough")),
        Message::close(CloseCode::NORMAL),
    ]
}

#[test]
fn text_comes_of_any_string() {
    let text = String::from("Grüße");
    let messages = [
        Message::from("Grüße"),
        Message::from(&text),
        Message::from(text.clone()),
        Message::from(text.clone().into_boxed_str()),
        Message::from(Cow::Borrowed("Grüße")),
        Message::from(Cow::<str>::Owned(text)),
        Message::from(ByteString::from_static("Grüße")),
    ];
    for message in messages {
        assert_eq!(message, Message::Text("Grüße".into()));
    }
}

#[test]
fn binary_comes_of_any_bytes() {
    let data = vec![1, 2, 3];
    let messages = [
        Message::from([1, 2, 3]),
        Message::from(&[1, 2, 3]),
        Message::from(&[1, 2, 3][..]),
        Message::from(&data),
        Message::from(data.clone()),
        Message::from(data.clone().into_boxed_slice()),
        Message::from(Cow::Borrowed(&[1, 2, 3][..])),
        Message::from(Cow::<[u8]>::Owned(data)),
        Message::from(Bytes::from_static(&[1, 2, 3])),
    ];
    for message in messages {
        assert_eq!(message, Message::Binary(Bytes::from_static(&[1, 2, 3])));
    }
}

#[test]
fn a_close_comes_of_what_it_says() {
    let close = Close::new(CloseCode::GOING_AWAY, "bye");
    assert_eq!(Message::from(close.clone()), Message::Close(close));
    assert_eq!(Message::close(CloseCode::NORMAL), Message::Close(CloseCode::NORMAL.into()));
}

#[test]
fn each_is_of_one_kind() {
    for message in every_kind() {
        let kinds = [
            message.is_text(),
            message.is_binary(),
            message.is_ping(),
            message.is_pong(),
            message.is_close(),
        ];
        assert_eq!(kinds.into_iter().filter(|is| *is).count(), 1, "{message:?}");
        assert_eq!(message.is_data(), message.is_text() || message.is_binary(), "{message:?}");
        assert_eq!(message.as_text().is_some(), message.is_text(), "{message:?}");
    }
}

/// Only a text message converts into a text; others are returned unchanged, including `fin`.
#[test]
fn text_or_the_message_back() {
    for message in every_kind() {
        match message.clone().into_text() {
            Ok(text) => assert_eq!(Message::Text(text), message),
            Err(back) => {
                assert_eq!(back, message);
                assert!(!matches!(message, Message::Text(_)));
            }
        }
        assert_eq!(String::try_from(message.clone()).is_ok(), message.clone().into_text().is_ok());
        assert_eq!(ByteString::try_from(message.clone()), message.into_text());
    }
}

#[test]
fn data_without_a_copy() {
    for message in every_kind() {
        let bytes = message.as_bytes().to_vec();
        assert_eq!(message.len(), bytes.len(), "{message:?}");
        assert_eq!(message.is_empty(), bytes.is_empty(), "{message:?}");
        assert_eq!(Bytes::from(message.clone()), bytes);
        assert_eq!(Vec::from(message.clone()), bytes);
        let start = message.as_bytes().as_ptr();
        let copied = message.is_close() || message.is_empty();
        assert!(copied || message.into_data().as_ptr() == start);
    }
}

#[test]
fn text_is_shown_as_it_is() {
    let shown: Vec<String> = every_kind().iter().map(ToString::to_string).collect();
    let expected = [
        "Grüße",
        "binary, 3 bytes",
        "Grü",
        "binary, 2 bytes",
        "ping, 6 bytes",
        "pong, 0 bytes",
        "close 4000: enough",
        "close 1000",
    ];
    assert_eq!(shown, expected);
}
