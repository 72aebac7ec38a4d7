//! The hyper host: serves GT through a policy.
//!
//! [`Host::bind`] checks everything it is told, [`Host::run`] serves until it is told to stop, and
//! a [`Handle`] acts on it meanwhile. The path of a request is one file, `request_path.rs`, in the
//! order in which it is walked.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod admin;
pub mod budget;
pub mod config;
pub mod credentials;
pub mod digest;
pub mod health;
pub mod installation;
pub mod jwt;
pub mod keyring;
pub mod limits;
pub mod metrics;
pub mod presets;
pub mod record;
pub mod sources;
pub mod status;
mod watch;
pub mod yaml;

mod abort_reason;
mod answer;
mod ask;
mod auth;
mod cancellation;
mod client;
mod client_body;
mod connection;
mod cors;
mod doors;
mod facts;
mod forwarded;
mod framed;
mod gathered;
mod handle;
mod header_values;
mod held_body;
mod keys;
mod models_answer;
mod observers;
mod outbound;
mod phase;
mod refusals;
mod registries;
mod reload;
mod request_guards;
mod request_id;
mod request_path;
mod resolve;
mod response_body;
mod route_book;
mod secret;
mod server;
mod shared;
mod spool;
mod syntax;
mod tls;
mod traces;
mod trail;
mod upstream;
mod upstream_models;
mod wire;
mod worker;

pub use doors::{CasesError, CasesProblem};
pub use handle::Handle;
pub use keys::Keys;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use server::{BindError, Exit, Host, RunError};
pub use traces::CollectorError;
pub use upstream::{TargetError, TrustError};
