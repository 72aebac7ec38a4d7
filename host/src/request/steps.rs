//! Steps of the gate that every listener does in the same way, with what its worker has.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use jiff::Timestamp;
use signalbox_gate::{AskError, AskPolicy, FetchModels, Step, TokenRefused, VerifyToken};
use tokio::sync::oneshot;

use crate::auth::jwt::Line;
use crate::observe::request_log::RequestLog;
use crate::server::worker::Worker;

pub(crate) async fn verify_token(
    worker: &Worker,
    verify: VerifyToken<RequestLog>,
) -> Step<RequestLog> {
    let Some(jwt) = &worker.shared.auth.jwt else {
        return verify.verified(Err(TokenRefused::Invalid));
    };
    let (token, line) = (verify.token(), Line::of(verify.client()));
    let key = jwt.verify(token, line, || verify.keyring(), Timestamp::now());
    let key = key.await;
    verify.verified(key)
}

pub(crate) async fn ask_policy(
    worker: &Worker,
    mut ask: AskPolicy<RequestLog>,
) -> Step<RequestLog> {
    let Some(call) = ask.take_call() else {
        return ask.answered(Err(AskError::Dropped));
    };
    let (generation, request) = call.into_parts();
    let (tell, told) = oneshot::channel();
    let reply = move |outcome| {
        // A client that went away in the meantime hears nothing.
        let _ = tell.send(outcome);
    };
    let pool = &worker.shared.policies.pool;
    if let Err(busy) = pool.submit(generation, request, reply) {
        return ask.answered(Err(AskError::Busy(busy)));
    }
    let answer = told.await.map_err(|_dropped| AskError::Dropped);
    ask.answered(answer.and_then(|answer| answer.map_err(AskError::Decide)))
}

pub(crate) async fn fetch_models(
    worker: &Worker,
    fetch: FetchModels<RequestLog>,
) -> Step<RequestLog> {
    let Worker {
        upstream,
        lists,
        shared,
        ..
    } = worker;
    let keep = shared.config.times.models_cache.duration();
    let names = lists.published(upstream, fetch.credential(), fetch.request(), keep);
    let names = names.await;
    fetch.fetched(names)
}

/// What comes of a request's path; `None` if it panicked. Whatever the request held is dropped with
/// it then; nothing of it is looked at again.
pub(crate) async fn unless_panicked<F: Future>(mut path: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| path.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_panic) => Poll::Ready(None),
        },
    )
    .await
}
