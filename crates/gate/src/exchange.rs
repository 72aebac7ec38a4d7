//! One exchange: a request, and what was found out about it so far.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use signalbox_http::refusal::Refusal;
use signalbox_policy::{Decision, Description};
use signalbox_runtime::{GenerationStats, RequestBuf};

use crate::asking::{Asker, Asking, Decided, Stage};
use crate::auth::authenticator::TokenRefused;
use crate::auth::keyring::Key;
use crate::body::incoming::Body;
use crate::context::Context;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::policy::body_members::member_names;
use crate::policy::call::AskError;
use crate::policy::request::header_names;
use crate::request::client_head::ClientHead;
use crate::request::framed::Framed;
use crate::request::head_only;
use crate::request::incoming::IncomingRequest;
use crate::response::request_id;

/// A request on its way to a decision. Each time a door brings what was missing, the order of checks
/// is walked on from where it stopped.
#[derive(Debug)]
pub(crate) struct Exchange<O: Observer> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) head: ClientHead,
    pub(crate) framing: Framed,
    pub(crate) body: Body,
    /// What came of verifying the token, once the door has brought it.
    pub(crate) verified: Option<Result<Arc<Key>, TokenRefused>>,
    /// `None` until the head has passed.
    pub(crate) asker: Option<Asker>,
    pub(crate) asking: Asking,
    pub(crate) decided: Option<Decided>,
    /// What GT lists, once it was asked for.
    pub(crate) published: Option<Result<Arc<HashSet<String>>, Refusal>>,
    pub(crate) context: Box<Context<O>>,
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
        let method = head.method.clone();
        let mut context = Context::new(gate, client, method, observer);
        context.began(gate, &head);
        head_only::take_as_get(&mut head);
        let head = ClientHead::new(head);
        context.request_id = request_id::of_client(&head.fields.request_id).cloned();
        Box::new(Self {
            gate: Arc::clone(gate),
            head,
            framing,
            body: Body::new(declared, whole),
            verified: None,
            asker: None,
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
        if let Err(error) = &answer {
            self.report(asked, stage, error);
        }
        self.asking.answer = Some((asked.number(), stage, answer));
    }

    /// Tells of a guest that has failed a request, whether its answer still counts or not.
    pub(crate) fn report(&self, asked: &Arc<GenerationStats>, stage: Stage, error: &AskError) {
        if let Some(asker) = &self.asker
            && error.is_guest_failure()
        {
            let again = |described: &Description| {
                let model = stage.model(&self.body).ok()?;
                let wanted = header_names(&described.headers);
                let members = stage.members(&self.body, &member_names(described));
                let request = self.policy_request(asker, &wanted, (model, &members));
                Some(request.told(|request| RequestBuf::from(request)))
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
