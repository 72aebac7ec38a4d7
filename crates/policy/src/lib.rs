//! What Signalbox decides with: the words of a request, the decision, the key's fences, and the
//! one evaluation that turns a request into a decision.
//!
//! Pure: no IO, no clock, no wasm. Without the `document` feature the crate is `no_std`, and that
//! is what the wasm engine, the runtime and the host use; with it come the document language, its
//! checker and formatter, and explanations.
#![cfg_attr(not(feature = "document"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod caller;
mod decision;
mod describe;
mod description;
mod evaluate;
#[cfg(feature = "document")]
mod explain;
pub mod fences;
pub mod gt;
mod request;
mod rules;
pub mod tables;

pub use caller::{Caller, Names, Purpose, Purposes};
pub use decision::{Decision, Forward, ListMode, Refusal};
pub use description::{CatalogueEntry, Description, ModelSource, RouteDescription, Verdict, Wants};
pub use evaluate::{Check, decide, published_name};
#[cfg(feature = "document")]
pub use explain::{Explanation, Outcome, Step, decision_json, explain};
pub use gt::{Endpoint, Endpoints};
pub use request::{Header, HeaderBuf, Request, RequestedModel};
pub use rules::{Action, ModelRule, NameList, RouteRule, Rules};
