//! What goes out for a request: the question to a policy, the one for GT's list of models, and the request itself.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::Method;
use signalbox_gate::{AskError, AskPolicy, BodyFailure, Code, FetchModels, Forward, Refusal, Step};

use crate::abi::{Body, Done, Next, Stream};
use crate::deadlines::ANSWER;
use crate::exchange::{Answer, Exchange, State};
use crate::head;
use crate::told::Told;
use crate::upload::Upload;

impl Exchange {
    /// Asks a policy on a thread of its own.
    #[expect(
        clippy::result_large_err,
        reason = "the caller goes on with the step: it is no error"
    )]
    pub(crate) fn ask(
        &mut self,
        stream: &Stream<'_>,
        mut ask: AskPolicy<Told>,
    ) -> Result<Next, Step<Told>> {
        self.arm(stream);
        let (Some(call), Some(waker)) = (ask.take_call(), &self.waker) else {
            return Err(ask.answered(Err(AskError::Dropped)));
        };
        let ((generation, request), answer) = (call.into_parts(), Answer::default());
        let (tell, waker) = (Arc::clone(&answer), Arc::clone(waker));
        let submitted = self
            .module
            .process
            .pool
            .submit(generation, request, move |told| {
                let told = told.map_err(AskError::Decide);
                *tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
                waker.wake(ANSWER);
            });
        match submitted {
            Ok(()) => Ok(self.wait(State::Asking(ask, answer))),
            Err(busy) => Err(ask.answered(Err(AskError::Busy(busy)))),
        }
    }

    /// Asks GT for its list of models.
    #[expect(
        clippy::result_large_err,
        reason = "the caller goes on with the step: it is no error"
    )]
    pub(crate) fn fetch(
        &mut self,
        stream: &Stream<'_>,
        fetch: FetchModels<Told>,
    ) -> Result<Next, Step<Told>> {
        let times = &self.module.times;
        let kept = self
            .module
            .lists
            .find(fetch.credential(), times.models_cache.duration());
        if let Some(names) = kept {
            return Err(fetch.fetched(Ok(names)));
        }
        let headers = head::listed(fetch.request(), &self.module.host);
        let is_sent = stream.cluster().is_some_and(|cluster| {
            stream.call_out(&cluster, &headers, times.first_byte.duration())
        });
        match is_sent {
            true => Ok(self.wait(State::Listing(fetch))),
            false => {
                let refusal = Refusal::of(Code::UpstreamUnreachable).retry_after(1);
                Err(fetch.fetched(Err(refusal)))
            }
        }
    }

    /// Sends the request on: Envoy's head becomes the one for GT, and what was read of the body goes
    /// before the rest.
    pub(crate) fn forward(&mut self, stream: &Stream<'_>, forward: Forward<Told>) -> Next {
        let (head, body, sent) = forward.send();
        let here = self.incoming.take(stream);
        let held = body.parts.iter().map(|part| part.in_memory().len() as u64);
        let held: u64 = held.sum();
        let (mut upload, mut passes) = (None, Bytes::new());
        match body.rest {
            Some(rest) => {
                let rest = upload.insert(Upload::new(rest, body.room));
                match rest.push(here, self.incoming.has_ended) {
                    Ok(passed) => passes = passed,
                    Err(failure) => return self.respond(sent.failed(failure.refusal())),
                }
            }
            None if !here.is_empty() => {
                return self.respond(sent.failed(BodyFailure::Broken.refusal()));
            }
            None => self.room = Some(body.room),
        }
        let kept_back = upload.as_ref().map_or(0, Upload::kept_back);
        let coming = match &upload {
            Some(_) => self.incoming.coming(),
            None => Some(0),
        };
        let total = coming.map(|coming| held + passes.len() as u64 + kept_back + coming);
        let is_empty = total == Some(0) && body.parts.is_empty() && upload.is_none();
        let length = total.filter(|_| !is_empty || head.method == Method::POST);
        head::write_request(stream, head, &self.module.host, length);
        for part in &body.parts {
            stream.append_body(Body::KeptRequest, part.in_memory());
        }
        stream.append_body(Body::KeptRequest, &passes);
        self.upload = upload.filter(|_| !self.incoming.has_ended);
        let is_streamed = self.upload.is_some();
        let end = Instant::now() + self.module.times.first_byte(is_streamed);
        self.state = State::Sent(sent, end);
        self.arm(stream);
        Next::Continue
    }

    /// What of the client's next piece may go on, once the request has.
    pub(crate) fn pass_on(&mut self, stream: &Stream<'_>, is_end: bool) -> Next {
        let Some(upload) = &mut self.upload else {
            stream.take_body(Body::ReceivedRequest);
            return Next::Continue;
        };
        let piece = stream.body(Body::ReceivedRequest);
        self.incoming.taken += piece.len() as u64;
        match upload.push(piece.clone(), is_end) {
            Ok(passed) => {
                if passed != piece {
                    stream.take_body(Body::ReceivedRequest);
                    stream.append_body(Body::ReceivedRequest, &passed);
                }
                if is_end {
                    self.upload = None;
                }
                Next::Continue
            }
            Err(failure) => self.break_off(failure),
        }
    }

    /// The client's body is not what it has to be: the request to GT ends here.
    pub(crate) fn break_off(&mut self, failure: BodyFailure) -> Next {
        self.upload = None;
        match std::mem::replace(&mut self.state, State::Over) {
            State::Sent(sent, _) => self.respond(sent.failed(failure.refusal())),
            _ => Next::Done(Done::Reset),
        }
    }
}
