//! The hyper host: serves GT through a policy.
//!
//! [`Host::bind`] checks everything it is told, [`Host::run`] serves until it is told to stop, and
//! a [`Handle`] acts on it meanwhile. What is done with a request is `crates/gate`; the host moves the
//! bytes (`request/pipeline.rs`).
//!
//! | folder | what is in it |
//! | --- | --- |
//! | `server` | start, listening sockets, workers, shutdown |
//! | `listener` | client connections: HTTP/1.1, HTTP/2, TLS, CORS |
//! | `request` | one request through the gate: bodies, spool, responses |
//! | `authz` | proxies that ask before they send a request on |
//! | `auth` | the file of keys, GT keys, JWTs |
//! | `ext_proc` | Envoy's external processing and external authorization |
//! | `upstream` | GT's hosts: connections, health, TLS |
//! | `policy_sources` | files, registries and signals that policies come from |
//! | `observe` | request log, decision log, metrics, traces, health, status |
//! | `admin` | the admin API |
//! | `config` | `signalbox.yaml` |
//! | `installation` | `upgrade-check` |
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admin;
mod alarm;
mod auth;
mod authz;
pub mod config;
mod ext_proc;
mod file_watcher;
mod header_names;
pub mod installation;
mod listener;
mod observe;
mod policy_sources;
mod request;
mod server;
mod upstream;

pub use auth::credentials::{CredentialError, CredentialFiles};
pub use auth::jwt::{FetchError, KeySetError, KeySetProblem};
pub use auth::keyring_file::load_keyring;
pub use auth::keys::Keys;
pub use listener::private::{PrivateAddress, PrivateListenError};
pub use observe::metrics::LostLines;
pub use observe::prices::PricesError;
pub use observe::record::{AccessFields, AccessLine, SharedFields};
pub use observe::spent::Spent;
pub use observe::traces::CollectorError;
pub use policy_sources::sources::{AsIs, PolicySource, ReadFile, SourceError, Sources};
pub use policy_sources::{CasesError, CasesProblem};
pub use server::handle::Handle;
pub use server::{BindError, Exit, Host, RunError};
pub(crate) use signalbox_gate::yaml;
pub use upstream::resolve::{Resolve, Resolving, SystemResolver};
pub use upstream::{RoutesFileError, TargetError, TrustError};
