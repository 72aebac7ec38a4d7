//! What a policy is told of a request.

use std::iter;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use signalbox_http::path;
use signalbox_policy::{Header, Request, RequestedModel, RouteDescription};
use signalbox_runtime::Generation;

use crate::auth::keyring::Key;
use crate::policy::body_members::{self, BodyMembers};
use crate::request::client_head::ClientHead;
use crate::request::target::Target;

/// All that a policy is told of one request: nothing else of it can be in [`Self::told`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyRequest<'a> {
    /// Whose caller it is.
    pub(crate) key: &'a Arc<Key>,
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Arc<Target>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) headers: WantedHeaders<'a>,
    pub(crate) model: RequestedModel<'a>,
    pub(crate) body_members: &'a BodyMembers,
}

/// The headers a policy asked for, those the request has, in the order they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedHeaders<'a> {
    all: &'a HeaderMap,
    wanted: &'a [HeaderName],
}

/// The headers of these names, as a policy writes them; what is no name of a header no request has.
pub(crate) fn header_names(wanted: &[String]) -> Vec<HeaderName> {
    let name = |name: &String| HeaderName::from_lowercase(name.as_bytes()).ok();
    wanted.iter().filter_map(name).collect()
}

impl<'a> PolicyRequest<'a> {
    /// What a policy that wants these headers is told.
    pub(crate) fn new(
        key: &'a Arc<Key>,
        head: &'a ClientHead,
        target: &'a Arc<Target>,
        wanted: &'a [HeaderName],
        (model, body_members): (RequestedModel<'a>, &'a BodyMembers),
    ) -> Self {
        Self {
            key,
            method: &head.parts.method,
            target,
            content_type: head.content_type(),
            headers: WantedHeaders::new(head, wanted),
            model,
            body_members,
        }
    }

    /// Gives it to `look` in the contract's words.
    pub(crate) fn told<R>(&self, look: impl FnOnce(&Request<'_>) -> R) -> R {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| Header {
                name: name.as_str(),
                value: value.as_bytes(),
            })
            .collect();
        let members = self.body_members.iter();
        let members: Vec<_> = members.map(body_members::told).collect();
        look(&Request {
            method: self.method.as_str(),
            path: &self.target.path,
            query: self.target.query.as_deref(),
            content_type: self.content_type,
            headers: &headers,
            caller: &self.key.caller,
            model: self.model,
            body_members: &members,
        })
    }

    /// The route a policy has for the request.
    pub(crate) fn route<'g>(&self, generation: &'g Generation) -> Option<&'g RouteDescription> {
        let is_it = |route: &&RouteDescription| {
            route.method == self.method.as_str()
                && path::matches(&route.template, &self.target.path).is_some()
        };
        generation.description().routes.iter().find(is_it)
    }
}

impl<'a> WantedHeaders<'a> {
    /// Mostly the request has none of them: that is found out once.
    fn new(head: &'a ClientHead, wanted: &'a [HeaderName]) -> Self {
        let is_there = wanted.iter().any(|name| head.has(name));
        Self {
            all: &head.parts.headers,
            wanted: if is_there { wanted } else { &[] },
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)> {
        let mut all = (!self.wanted.is_empty()).then(|| self.all.iter());
        iter::from_fn(move || all.as_mut()?.find(|(name, _)| self.wanted.contains(name)))
    }
}
