//! From a decision to a request for GT: the fences once more, then the head the gate makes.
//!
//! Nothing a policy says is believed here. A decision that would take the key further than it may
//! go, or GT somewhere the policy never described, is a broken contract and sends nothing.

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri};
use signalbox_http::restamp::Stamp;
use signalbox_http::{head, path};
use signalbox_policy::fences::{self, Asked};
use signalbox_policy::{Forward, ModelSource, Purposes, RequestedModel, RouteDescription, Verdict};
use signalbox_runtime::Generation;

use crate::header_map::retain;
use crate::plan::facts::PlanFacts;
use crate::settings::Settings;
use crate::upstream::allowed_headers::AllowedHeaders;

/// What is wrong with a decision although it reads well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractViolation {
    /// It goes further than the key.
    #[error("the decision goes past the key's fences")]
    Fence,
    /// Its notice is none that a header can carry.
    #[error("the decision gives a notice that no header can carry")]
    Notice,
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
            Self::Notice => "forward_notice",
            Self::Path => "forward_path",
            Self::Refusal => "refusal_status",
            Self::Query => "forward_query",
            Self::Route => "forward_route",
            Self::Target => "forward_target",
        }
    }
}

/// Where a request goes that may go there, and what its head for GT is made of.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// What GT's table says that it is for.
    pub(crate) purposes: Purposes,
    /// Whether the request names a conversation that GT is told of.
    pub(crate) in_conversation: bool,
    /// The name the client is to see in place of GT's own.
    pub(crate) stamp: Option<Stamp>,
    allowed: AllowedHeaders,
    set: Vec<(HeaderName, HeaderValue)>,
    /// What the client is told beside GT's answer.
    pub(crate) notice: Option<HeaderValue>,
}

impl Destination {
    /// Checks a `forward` against what the policy described, what the key may do, and what GT asks of
    /// the key for the path that is sent.
    pub(crate) fn check(
        facts: &PlanFacts<'_>,
        generation: &Generation,
        settings: &Settings,
        forward: &Forward,
    ) -> Result<Self, ContractViolation> {
        let PlanFacts {
            asked,
            in_conversation,
        } = *facts;
        let route = generation
            .route(forward.route)
            .ok_or(ContractViolation::Route)?;
        if !route.forwarded || route.verdict == Verdict::NotSupported {
            return Err(ContractViolation::Route);
        }
        if route.method != asked.method.as_str() {
            return Err(ContractViolation::Method);
        }
        let written = match (asked.model, &forward.model) {
            (RequestedModel::Named(name), Some(_)) => Some(name),
            (RequestedModel::Absent, None) => None,
            (RequestedModel::Unread, None) if route.model == ModelSource::None => None,
            _ => return Err(ContractViolation::Model),
        };
        let fence = |asks: &Asked<'_>| {
            let checked = fences::check(&asked.key.caller, asks);
            checked.map_err(|_fence| ContractViolation::Fence)
        };
        fence(&Asked::by_forward(route, forward, in_conversation, written))?;
        let path = path::fill(&route.template, &forward.parameters)
            .map_err(|_| ContractViolation::Target)?;
        let gt = settings.gt_routes.find(&route.method, &path);
        let gt = gt.ok_or(ContractViolation::Path)?;
        fence(&gt.asks(&path, in_conversation))?;
        Ok(Self {
            method: asked.method.clone(),
            uri: uri(&settings.base_path, &path, route, forward)?,
            purposes: gt.purposes,
            in_conversation: in_conversation && gt.takes_conversation,
            stamp: forward.response_model.as_deref().map(Stamp::from),
            allowed: AllowedHeaders::new(
                &route.headers,
                &forward.drop_headers,
                gt.takes_conversation,
            ),
            set: set_headers(forward)?,
            notice: notice(forward)?,
        })
    }

    /// Makes the headers for GT of a client's, but for what follows from the body and from the host
    /// that is chosen. Those its `connection` names are not among them any more.
    pub(crate) fn edit(&self, headers: &mut HeaderMap, authorization: &HeaderValue) {
        retain(headers, |name| {
            // What is ours keeps its place: its value is another in any case.
            let is_ours = matches!(name.as_str(), "host" | "authorization" | "accept-encoding");
            is_ours || self.allowed.have(name.as_str())
        });
        // Its value follows from the host that is chosen.
        headers.insert(header::HOST, HeaderValue::from_static(""));
        headers.insert(header::AUTHORIZATION, authorization.clone());
        // A compressed answer could not be restamped, nor an error looked through for our GT key.
        let identity = HeaderValue::from_static("identity");
        headers.insert(header::ACCEPT_ENCODING, identity);
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
    }
}

/// The target for GT; `base` is GT's, before `/v1/…`.
fn uri(
    base: &str,
    path: &str,
    route: &RouteDescription,
    forward: &Forward,
) -> Result<Uri, ContractViolation> {
    let uri = match forward.query.as_deref() {
        None => format!("{base}{path}"),
        Some(query) if lists(route, query) => format!("{base}{path}?{query}"),
        Some(_) => return Err(ContractViolation::Query),
    };
    Uri::try_from(uri).map_err(|_| ContractViolation::Query)
}

fn lists(route: &RouteDescription, query: &str) -> bool {
    query
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b';'))
        && path::query_names(query).all(|name| route.query.iter().any(|listed| listed == name))
}

fn set_headers(forward: &Forward) -> Result<Vec<(HeaderName, HeaderValue)>, ContractViolation> {
    let set = forward.set_headers.iter().map(|set| {
        let name = HeaderName::from_bytes(set.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(&set.value).ok()?;
        let is_ours = head::never_passes(name.as_str()) || head::is_hop_by_hop(name.as_str());
        (!is_ours).then_some((name, value))
    });
    set.collect::<Option<_>>().ok_or(ContractViolation::Header)
}

fn notice(forward: &Forward) -> Result<Option<HeaderValue>, ContractViolation> {
    let notice = forward.notice.as_deref().map(HeaderValue::from_str);
    notice.transpose().map_err(|_| ContractViolation::Notice)
}
