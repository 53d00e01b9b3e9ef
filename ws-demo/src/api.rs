//! The API for backends: HTTP with JSON, on the address for operators, for those who have a key.

mod body;
mod disconnect;
mod error;
mod history;
mod options;
mod publish;
mod rooms;

use std::fmt::Display;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use serde_json::Value;

use crate::metrics::ApiRoute;
use crate::service::Service;
use error::ApiError;

pub(crate) use options::{ApiOptions, Setup as ApiSetup};

type Shared = Arc<Service>;

/// Its routes, below `/api`.
pub(crate) fn routes(service: &Shared) -> Router<Shared> {
    let route = |name, methods: MethodRouter<Shared>| {
        methods.layer(from_fn_with_state((Arc::clone(service), name), count))
    };
    Router::new()
        .route("/publish", route(ApiRoute::Publish, post(publish::handle)))
        .route("/disconnect", route(ApiRoute::Disconnect, post(disconnect::handle)))
        .route("/rooms", route(ApiRoute::Rooms, get(rooms::list)))
        .route("/history/{name}", route(ApiRoute::History, get(history::show)))
        .route("/rooms/{name}", route(ApiRoute::Room, get(rooms::show)))
        .fallback(async |State(service): State<Shared>| fail(&service, &ApiError::NoSuchPath))
        .method_not_allowed_fallback(async |State(service): State<Shared>| {
            fail(&service, &ApiError::MethodNotAllowed)
        })
        .layer(from_fn_with_state(Arc::clone(service), check_key))
}

/// Comes first, before the body of the request is read.
async fn check_key(State(service): State<Shared>, request: Request, next: Next) -> Response {
    match service.api.admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(denied) => fail(&service, &denied.into()),
    }
}

async fn count(
    State((service, route)): State<(Shared, ApiRoute)>,
    request: Request,
    next: Next,
) -> Response {
    service.metrics().api.request(route);
    next.run(request).await
}

/// The response of a handler.
fn respond(service: &Service, result: Result<Value, ApiError>) -> Response {
    match result {
        Ok(value) => json(&value),
        Err(error) => fail(service, &error),
    }
}

fn fail(service: &Service, error: &ApiError) -> Response {
    service.metrics().api.fail(error.code());
    let mut response = json(&error.to_json());
    *response.status_mut() = error.status();
    response.headers_mut().extend(error.headers());
    response
}

fn json(value: &impl Display) -> Response {
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (fields, format!("{value}\n")).into_response()
}
