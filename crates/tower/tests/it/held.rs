//! What an exchange holds is given back as soon as nobody wants anything of it any more.

use std::convert::Infallible;
use std::future::{self, Ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use signalbox_gate::BodyFailure;
use signalbox_tower::{RequestBody, ResponseBody};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Piece, Pieces, data};
use crate::fixture::head;
use crate::gt::{Gt, collect};
use crate::stage::{
    CHAT, answer, ask, block_on, chat, code, json, layer, poll, ready, request, usual,
};

const EVENT: &str = "data: {\"model\":\"support-agent\"}\n\n";

#[test]
fn a_response_body_that_is_dropped_gives_back_its_place() {
    let gate = usual();
    let stream = || {
        answer(
            "text/event-stream",
            Pieces::new([data(EVENT), Piece::Waits]),
        )
    };
    let gt = Gt::answering([stream(), json("{}")]);
    let mut policy = layer(&gate).layer(gt);
    block_on(async {
        let asking = || chat("stream", r#"{"model":"gpt-4o","stream":true}"#);
        let open = ask(&mut policy, asking()).await;
        assert_eq!(open.status(), 200);
        assert_eq!(gate.capacity().requests.inside(), 1);
        let refused = ask(&mut policy, asking()).await.into_body();
        let refused = collect(refused).await;
        assert_eq!(code(refused.as_deref()), "too_many_streams");
        drop(open);
        assert_eq!(gate.capacity().requests.inside(), 0);
        assert_eq!(ask(&mut policy, asking()).await.status(), 200);
    });
}

#[test]
fn a_client_that_goes_away_while_it_sends_gives_back_its_bytes() {
    let gate = usual();
    let mut policy = layer(&gate).layer(Gt::default());
    let body = Pieces::new([data("{"), Piece::Waits]).declared(Some(1 << 20));
    let headers = [("content-type", "application/json")];
    let asking = request(head("POST", CHAT, &headers), body);
    assert!(poll(&mut Box::pin(ready(&mut policy))).is_ready());
    let mut deciding = policy.call(asking);
    assert!(poll(&mut deciding).is_pending());
    assert_eq!(gate.capacity().memory.held(), 1 << 20);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(deciding);
    assert_eq!(gate.capacity().memory.held(), 0);
    assert_eq!(gate.capacity().requests.inside(), 0);
}

#[test]
fn what_was_held_of_a_body_is_given_back_once_it_is_sent() {
    let gate = usual();
    let gt = Gt::answering([answer("application/json", Pieces::new([Piece::Waits]))]);
    let mut policy = layer(&gate).layer(gt);
    block_on(async {
        let body = Pieces::new([data(r#"{"model":"#), data(r#""gpt-4o"}"#)]);
        let headers = [("content-type", "application/json")];
        let open = ask(&mut policy, request(head("POST", CHAT, &headers), body)).await;
        assert_eq!(gate.capacity().memory.held(), 0);
        assert_eq!(gate.capacity().requests.inside(), 1, "the response goes on");
        drop(open);
    });
}

#[test]
fn a_client_that_goes_away_takes_its_request_to_gt_with_it() {
    let (gate, gt) = (usual(), Gt::default());
    gt.told.lock().unwrap().is_silent = true;
    let mut policy = layer(&gate).layer(gt.clone());
    assert!(poll(&mut Box::pin(ready(&mut policy))).is_ready());
    let mut waiting = policy.call(chat("chat", r#"{"model":"gpt-4o"}"#));
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(gt.told.lock().unwrap().calls, 1);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(waiting);
    assert_eq!(gate.capacity().requests.inside(), 0);
    // The layer and the test alone still know it: the call to GT is gone.
    assert_eq!(Arc::strong_count(&gt.told), 2);
}

#[test]
fn an_upload_ends_with_the_response_that_came_before_all_of_it() {
    let answer = Pieces::new([data("too large "), data("here")]);
    let (mut response, mut upload) = early(Pieces::new([data("first "), Piece::Waits]), answer);
    let woken = Arc::default();
    let first = Poll::Ready(Some(Ok(Bytes::from("first "))));
    assert_eq!(next(&mut upload, &woken), first);
    assert_eq!(next(&mut upload, &woken), Poll::Pending);
    for piece in ["too large ", "here"] {
        let piece = Poll::Ready(Some(Ok(Bytes::from(piece))));
        assert_eq!(next(&mut response, &Arc::default()), piece);
        assert!(!woken.0.load(Relaxed), "the response goes on");
        assert_eq!(next(&mut upload, &woken), Poll::Pending);
    }
    assert_eq!(next(&mut response, &Arc::default()), Poll::Ready(None));
    assert!(woken.0.load(Relaxed));
    assert_eq!(next(&mut upload, &woken), broken());
    assert!(!upload.is_end_stream(), "a part is not the whole");
}

#[test]
fn an_upload_ends_with_the_last_piece_of_a_response_that_says_so() {
    let uploading = Pieces::new([Piece::Waits]);
    let (mut response, mut upload) = early(uploading, Pieces::of(b"too large here"));
    let woken = Arc::default();
    assert_eq!(next(&mut upload, &woken), Poll::Pending);
    assert!(next(&mut response, &Arc::default()).is_ready());
    assert!(response.is_end_stream());
    assert!(woken.0.load(Relaxed));
    assert_eq!(next(&mut upload, &woken), broken());
}

#[test]
fn an_upload_ends_with_a_response_that_is_dropped() {
    for answer in [Pieces::of(b""), Pieces::new([Piece::Waits])] {
        let (response, mut upload) = early(Pieces::new([Piece::Waits]), answer);
        let woken = Arc::default();
        assert_eq!(next(&mut upload, &woken), Poll::Pending);
        assert!(!woken.0.load(Relaxed));
        drop(response);
        assert!(woken.0.load(Relaxed));
        assert_eq!(next(&mut upload, &woken), broken());
    }
}

#[test]
fn an_upload_that_was_sent_to_its_end_stays_whole() {
    let (response, mut upload) = early(Pieces::new([data("all")]), Pieces::of(b"{}"));
    let woken = Arc::default();
    let all = Poll::Ready(Some(Ok(Bytes::from("all"))));
    assert_eq!(next(&mut upload, &woken), all);
    assert_eq!(next(&mut upload, &woken), Poll::Ready(None));
    drop(response);
    assert_eq!(next(&mut upload, &woken), Poll::Ready(None));
    assert!(upload.is_end_stream());
}

/// What comes next of a body: bytes, or why it ends.
type Next<E> = Poll<Option<Result<Bytes, E>>>;

const fn broken() -> Next<BodyFailure> {
    Poll::Ready(Some(Err(BodyFailure::Broken)))
}

/// A GT that answers at the head, and keeps the body that is still to be sent to it.
#[derive(Clone, Debug, Default)]
struct EarlyGt {
    answer: Arc<Mutex<Option<Response<Pieces>>>>,
    upload: Arc<Mutex<Option<RequestBody<Pieces>>>>,
}

impl Service<Request<RequestBody<Pieces>>> for EarlyGt {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Pieces>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody<Pieces>>) -> Self::Future {
        *self.upload.lock().unwrap() = Some(request.into_body());
        future::ready(Ok(self.answer.lock().unwrap().take().unwrap()))
    }
}

/// Whether anybody was woken.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// An upload that GT has answered: the client's end of the response, and GT's of the upload.
fn early(uploading: Pieces, answered: Pieces) -> (ResponseBody<Pieces>, RequestBody<Pieces>) {
    let gt = EarlyGt::default();
    *gt.answer.lock().unwrap() = Some(answer("text/plain", answered));
    let mut policy = layer(&usual()).layer(gt.clone());
    let asking = request(head("POST", "/v1/datasets/briefs/files", &[]), uploading);
    let response = block_on(ask(&mut policy, asking));
    assert_eq!(response.status(), 200);
    let upload = gt.upload.lock().unwrap().take().unwrap();
    (response.into_body(), upload)
}

fn next<B>(body: &mut B, woken: &Arc<Woken>) -> Next<B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let waker = Waker::from(Arc::clone(woken));
    let frame = Pin::new(body).poll_frame(&mut Context::from_waker(&waker));
    frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())))
}
