//! The whole gate in this process: the bytes a client sends go in, and those that GT and the client get come out.

#[cfg(feature = "guests")]
mod native;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use signalbox_gate::{
    AskError, Authenticator, Capacity, Credentials, Digest, Framed, Gate, LiveKeyring, PolicyCall,
    Secret, Settings, SystemClock,
    keyring::{Keyring, KeyringError},
};
use signalbox_http::http1::{
    self, BodyDecoder, BodyError, BodyFraming, FieldSlots, Fields, HeadError, MAX_HEAD,
};
use signalbox_policy::Decision;
use signalbox_runtime::{Allocation, LoadOptions, Runtime, StartError};
use signalbox_swap::{Actor, Candidate, Failure, Order, Swaps, Trigger};

use crate::door::{self, Arriving, Played, Reply, ToGt};

#[cfg(feature = "guests")]
pub use native::NativeGate;

/// A gate with one policy, before a GT at `/api/tenant` that is scripted.
#[derive(Debug)]
pub struct TestGate(Arc<Gate>);

/// The bytes of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What GT was sent, a request each; nothing where the gate answers by itself. A body that was broken off is
    /// left out, and so is its length.
    pub to_gt: Vec<Vec<u8>>,
    /// What the client got. `None` for a connection that was cut.
    pub to_client: Option<Vec<u8>>,
}

/// Why there is no gate.
#[derive(Debug, thiserror::Error)]
pub enum NoGate {
    /// The keys are not what a keyring takes.
    #[error("the keys cannot be used: {0}")]
    Keys(#[from] KeyringError),
    /// The policy is not taken.
    #[error("the policy is not taken: {}", .0.message)]
    Policy(Failure),
    /// This machine runs no policies.
    #[error(transparent)]
    Runtime(#[from] StartError),
    /// A state could not be read.
    #[error("the gate does not start: {0}")]
    State(String),
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMessage {
    /// The head cannot be read.
    #[error("the head cannot be read: {0}")]
    Head(#[from] HeadError),
    /// The body cannot be read, or is not all there.
    #[error("the body cannot be read: {0}")]
    Body(#[from] BodyError),
    /// The head is not all there, or names a method, a target or a field that no HTTP library takes.
    #[error("the head is not all there, or has a part that is not valid")]
    Part,
}

impl TestGate {
    /// A gate that goes by a component. A key is its id and the rest of its entry in a keyring, such as `preset:
    /// chat-client, models: all`; the token of the key `app` is `token-app`.
    ///
    /// # Errors
    /// What is given is not taken.
    pub fn new(component: &[u8], keys: &[(&str, &str)]) -> Result<Self, NoGate> {
        let runtime = Runtime::new(signalbox_runtime::Settings {
            workers: 1,
            decision_threads: 1,
            allocation: Allocation::OnDemand,
            ..Default::default()
        })?;
        Self::with(runtime, LoadOptions::default(), component, keys)
    }

    /// The same in a runtime of one's own, with policies loaded as an operator may have it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with(
        runtime: Runtime,
        load: LoadOptions,
        component: &[u8],
        keys: &[(&str, &str)],
    ) -> Result<Self, NoGate> {
        let swaps = Swaps::new(
            runtime,
            signalbox_swap::Settings {
                load,
                ..Default::default()
            },
        );
        let swaps = swaps.map_err(|error| NoGate::State(error.to_string()))?;
        let keyring = LiveKeyring::new(Keyring::parse(&keyring(keys))?);
        let gt_keys = ["inference", "upload", "conversation"];
        let gt_keys = gt_keys.into_iter().filter_map(|name| {
            let secret = Secret::read(&format!("gtak_{name}")).ok()?;
            Some((name.to_owned(), secret))
        });
        let gate = Self(Gate::new(
            Settings::at("/api/tenant"),
            Capacity::default(),
            Arc::new(Authenticator::new(Arc::new(keyring), None)),
            Arc::new(gt_keys.collect::<Credentials>()),
            swaps,
            Arc::new(SystemClock),
        ));
        gate.swap(component)?;
        Ok(gate)
    }

    /// The gate itself.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.0
    }

    /// Puts another component in the place of the policy.
    ///
    /// # Errors
    /// It is not taken; what served goes on serving.
    pub fn swap(&self, component: &[u8]) -> Result<(), NoGate> {
        let actor = Actor::new(Trigger::Embedder, "a test");
        let order = Order::serve(Candidate::new("default", component.to_vec()), actor);
        let swapped = self.0.policies().swap(order, &mut |_| {}).into_result();
        swapped.map(drop).map_err(NoGate::Policy)
    }

    /// Plays one exchange: a request of HTTP/1.1 goes in, and GT answers with these responses, one after the other.
    /// Where it has no more it cannot be reached.
    ///
    /// # Errors
    /// The bytes are no request, or no responses.
    pub fn exchange(&self, request: &[u8], responses: &[&[u8]]) -> Result<Exchange, NoMessage> {
        self.decided(request, responses, |call| call.ask())
    }

    /// The same where this decides what the gate asks.
    fn decided(
        &self,
        request: &[u8],
        responses: &[&[u8]],
        decide: impl FnMut(PolicyCall) -> Result<Decision, AskError>,
    ) -> Result<Exchange, NoMessage> {
        let arriving = arriving(request)?;
        let is_head = arriving.head.method == Method::HEAD;
        let replies = responses.iter().map(|bytes| reply(bytes, is_head));
        let replies = replies.collect::<Result<Vec<_>, _>>()?;
        let played = door::play(&self.0, arriving, &replies, (), decide, || {});
        Ok(Exchange::of(&played))
    }
}

impl Exchange {
    fn of(played: &Played) -> Self {
        let response = &played.response;
        let to_client = response.body().as_deref().map(|body| {
            let (mut out, status) = (Vec::new(), response.status());
            let reason = status.canonical_reason().unwrap_or_default();
            http1::status_line(&mut out, 1, status.as_u16(), reason);
            message(&mut out, response.headers(), Some(body));
            out
        });
        Self {
            to_gt: played.sent.iter().map(to_gt).collect(),
            to_client,
        }
    }
}

fn to_gt(sent: &ToGt) -> Vec<u8> {
    let (mut out, head) = (Vec::new(), &sent.head);
    let target = head.uri.path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    http1::request_line(&mut out, head.method.as_str(), target);
    let mut headers = head.headers.clone();
    headers.insert("host", HeaderValue::from_static("gt.example"));
    let has_none = matches!(head.method, Method::GET | Method::HEAD);
    let body = sent.body.as_deref();
    message(
        &mut out,
        &headers,
        body.filter(|body| !(has_none && body.is_empty())),
    );
    out
}

/// Fields and body. The length is the door's to say.
fn message(out: &mut Vec<u8>, headers: &HeaderMap, body: Option<&[u8]>) {
    let headers = headers.iter().filter(|(name, _)| *name != "content-length");
    for (name, value) in headers {
        http1::field(out, name.as_str(), value.as_bytes());
    }
    if let Some(body) = body {
        http1::content_length(out, body.len() as u64);
    }
    http1::end_of_head(out);
    out.extend_from_slice(body.unwrap_or_default());
}

fn arriving(bytes: &[u8]) -> Result<Arriving, NoMessage> {
    let mut slots = FieldSlots::new();
    let head = http1::request_head(bytes, MAX_HEAD, &mut slots)?.ok_or(NoMessage::Part)?;
    let framing = head.framing()?;
    let body = body(bytes.get(head.length..), framing.body)?;
    let mut request = Request::new(());
    *request.method_mut() = head.method.parse().map_err(|_| NoMessage::Part)?;
    *request.uri_mut() = Uri::try_from(head.target).map_err(|_| NoMessage::Part)?;
    *request.headers_mut() = headers(head.fields)?;
    Ok(Arriving {
        framing: match framing.is_framed_twice {
            true => Framed::Twice,
            false => Framed::Plainly,
        },
        declared: match framing.body {
            BodyFraming::Length(length) => Some(length),
            BodyFraming::Chunked | BodyFraming::UntilClose => None,
        },
        ..Arriving::new(request.into_parts().0, &body)
    })
}

fn reply(bytes: &[u8], to_head: bool) -> Result<Reply, NoMessage> {
    let mut slots = FieldSlots::new();
    let head = http1::response_head(bytes, &mut slots)?.ok_or(NoMessage::Part)?;
    let body = body(bytes.get(head.length..), head.framing(to_head)?.body)?;
    let mut response = Response::new(vec![Bytes::from(body)]);
    *response.status_mut() = StatusCode::from_u16(head.status).map_err(|_| NoMessage::Part)?;
    *response.headers_mut() = headers(head.fields)?;
    Ok(Reply::Answers {
        response,
        breaks_off: false,
    })
}

fn headers(fields: Fields<'_, '_>) -> Result<HeaderMap, NoMessage> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| NoMessage::Part)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| NoMessage::Part)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The content of a body that is all there. What comes after it is not looked at.
fn body(bytes: Option<&[u8]>, framing: BodyFraming) -> Result<Vec<u8>, NoMessage> {
    let mut decoder = BodyDecoder::new(framing);
    let (mut rest, mut content) = (bytes.unwrap_or_default(), Vec::new());
    while !decoder.is_done() && !rest.is_empty() {
        let piece = decoder.decode(rest)?;
        let from = rest.get(piece.before..).unwrap_or_default();
        content.extend_from_slice(from.get(..piece.content).unwrap_or_default());
        let taken = piece.before + piece.content + piece.after;
        rest = rest.get(taken..).unwrap_or_default();
    }
    decoder.close()?;
    Ok(content)
}

/// The text of a keyring.
fn keyring(keys: &[(&str, &str)]) -> String {
    let entry = |(id, rest): &(&str, &str)| {
        let digest = Digest::of(&format!("token-{id}"));
        format!("  - {{id: {id}, sha256: '{digest}', {rest}}}\n")
    };
    let entries: String = keys.iter().map(entry).collect();
    format!("keys:\n{entries}")
}
