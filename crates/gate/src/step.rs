//! What is to be done next, as the only things that can be done.
//!
//! Each step owns the exchange, and each of its methods gives the next step: nothing can be left out,
//! put in another order, or answered with something else. Whatever a door cannot bring, in time or at
//! all, it says so, and the request is refused. A step that is dropped ends the exchange.

mod verify_token;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use signalbox_http::refusal::Refusal;
use signalbox_policy::Decision;
use signalbox_runtime::GenerationStats;

use crate::body::failure::BodyFailure;
use crate::body::incoming::Missing;
use crate::body::spool::SpoolFailure;
use crate::exchange::Exchange;
use crate::forward::Forward;
use crate::gate::Gate;
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::order::Passed;
use crate::policy::call::{AskError, PolicyCall};
use crate::request::incoming::IncomingRequest;
use crate::respond::Respond;
use crate::response::rejection::Rejection;
use crate::upstream::models_request::ModelsRequest;

pub use verify_token::VerifyToken;

/// What is to be done next.
///
/// Exhaustive on purpose: a door does each of these.
#[derive(Debug)]
pub enum Step<O: Observer> {
    /// A JWT is shown that is not known: its signature has to be checked, where it may block.
    VerifyToken(VerifyToken<O>),
    /// The body is wanted: bring its next piece.
    ReadBody(ReadBody<O>),
    /// A form is held until its model is known: write a part of it to disk.
    SpoolWrite(SpoolWrite<O>),
    /// A policy has to be asked that may block.
    AskPolicy(AskPolicy<O>),
    /// GT's own list of models is wanted.
    FetchModels(FetchModels<O>),
    /// The request goes to GT.
    Forward(Forward<O>),
    /// The gate answers by itself.
    Respond(Respond<O>),
}

/// The body is wanted: bring its next piece.
#[derive(Debug)]
pub struct ReadBody<O: Observer>(Box<Exchange<O>>);

/// A form is held until its model is known: append a part of it to a file that nobody else can read
/// and that is gone after this exchange.
#[derive(Debug)]
pub struct SpoolWrite<O: Observer> {
    exchange: Box<Exchange<O>>,
    bytes: Bytes,
}

/// A policy has to be asked that may block.
#[derive(Debug)]
pub struct AskPolicy<O: Observer> {
    exchange: Box<Exchange<O>>,
    asked: Arc<GenerationStats>,
    call: Option<PolicyCall>,
}

/// GT's own list of models is wanted. It may be kept for a few seconds, by the name of the GT key.
#[derive(Debug)]
pub struct FetchModels<O: Observer> {
    exchange: Box<Exchange<O>>,
    request: ModelsRequest,
}

impl<O: Observer> ReadBody<O> {
    pub(crate) const fn new(exchange: Box<Exchange<O>>) -> Self {
        Self(exchange)
    }

    /// Takes the next piece; `is_last` if it is known that nothing comes after it.
    #[must_use]
    pub fn piece(mut self, piece: Bytes, is_last: bool) -> Step<O> {
        let missing = self.0.body.push(piece, is_last);
        self.0.goes_on(missing)
    }

    /// Nothing more comes.
    #[must_use]
    pub fn end(mut self) -> Step<O> {
        self.0.body.end();
        self.0.advance()
    }

    /// The rest does not come.
    #[must_use]
    pub fn failed(mut self, failure: BodyFailure) -> Step<O> {
        self.0.body.fail(failure);
        self.0.advance()
    }

    /// Who is told of the exchange.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.0.context.observer
    }
}

impl<O: Observer> SpoolWrite<O> {
    pub(crate) const fn new(exchange: Box<Exchange<O>>, bytes: Bytes) -> Self {
        Self { exchange, bytes }
    }

    /// What is to be written, behind what was written before.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// It is written.
    #[must_use]
    pub fn written(mut self) -> Step<O> {
        let missing = self.exchange.body.written(Ok(()));
        self.exchange.goes_on(missing)
    }

    /// It could not be written.
    #[must_use]
    pub fn failed(mut self, failure: SpoolFailure) -> Step<O> {
        let missing = self.exchange.body.written(Err(failure));
        self.exchange.goes_on(missing)
    }
}

impl<O: Observer> AskPolicy<O> {
    pub(crate) fn new(exchange: Box<Exchange<O>>, call: PolicyCall) -> Self {
        Self {
            exchange,
            asked: Arc::clone(call.generation().served()),
            call: Some(call),
        }
    }

    /// The question; `None` if it was taken before.
    #[must_use]
    pub const fn take_call(&mut self) -> Option<PolicyCall> {
        self.call.take()
    }

    /// The policy's answer, or why there is none.
    #[must_use]
    pub fn answered(mut self, answer: Result<Decision, AskError>) -> Step<O> {
        self.exchange.answered(&self.asked, answer);
        self.exchange.advance()
    }
}

impl<O: Observer> FetchModels<O> {
    pub(crate) const fn new(exchange: Box<Exchange<O>>, request: ModelsRequest) -> Self {
        Self { exchange, request }
    }

    /// The name of the GT key: what GT lists depends on it.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.request.credential
    }

    /// What GT is asked. The door fills in `host`, and sends no body.
    #[must_use]
    pub const fn request(&self) -> &Parts {
        &self.request.head
    }

    /// The names GT lists, or what the client is told if there is no such list.
    #[must_use]
    pub fn fetched(mut self, names: Result<Arc<HashSet<String>>, Refusal>) -> Step<O> {
        self.exchange.published = Some(names);
        self.exchange.advance()
    }
}

impl Gate {
    /// Begins an exchange, and says what is to be done first.
    pub fn begin<O: Observer>(self: &Arc<Self>, request: IncomingRequest, observer: O) -> Step<O> {
        Exchange::begin(self, request, observer).advance()
    }
}

impl<O: Observer> Exchange<O> {
    /// Walks on, to what is to be done next.
    fn advance(mut self: Box<Self>) -> Step<O> {
        match self.check() {
            Ok(passed) => self.passed(passed),
            Err(Halt::Need(need)) => self.needs(*need),
            Err(Halt::Rejected(rejection)) => self.reject(&rejection),
        }
    }

    /// Refuses the request.
    fn reject(self, rejection: &Rejection) -> Step<O> {
        let Self {
            gate,
            head,
            mut context,
            ..
        } = self;
        context.refused(head.parts.uri.path(), Some(&head), rejection);
        Step::Respond(Respond::new(&gate, context, rejection.response()))
    }

    fn passed(self, passed: Passed) -> Step<O> {
        match passed {
            Passed::Forward(forwarding, outgoing) => {
                let Self { gate, context, .. } = self;
                Step::Forward(Forward::new(gate, context, forwarding, outgoing))
            }
            Passed::Answer(response) => {
                let Self {
                    gate, mut context, ..
                } = self;
                context.answered();
                Step::Respond(Respond::new(&gate, context, response))
            }
        }
    }

    fn needs(self: Box<Self>, need: Need) -> Step<O> {
        match need {
            Need::Token(token) => Step::VerifyToken(VerifyToken::new(self, token)),
            Need::Piece => Step::ReadBody(ReadBody::new(self)),
            Need::Write(bytes) => Step::SpoolWrite(SpoolWrite::new(self, bytes)),
            Need::Policy(call) => Step::AskPolicy(AskPolicy::new(self, call)),
            Need::Models(credential) => Step::FetchModels(FetchModels::new(self, credential)),
        }
    }

    fn goes_on(self: Box<Self>, missing: Missing) -> Step<O> {
        match missing {
            Missing::Piece => Step::ReadBody(ReadBody(self)),
            Missing::Write(bytes) => Step::SpoolWrite(SpoolWrite::new(self, bytes)),
            Missing::Nothing => self.advance(),
        }
    }
}
