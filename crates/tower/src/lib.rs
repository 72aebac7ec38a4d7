//! Signalbox as a tower layer: one gate in front of any service that sends requests to GT.
//!
//! [`PolicyLayer`] makes a [`Policy`] of a service. What its gate lets through goes to that service, as
//! the gate makes it; everything else is answered here. See `docs/embedding.md` for what the layer
//! promises and what it cannot.
//!
//! ```
//! use std::sync::Arc;
//!
//! use signalbox_tower::{Policy, PolicyLayer, Upstream, UpstreamError, gate::Gate};
//! use tower_layer::Layer;
//!
//! fn in_front_of<S>(client: S, gate: Arc<Gate>) -> Result<Policy<S>, UpstreamError> {
//!     let upstream = Upstream::parse("https://gt.example")?;
//!     Ok(PolicyLayer::new(gate, upstream).layer(client))
//! }
//! ```
//!
//! `examples/axum_proxy.rs` is a whole proxy in 40 lines.
//!
//! # Feature
//!
//! `tokio` has `TokioRuntime`: timers and blocking threads of tokio. Without, a
//! program brings its own [`AsyncRuntime`].
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod alarm;
mod async_runtime;
mod config;
mod decision;
mod exchange;
mod forward;
mod held_parts;
mod identity;
mod incoming_body;
mod inner;
mod layer;
mod models;
mod oneshot;
mod relaying;
mod request_body;
mod response_body;
mod service;
mod spool;
mod subjects;
mod times;
#[cfg(feature = "tokio")]
mod tokio_runtime;
mod upstream;

pub use async_runtime::{AsyncRuntime, BlockingWork, Sleep};
pub use decision::{DecisionInfo, Outcome};
pub use identity::{Identify, Identity, VerifyTokens, Verifying};
pub use layer::PolicyLayer;
pub use request_body::RequestBody;
pub use response_body::ResponseBody;
pub use service::{Policy, ResponseFuture};
pub use signalbox_gate as gate;
pub use times::Times;
#[cfg(feature = "tokio")]
pub use tokio_runtime::TokioRuntime;
pub use upstream::{Upstream, UpstreamError};
