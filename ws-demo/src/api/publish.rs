//! `POST /api/publish`: a message of the backend to clients.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{body, respond};
use crate::history::Epoch;
use crate::id::ClientId;
use crate::room::RoomName;
use crate::service::Service;
use ws_hub::Position;

/// A message for the members of a room, or for all clients. A mistake in a key must not turn the one into
/// the other, so further keys, and `null` for a room, are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish<'t> {
    #[serde(default, deserialize_with = "present")]
    room: Option<String>,
    #[serde(borrow)]
    message: &'t RawValue,
    /// The client that does not receive it.
    #[serde(default, deserialize_with = "present")]
    except: Option<ClientId>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

pub(super) async fn handle(State(service): State<Arc<Service>>, body: Body) -> Response {
    let max_message = service.settings.config.incoming.max_message_size;
    let result = match body::read(body, max_message).await {
        Ok(bytes) => publish(&service, &bytes, max_message),
        Err(error) => Err(error),
    };
    respond(&service, result)
}

fn publish(service: &Service, body: &[u8], max_message: usize) -> Result<Value, ApiError> {
    let request: Publish<'_> =
        serde_json::from_slice(body).map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let room = match &request.room {
        Some(name) => Some(RoomName::new(name).ok_or_else(|| bad_room(name.len()))?),
        None => None,
    };
    let message = request.message.get();
    let max_message = max_message.min(service.engine.max_message());
    if message.len() > max_message {
        return Err(ApiError::TooLarge(max_message));
    }
    let published = service.publish(room.as_ref(), request.except, message);
    let mut reply = json!({"delivered": published.queued});
    if let Some(Position { epoch, offset }) = published.position {
        reply["epoch"] = Epoch(epoch).to_string().into();
        reply["offset"] = offset.into();
    }
    Ok(reply)
}

fn bad_room(len: usize) -> ApiError {
    ApiError::BadRequest(format!(
        "room: expected 1 to 128 bytes without control characters, not {len} bytes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes() {
        for (json, explanation) in [
            ("", "EOF"),
            ("[]", "invalid length"),
            ("{}", "missing field `message`"),
            (r#"{"room":"a"}"#, "missing field `message`"),
            (r#"{"room":null,"message":1}"#, "null"),
            (r#"{"room":7,"message":1}"#, "expected a string"),
            (r#"{"rom":"a","message":1}"#, "unknown field `rom`"),
            (r#"{"message":1,"message":2}"#, "duplicate field"),
            (r#"{"message":1,"except":null}"#, "null"),
            (r#"{"message":1,"except":"me"}"#, "8 hexadecimal"),
            (r#"{"message":1} 2"#, "trailing"),
        ] {
            let error = serde_json::from_str::<Publish<'_>>(json).expect_err(json).to_string();
            assert!(error.contains(explanation), "{json}: {error}");
        }
        for json in [r#"{"message":null}"#, r#"{"message":{"a":[1.0]},"room":"a"}"#] {
            assert!(serde_json::from_str::<Publish<'_>>(json).is_ok(), "{json}");
        }
    }
}
