//! A response of the gate's own.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use signalbox_http::refusal::{Code, Refusal};

use crate::context::Context;
use crate::facts::Facts;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::request::client::{Client, Peer};
use crate::response::rejection::Rejection;
use crate::response::request_id::{DECISION, POLICY, REQUEST_ID};

/// The gate answers by itself.
#[derive(Debug)]
pub struct Respond<O: Observer> {
    response: Response<Bytes>,
    completion: Completion<O>,
}

/// What an exchange holds until the last byte of its response is sent, or its client is gone: drop it
/// then.
#[derive(Debug)]
pub struct Completion<O: Observer>(Box<Context<O>>);

impl<O: Observer> Respond<O> {
    pub(crate) fn new(gate: &Gate, context: Box<Context<O>>, response: Response<Bytes>) -> Self {
        let (mut head, body) = response.into_parts();
        context.stamp(gate.settings(), &mut head);
        Self {
            response: Response::from_parts(head, body),
            completion: Completion(context),
        }
    }

    /// Refuses in place of what the gate answers: a door that cannot pass a response on says so.
    #[must_use]
    pub fn refused(self, refusal: Refusal) -> Self {
        let Self {
            response,
            mut completion,
        } = self;
        let rejection = Rejection::from(refusal);
        completion.0.counts_only(&rejection);
        let (stamped, _) = response.into_parts();
        let mut response = rejection.response();
        for name in [DECISION, POLICY, REQUEST_ID] {
            if let Some(value) = stamped.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Self {
            response,
            completion,
        }
    }

    /// The response.
    #[must_use]
    pub const fn response(&self) -> &Response<Bytes> {
        &self.response
    }

    /// The response, and what is held until it is sent.
    #[must_use]
    pub fn into_parts(self) -> (Response<Bytes>, Completion<O>) {
        (self.response, self.completion)
    }
}

impl<O: Observer> Completion<O> {
    pub(crate) const fn new(context: Box<Context<O>>) -> Self {
        Self(context)
    }

    /// What is known of the exchange.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Who is told of the exchange.
    pub const fn observer_mut(&mut self) -> &mut O {
        &mut self.0.observer
    }
}

impl Gate {
    /// Refuses what never became a request: it has no method and no path to speak of.
    pub fn refuse_malformed<O: Observer>(
        self: &Arc<Self>,
        peer: Peer,
        refusal: Refusal,
        observer: O,
    ) -> Respond<O> {
        let method = Method::from_bytes(b"_OTHER").unwrap_or_default();
        let client = Client::unheard(peer);
        let mut context = Context::new(self, client, method, observer);
        let rejection = Rejection::Host(refusal);
        context.refused("*", None, &rejection);
        Respond::new(self, context, rejection.response())
    }

    /// Refuses a request on which the door itself failed. It is counted, and not recorded: nothing
    /// is known of it any more.
    pub fn refuse_failed<O: Observer>(self: &Arc<Self>, client: Client, observer: O) -> Respond<O> {
        let rejection = Rejection::Failed {
            cause: "panicked",
            is_guests: false,
            refusal: Refusal::new(
                Code::PolicyFailed,
                "The gate failed on this request, so it is refused. Tell the operator.",
            ),
        };
        let mut context = Context::new(self, client, Method::default(), observer);
        context.counts_only(&rejection);
        Respond::new(self, context, rejection.response())
    }

    /// A response of the door's own, which needs no key and asks no policy: to a browser that asks
    /// beforehand whether a page may call.
    pub fn respond_preflight<O: Observer>(
        self: &Arc<Self>,
        client: Client,
        head: &Parts,
        response: Response<Vec<u8>>,
        observer: O,
    ) -> Respond<O> {
        let mut context = Context::new(self, client, head.method.clone(), observer);
        context.began(self, head);
        context.answered();
        Respond::new(self, context, response.map(Bytes::from))
    }
}
