//! One exchange: a request, and what was found out about it so far.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use signalbox_http::refusal::Refusal;
use signalbox_policy::{Decision, Description, RequestedModel};
use signalbox_runtime::{Generation, GenerationStats, RequestBuf};

use crate::auth::authenticator::TokenRefused;
use crate::auth::keyring::Key;
use crate::body::incoming::Body;
use crate::context::Context;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::policy::call::AskError;
use crate::request::framed::Framed;
use crate::request::head_only;
use crate::request::incoming::IncomingRequest;
use crate::response::rejection::Rejection;
use crate::response::request_id;

/// A request on its way to a decision. Each time a door brings what was missing, the order of checks
/// is walked on from where it stopped.
#[derive(Debug)]
pub(crate) struct Exchange<O: Observer> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) head: Parts,
    pub(crate) framing: Framed,
    pub(crate) body: Body,
    /// What came of verifying the token, once the door has brought it.
    pub(crate) verified: Option<Result<Arc<Key>, TokenRefused>>,
    /// `None` until the head has passed.
    pub(crate) key: Option<Arc<Key>>,
    /// The model of `/v1/models/{id}`.
    pub(crate) model_id: Option<String>,
    pub(crate) asking: Asking,
    pub(crate) decided: Option<Decided>,
    /// What GT lists, once it was asked for.
    pub(crate) published: Option<Result<Arc<HashSet<String>>, Refusal>>,
    pub(crate) context: Box<Context<O>>,
}

/// What was asked of policies, and what they said. All of it is about one generation, by its number:
/// nothing is decided by two.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    /// Which generation is asked, by its number: all else here is about it.
    pub(crate) generation: Option<u64>,
    /// An answer that a door has brought: of which generation, and to what.
    pub(crate) answer: Option<(u64, Stage, Result<Decision, AskError>)>,
    /// What the door was told to ask, and when.
    pub(crate) pending: Option<(Stage, Instant)>,
    /// Whether it wants to know the model.
    pub(crate) wants_model: bool,
    /// Whether it is asked about head and model at once.
    pub(crate) at_once: bool,
    /// What it said to that, if it was no.
    pub(crate) late: Option<Box<Rejection>>,
}

impl Asking {
    /// Turns to a generation: what was found out of another counts for nothing.
    pub(crate) fn turn_to(&mut self, generation: u64) {
        if self.generation != Some(generation) {
            let answer = self.answer.take();
            *self = Self {
                generation: Some(generation),
                answer: answer.filter(|answer| answer.0 == generation),
                ..Self::default()
            };
        }
    }
}

/// What a policy decided, and which.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) generation: Arc<Generation>,
    pub(crate) decision: Decision,
    pub(crate) stage: Stage,
}

/// On what a decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Head,
    Model,
}

impl Stage {
    /// What a policy is told of the model.
    ///
    /// # Errors
    /// If the body is not what the route takes.
    pub(crate) fn model(self, body: &Body) -> Result<RequestedModel<'_>, Refusal> {
        match self {
            Self::Head => Ok(RequestedModel::Unread),
            Self::Model => body.requested(),
        }
    }
}

impl<O: Observer> Exchange<O> {
    pub(crate) fn begin(gate: &Arc<Gate>, request: IncomingRequest, observer: O) -> Box<Self> {
        let IncomingRequest {
            mut head,
            client,
            framing,
            declared,
            whole,
        } = request;
        let request_id = request_id::of_client(&head.headers).cloned();
        let mut context = Context::new(gate, client, head.method.clone(), request_id, observer);
        context.began(gate, &head);
        head_only::take_as_get(&mut head);
        Box::new(Self {
            gate: Arc::clone(gate),
            head,
            framing,
            body: Body::new(declared, whole),
            verified: None,
            key: None,
            model_id: None,
            asking: Asking::default(),
            decided: None,
            published: None,
            context,
        })
    }

    /// Takes a policy's answer that the door has brought.
    pub(crate) fn answered(
        &mut self,
        asked: &Arc<GenerationStats>,
        answer: Result<Decision, AskError>,
    ) {
        let Some((stage, since)) = self.asking.pending.take() else {
            return;
        };
        self.took(since);
        self.report(asked, stage, &answer);
        self.asking.answer = Some((asked.number(), stage, answer));
    }

    /// Tells of a guest that has failed a request, whether its answer still counts or not.
    pub(crate) fn report(
        &self,
        asked: &Arc<GenerationStats>,
        stage: Stage,
        answer: &Result<Decision, AskError>,
    ) {
        if let (Err(error), Some(key)) = (answer, &self.key)
            && error.is_guest_failure()
        {
            let again = |described: &Description| {
                let request = self.policy_request(key);
                let headers = request.headers(&described.headers);
                let model = stage.model(&self.body).ok()?;
                Some(RequestBuf::from(&request.request(&headers, model)))
            };
            self.gate.policies().failed(asked, error.cause(), again);
        }
    }

    /// Counts the time since a policy was asked.
    pub(crate) fn took(&mut self, since: Instant) {
        let took = self
            .gate
            .clock()
            .monotonic()
            .saturating_duration_since(since);
        self.context.facts.policy_time += took;
        self.context.observer.policy_asked(took);
    }
}
