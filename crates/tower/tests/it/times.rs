//! Times are kept by a runtime, and what ends meanwhile is noticed.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use signalbox_gate::{
    AbortReason, Authenticator, Capacity, Gate, LOOK, LiveKeyring, Settings, SystemClock,
    keyring::Keyring,
};
use signalbox_tower::{PolicyLayer, ResponseBody, ResponseFuture, Times};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Piece, Pieces, data};
use crate::fixture::{credentials, head, keys};
use crate::gt::Gt;
use crate::runtime::ByHand;
use crate::stage::{CHAT, answer, chat, json, layer, poll, ready, request, usual};

const EVENT: &str = "data: {\"model\":\"support-agent\"}\n\n";

struct Timed {
    keyring: Arc<LiveKeyring>,
    runtime: ByHand,
    layer: PolicyLayer,
    times: Times,
}

impl Timed {
    fn new() -> Self {
        let runtime = ByHand::default();
        let keyring = Arc::new(LiveKeyring::new(Keyring::parse(&keys()).unwrap()));
        let gate = Gate::new(
            Settings::at("/api/tenant"),
            Capacity::default(),
            Arc::new(Authenticator::new(Arc::clone(&keyring), None)),
            Arc::new(credentials()),
            usual().policies().clone(),
            Arc::new(SystemClock),
        );
        Self {
            keyring,
            layer: layer(&gate).with_runtime(runtime.clone()),
            runtime,
            times: Times::default(),
        }
    }

    /// Asks, as far as that goes without time.
    fn ask(&self, gt: &Gt, request: Request<Pieces>) -> ResponseFuture<Pieces> {
        let mut policy = self.layer.layer(gt.clone());
        assert!(poll(&mut Box::pin(ready(&mut policy))).is_ready());
        policy.call(request)
    }
}

fn response(future: &mut ResponseFuture<Pieces>) -> Response<ResponseBody<Pieces>> {
    match poll(future) {
        Poll::Ready(Ok(response)) => response,
        other => panic!("{other:?}"),
    }
}

/// The next bytes of a body, or why it ends.
fn next(body: &mut ResponseBody<Pieces>) -> Poll<Option<Result<String, AbortReason>>> {
    let mut frame =
        std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context));
    let text = |data: bytes::Bytes| String::from_utf8(data.to_vec()).unwrap();
    poll(&mut frame).map(|frame| frame.map(|frame| frame.map(|it| text(it.into_data().unwrap()))))
}

#[test]
fn a_body_that_stops_coming_is_a_408() {
    let timed = Timed::new();
    let body = Pieces::new([data("{"), Piece::Waits]);
    let headers = [("content-type", "application/json")];
    let asking = request(head("POST", CHAT, &headers), body);
    let gt = Gt::default();
    let mut future = timed.ask(&gt, asking);
    assert!(poll(&mut future).is_pending());
    timed
        .runtime
        .pass(timed.times.body_idle - Duration::from_millis(1));
    assert!(poll(&mut future).is_pending());
    timed.runtime.pass(Duration::from_millis(1));
    assert_eq!(response(&mut future).status(), 408);
    assert_eq!(gt.told.lock().unwrap().calls, 0);
}

#[test]
fn a_gt_that_does_not_answer_is_a_504() {
    let timed = Timed::new();
    let gt = Gt::default();
    gt.told.lock().unwrap().is_silent = true;
    let mut future = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o"}"#));
    assert!(poll(&mut future).is_pending());
    timed.runtime.pass(timed.times.first_byte);
    assert_eq!(response(&mut future).status(), 504);
}

#[test]
fn a_stream_that_goes_quiet_ends_with_an_event_that_says_so() {
    let timed = Timed::new();
    let stream = Pieces::new([data(EVENT), Piece::Waits]);
    let gt = Gt::answering([answer("text/event-stream", stream)]);
    let mut future = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o","stream":true}"#));
    let mut body = response(&mut future).into_body();
    let first = next(&mut body).map(Option::unwrap).map(Result::unwrap);
    assert_eq!(first, Poll::Ready(EVENT.replace("support-agent", "gpt-4o")));
    assert!(next(&mut body).is_pending());
    timed.runtime.pass(timed.times.answer_idle);
    let Poll::Ready(Some(Ok(last))) = next(&mut body) else {
        panic!("it ends with an event");
    };
    assert!(last.contains("upstream_timeout"), "{last}");
    assert_eq!(next(&mut body), Poll::Ready(None));
}

#[test]
fn a_response_that_goes_quiet_within_a_value_is_cut() {
    let timed = Timed::new();
    let gt = Gt::answering([answer("text/plain", Pieces::new([data("a"), Piece::Waits]))]);
    let mut future = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o"}"#));
    let mut body = response(&mut future).into_body();
    assert_eq!(next(&mut body), Poll::Ready(Some(Ok("a".to_owned()))));
    assert!(next(&mut body).is_pending());
    timed.runtime.pass(timed.times.answer_idle);
    assert_eq!(next(&mut body), Poll::Ready(Some(Err(AbortReason::Quiet))));
    assert_eq!(next(&mut body), Poll::Ready(None));
}

#[test]
fn a_response_that_breaks_off_is_cut_after_what_came_of_it() {
    let timed = Timed::new();
    let gt = Gt::answering([answer(
        "text/plain",
        Pieces::new([data("a"), Piece::Breaks]),
    )]);
    let mut future = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o"}"#));
    let mut body = response(&mut future).into_body();
    assert_eq!(next(&mut body), Poll::Ready(Some(Ok("a".to_owned()))));
    assert_eq!(
        next(&mut body),
        Poll::Ready(Some(Err(AbortReason::Upstream)))
    );
}

#[test]
fn a_key_that_ends_ends_what_is_open_for_it() {
    let timed = Timed::new();
    let stream = || Pieces::new([data(EVENT), Piece::Waits]);
    let gt = Gt::answering([answer("text/event-stream", stream()), json("{}")]);
    let mut open = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o","stream":true}"#));
    let mut body = response(&mut open).into_body();
    assert!(next(&mut body).is_ready());
    assert!(next(&mut body).is_pending());
    gt.told.lock().unwrap().is_silent = true;
    let mut waiting = timed.ask(&gt, chat("chat", r#"{"model":"gpt-4o"}"#));
    assert!(poll(&mut waiting).is_pending());
    timed.runtime.pass(LOOK);
    assert!(next(&mut body).is_pending(), "nothing has ended");
    assert!(poll(&mut waiting).is_pending());
    timed.keyring.replace(Keyring::default());
    timed.runtime.pass(LOOK);
    let Poll::Ready(Some(Ok(last))) = next(&mut body) else {
        panic!("it ends with an event");
    };
    assert!(last.contains("invalid_api_key"), "{last}");
    assert_eq!(response(&mut waiting).status(), 401);
}
