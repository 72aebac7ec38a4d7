//! A layer with a gate before a scripted GT, and what it takes to ask it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::request::Parts;
use http::{HeaderMap, Request, Response};
use signalbox_gate::{Gate, Peer};
use signalbox_tower::{PolicyLayer, Upstream};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::Pieces;
use crate::fixture::{Engine, gate, head};
use crate::gt::{Gt, collect};

pub(crate) const CHAT: &str = "/v1/chat/completions";

/// A gate as the gate's own tests have it.
pub(crate) fn usual() -> Arc<Gate> {
    gate(&Arc::default(), Engine::Known, |_, _| {})
}

/// A layer before GT at `gt.example`, for clients at an address of the documentation.
pub(crate) fn layer(gate: &Arc<Gate>) -> PolicyLayer {
    let upstream = Upstream::parse("gt.example").unwrap();
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    PolicyLayer::new(Arc::clone(gate), upstream).with_peer(move |_| Some(peer))
}

/// A chat request.
pub(crate) fn chat(key: &str, body: &str) -> Request<Pieces> {
    let key = format!("Bearer token-{key}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", &*key),
    ];
    request(head("POST", CHAT, &headers), Pieces::of(body.as_bytes()))
}

pub(crate) fn request(head: Parts, body: Pieces) -> Request<Pieces> {
    Request::from_parts(head, body)
}

/// GT's answer in JSON.
pub(crate) fn json(body: &str) -> Response<Pieces> {
    answer("application/json", Pieces::of(body.as_bytes()))
}

pub(crate) fn answer(content_type: &str, body: Pieces) -> Response<Pieces> {
    let answer = Response::builder().header("content-type", content_type);
    answer.body(body).unwrap()
}

/// Makes a service ready.
pub(crate) async fn ready<P>(policy: &mut P)
where
    P: Service<Request<Pieces>, Error = Infallible>,
{
    let Ok(()) = poll_fn(|context| policy.poll_ready(context)).await;
}

/// Asks as tower's contract says: the service is polled ready, then called.
pub(crate) async fn ask<P>(policy: &mut P, request: Request<Pieces>) -> P::Response
where
    P: Service<Request<Pieces>, Error = Infallible>,
{
    ready(policy).await;
    let Ok(response) = policy.call(request).await;
    response
}

/// Asks a layer of its own, to the end: status, headers, body.
pub(crate) fn play(
    layer: &PolicyLayer,
    gt: &Gt,
    request: Request<Pieces>,
) -> (u16, HeaderMap, Option<Vec<u8>>) {
    let mut policy = layer.layer(gt.clone());
    block_on(async {
        let (head, body) = ask(&mut policy, request).await.into_parts();
        (head.status.as_u16(), head.headers, collect(body).await)
    })
}

/// The code of a refusal.
pub(crate) fn code(body: Option<&[u8]>) -> String {
    let body: serde_json::Value = serde_json::from_slice(body.unwrap_or_default()).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

/// Runs a future to its end, with threads of others.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

/// Polls a future until it has nothing more to do by itself.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..MANY {
        if let Poll::Ready(output) = Pin::new(&mut *future).poll(&mut context) {
            return Poll::Ready(output);
        }
    }
    Poll::Pending
}

/// More than anything here wakes itself.
const MANY: usize = 10;
