//! `GET /api/history/NAME`: a part of the history of a room.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::error::ApiError;
use super::{fail, json};
use crate::history::Epoch;
use crate::room::RoomName;
use crate::service::Service;

/// The number of messages without a limit, and the largest limit.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Only messages behind this offset.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<Page>, QueryRejection>,
) -> Response {
    let page = match (name, query) {
        (Ok(Path(name)), Ok(Query(query))) => page(&service, &name, &query),
        (Err(rejection), _) => Err(ApiError::BadRequest(rejection.body_text())),
        (_, Err(rejection)) => Err(ApiError::BadRequest(rejection.body_text())),
    };
    match page {
        Ok(page) => json(&page),
        Err(error) => fail(&service, &error),
    }
}

/// The messages are those that clients received, as they are.
fn page(service: &Service, name: &str, Page { after, limit }: &Page) -> Result<String, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit: expected 1 to {MAX_LIMIT}")));
    }
    let name = RoomName::new(name).ok_or(ApiError::NoHistory)?;
    let page = service.hub().history(&name, *after, limit).ok_or(ApiError::NoHistory)?;
    let room = serde_json::Value::from(name.as_str());
    let epoch = Epoch(page.position.epoch);
    let (offset, complete) = (page.position.offset, page.complete);
    let mut text = format!(
        r#"{{"room":{room},"epoch":"{epoch}","offset":{offset},"complete":{complete},"messages":["#
    );
    for (index, (_, message)) in page.messages.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        // A String takes everything, and broadcasts are texts.
        let _ = write!(text, "{separator}{}", String::from_utf8_lossy(message.payload()));
    }
    text.push_str("]}");
    Ok(text)
}
