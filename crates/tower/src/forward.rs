//! A request that goes to GT, and the response that comes of it.

use std::collections::HashSet;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Instant;

use http::request::Parts;
use http::{Request, Response, response};
use http_body::Body;
use signalbox_gate::{
    AbortReason, BodyFailure, Code, Forward, LOOK, Refusal, Relay, Responded, Sent, Step,
    UpstreamBody,
};
use tower_service::Service;

use crate::alarm::Alarm;
use crate::config::Config;
use crate::decision::Witness;
use crate::held_parts::HeldParts;
use crate::incoming_body::IncomingBody;
use crate::inner::{Inner, InnerError};
use crate::models;
use crate::relaying::Relaying;
use crate::request_body::{RequestBody, Upload};
use crate::response_body::ResponseBody;
use crate::spool::Spool;

/// What a request goes to GT with.
#[derive(Debug)]
pub(crate) struct Uplink<'e, S, B> {
    pub(crate) config: &'e Config,
    pub(crate) inner: &'e mut Inner<S>,
    /// What still comes from the client, until it is passed on.
    pub(crate) body: &'e mut Option<IncomingBody<B>>,
    pub(crate) spool: &'e mut Spool,
}

/// What came of waiting for GT.
enum Waited<T> {
    Came(T),
    Cancelled(AbortReason),
    TooSlow,
}

/// Sends a request to GT: the response, or the step that comes of it.
pub(crate) async fn forward<S, B, R>(
    uplink: &mut Uplink<'_, S, B>,
    forward: Forward<Witness>,
    is_head: bool,
) -> ControlFlow<Response<ResponseBody<R>>, Step<Witness>>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    let (head, body, mut sent) = forward.send();
    let Some((body, upload)) = uplink.request_body(body) else {
        let gone = BodyFailure::Broken.refusal();
        return ControlFlow::Continue(Step::Respond(sent.failed(gone)));
    };
    let Some(head) = uplink.config.upstream.address(head) else {
        let refusal = Refusal::of(Code::UpstreamProtocol);
        return ControlFlow::Continue(Step::Respond(sent.failed(refusal)));
    };
    let waited = {
        let times = &uplink.config.times;
        let patience = match body.is_streamed() {
            true => times.first_byte + times.body_total,
            false => times.first_byte,
        };
        let alarm = Alarm::new(uplink.config.runtime.as_ref());
        let end = alarm.now() + patience;
        wait(&mut sent, pin!(uplink.inner.call(head, body)), alarm, end).await
    };
    let respond = match waited {
        Waited::Came(Ok(response)) => {
            return answered(uplink.config, sent, response, upload, is_head);
        }
        Waited::Came(Err(error)) => sent.failed(lost(error, &upload)),
        Waited::Cancelled(reason) => sent.aborted(reason),
        Waited::TooSlow => sent.failed(Refusal::of(Code::UpstreamTimeout)),
    };
    ControlFlow::Continue(Step::Respond(respond))
}

/// The names GT lists for one of our keys, asked with `head`.
pub(crate) async fn fetch_models<S, B, R>(
    config: &Config,
    inner: &mut Inner<S>,
    credential: &str,
    head: Parts,
) -> Result<Arc<HashSet<String>>, Refusal>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    let mut alarm = Alarm::new(config.runtime.as_ref());
    let now = alarm.now();
    let kept = config
        .lists
        .find(credential, now, config.times.models_cache);
    if let Some(names) = kept {
        return Ok(names);
    }
    let head = config.upstream.address(head);
    let head = head.ok_or_else(|| Refusal::of(Code::UpstreamProtocol))?;
    let mut asked = pin!(async {
        let response = inner.call(head, RequestBody::empty()).await;
        models::read(response.map_err(refusal)?).await
    });
    let end = now + config.times.first_byte;
    let names = poll_fn(|context| {
        if let Poll::Ready(names) = asked.as_mut().poll(context) {
            return Poll::Ready(names);
        }
        ready!(alarm.poll(end, context));
        Poll::Ready(Err(Refusal::of(Code::UpstreamTimeout)))
    });
    let names = Arc::new(names.await?);
    config.lists.keep(credential, &names, now);
    Ok(names)
}

impl<S, B: Body> Uplink<'_, S, B> {
    /// What was read, with the one value replaced, and what still comes; or the body itself, as it
    /// comes. `None` if there is more of it, and it is gone: a part is not sent for the whole.
    fn request_body(&mut self, body: UpstreamBody) -> Option<(RequestBody<B>, Upload)> {
        if body.is_empty() {
            return Some((RequestBody::empty(), Upload::default()));
        }
        let file = std::mem::take(self.spool).into_file();
        let held = HeldParts::new(body.parts, body.room, file, self.config.runtime.as_ref());
        Some(match body.rest {
            Some(rest) => RequestBody::streamed(held, self.body.take()?, rest),
            None => (RequestBody::held(held), Upload::default()),
        })
    }
}

/// What becomes of GT's response. It may be here before all of an upload is: the rest goes on for as long
/// as the response does.
fn answered<R: Body>(
    config: &Config,
    sent: Sent<Witness>,
    response: Response<R>,
    upload: Upload,
    is_head: bool,
) -> ControlFlow<Response<ResponseBody<R>>, Step<Witness>> {
    let (head, body) = response.into_parts();
    match sent.responded(head) {
        Responded::Again(forward) => ControlFlow::Continue(Step::Forward(forward)),
        Responded::Respond(respond) => ControlFlow::Continue(Step::Respond(respond)),
        Responded::Relay(relay) => {
            let (head, relaying) = relayed(config, relay, is_head);
            let body = ResponseBody::relayed(body, relaying, upload);
            ControlFlow::Break(Response::from_parts(head, body))
        }
    }
}

fn relayed(config: &Config, relay: Relay<Witness>, is_head: bool) -> (response::Parts, Relaying) {
    let (mut head, mut relay) = relay.into_parts();
    if let Some(info) = relay.observer_mut().take_sent() {
        head.extensions.insert(info);
    }
    let mut relaying = Relaying::new(relay, config);
    if is_head {
        relaying.leave_out();
    }
    (head, relaying)
}

/// Waits for GT, unless the request's key ends, or an operator ends the responses of the policy that
/// let it through.
async fn wait<T>(
    sent: &mut Sent<Witness>,
    mut call: Pin<&mut impl Future<Output = T>>,
    mut alarm: Alarm,
    end: Instant,
) -> Waited<T> {
    let mut looks = alarm.now() + LOOK;
    poll_fn(move |context| {
        if let Poll::Ready(come) = call.as_mut().poll(context) {
            return Poll::Ready(match sent.is_cut() {
                true => Waited::Cancelled(AbortReason::Cut),
                false => Waited::Came(come),
            });
        }
        loop {
            let now = ready!(alarm.poll(end.min(looks), context));
            if let Some(reason) = sent.cancelled(now) {
                return Poll::Ready(Waited::Cancelled(reason));
            }
            if now >= end {
                return Poll::Ready(Waited::TooSlow);
            }
            looks = now + LOOK;
        }
    })
    .await
}

/// Whose fault it was: the client's, if its body failed on the way.
fn lost(error: InnerError, upload: &Upload) -> Refusal {
    match upload.failure() {
        Some(failure) => failure.refusal(),
        None => refusal(error),
    }
}

fn refusal(error: InnerError) -> Refusal {
    match error {
        // Nothing was sent: the client's library may try again by itself.
        InnerError::NotReady => Refusal::of(Code::UpstreamUnreachable).retry_after(1),
        InnerError::Lost => Refusal::new(
            Code::UpstreamUnreachable,
            "There is no answer of GT. The request may have had an effect.",
        ),
    }
}
