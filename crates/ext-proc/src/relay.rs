//! GT's response on its way to the client.

use bytes::Bytes;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use envoy_types::pb::envoy::service::ext_proc::v3::{HttpBody, HttpHeaders};
use http::{HeaderMap, Response, StatusCode, response};
use signalbox_gate::{
    AbortReason, BodyFailure, Code, LOOK, Refusal, Relay, RelayBody, Responded, RestOfBody, Sent,
    Step,
};
use tokio::time::Instant;

use crate::attributes::Attributes;
use crate::door::{Door, StreamObserver};
use crate::exchange::Exchange;
use crate::headers::{self, EnvoyHead};
use crate::link::Gone;
use crate::message::{self, Edit};
use crate::models::unable;
use crate::modes::ResponseMode;
use crate::quiet::Quiet;

impl<D: Door> Exchange<'_, D> {
    /// Waits for GT's response, while what is left of an upload goes on.
    pub(crate) async fn until_response(
        &mut self,
        mut sent: Sent<D::Observer>,
        mut upload: Option<RestOfBody>,
    ) -> Result<Step<D::Observer>, Gone> {
        let times = self.door.times();
        let patience = match upload {
            Some(_) => times.first_byte + times.body_total,
            None => times.first_byte,
        };
        let began = Instant::now();
        let (end, mut look) = (began + patience, began + LOOK);
        let mut piece_due = self.body.due(times.body_idle, times.body_total);
        loop {
            let mut until = end.min(look);
            if upload.is_some() {
                until = until.min(piece_due);
            }
            let message = match self.link.next(until).await {
                Ok(message) => message,
                Err(Gone::Late) => {
                    let now = Instant::now();
                    if let Some(reason) = sent.cancelled(now.into_std()) {
                        sent.observer_mut().broke_off(reason);
                        return Ok(Step::Respond(sent.aborted(reason)));
                    }
                    if now >= end {
                        sent.observer_mut().upstream_failed("first_byte_timeout");
                        let refusal = Refusal::of(Code::UpstreamTimeout);
                        return Ok(Step::Respond(sent.failed(refusal)));
                    }
                    if upload.is_some() && now >= piece_due {
                        let late = BodyFailure::TooSlow.refusal();
                        return Ok(Step::Respond(sent.failed(late)));
                    }
                    look = now + LOOK;
                    continue;
                }
                Err(Gone::Cut) => return Ok(Step::Respond(sent.aborted(AbortReason::Shutdown))),
                Err(gone) => return Err(gone),
            };
            let attributes = Attributes::new(message.attributes);
            match message.request.ok_or(Gone::Unexpected)? {
                Message::ResponseHeaders(head) => {
                    return self.responded(sent, head, &attributes, upload).await;
                }
                other => {
                    if let Err(failure) = self.pass(&mut upload, other).await? {
                        return Ok(Step::Respond(sent.failed(failure.refusal())));
                    }
                    piece_due = self.body.due(times.body_idle, times.body_total);
                }
            }
        }
    }

    /// The head of GT's response is here, or of one that Envoy makes in its place.
    async fn responded(
        &mut self,
        mut sent: Sent<D::Observer>,
        told: HttpHeaders,
        attributes: &Attributes,
        upload: Option<RestOfBody>,
    ) -> Result<Step<D::Observer>, Gone> {
        let has_body = !told.end_of_stream;
        if let Some((cause, refusal)) = attributes.failure() {
            sent.observer_mut().upstream_failed(cause);
            return Ok(Step::Respond(sent.failed(refusal)));
        }
        let Some((head, from)) = response_parts(told) else {
            let refusal = Refusal::of(Code::UpstreamProtocol);
            return Ok(Step::Respond(sent.failed(refusal)));
        };
        sent.observer_mut().first_byte(head.status);
        if sent.is_cut() {
            return Ok(Step::Respond(sent.aborted(AbortReason::Cut)));
        }
        match sent.responded(head) {
            Responded::Respond(respond) => Ok(Step::Respond(respond)),
            Responded::Again(again) => {
                let (_, _, sent) = again.send();
                Ok(Step::Respond(sent.failed(unable(TWICE))))
            }
            Responded::Relay(relay) => {
                let relayed = self.relay(relay, &from, has_body, upload).await;
                // Either way there is no further step.
                Err(match relayed {
                    Ok(()) => self.link.settle().await,
                    Err(gone) => gone,
                })
            }
        }
    }

    /// Passes a response on, to its end.
    async fn relay(
        &mut self,
        relay: Relay<D::Observer>,
        from: &HeaderMap,
        has_body: bool,
        mut upload: Option<RestOfBody>,
    ) -> Result<(), Gone> {
        let (head, mut relay) = relay.into_parts();
        let observer = relay.observer_mut();
        observer.took_in(self.sent_bytes);
        observer.responds(head.status);
        let change = headers::change(from, &head.headers);
        self.link
            .say(message::response_headers(Some(change)))
            .await?;
        if !has_body {
            relay.finish();
            return Ok(());
        }
        let idle = self.door.times().answer_idle;
        let mut quiet = Quiet::new(idle);
        loop {
            let message = match self.link.next(quiet.until()).await {
                Ok(message) => message.request.ok_or(Gone::Unexpected)?,
                Err(Gone::Late) => match quiet.look(&mut relay) {
                    Some(reason) => return self.break_off(relay, reason).await,
                    None => continue,
                },
                Err(Gone::Cut) => return self.break_off(relay, AbortReason::Shutdown).await,
                Err(gone) => return Err(gone),
            };
            match message {
                Message::ResponseBody(body) => {
                    quiet = Quiet::new(idle);
                    let now = Instant::now().into_std();
                    if let Some(reason) = relay.cancelled_if_due(now) {
                        return self.break_off(relay, reason).await;
                    }
                    let is_last = body.end_of_stream;
                    self.relay_piece(&mut relay, body).await?;
                    if is_last {
                        return Ok(());
                    }
                }
                Message::ResponseTrailers(trailers) => {
                    let rest = finish(&mut relay);
                    if !rest.is_empty() {
                        if self.modes.response != ResponseMode::Duplex {
                            return self.break_off(relay, AbortReason::Upstream).await;
                        }
                        let edit = Edit::Stream {
                            bytes: rest,
                            is_last: false,
                        };
                        self.link.say(message::response_body(None, edit)).await?;
                    }
                    return self.link.say(message::response_trailers(trailers)).await;
                }
                other => {
                    if self.pass(&mut upload, other).await?.is_err() {
                        // GT answers to a body that is none: it ends here.
                        return self.break_off(relay, AbortReason::Upstream).await;
                    }
                }
            }
        }
    }

    /// Passes a piece on, or what becomes of it.
    async fn relay_piece(
        &self,
        relay: &mut RelayBody<D::Observer>,
        body: HttpBody,
    ) -> Result<(), Gone> {
        let is_last = body.end_of_stream;
        let piece = Bytes::from(body.body);
        let mut passes = relay.push(piece.clone()).unwrap_or_default();
        if is_last {
            let rest = finish(relay);
            if !rest.is_empty() {
                passes = [passes, rest].concat().into();
            }
        }
        relay.observer_mut().sent(passes.len());
        let is_same = passes == piece;
        let edit = match self.modes.response {
            ResponseMode::Duplex if passes.is_empty() && !is_last => return Ok(()),
            ResponseMode::Duplex => Edit::Stream {
                bytes: passes,
                is_last,
            },
            ResponseMode::Streamed | ResponseMode::Buffered if is_same => Edit::Keep,
            ResponseMode::Streamed | ResponseMode::Buffered => Edit::Replace(passes),
        };
        self.link.say(message::response_body(None, edit)).await
    }

    /// A response ends before its time. Where more may be said, a stream of events is told why; the
    /// client's connection is cut otherwise, so that it does not take a part for the whole.
    async fn break_off(
        &self,
        mut relay: RelayBody<D::Observer>,
        reason: AbortReason,
    ) -> Result<(), Gone> {
        let last = relay.abort(reason);
        relay.observer_mut().broke_off(reason);
        match (self.modes.response, last) {
            (ResponseMode::Duplex, Some(bytes)) => {
                let is_last = true;
                let edit = Edit::Stream { bytes, is_last };
                self.link.say(message::response_body(None, edit)).await
            }
            _ => Err(Gone::Cut),
        }
    }
}

/// What was kept back of a response that has ended.
fn finish<O: StreamObserver>(relay: &mut RelayBody<O>) -> Bytes {
    let rest = relay.finish().unwrap_or_default();
    let oversized = relay.oversized();
    relay.observer_mut().passed_on(oversized);
    rest
}

/// The head of GT's response, and its headers as Envoy has them.
fn response_parts(told: HttpHeaders) -> Option<(response::Parts, HeaderMap)> {
    let told = EnvoyHead::read(told.headers)?;
    let status: StatusCode = told.pseudo(":status")?.parse().ok()?;
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    head.headers = told.headers.clone();
    Some((head, told.headers))
}

const TWICE: &str =
    "GT does not know it by the first of its two keys that may, and a proxy asks once";
