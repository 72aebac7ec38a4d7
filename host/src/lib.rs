//! The hyper host: serves GT through a policy.
//!
//! [`Host::bind`] checks everything it is told, [`Host::run`] serves until it is told to stop, and
//! a [`Handle`] acts on it meanwhile. What is done with a request is `crates/gate`; the host moves the
//! bytes (`pipeline.rs`).
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod admin;
pub mod config;
pub mod credentials;
pub mod health;
pub mod installation;
pub mod jwt;
pub mod metrics;
pub mod record;
pub mod sources;
pub mod status;
mod watch;

mod auth;
mod client_body;
mod connection;
mod cors;
mod doors;
mod handle;
mod keyring_file;
mod keys;
mod observers;
mod phase;
mod pipeline;
mod registries;
mod reload;
mod request_log;
mod resolve;
mod response_body;
mod route_counters;
mod server;
mod shared;
mod spool;
mod tls;
mod traces;
mod upstream;
mod upstream_models;
mod wire;
mod worker;

pub use doors::{CasesError, CasesProblem};
pub use handle::Handle;
pub use keyring_file::load_keyring;
pub use keys::Keys;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use server::{BindError, Exit, Host, RunError};
pub(crate) use signalbox_gate::yaml;
pub use traces::CollectorError;
pub use upstream::{TargetError, TrustError};
