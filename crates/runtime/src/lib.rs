//! Loads policy components, bounds them, asks them, swaps them: Signalbox's half of the contract
//! in `wit/`, on wasmtime. No HTTP, no async, no document language.
//!
//! ```
//! use signalbox_policy::{Caller, Decision, Names, Purposes, Request, RequestedModel};
//! use signalbox_runtime::{Change, LoadOptions, Runtime, Settings, Slot};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let document = "\
//! # policy: demo
//! # routes:
//! #   POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
//! # models:
//! #   gpt-4o: {published: support-agent}
//! # cases:
//! #   - {name: chat, request: POST /v1/chat/completions, model: gpt-4o, scopes: [\"inference:chat\"],
//! #      expect: {forward: POST /v1/chat/completions, model: support-agent}}
//! # ";
//! # let policy = signalbox_policy::read(document).map_err(|all| format!("{all:?}"))?;
//! # let component = signalbox_compiler::compile(&policy, document)?;
//! let runtime = Runtime::new(Settings::default())?;
//! let slot = Slot::new();
//! // Off the request path: checks, compiles and tries the component.
//! let plugin = runtime.load(&component, &LoadOptions::default())?;
//! slot.commit(&slot.load(), Change::new().serve("default", plugin))?;
//!
//! // On the request path: take what serves once, and stay with it.
//! let policies = slot.load();
//! let lane = policies.get("default").ok_or("nothing serves")?;
//! let caller = Caller {
//!     id: "app".into(),
//!     purposes: Purposes::from_bits(1),
//!     scopes: vec!["inference:chat".into()],
//!     labels: Vec::new(),
//!     models: Names::All,
//!     published: Names::All,
//!     datasets: Names::NONE,
//! };
//! let decision = lane.for_caller(&caller.id).decide(&Request {
//!     method: "POST",
//!     path: "/v1/chat/completions",
//!     query: None,
//!     content_type: Some("application/json"),
//!     headers: &[],
//!     caller: &caller,
//!     model: RequestedModel::Named("gpt-4o"),
//!     body_members: &[],
//! })?;
//! assert!(matches!(decision, Decision::Forward(forward) if forward.model.as_deref() == Some("support-agent")));
//! # Ok(())
//! # }
//! ```
//!
//! # What may be relied on
//!
//! - A component that loads exports the contract, imports nothing that can act, and has been asked
//!   for its description, its whole catalogue and one decision.
//! - A decision that is returned is one the contract allows: its route is described and forwarded,
//!   its parameters fit, its headers are none of the host's own. What the caller's key allows is
//!   not looked at here.
//! - A guest is bounded in memory, CPU time, wall time, stack and the size of its answer. When it
//!   fails, that decision is an error and its instance is gone; nothing else is touched.
//! - Without [`Isolation::Reuse`], decisions of a policy that is not [trusted](trust) share nothing.
//! - A [`Slot`] changes in one store; a [`Generation`] in use decides on until it is dropped.
//! - Compiling is bounded by what can be told from the bytes; with a [`ChildCompiler`] also in time
//!   and memory, and it can be given up. Which bound it was says [`CompileBound`].
//! - Without a [`Cache`] no machine code is loaded but what this process made, or the program of a
//!   [`ChildCompiler`]. With one, also code under a seal whose key nobody but this user can read;
//!   every other step of a load is the same. Making a component of such code is the one `unsafe`
//!   here. Plugins of one component share its machine code.
//!
//! A process has one [`Runtime`]. Calls block: what is not [inline](Generation::is_inline) belongs
//! on the [`DecisionPool`].
#![deny(unsafe_code)]
#![deny(missing_docs)]

mod active_callers;
mod bindings;
mod cache;
mod catalogue;
mod code_in_use;
mod compile;
mod contract;
mod convert;
mod decide_error;
mod detail;
mod digest;
mod engine;
mod generation;
mod generation_stats;
mod guest;
mod instance;
mod interface;
mod limits;
mod load;
mod plugin;
mod pool;
mod request_buf;
mod revive;
mod runtime;
mod settings;
mod share;
mod slot;
#[cfg(feature = "snapshot")]
pub mod snapshot;
mod ticker;
pub mod trust;
mod version;
mod warm;

pub use active_callers::ActiveCallers;
pub use cache::{Cache, CacheCounts, Cached};
pub use catalogue::Catalogue;
pub use compile::{ChildCompiler, CompileBound, CompileIn, serve_compiler};
pub use contract::Violation;
pub use decide_error::{DecideError, TrapKind};
pub use detail::Detail;
pub use digest::{BadDigest, Digest};
pub use generation::Generation;
pub use generation_stats::{Counts, GenerationStats, Open};
pub use interface::Surface;
pub use load::{
    CatalogueFault, ComponentNames, DescriptionFault, LoadError, RouteFault, SectionFault, Step,
};
pub use plugin::{Plugin, ReusedInstance};
pub use pool::{DecisionPool, SubmitError};
pub use request_buf::RequestBuf;
pub use runtime::{Runtime, StartError};
pub use settings::{Allocation, Isolation, LoadOptions, Settings};
pub use share::{BadShare, TrafficShare};
pub use signalbox_files::FileError;
pub use slot::{Beside, Change, Conflict, Lane, Policies, Prepared, Slot};
pub use version::ContractVersion;
