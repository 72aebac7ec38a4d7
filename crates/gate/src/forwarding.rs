//! What goes to GT.

use std::sync::Arc;

use http::HeaderMap;
use http::header;
use http::request::Parts;
use signalbox_policy::Decision;
use signalbox_runtime::GenerationStats;

use crate::auth::credentials::Use;
use crate::auth::keyring::Key;
use crate::auth::secret::Secret;
use crate::body::incoming::Body;
use crate::body::passing::Passing;
use crate::body::upstream_body::{Flaw, UpstreamBody};
use crate::exchange::{Decided, Exchange, Stage};
use crate::halt::Halt;
use crate::observer::Observer;
use crate::request::forwarded;
use crate::response::rejection;
use crate::upstream::request::{ContractViolation, Destination, Outbound};

/// What goes to GT. Only the gate makes one, of a request that has passed every check.
#[derive(Debug)]
pub(crate) struct Forwarding {
    pub(crate) key: Arc<Key>,
    /// What decided it: its counts and its switch, none of its code. GT may take hours over its
    /// answer: no policy is kept in memory for so long.
    pub(crate) served: Arc<GenerationStats>,
    pub(crate) credential: String,
    /// What the client is never shown, whatever GT says.
    pub(crate) secret: Arc<Secret>,
    pub(crate) head: Parts,
    pub(crate) body: UpstreamBody,
    /// What turns out to be wrong with the body.
    pub(crate) flaw: Option<Flaw>,
    pub(crate) second: Option<Second>,
    pub(crate) restamp: Option<String>,
    pub(crate) published: Option<String>,
}

/// The same question with the other GT key, where that one may know the answer.
///
/// GT knows a file by the key that uploaded it, and nothing in an id says which that was: into a
/// conversation it is the conversation key, into a dataset the upload key. A key with both purposes
/// is answered by whichever of its two knows the file.
#[derive(Debug)]
pub(crate) struct Second {
    pub(crate) credential: String,
    pub(crate) secret: Arc<Secret>,
    pub(crate) headers: HeaderMap,
}

impl Forwarding {
    /// Chooses the GT key, and makes head and body for GT.
    pub(crate) fn prepare<O: Observer>(
        exchange: &mut Exchange<O>,
        key: &Arc<Key>,
        decided: &Decided,
        sent: &Destination<'_>,
    ) -> Result<Self, Halt> {
        let Decision::Forward(forward) = &decided.decision else {
            return Err(ContractViolation::Model.into());
        };
        let gate = Arc::clone(&exchange.gate);
        let asked = exchange.policy_request(key);
        let purpose = Use {
            purposes: sent.purposes,
            in_conversation: asked.in_conversation() && sent.takes_conversation,
        };
        let credentials = gate.credentials();
        let credential = credentials.for_request(key, purpose);
        let (name, secret) = credential.map_err(rejection::no_credential)?;
        let passing = match decided.stage {
            Stage::Head => Passing::Untouched,
            Stage::Model => Passing::Checked(forward.model.as_deref()),
        };
        let body = std::mem::replace(&mut exchange.body, Body::new(Some(0), None));
        let body = body.into_upstream(passing, gate.upload_limit(key))?;
        let asked = exchange.policy_request(key);
        let outbound = Outbound {
            facts: &asked,
            sent,
            forward,
            base_path: &gate.settings().base_path,
            authorization: secret.authorization(),
        };
        let (mut head, ()) = outbound.request(())?.into_parts();
        let announced = gate.settings().forwarded.send;
        forwarded::announce(announced, &exchange.context.facts.client, &mut head.headers);
        // What does more than look is never sent twice.
        let second = match sent.route.method.as_str() {
            "GET" => credentials.second_for_file(key, purpose),
            _ => None,
        };
        let second = second.map(|(name, secret)| {
            let mut headers = head.headers.clone();
            headers.insert(header::AUTHORIZATION, secret.authorization().clone());
            Second {
                credential: name.to_owned(),
                secret,
                headers,
            }
        });
        Ok(Self {
            key: Arc::clone(key),
            served: Arc::clone(decided.generation.served()),
            credential: name.to_owned(),
            secret,
            head,
            flaw: body.rest.as_ref().map(|rest| rest.flaw().clone()),
            body,
            second,
            restamp: None,
            published: None,
        })
    }

    /// Keeps what the decision says of the response.
    pub(crate) fn restamps(&mut self, decision: Decision) {
        if let Decision::Forward(forward) = decision {
            self.restamp = forward.restamp;
            self.published = forward.model;
        }
    }
}
