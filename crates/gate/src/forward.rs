//! A request that goes to GT, and what comes of it.

use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{StatusCode, response};
use signalbox_http::refusal::Refusal;
use signalbox_http::restamp::EventBoundary;

use crate::body::upstream_body::UpstreamBody;
use crate::context::Context;
use crate::forwarding::{Forwarding, Outgoing};
use crate::gate::Gate;
use crate::observer::{Observer, TraceHeaders};
use crate::relay::{BodyEdits, Relay};
use crate::respond::Respond;
use crate::response::abort_reason::AbortReason;
use crate::response::cancellation::Cancellation;
use crate::response::head::{self, ClientAnswer};
use crate::response::mask::Mask;
use crate::response::rejection::Rejection;
use crate::response::request_id::NOTICE;

/// A request for GT, ready to be sent.
#[derive(Debug)]
pub struct Forward<O: Observer> {
    sent: Sent<O>,
    outgoing: Box<Outgoing>,
}

/// A request that was sent, and whose response did not come yet.
#[derive(Debug)]
pub struct Sent<O: Observer> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) context: Box<Context<O>>,
    pub(crate) forwarding: Forwarding,
}

/// What comes of GT's response.
///
/// Exhaustive on purpose: it is the client's, or something else is to be done.
#[derive(Debug)]
pub enum Responded<O: Observer> {
    /// It goes to the client.
    Relay(Relay<O>),
    /// Let go of it: GT is asked once more.
    Again(Forward<O>),
    /// Let go of it: the gate answers by itself.
    Respond(Respond<O>),
}

impl<O: Observer> Forward<O> {
    pub(crate) fn new(
        gate: Arc<Gate>,
        mut context: Box<Context<O>>,
        forwarding: Forwarding,
        mut outgoing: Box<Outgoing>,
    ) -> Self {
        let mut trace = TraceHeaders(&mut outgoing.head.headers);
        let model = forwarding.model();
        context.observer.sends(&context.facts, model, &mut trace);
        let sent = Sent {
            gate,
            context,
            forwarding,
        };
        Self { sent, outgoing }
    }

    /// The name of the GT key it goes out with.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.sent.forwarding.credential.name
    }

    /// The head for GT. `host` is empty, for the door to fill in, and not always the first header;
    /// `content-length` and `transfer-encoding` follow from the body.
    #[must_use]
    pub const fn head(&self) -> &Parts {
        &self.outgoing.head
    }

    /// Who is told of the exchange.
    pub const fn observer_mut(&mut self) -> &mut O {
        self.sent.observer_mut()
    }

    /// What is to be sent, and the exchange that waits for GT's response.
    #[must_use]
    pub fn send(self) -> (Parts, UpstreamBody, Sent<O>) {
        let ask_at = self.outgoing.ask_at;
        let (head, mut body, mut sent) = self.pass_on();
        if let Some(place) = ask_at {
            body.ask_for_usage(place);
            sent.context.facts.meter.asks();
        }
        (head, body, sent)
    }

    /// The same where nothing can be taken out of the answer again, so that GT is asked for nothing.
    pub(crate) fn pass_on(self) -> (Parts, UpstreamBody, Sent<O>) {
        let Outgoing { head, body, .. } = *self.outgoing;
        (head, body, self.sent)
    }
}

impl<O: Observer> Sent<O> {
    /// Whether an operator has ended what the policy let through: costs little.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.forwarding.served.is_cut()
    }

    /// Why the wait for GT is to end now, if it is: look each [`crate::LOOK`] while GT does not
    /// answer.
    #[must_use]
    pub fn cancelled(&self, now: Instant) -> Option<AbortReason> {
        let Forwarding { key, served, .. } = &self.forwarding;
        Cancellation::new(&self.gate, key, served, now).look(now)
    }

    /// Who is told of the exchange.
    pub const fn observer_mut(&mut self) -> &mut O {
        &mut self.context.observer
    }

    /// GT's response is here, its head at least.
    #[must_use]
    pub fn responded(mut self, answer: response::Parts) -> Responded<O> {
        let is_counted = self.context.facts.meter.is_counted();
        let stamp = (self.forwarding.stamp.as_ref(), is_counted);
        let secret = &self.forwarding.credential.secret;
        let ClientAnswer {
            mut head,
            restamp,
            is_events,
        } = match head::of_upstream(answer, stamp, secret) {
            Ok(answer) => answer,
            Err(refusal) => {
                self.context.observer.response_refused(&refusal);
                return Responded::Respond(self.refuse(refusal));
            }
        };
        if head.status == StatusCode::NOT_FOUND
            && let Some(outgoing) = self.forwarding.take_second()
        {
            let Self {
                gate,
                context,
                forwarding,
            } = self;
            return Responded::Again(Forward::new(gate, context, forwarding, outgoing));
        }
        if is_events {
            // What did not ask for a stream gets one all the same: the key's limit holds.
            if let Err(refusal) = self.context.take_stream(&self.forwarding.key) {
                return Responded::Respond(self.refuse(refusal));
            }
            self.context.observer.streams();
        }
        if let Some(notice) = self.forwarding.notice() {
            head.headers.insert(NOTICE, notice.clone());
        }
        let body = BodyEdits {
            restamp,
            mask: (head.status.is_client_error() || head.status.is_server_error())
                .then(|| Mask::new(Arc::clone(&self.forwarding.credential.secret))),
            boundary: is_events.then(EventBoundary::new),
            usage_chunk: (is_events && self.context.facts.meter.has_asked()).then(Box::default),
        };
        let Forwarding { key, served, .. } = self.forwarding;
        Responded::Relay(Relay::new(
            &self.gate,
            self.context,
            (head, body),
            &key,
            &served,
        ))
    }

    /// There is no response of GT's, or not in time: what the client is told, unless that is because
    /// its own body turned out not to be what it has to be.
    #[must_use]
    pub fn failed(self, refusal: Refusal) -> Respond<O> {
        let flaw = self.forwarding.flaw.as_ref();
        let flaw = flaw.and_then(|flaw| flaw.refusal().cloned());
        self.refuse(flaw.unwrap_or(refusal))
    }

    /// GT is not waited for any more.
    #[must_use]
    pub fn aborted(self, reason: AbortReason) -> Respond<O> {
        self.refuse(reason.refusal())
    }

    fn refuse(mut self, refusal: Refusal) -> Respond<O> {
        let rejection = Rejection::from(refusal);
        self.context.counts_only(&rejection);
        let response = rejection.response();
        Respond::new(&self.gate, self.context, response)
    }
}
