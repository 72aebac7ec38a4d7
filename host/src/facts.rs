//! What a policy is told of a request, and what the host itself checks on the head.

use http::request::Parts;
use http::{HeaderMap, HeaderName, Version, header};
use signalbox_http::head::{self, Framing};
use signalbox_http::path;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::gt::CONVERSATION_HEADER;
use signalbox_policy::{Caller, Header, Request, RequestedModel, RouteDescription};
use signalbox_runtime::Generation;

use crate::header_values::{text, values};
use crate::syntax;

/// The facts of one request that do not change while it is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) caller: &'a Caller,
}

impl<'a> Facts<'a> {
    /// The headers a policy asked for, those the request has, in the order they came.
    pub(crate) fn headers(&self, wanted: &[String]) -> Vec<Header<'a>> {
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
    pub(crate) fn request<'r>(
        &self,
        headers: &'r [Header<'r>],
        model: RequestedModel<'r>,
    ) -> Request<'r>
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
    pub(crate) fn route<'g>(&self, generation: &'g Generation) -> Option<&'g RouteDescription> {
        let is_it = |route: &&RouteDescription| {
            route.method == self.head.method.as_str()
                && path::matches(&route.template, self.path).is_some()
        };
        generation.description().routes.iter().find(is_it)
    }

    /// Whether the request takes part in a conversation.
    pub(crate) fn in_conversation(&self) -> bool {
        self.head.headers.contains_key(CONVERSATION_HEADER)
    }
}

/// Refuses what is not one plain request, whichever version it came by.
///
/// hyper has refused different lengths already. `has_body` says what frames say over HTTP/2.
pub(crate) fn check_syntax(head: &Parts, has_body: bool) -> Result<(), Refusal> {
    let version = match head.version {
        Version::HTTP_10 => head::Version::Http10,
        Version::HTTP_2 => head::Version::Http2,
        _ => head::Version::Http11,
    };
    let values = |name| values(&head.headers, name);
    syntax::check_framed(head)?;
    let framing = head::framing(
        version,
        &values(header::CONTENT_LENGTH),
        &values(header::TRANSFER_ENCODING),
    )?;
    head::check_method(
        head.method.as_str(),
        if has_body { Framing::Chunked } else { framing },
        syntax::wants_other_protocol(&head.headers),
    )?;
    // Over HTTP/2 it was made of `:authority`.
    let names_host = match version {
        head::Version::Http2 => head::Version::Http11,
        version => version,
    };
    head::host(names_host, &values(header::HOST))?;
    check_expect(&head.headers, framing)?;
    let conversation = HeaderName::from_static(CONVERSATION_HEADER);
    if values(conversation).len() > 1 {
        return refuse("The request has more than one `x-gt-conversation-id`. Send one.");
    }
    let types = head.headers.get_all(header::CONTENT_TYPE);
    if types.iter().any(|value| value.to_str().is_err()) {
        return refuse("The request's `content-type` is not plain text.");
    }
    Ok(())
}

fn check_expect(headers: &HeaderMap, framing: Framing) -> Result<(), Refusal> {
    match headers.get(header::EXPECT) {
        None => Ok(()),
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(()),
        Some(_) if framing == Framing::Unsaid => Ok(()),
        Some(_) => refuse("This gate fulfils no expectation but `100-continue`."),
    }
}

fn refuse<T>(message: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::InvalidRequest, message))
}
