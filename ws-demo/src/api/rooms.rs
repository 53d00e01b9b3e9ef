//! `GET /api/rooms` and `GET /api/rooms/NAME`.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::respond;
use crate::id::ClientAndUser;
use crate::room::RoomName;
use crate::room_list::{DEFAULT_LIMIT, MAX_LIMIT, PageRequest};
use crate::service::Service;

/// The most members that are listed; they come in no particular order.
const MAX_MEMBERS: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(service): State<Arc<Service>>,
    query: Result<Query<List>, QueryRejection>,
) -> Response {
    let page = match query {
        Ok(Query(query)) => page(&service, query),
        Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
    };
    respond(&service, page)
}

fn page(service: &Service, List { prefix, after, limit }: List) -> Result<Value, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit: expected 1 to {MAX_LIMIT}")));
    }
    let page = service.rooms(&PageRequest::new(prefix, after, limit));
    let rooms: Vec<_> = page.rooms.iter().map(|(name, clients)| room(name, *clients)).collect();
    let mut reply = json!({"rooms": rooms, "total": service.room_count()});
    if let Some(next) = page.next() {
        reply["next"] = next.as_str().into();
    }
    Ok(reply)
}

fn room(name: &RoomName, clients: usize) -> Value {
    json!({"room": name.as_str(), "clients": clients})
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let members = match name {
        Ok(Path(name)) => members(&service, &name),
        Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
    };
    respond(&service, members)
}

fn members(service: &Service, name: &str) -> Result<Value, ApiError> {
    let name = RoomName::new(name).ok_or(ApiError::NoSuchRoom)?;
    let (clients, listed) = service.members(&name, MAX_MEMBERS);
    if clients == 0 {
        return Err(ApiError::NoSuchRoom);
    }
    let member =
        |(id, user): ClientAndUser| json!({"client": id.to_string(), "user": user.as_deref()});
    let listed: Vec<_> = listed.into_iter().map(member).collect();
    let mut reply = room(&name, clients);
    reply["members"] = listed.into();
    Ok(reply)
}
