//! What Signalbox decides with: the words of a request, the decision, the key's fences, and the
//! one evaluation that turns a request into a decision.
//!
//! Pure: no IO, no clock, no wasm. Without features the crate is `no_std`, and that is what the wasm
//! engine, the runtime and the host use. With `document` come the document language, its checker
//! and formatter, and explanations; with `cases` alone, the cases that components carry.
#![cfg_attr(not(feature = "cases"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod caller;
#[cfg(feature = "cases")]
mod cases;
#[cfg(feature = "document")]
mod check;
#[cfg(feature = "document")]
mod client;
mod decision;
mod describe;
mod description;
#[cfg(feature = "document")]
mod diagnostic;
#[cfg(feature = "document")]
pub mod document;
mod evaluate;
#[cfg(feature = "document")]
mod explain;
pub mod fences;
#[cfg(feature = "document")]
mod format;
#[cfg(feature = "generate")]
pub mod generate;
pub mod gt;
pub mod gt_routes;
pub mod headers;
pub mod limits;
#[cfg(feature = "document")]
mod mutate;
#[cfg(feature = "document")]
mod policy;
pub mod presets;
#[cfg(feature = "document")]
mod quote;
#[cfg(feature = "document")]
mod reformat;
mod request;
#[cfg(feature = "document")]
mod resolve;
mod rules;
#[cfg(feature = "document")]
mod scalar;
#[cfg(feature = "document")]
pub mod schema;
pub mod tables;
mod terms;
#[cfg(feature = "document")]
mod tokens;
#[cfg(feature = "document")]
mod warnings;
#[cfg(feature = "document")]
mod written;
#[cfg(feature = "document")]
mod yaml;

pub use caller::{Caller, Names, Purpose, Purposes};
#[cfg(feature = "cases")]
pub use cases::{BodyValue, Case, Expectation, ExpectedForward, ExpectedRefusal};
#[cfg(feature = "document")]
pub use check::{Mutant, Place, Resolved, is_published_name, read, read_cases, read_with};
#[cfg(feature = "document")]
pub use client::{Category, Client, Compatibility};
pub use decision::{Decision, Forward, ListMode, Refusal};
pub use description::{
    CatalogueEntry, Description, ModelSource, RouteDescription, RouteIndex, Verdict, Wants,
};
#[cfg(feature = "document")]
pub use diagnostic::{Diagnostic, Severity};
#[cfg(feature = "document")]
pub use document::Document;
pub use evaluate::{Check, decide};
#[cfg(feature = "document")]
pub use explain::{DecidedBy, Explanation, Outcome, Step, decision_json, explain};
#[cfg(feature = "document")]
pub use format::format;
pub use gt::{Endpoint, Endpoints};
#[cfg(feature = "document")]
pub use policy::Policy;
#[cfg(feature = "document")]
pub use reformat::{NotReformatted, reformat};
pub use request::{BodyMember, BodyMemberFault, Header, HeaderBuf, Request, RequestedModel};
#[cfg(feature = "document")]
pub use resolve::{Files, NoFiles, Unreadable, Values, read_values};
pub use rules::{
    Action, ModelRule, NameList, RouteRule, Rules, ScopeSet, ScopeSets, published_name,
};
pub use terms::{
    CallerRule, CallerSet, Ceilings, Choice, Choices, Effort, Labels, SetHeaders, Terms, Words,
};
#[cfg(feature = "document")]
pub use tokens::Tokens;
#[cfg(feature = "document")]
pub use written::{List, Position, Text};
