//! What becomes of responses: GT's, and those that Envoy makes in its place.

use std::time::Instant;

use http::{HeaderValue, header};
use signalbox_gate::{AbortReason, BodyFailure, Code, Forward, Refusal, Responded, Sent};

use crate::abi::{Body, Done, Headers, Next, Stream};
use crate::callout::CalloutResponse;
use crate::deadlines::TIME;
use crate::exchange::{Exchange, State};
use crate::head;
use crate::relaying::{EnvoyReply, Relaying};
use crate::told::Told;

impl Exchange {
    /// The head of a response is here: GT's, or one of Envoy's own.
    pub(crate) fn response_headers(
        &mut self,
        stream: &Stream<'_>,
        reply: Option<EnvoyReply>,
        is_end: bool,
    ) -> Next {
        self.room = None;
        match (std::mem::replace(&mut self.state, State::Over), reply) {
            (State::Sent(sent, _), None) => match head::read_response(stream) {
                Some(_) if sent.is_cut() => self.respond(sent.aborted(AbortReason::Cut)),
                Some(head) => self.responded(stream, sent.responded(head), is_end),
                None => self.respond(sent.failed(Refusal::of(Code::UpstreamProtocol))),
            },
            (State::Sent(sent, _), Some(reply)) => match reply.refusal() {
                Some(refusal) => self.replace(stream, sent, refusal, is_end),
                None => Next::Continue,
            },
            (state @ State::Own { .. }, _) => {
                self.state = state;
                Next::Continue
            }
            // Envoy answers before the gate has: what it was about is not asked any more.
            (_, Some(_)) => {
                self.end();
                Next::Continue
            }
            // There is no response to what was not sent.
            (_, None) => Next::Done(Done::Reset),
        }
    }

    /// A piece of a response is here.
    pub(crate) fn response_body(&mut self, stream: &Stream<'_>, is_end: bool) -> Next {
        match &mut self.state {
            State::Relaying(relaying) if relaying.replaces => {
                stream.take_body(Body::ReceivedResponse);
                Next::Continue
            }
            State::Relaying(relaying) => {
                let now = Instant::now();
                relaying.came = now;
                relaying.cut = relaying.cut.or_else(|| relaying.body.cancelled_if_due(now));
                if relaying.cut.is_some() {
                    return self.cut_soon(stream);
                }
                if !relaying.body.reads_bytes() {
                    if is_end {
                        relaying.body.finish();
                    }
                    return Next::Continue;
                }
                let piece = stream.body(Body::ReceivedResponse);
                if let Some(passes) = relaying.pass(&piece, is_end) {
                    stream.take_body(Body::ReceivedResponse);
                    stream.append_body(Body::ReceivedResponse, &passes);
                }
                Next::Continue
            }
            State::Own { body, .. } => {
                let body = body.take();
                stream.take_body(Body::ReceivedResponse);
                stream.append_body(Body::ReceivedResponse, &body.unwrap_or_default());
                Next::Continue
            }
            State::Again(_) => {
                stream.take_body(Body::ReceivedResponse);
                Next::Wait
            }
            _ => Next::Continue,
        }
    }

    /// A response ends with trailers. Nothing says which of them may pass.
    pub(crate) fn response_trailers(&mut self, stream: &Stream<'_>) -> Next {
        head::drop_trailers(stream, Headers::ResponseTrailers);
        match &mut self.state {
            State::Relaying(relaying) if !relaying.replaces => {
                let rest = relaying.body.finish();
                stream.append_body(Body::KeptResponse, &rest.unwrap_or_default());
                Next::Continue
            }
            State::Again(_) => Next::Wait,
            _ => Next::Continue,
        }
    }

    /// Nothing has come for a while.
    pub(crate) fn time_passed(&mut self, stream: &Stream<'_>, now: Instant) -> Next {
        let times = self.module.times;
        let is_too_slow = self.incoming.is_too_slow(now, &times);
        let next = match std::mem::replace(&mut self.state, State::Over) {
            State::Reading(read) if is_too_slow => {
                self.walk(stream, read.failed(BodyFailure::TooSlow))
            }
            State::Sent(sent, end) => match sent.cancelled(now) {
                Some(reason) => self.respond(sent.aborted(reason)),
                None if self.upload.is_some() && is_too_slow => {
                    self.respond(sent.failed(BodyFailure::TooSlow.refusal()))
                }
                None if now >= end => self.respond(sent.failed(Refusal::of(Code::UpstreamTimeout))),
                None => self.wait(State::Sent(sent, end)),
            },
            State::Relaying(mut relaying) => {
                let quiet = now >= relaying.due(&times);
                let quiet = quiet.then_some(AbortReason::Quiet);
                let cut = relaying
                    .cut
                    .or_else(|| relaying.body.cancelled(now))
                    .or(quiet);
                match cut {
                    Some(reason) => return self.cut(relaying, reason),
                    None => self.wait(State::Relaying(relaying)),
                }
            }
            state => self.wait(state),
        };
        if !matches!(next, Next::Done(_)) {
            self.arm(stream);
        }
        next
    }

    /// GT was asked once more: its response takes the place of the first, which is held.
    pub(crate) fn asked_again(
        &mut self,
        stream: &Stream<'_>,
        sent: Sent<Told>,
        response: Option<CalloutResponse>,
    ) -> Next {
        let Some(response) = response else {
            let refusal = Refusal::of(Code::UpstreamUnreachable);
            return self.respond(sent.failed(refusal));
        };
        let (Some(head), body) = response.into_parts() else {
            return self.respond(sent.failed(Refusal::of(Code::UpstreamProtocol)));
        };
        match sent.responded(head) {
            Responded::Relay(relay) => {
                let (mut head, relay) = relay.into_parts();
                let mut relaying = Relaying::new(relay);
                let passes = relaying.pass(&body, true).unwrap_or(body);
                let length = HeaderValue::from(passes.len());
                head.headers.insert(header::CONTENT_LENGTH, length);
                head::write_response(stream, &head);
                stream.take_body(Body::KeptResponse);
                stream.append_body(Body::KeptResponse, &passes);
                relaying.replaces = true;
                self.state = State::Relaying(relaying);
                Next::Done(Done::GoOnWithResponse)
            }
            Responded::Respond(respond) => self.respond(respond),
            // There is no third one.
            Responded::Again(_) => Next::Done(Done::Reset),
        }
    }

    fn responded(&mut self, stream: &Stream<'_>, responded: Responded<Told>, is_end: bool) -> Next {
        match responded {
            Responded::Relay(relay) => {
                let (head, body) = relay.into_parts();
                head::write_response(stream, &head);
                let mut relaying = Relaying::new(body);
                if is_end {
                    relaying.body.finish();
                }
                self.state = State::Relaying(relaying);
                self.arm(stream);
                Next::Continue
            }
            Responded::Again(forward) => self.ask_again(stream, forward),
            Responded::Respond(respond) => self.respond(respond),
        }
    }

    /// Asks GT once more, by itself, and holds the first response meanwhile.
    fn ask_again(&mut self, stream: &Stream<'_>, forward: Forward<Told>) -> Next {
        let (request, _no_body, sent) = forward.send();
        let headers = head::listed(&request, &self.module.host);
        let within = self.module.times.first_byte.duration();
        let is_sent = stream
            .cluster()
            .is_some_and(|cluster| stream.call_out(&cluster, &headers, within));
        match is_sent {
            true => self.wait(State::Again(sent)),
            false => self.respond(sent.failed(Refusal::of(Code::UpstreamUnreachable))),
        }
    }

    /// Makes a response of Envoy's own the gate's.
    fn replace(
        &mut self,
        stream: &Stream<'_>,
        sent: Sent<Told>,
        refusal: Refusal,
        is_end: bool,
    ) -> Next {
        let (response, completion) = sent.failed(refusal).into_parts();
        let (mut head, body) = response.into_parts();
        let length = HeaderValue::from(body.len());
        head.headers.insert(header::CONTENT_LENGTH, length);
        head::write_response(stream, &head);
        self.upload = None;
        let body = match (self.is_head, is_end) {
            (true, _) => None,
            (false, true) => {
                stream.append_body(Body::KeptResponse, &body);
                None
            }
            (false, false) => Some(body),
        };
        self.state = State::Own {
            _held: completion,
            body,
        };
        Next::Continue
    }

    /// A response cannot be ended within its own hook: it is, right after.
    fn cut_soon(&mut self, stream: &Stream<'_>) -> Next {
        stream.take_body(Body::ReceivedResponse);
        if let Some(waker) = &self.waker {
            waker.wake(TIME);
        }
        Next::Wait
    }

    /// Ends a response before its time.
    fn cut(&mut self, mut relaying: Relaying, reason: AbortReason) -> Next {
        let last = relaying.body.abort(reason);
        drop(relaying);
        self.upload = None;
        Next::Done(last.map_or(Done::Reset, Done::EndWith))
    }
}
