//! What a policy is told of a request.

use http::request::Parts;
use http::{HeaderName, header};
use signalbox_http::path;
use signalbox_policy::gt::CONVERSATION_HEADER;
use signalbox_policy::{Caller, Header, Request, RequestedModel, RouteDescription};
use signalbox_runtime::Generation;

use crate::request::header_values::text;

/// The facts of one request that do not change while it is decided.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRequest<'a> {
    pub head: &'a Parts,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub caller: &'a Caller,
}

impl<'a> PolicyRequest<'a> {
    /// The headers a policy asked for, those the request has, in the order they came.
    pub fn headers(&self, wanted: &[String]) -> Vec<Header<'a>> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let is_wanted = |name: &HeaderName| wanted.iter().any(|wanted| wanted == name.as_str());
        self.head
            .headers
            .iter()
            .filter(|(name, _)| is_wanted(name))
            .map(|(name, value)| Header {
                name: name.as_str(),
                value: value.as_bytes(),
            })
            .collect()
    }

    /// The request with what is known of its model.
    pub fn request<'r>(&self, headers: &'r [Header<'r>], model: RequestedModel<'r>) -> Request<'r>
    where
        'a: 'r,
    {
        Request {
            method: self.head.method.as_str(),
            path: self.path,
            query: self.query,
            content_type: text(&self.head.headers, &header::CONTENT_TYPE),
            headers,
            caller: self.caller,
            model,
        }
    }

    /// The route a policy has for the request.
    pub fn route<'g>(&self, generation: &'g Generation) -> Option<&'g RouteDescription> {
        let is_it = |route: &&RouteDescription| {
            route.method == self.head.method.as_str()
                && path::matches(&route.template, self.path).is_some()
        };
        generation.description().routes.iter().find(is_it)
    }

    /// Whether the request takes part in a conversation.
    pub fn in_conversation(&self) -> bool {
        self.head.headers.contains_key(CONVERSATION_HEADER)
    }
}
