//! What goes to GT.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Request, header};
use signalbox_http::restamp::Stamp;
use signalbox_http::usage::counts_tokens;
use signalbox_runtime::GenerationStats;

use crate::asking::{Decided, Stage};
use crate::auth::credentials::Credential;
use crate::auth::keyring::Key;
use crate::body::incoming::Body;
use crate::body::passing::Passing;
use crate::body::upstream_body::{Flaw, UpstreamBody};
use crate::exchange::Exchange;
use crate::halt::Halt;
use crate::observer::Observer;
use crate::plan::{Plan, PlanCredentials};
use crate::request::forwarded;
use crate::token_usage::Meter;
use crate::upstream::request::Destination;

/// A request for GT. Only the gate makes one, of a request that has passed every check.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) head: Parts,
    pub(crate) body: UpstreamBody,
    /// Where GT is to be asked for the usage of a stream, if whoever sends the request can take it out
    /// of the answer.
    pub(crate) ask_at: Option<usize>,
}

/// What is to be known of a request for GT until its answer is here.
#[derive(Debug)]
pub(crate) struct Forwarding {
    pub(crate) key: Arc<Key>,
    /// What decided it: its counts and its switch, none of its code. GT may take hours over its
    /// answer: no policy is kept in memory for so long.
    pub(crate) served: Arc<GenerationStats>,
    plan: Arc<Plan>,
    /// What it goes out with, which the client is never shown, whatever GT says.
    pub(crate) credential: Credential,
    /// The name the client is to see in place of GT's own.
    pub(crate) stamp: Option<Stamp>,
    /// What turns out to be wrong with the body.
    pub(crate) flaw: Option<Flaw>,
    second: Option<Box<Second>>,
}

/// The same question with the other GT key, where that one may know the answer.
///
/// GT knows a file by the key that uploaded it, and nothing in an id says which that was: into a
/// conversation it is the conversation key, into a dataset the upload key. A key with both purposes
/// is answered by whichever of its two knows the file.
#[derive(Debug)]
struct Second {
    credential: Credential,
    head: Parts,
}

impl Forwarding {
    /// Makes the request for GT of one that is recorded: the client's headers become GT's.
    pub(crate) fn new<O: Observer>(
        exchange: &mut Exchange<O>,
        key: &Arc<Key>,
        decided: &Decided,
        (to, with): (&Destination, &PlanCredentials),
        (body, ask_at): (UpstreamBody, Option<usize>),
    ) -> (Self, Box<Outgoing>) {
        let client = &exchange.context.facts.client;
        let announced = exchange.gate.settings().forwarded.send;
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = to.method.clone();
        head.uri = to.uri.clone();
        // From here on nothing looks at the client's headers but at what was found in them before.
        std::mem::swap(&mut head.headers, &mut exchange.head.parts.headers);
        to.edit(&mut head.headers, with.first.secret.authorization());
        forwarded::announce(announced, client, &mut head.headers);
        let second = with.second.as_ref().map(|credential| {
            let mut head = head.clone();
            let authorization = credential.secret.authorization().clone();
            head.headers.insert(header::AUTHORIZATION, authorization);
            let credential = credential.clone();
            Box::new(Second { credential, head })
        });
        let forwarding = Self {
            key: Arc::clone(key),
            served: Arc::clone(decided.generation.served()),
            plan: Arc::clone(&decided.plan),
            credential: with.first.clone(),
            stamp: to.stamp.clone(),
            flaw: body.rest.as_ref().map(|rest| rest.flaw().clone()),
            second,
        };
        (forwarding, Box::new(Outgoing { head, body, ask_at }))
    }

    /// The model it is sent with.
    pub(crate) fn model(&self) -> Option<&str> {
        published(&self.plan)
    }

    /// What the client is told beside GT's answer.
    pub(crate) fn notice(&self) -> Option<&HeaderValue> {
        self.plan.notice()
    }

    /// Whether the other GT key may know the answer.
    pub(crate) const fn has_second(&self) -> bool {
        self.second.is_some()
    }

    /// Turns to the other GT key, once: the request that goes out with it; `None` if there is none.
    pub(crate) fn take_second(&mut self) -> Option<Box<Outgoing>> {
        let Second { credential, head } = *self.second.take()?;
        self.credential = credential;
        let body = UpstreamBody::default();
        Some(Box::new(Outgoing {
            head,
            body,
            ask_at: None,
        }))
    }
}

impl<O: Observer> Exchange<O> {
    /// The body for GT, and where in it GT is to be asked for the usage of a stream.
    pub(crate) fn take_body(
        &mut self,
        key: &Key,
        decided: &Decided,
    ) -> Result<(UpstreamBody, Option<usize>), Halt> {
        let passing = match decided.stage {
            Stage::Head => Passing::Untouched,
            Stage::Model => Passing::Checked(published(&decided.plan)),
        };
        let target = self.context.facts.target.as_ref();
        let path = target.map_or("", |target| &target.path);
        let asks = &self.gate.settings().ask_usage;
        let is_asked = !asks.is_empty() && asks.iter().any(|asked| asked == path);
        let ask_at = is_asked.then(|| self.body.place_to_ask()).flatten();
        if counts_tokens(path) {
            self.context.facts.meter = Meter::counting(self.body.length());
        }
        let limit = self.gate.upload_limit(key);
        let body = std::mem::replace(&mut self.body, Body::new(Some(0), None));
        Ok((body.into_upstream(passing, limit)?, ask_at))
    }
}

fn published(plan: &Plan) -> Option<&str> {
    plan.forward()?.model.as_deref()
}
