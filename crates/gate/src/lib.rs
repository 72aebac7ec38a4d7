//! The gate: the path of a request, from its head to the last byte of its response, without I/O.
//!
//! Facts go in, edits come out. A *door* (a proxy, a server, a filter of one) gives the gate the head of
//! a request, the pieces of its body, a policy's answer, GT's response; each time the gate says what is
//! to be done next, as a [`Step`] that owns the exchange. A door cannot skip a check, put two in another
//! order or forget one: there is nothing to call for that. Whatever it cannot bring is a refusal.
//!
//! ```
//! use signalbox_gate::{keyring::Keyring, *};
//! # use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let swaps = Swaps::new(signalbox_runtime::Runtime::new(Default::default())?, Default::default())?;
//! # let document = "policy: p\nroutes:\n  POST /v1/chat/completions: {verdict: native, scope: \
//! #     \"inference:chat\", model: json}\nmodels:\n  gpt-4o: {published: support-agent}\n";
//! # let policy = signalbox_policy::read(document).map_err(|all| format!("{all:?}"))?;
//! # let candidate = Candidate::new("default", signalbox_compiler::compile(&policy, document)?);
//! # swaps.swap(Order::serve(candidate, Actor::new(Trigger::Embedder, "doc")), &mut |_| {}).into_result()?;
//! let keys = format!("keys: [{{id: app, sha256: {}, preset: chat-client, models: all}}]", Digest::of("t"));
//! let keyring = LiveKeyring::new(Keyring::parse(&keys)?);
//! let gt_keys = [("inference".to_owned(), Secret::read("gtak_gt")?)];
//! let gate = Gate::new(
//!     Settings::at("/api/tenant"),
//!     Capacity::default(),
//!     Authenticator::new(keyring.into(), None).into(),
//!     Credentials::from_iter(gt_keys).into(),
//!     swaps, // the policies: see `signalbox-swap`
//!     std::sync::Arc::new(SystemClock),
//! );
//!
//! let (head, body) = http::Request::post("/v1/chat/completions")
//!     .header("host", "gate")
//!     .header("authorization", "Bearer t")
//!     .header("content-type", "application/json")
//!     .body(r#"{"model": "gpt-4o"}"#)?
//!     .into_parts();
//! let client = gate.client_of(Peer::plain("192.0.2.1:4000".parse()?), &head.headers, head.version);
//! let mut step = gate.begin(IncomingRequest::new(head, client, Some(body.len() as u64)), ());
//! let (head, body, sent) = loop {
//!     step = match step {
//!         Step::ReadBody(read) => read.piece(body.into(), true),
//!         Step::Forward(forward) => break forward.send(),
//!         Step::Respond(respond) => return Err(format!("{:?}", respond.response()).into()),
//!         // It asks the policy, verifies a token, writes the spool, fetches a list: see `Step`.
//!         _ => unreachable!("not for this policy"),
//!     };
//! };
//! assert_eq!(head.uri, "/api/tenant/v1/chat/completions");
//! assert_eq!(head.headers["authorization"], "Bearer gtak_gt");
//! let sent_body: Vec<&[u8]> = body.parts.iter().map(Part::in_memory).collect();
//! assert_eq!(sent_body.concat(), br#"{"model": "support-agent"}"#);
//!
//! let (response, _) = http::Response::builder().header("content-type", "application/json").body(())?.into_parts();
//! let Responded::Relay(relay) = sent.responded(response) else { panic!("it is the client's") };
//! let (_head, mut body) = relay.into_parts();
//! let mut seen = body.push(r#"{"model":"support-agent"}"#.into()).unwrap_or_default().to_vec();
//! seen.extend(body.finish().unwrap_or_default());
//! assert_eq!(seen, br#"{"model":"gpt-4o"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/small_host.rs` is a whole host in under 200 lines.
//!
//! # What may be relied on
//!
//! - The order of checks is `order.rs`: it reads as the list in `docs/design.md`.
//! - What goes to GT is made here and nowhere else, of a request that has passed every check. It differs
//!   from what the client sent only where the policy says.
//! - Whatever fails in a policy, the request is refused.
//! - A swap in between is noticed: nothing is decided by two generations of a policy.
//! - Where a body is cut into pieces changes nothing.
//! - What an exchange holds (its place in every limit, its bytes in the budgets) is given back when its
//!   last step, its [`Completion`] or its [`RelayBody`] is dropped, and told to its [`Observer`].
//! - Nothing here reads a clock: time comes in by [`Clock`]. Nothing here waits, but for a trusted
//!   policy, which takes microseconds.
//!
//! Listeners, TLS, connections to GT, key-set fetching, logs, metrics and the admin API are the door's.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod ask_policy;
mod asking;
mod auth;
mod body;
mod checks;
mod clock;
mod context;
mod exchange;
mod facts;
mod find_key;
mod forward;
mod forwarding;
mod gate;
mod halt;
mod hand_over;
mod header_map;
mod observer;
mod order;
mod plan;
mod policy;
mod relay;
mod request;
mod respond;
mod response;
mod settings;
mod step;
mod text;
mod token_usage;
mod upstream;

pub use auth::authenticator::{Authenticator, TokenLookup, TokenRefused, TokenVerifier};
pub use auth::credentials::{Credentials, NoCredential, Use};
pub use auth::digest::Digest;
pub use auth::key_limits::{KeyLimits, LimitError, LimitProblem, WrittenKeyLimits};
pub use auth::keyring;
pub use auth::live_keyring::LiveKeyring;
pub use auth::rate_limit::{
    ConcurrencyLimit, ConcurrencyPermit, KeyUsage, Limited, RequestPermit, StreamPermit,
};
pub use auth::secret::{CredentialProblem, Secret};
pub use body::budget::{Budget, Holding, Reservation, Spent};
pub use body::chunk_buffer::ChunkBuffer;
pub use body::failure::BodyFailure;
pub use body::spool::SpoolFailure;
pub use body::upstream_body::{BodyRoom, Part, RestOfBody, UpstreamBody};
pub use clock::{Clock, SystemClock};
pub use facts::{End, Facts};
pub use forward::{Forward, Responded, Sent};
pub use gate::{Capacity, Gate};
pub use hand_over::{HandOver, ResponseEdit, ResponseReach};
pub use observer::{Observer, TraceHeaders};
pub use plan::PlanNotes;
pub use policy::call::{AskError, PolicyCall};
pub use policy::record::{Conclusion, Decider, Record, RecordFacts};
pub use policy::route_table::{RouteEntry, RouteTable};
pub use relay::{Relay, RelayBody};
pub use request::client::{Client, Peer};
pub use request::forwarded::{Announce, ForwardedHeader, ForwardedSettings};
pub use request::framed::Framed;
pub use request::header_values::{HeaderValues, values as header_values};
pub use request::incoming::IncomingRequest;
pub use request::own_hosts::{OwnHosts, is_address, is_loopback};
pub use request::syntax::MAX_HEADERS;
pub use respond::{Completion, Respond};
pub use response::abort_reason::AbortReason;
pub use response::cancellation::LOOK;
pub use response::decision_id::{DecisionId, DecisionIds};
pub use response::head::{check_status, compressed_error};
pub use response::rejection::Rejection;
pub use settings::Settings;
pub use signalbox_http::models::{ListError, parse_list as parse_model_list};
pub use signalbox_http::refusal::{Code, Refusal};
pub use signalbox_http::usage::Usage;
pub use signalbox_runtime::DecisionPool;
pub use step::{AskPolicy, FetchModels, ReadBody, SpoolWrite, Step, VerifyToken};
pub use text::name::is_name;
pub use text::units::{NotASize, NotASpan, Size, Span};
pub use text::yaml;
pub use token_usage::TokenUsage;
pub use upstream::gt_routes;
pub use upstream::models_request::ModelsRequest;
