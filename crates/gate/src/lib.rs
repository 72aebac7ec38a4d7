//! The gate: the path of a request, from its head to GT's last byte, without I/O.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod auth;
mod body;
mod checks;
mod clock;
mod context;
mod exchange;
mod facts;
mod forward;
mod forwarding;
mod gate;
mod halt;
mod observer;
mod order;
mod policy;
mod relay;
mod request;
mod respond;
mod response;
mod settings;
mod step;
mod text;
mod upstream;

pub use auth::authenticator::{Authenticator, TokenVerifier};
pub use auth::credentials::{Credentials, NoCredential, Use};
pub use auth::digest::Digest;
pub use auth::key_limits::{KeyLimits, LimitError, LimitProblem, WrittenKeyLimits};
pub use auth::limits::{
    ConcurrencyLimit, ConcurrencyPermit, KeyUsage, Limited, RequestPermit, StreamPermit,
};
pub use auth::live_keyring::LiveKeyring;
pub use auth::secret::{CredentialProblem, Secret};
pub use auth::{keyring, presets};
pub use body::budget::{Budget, Holding, Reservation, Spent};
pub use body::chunk_buffer::ChunkBuffer;
pub use body::failure::BodyFailure;
pub use body::upstream_body::{BodyRoom, Part, RestOfBody, UpstreamBody};
pub use clock::{Clock, SystemClock};
pub use facts::{End, Facts};
pub use forward::{Forward, Responded, Sent};
pub use gate::{Capacity, Gate};
pub use observer::{Observer, TraceHeaders};
pub use policy::call::{AskError, PolicyCall};
pub use policy::record::{Conclusion, Decider, Record, RecordFacts};
pub use policy::route_table::{RouteEntry, RouteTable};
pub use relay::{Relay, RelayBody};
pub use request::client::{Client, Peer};
pub use request::forwarded::{Announce, ForwardedHeader, ForwardedSettings};
pub use request::framed::Framed;
pub use request::header_values::values as header_values;
pub use request::incoming::IncomingRequest;
pub use request::own_hosts::{OwnHosts, is_loopback};
pub use request::syntax::MAX_HEADERS;
pub use respond::{Completion, Respond};
pub use response::abort_reason::AbortReason;
pub use response::cancellation::LOOK;
pub use response::head::check_status;
pub use response::id::{DecisionId, DecisionIds};
pub use response::rejection::Rejection;
pub use settings::Settings;
pub use step::{AskPolicy, FetchModels, ReadBody, SpoolWrite, Step};
pub use text::name::is_name;
pub use text::units::{Size, Span};
pub use text::yaml;
pub use upstream::models_request::ModelsRequest;
