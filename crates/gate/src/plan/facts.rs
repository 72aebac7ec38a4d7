//! What a plan depends on, and how it is found by that.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use http::Method;
use signalbox_policy::RequestedModel;

use crate::auth::keyring::Key;
use crate::plan::hash::PlaceHash;
use crate::policy::body_members::{self, BodyMembers};
use crate::policy::request::{PolicyRequest, WantedHeaders};
use crate::request::target::Target;

/// The facts of a request that a plan depends on. What is prepared is made of these alone, and of what
/// has a [`Revision`]: nothing else of the request is at hand there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanFacts<'a> {
    /// What the policy is told.
    pub(crate) asked: PolicyRequest<'a>,
    /// Whether the request names a conversation, which the fences ask.
    pub(crate) in_conversation: bool,
}

/// What plans depend on that no request says. Of whatever may be replaced, this is a number that
/// changes after it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Of all gates of the process, which: its GT table and its settings are its own.
    pub(crate) gate: u64,
    pub(crate) keyring: u64,
    pub(crate) credentials: u64,
}

/// The facts of a plan that is kept.
#[derive(Debug)]
pub(crate) struct KeptFacts {
    hash: PlaceHash,
    /// By identity: a key never changes, and no other is made in its memory while this points to it.
    /// So it stands for its caller, its GT keys and, for a JWT, for what that grants.
    key: Weak<Key>,
    method: Method,
    target: Arc<Target>,
    content_type: Option<Box<str>>,
    headers: Vec<(Box<str>, Box<[u8]>)>,
    model: KeptModel,
    body_members: Box<BodyMembers>,
    in_conversation: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum KeptModel {
    Unread,
    Absent,
    Named(Box<str>),
}

impl PlanFacts<'_> {
    /// Of what mostly differs.
    pub(crate) fn hash(&self) -> PlaceHash {
        PlaceHash::of(self)
    }

    /// Bytes that these facts take where they are kept.
    pub(crate) fn size(&self) -> usize {
        let Self {
            asked,
            in_conversation: _,
        } = self;
        let PolicyRequest {
            key: _,
            method,
            target,
            content_type,
            headers,
            model,
            body_members,
        } = asked;
        let headers: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + size_of::<[usize; 4]>())
            .sum();
        let model = match model {
            RequestedModel::Unread | RequestedModel::Absent => 0,
            RequestedModel::Named(name) => name.len(),
        };
        let words = [content_type.unwrap_or_default(), method.as_str()].map(str::len);
        let members = body_members::size(body_members);
        words.iter().sum::<usize>() + target.size() + headers + model + members
    }
}

impl Hash for PlanFacts<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let PolicyRequest {
            key,
            method,
            target,
            content_type,
            headers,
            model,
            body_members,
        } = &self.asked;
        Arc::as_ptr(key).hash(state);
        method.as_str().hash(state);
        target.path.hash(state);
        target.query.hash(state);
        content_type.hash(state);
        for (_, value) in headers.iter() {
            value.as_bytes().hash(state);
        }
        if let RequestedModel::Named(name) = model {
            name.hash(state);
        }
        for (_, member) in *body_members {
            member.hash(state);
        }
    }
}

impl KeptFacts {
    pub(crate) fn new(facts: &PlanFacts<'_>, hash: PlaceHash) -> Self {
        let PlanFacts {
            asked,
            in_conversation,
        } = facts;
        let PolicyRequest {
            key,
            method,
            target,
            content_type,
            headers,
            model,
            body_members,
        } = asked;
        Self {
            hash,
            key: Arc::downgrade(key),
            method: (*method).clone(),
            target: Arc::clone(target),
            content_type: content_type.map(Into::into),
            // A copy: the client's own are parts of all it sent at once.
            headers: headers
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
                .collect(),
            model: match model {
                RequestedModel::Unread => KeptModel::Unread,
                RequestedModel::Absent => KeptModel::Absent,
                RequestedModel::Named(name) => KeptModel::Named((*name).into()),
            },
            body_members: (*body_members).into(),
            in_conversation: *in_conversation,
        }
    }

    /// Whether these are the same, in every part.
    pub(crate) fn are(&self, facts: &PlanFacts<'_>, facts_hash: PlaceHash) -> bool {
        let Self {
            hash,
            key,
            method,
            target,
            content_type,
            headers,
            model,
            body_members,
            in_conversation,
        } = self;
        let PlanFacts {
            asked: now,
            in_conversation: names_conversation,
        } = facts;
        let PolicyRequest {
            key: key_now,
            method: method_now,
            target: target_now,
            content_type: content_type_now,
            headers: headers_now,
            model: model_now,
            body_members: members_now,
        } = now;
        *hash == facts_hash
            && key.as_ptr() == Arc::as_ptr(key_now)
            && method == *method_now
            && target.is(target_now)
            && content_type.as_deref() == *content_type_now
            && are_headers(headers, *headers_now)
            && model.is(*model_now)
            && **body_members == **members_now
            && in_conversation == names_conversation
    }
}

fn are_headers(kept: &[(Box<str>, Box<[u8]>)], headers: WantedHeaders<'_>) -> bool {
    let (mut kept, mut headers) = (kept.iter(), headers.iter());
    loop {
        match (kept.next(), headers.next()) {
            (None, None) => return true,
            (Some((name, value)), Some((name_now, value_now)))
                if **name == *name_now.as_str() && **value == *value_now.as_bytes() => {}
            _ => return false,
        }
    }
}

impl KeptModel {
    fn is(&self, model: RequestedModel<'_>) -> bool {
        match (self, model) {
            (Self::Unread, RequestedModel::Unread) | (Self::Absent, RequestedModel::Absent) => true,
            (Self::Named(kept), RequestedModel::Named(name)) => **kept == *name,
            _ => false,
        }
    }
}
