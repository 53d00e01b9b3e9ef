//! What can be served.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use ws_tokio::upgrade::{Peer, serve};

use crate::{Network, ask};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(Peer(peer)) = request.extensions().get::<Peer<&'static str>>() else {
        panic!("no peer")
    };
    Ok(Response::new(Full::new(format!("hello, {peer}").into())))
}

#[tokio::test(start_paused = true)]
async fn a_function_as_hyper_has_it() {
    let (network, queue) = Network::new();
    tokio::spawn(serve(queue, service_fn(answer)).into_future());
    let answer = ask(&mut network.connect()).await;
    assert!(answer.contains("content-length: 16\r\n"), "{answer}");
    assert!(answer.ends_with("hello, in memory"), "{answer}");
}

/// A closure is as good as a function.
#[tokio::test(start_paused = true)]
async fn a_closure_as_hyper_has_it() {
    let (network, queue) = Network::new();
    let greeting = std::sync::Arc::new("hello".to_owned());
    let closure = service_fn(move |_request: Request<Incoming>| {
        let greeting = std::sync::Arc::clone(&greeting);
        async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from((*greeting).clone())))) }
    });
    tokio::spawn(serve(queue, closure).into_future());
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
}

#[tokio::test(start_paused = true)]
async fn a_router_of_axum_s_with_state() {
    let (network, queue) = Network::new();
    let greet =
        async |Extension(Peer(peer)): Extension<Peer<&'static str>>| format!("hello, {peer}");
    let app = Router::new().route("/", get(greet)).with_state(());
    tokio::spawn(serve(queue, app).into_future());
    assert!(ask(&mut network.connect()).await.ends_with("hello, in memory"));
}
