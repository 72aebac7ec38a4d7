//! From a decision to a request for GT: the fences once more, then the head the host builds.
//!
//! Nothing a policy says is believed here. A decision that would take the key further than it may
//! go, or GT somewhere the policy never described, is a broken contract and sends nothing.

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};
use signalbox_http::{head, path};
use signalbox_policy::fences::{self, Asked};
use signalbox_policy::gt_routes::GtRoutes;
use signalbox_policy::{Forward, ModelSource, Purposes, RequestedModel, RouteDescription, Verdict};
use signalbox_runtime::Generation;

use crate::policy::request::PolicyRequest;

/// What the host knows of the model when a decision arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientModel<'a> {
    /// The body was not read.
    Unread,
    /// It was, and names none.
    Absent,
    /// It names this one.
    Named(&'a str),
}

impl<'a> From<RequestedModel<'a>> for ClientModel<'a> {
    /// What was read, in the words of the check before GT.
    fn from(requested: RequestedModel<'a>) -> Self {
        match requested {
            RequestedModel::Absent => Self::Absent,
            RequestedModel::Named(name) => Self::Named(name),
            RequestedModel::Unread => Self::Unread,
        }
    }
}

/// What is wrong with a decision although it reads well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractViolation {
    /// It goes further than the key.
    #[error("the decision goes past the key's fences")]
    Fence,
    /// A header it sets cannot be set.
    #[error("the decision sets a header it may not set")]
    Header,
    /// It forwards another method than the client's.
    #[error("the decision changes the method")]
    Method,
    /// Its path is none that GT's table has.
    #[error("the decision sends a path that GT's table does not have")]
    Path,
    /// The model it gives does not fit what was read.
    #[error("the decision does not fit the model that was read")]
    Model,
    /// It refuses with a status that is no refusal's.
    #[error("the decision refuses with a status that is none of a refusal")]
    Refusal,
    /// Its query is not one the route lists.
    #[error("the decision sends a query the route does not list")]
    Query,
    /// Its route was not described, or not as one that is forwarded.
    #[error("the decision takes a route that was not described as forwarded")]
    Route,
    /// Its parameters do not fill the route.
    #[error("the decision's parameters do not fill its route")]
    Target,
}

impl ContractViolation {
    /// A stable word for the log and the metrics.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Fence => "fence",
            Self::Header => "forward_header",
            Self::Method => "forward_method",
            Self::Model => "forward_model",
            Self::Path => "forward_path",
            Self::Refusal => "refusal_status",
            Self::Query => "forward_query",
            Self::Route => "forward_route",
            Self::Target => "forward_target",
        }
    }
}

/// Where a request goes that may go there.
#[derive(Debug)]
pub(crate) struct Destination<'g> {
    pub(crate) route: &'g RouteDescription,
    /// Under `/v1/`.
    path: String,
    /// What GT's table says that it is for.
    pub(crate) purposes: Purposes,
    pub(crate) takes_conversation: bool,
}

/// Checks a `forward` against what the policy described, what the key may do, and what GT asks of
/// the key for the path that is sent.
pub(crate) fn check<'g>(
    facts: &PolicyRequest<'_>,
    generation: &'g Generation,
    table: &GtRoutes,
    forward: &Forward,
    written: ClientModel<'_>,
) -> Result<Destination<'g>, ContractViolation> {
    let route = generation
        .route(&forward.route)
        .ok_or(ContractViolation::Route)?;
    if !route.forwarded || route.verdict == Verdict::NotSupported {
        return Err(ContractViolation::Route);
    }
    if route.method != facts.head.method.as_str() {
        return Err(ContractViolation::Method);
    }
    let written = match (written, &forward.model) {
        (ClientModel::Named(name), Some(_)) => Some(name),
        (ClientModel::Absent, None) => None,
        (ClientModel::Unread, None) if route.model == ModelSource::None => None,
        _ => return Err(ContractViolation::Model),
    };
    let asked = Asked::by_forward(route, forward, facts.in_conversation(), written);
    let fence = |asked: &Asked<'_, String>| {
        fences::check(facts.caller, asked).map_err(|_fence| ContractViolation::Fence)
    };
    fence(&asked)?;
    let path =
        path::fill(&route.template, &forward.parameters).map_err(|_| ContractViolation::Target)?;
    let gt = table.find(&route.method, &path);
    let gt = gt.ok_or(ContractViolation::Path)?;
    fence(&gt.asks(&path, facts.in_conversation()))?;
    Ok(Destination {
        route,
        path,
        purposes: gt.purposes,
        takes_conversation: gt.takes_conversation,
    })
}

/// What the head of a request to GT is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outbound<'a> {
    pub facts: &'a PolicyRequest<'a>,
    pub sent: &'a Destination<'a>,
    pub forward: &'a Forward,
    /// GT's, before `/v1/…`.
    pub base_path: &'a str,
    pub authorization: &'a HeaderValue,
}

impl Outbound<'_> {
    /// The request for GT. `content-length` and `transfer-encoding` follow from the body.
    pub(crate) fn request<B>(&self, body: B) -> Result<Request<B>, ContractViolation> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(self.sent.route.method.as_bytes())
            .map_err(|_| ContractViolation::Route)?;
        *request.uri_mut() = self.uri()?;
        *request.headers_mut() = self.headers()?;
        Ok(request)
    }

    fn uri(&self) -> Result<Uri, ContractViolation> {
        let (base, path) = (self.base_path, &self.sent.path);
        let uri = match self.forward.query.as_deref() {
            None => format!("{base}{path}"),
            Some(query) if self.lists(query) => format!("{base}{path}?{query}"),
            Some(_) => return Err(ContractViolation::Query),
        };
        Uri::try_from(uri).map_err(|_| ContractViolation::Query)
    }

    fn lists(&self, query: &str) -> bool {
        query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b';'))
            && path::query_names(query)
                .all(|name| self.sent.route.query.iter().any(|listed| listed == name))
    }

    fn headers(&self) -> Result<HeaderMap, ContractViolation> {
        let mut headers = HeaderMap::with_capacity(16);
        // Its place is first (RFC 9110, 7.2); its value follows from the host that is chosen.
        headers.insert(header::HOST, HeaderValue::from_static(""));
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        // A compressed answer could not be restamped, nor an error looked through for our GT key.
        let identity = HeaderValue::from_static("identity");
        headers.insert(header::ACCEPT_ENCODING, identity);
        self.pass_on(&mut headers);
        for set in &self.forward.set_headers {
            let name = HeaderName::from_bytes(set.name.as_bytes())
                .map_err(|_| ContractViolation::Header)?;
            let value =
                HeaderValue::from_bytes(&set.value).map_err(|_| ContractViolation::Header)?;
            if head::never_passes(name.as_str()) || head::is_hop_by_hop(name.as_str()) {
                return Err(ContractViolation::Header);
            }
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// The client's headers that are on the allow-list, but for those the policy drops. Those its
    /// `connection` names are not among them any more.
    fn pass_on(&self, headers: &mut HeaderMap) {
        let client = &self.facts.head.headers;
        let (listed, takes_conversation) = (&self.sent.route.headers, self.sent.takes_conversation);
        for (name, value) in client {
            let word = name.as_str();
            let is_dropped = self
                .forward
                .drop_headers
                .iter()
                .any(|drop| drop.eq_ignore_ascii_case(word));
            let passes = head::request_header_passes(word, listed, takes_conversation);
            if passes && !is_dropped {
                headers.append(name, value.clone());
            }
        }
    }
}
