//! One request through the gate: what each step asks for is done, and nothing else.
//!
//! What is checked, and in which order, is the gate's. Here bytes are moved.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_LENGTH;
use signalbox_gate::{
    AskError, AskPolicy, BodyRoom, Client, Code, Completion, FetchModels, Framed, IncomingRequest,
    LOOK, Peer, ReadBody, Refusal, Respond, Sent, SpoolFailure, Step, TokenRefused,
};
use signalbox_policy::Decision;

use crate::abi::{Body, Done, Headers, Next, Stream};
use crate::callout::CalloutResponse;
use crate::deadlines::{ANSWER, TIME, Waker};
use crate::head;
use crate::models;
use crate::module::Module;
use crate::relaying::Relaying;
use crate::told::Told;
use crate::upload::{Incoming, Upload};

/// One request, and its response.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) module: Arc<Module>,
    pub(crate) state: State,
    pub(crate) incoming: Incoming,
    pub(crate) upload: Option<Upload>,
    /// What a body that was sent whole holds of the budgets, until GT answers.
    pub(crate) room: Option<BodyRoom>,
    /// Whether the client asked for the head only.
    pub(crate) is_head: bool,
    pub(crate) told: Told,
    pub(crate) waker: Option<Arc<Waker>>,
}

/// What is waited for.
#[derive(Debug)]
pub(crate) enum State {
    /// The request.
    New,
    /// The next piece of its body.
    Reading(ReadBody<Told>),
    /// A policy that is not trusted.
    Asking(AskPolicy<Told>, Answer),
    /// GT's list of models.
    Listing(FetchModels<Told>),
    /// GT, which has until then.
    Sent(Sent<Told>, Instant),
    /// GT, asked once more, while its first response is held.
    Again(Sent<Told>),
    /// The rest of GT's response.
    Relaying(Relaying),
    /// The end of a response of the gate's own, which replaces what Envoy has.
    Own {
        _held: Completion<Told>,
        /// What is not written yet.
        body: Option<Bytes>,
    },
    /// Nothing.
    Over,
}

/// The answer of a policy, from another thread.
pub(crate) type Answer = Arc<Mutex<Option<Result<Decision, AskError>>>>;

impl Exchange {
    pub(crate) fn new(module: Arc<Module>) -> Self {
        Self {
            module,
            state: State::New,
            incoming: Incoming::new(Some(0), true),
            upload: None,
            room: None,
            is_head: false,
            told: Told::default(),
            waker: None,
        }
    }

    /// The head of the request is here.
    pub(crate) fn begin(&mut self, stream: &Stream<'_>, is_end: bool) -> Next {
        let gate = Arc::clone(&self.module.gate);
        let Some(peer) = head::peer(stream) else {
            let nobody = Client::unheard(Peer::plain(([0, 0, 0, 0], 0).into()));
            let refused = gate.refuse_failed(nobody, self.told.clone());
            return self.respond(refused);
        };
        let Some(head) = head::read_request(stream) else {
            let refusal = Refusal::of(Code::InvalidRequest);
            let refused = gate.refuse_malformed(peer, refusal, self.told.clone());
            return self.respond(refused);
        };
        let length = head.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let declared = if is_end { Some(0) } else { length };
        self.incoming = Incoming::new(declared, is_end);
        self.is_head = head.method == Method::HEAD;
        let request = IncomingRequest {
            client: gate.client_of(peer, &head.headers, head.version),
            framing: Framed::Plainly,
            declared,
            whole: None,
            head,
        };
        let step = gate.begin(request, self.told.clone());
        self.walk(stream, step)
    }

    /// A piece of the request's body is here.
    pub(crate) fn request_body(&mut self, stream: &Stream<'_>, is_end: bool) -> Next {
        self.incoming.came(is_end);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Reading(read) => {
                let piece = self.incoming.take(stream);
                let step = match piece.is_empty() {
                    true if is_end => read.end(),
                    true => return self.wait(State::Reading(read)),
                    false => read.piece(piece, is_end),
                };
                self.walk(stream, step)
            }
            state @ (State::Asking(..) | State::Listing(_)) => {
                self.state = state;
                Next::Hold
            }
            state @ (State::New | State::Over) => {
                self.state = state;
                stream.take_body(Body::ReceivedRequest);
                Next::Wait
            }
            state => {
                self.state = state;
                self.pass_on(stream, is_end)
            }
        }
    }

    /// The request ends with trailers. Nothing says which of them may pass.
    pub(crate) fn request_trailers(&mut self, stream: &Stream<'_>) -> Next {
        head::drop_trailers(stream, Headers::RequestTrailers);
        self.incoming.came(true);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Reading(read) => self.walk(stream, read.end()),
            state @ (State::Asking(..) | State::Listing(_) | State::New | State::Over) => {
                self.wait(state)
            }
            state => {
                self.state = state;
                match self.upload.as_mut().map(Upload::finish) {
                    Some(Err(failure)) => self.break_off(failure),
                    Some(Ok(rest)) => {
                        stream.append_body(Body::KeptRequest, &rest);
                        self.upload = None;
                        Next::Continue
                    }
                    None => Next::Continue,
                }
            }
        }
    }

    /// A thread calls: a policy has answered, or time has passed.
    pub(crate) fn woken(&mut self, stream: &Stream<'_>, event: u64) -> Next {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Asking(ask, answer) if event == ANSWER => {
                let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
                let step = ask.answered(answer.unwrap_or(Err(AskError::Dropped)));
                self.walk(stream, step)
            }
            state => {
                self.state = state;
                match event {
                    TIME => self.time_passed(stream, Instant::now()),
                    _ => Next::Wait,
                }
            }
        }
    }

    /// What this filter asked by itself is answered.
    pub(crate) fn called_out(
        &mut self,
        stream: &Stream<'_>,
        response: Option<CalloutResponse>,
    ) -> Next {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Listing(fetch) => {
                let names = models::read(response);
                if let Ok(names) = &names {
                    self.module.lists.keep(fetch.credential(), names);
                }
                self.walk(stream, fetch.fetched(names))
            }
            State::Again(sent) => self.asked_again(stream, sent, response),
            state => self.wait(state),
        }
    }

    /// The stream has ended. What is not over by now was left by its client.
    pub(crate) fn complete(&mut self, stream: &Stream<'_>) {
        self.end();
        let counters = &self.module.counters;
        if let Some(end) = self.told.take_end() {
            counters.ended(stream, &end);
        }
        if let Some(cause) = self.told.take_failure() {
            counters.policy_failed(stream, cause);
        }
    }

    /// Gives back what is held.
    pub(crate) fn end(&mut self) {
        self.state = State::Over;
        self.upload = None;
        self.room = None;
        if let Some(waker) = self.waker.take() {
            waker.end();
        }
    }

    /// Does what the steps ask for, as far as it can be done now.
    pub(crate) fn walk(&mut self, stream: &Stream<'_>, mut step: Step<Told>) -> Next {
        loop {
            step = match step {
                // A signature takes a worker milliseconds, and nobody else is there to check it.
                Step::VerifyToken(verify) => verify.verified(Err(TokenRefused::Busy)),
                Step::ReadBody(read) => {
                    let piece = self.incoming.take(stream);
                    match (piece.is_empty(), self.incoming.has_ended) {
                        (true, true) => read.end(),
                        (true, false) => {
                            self.arm(stream);
                            return self.wait(State::Reading(read));
                        }
                        (false, has_ended) => read.piece(piece, has_ended),
                    }
                }
                // It is told that there is none.
                Step::SpoolWrite(write) => write.failed(SpoolFailure::Unusable),
                Step::AskPolicy(ask) => match self.ask(stream, ask) {
                    Ok(next) => return next,
                    Err(step) => step,
                },
                Step::FetchModels(fetch) => match self.fetch(stream, fetch) {
                    Ok(next) => return next,
                    Err(step) => step,
                },
                Step::Forward(forward) => return self.forward(stream, forward),
                Step::Respond(respond) => return self.respond(respond),
            };
        }
    }

    /// Answers by itself.
    pub(crate) fn respond(&mut self, respond: Respond<Told>) -> Next {
        let (response, completion) = respond.into_parts();
        self.upload = None;
        self.state = State::Own {
            _held: completion,
            body: None,
        };
        Next::Done(Done::Respond(response))
    }

    pub(crate) fn wait(&mut self, state: State) -> Next {
        self.state = state;
        Next::Wait
    }

    /// Something is waited for that may not come, or has to be looked at in between.
    pub(crate) fn arm(&mut self, stream: &Stream<'_>) {
        let deadlines = &self.module.process.deadlines;
        if self.waker.is_none() {
            self.waker = stream
                .scheduler()
                .map(|scheduler| deadlines.watch(scheduler));
        }
        if let Some(waker) = &self.waker {
            deadlines.set(waker, self.due());
        }
    }

    /// When to look again.
    fn due(&self) -> Instant {
        let (now, times) = (Instant::now(), &self.module.times);
        let due = match &self.state {
            State::Sent(_, end) => *end,
            State::Relaying(relaying) => relaying.due(times),
            _ => now + LOOK,
        };
        let due = match self.incoming.has_ended {
            true => due,
            false => due.min(self.incoming.due(times)),
        };
        due.min(now + LOOK)
    }
}
