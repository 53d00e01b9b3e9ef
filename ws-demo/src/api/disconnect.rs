//! `POST /api/disconnect`: ends the connections of a client or a user.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{body, respond};
use crate::disconnect::Disconnect;
use crate::service::Service;

/// No request is longer: a user's name may be escaped.
const MAX_BODY: usize = 2048;

pub(super) async fn handle(State(service): State<Arc<Service>>, body: Body) -> Response {
    let result = match body::read(body, MAX_BODY).await {
        Ok(bytes) => disconnect(&service, &bytes),
        Err(error) => Err(error),
    };
    respond(&service, result)
}

fn disconnect(service: &Service, body: &[u8]) -> Result<Value, ApiError> {
    let request = Disconnect::parse(body);
    let request = request.map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let closed = request.apply(service.hub());
    service.engine.disconnect(&request);
    service.metrics().api.disconnect(closed);
    tracing::info!("[ws] API: {closed} clients disconnected");
    Ok(json!({"disconnected": closed}))
}
