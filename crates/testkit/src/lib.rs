//! Tests of a policy without a host, a network or a tenant: for whoever writes one.
//!
//! A policy is a [`Component`], or [`Native`] logic that is held to the same contract. It is asked as a host
//! would ask it: the target is canonicalised, the head is decided first, the model second, the key's fences hold.
//!
//! ```
//! use signalbox_testkit::{Component, chat, forward, get, list, refuse};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let source = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n  POST /v1/chat/completions: {verdict: \
//! #     native, scope: \"inference:chat\", model: json}\nmodels:\n  gpt-4o: {published: support-agent}\n";
//! # let policy = signalbox_policy::read(source).expect("a valid document");
//! # let bytes = signalbox_compiler::compile(&policy, source)?;
//! let policy = Component::load(&bytes)?;
//! let app = chat("gpt-4o").scopes(["inference:chat"]);
//! app.asked(&policy).is(forward("POST /v1/chat/completions")
//!     .model("support-agent")
//!     .response_model("gpt-4o"));
//! chat("gpt-4o").asked(&policy).is(refuse("insufficient_scope").status(403));
//! get("/v1/models").scopes(["inference:chat"]).asked(&policy).is(list(["gpt-4o"]));
//! # Ok(())
//! # }
//! ```
//!
//! The cases of [`signalbox_cases`] are here as well.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod expected;
mod policy;
mod request;

pub use expected::{Asked, Expected, forward, list, refuse};
pub use policy::{Component, Native, NotLoaded};
pub use request::{
    TestRequest, case_line, chat, conversations, embeddings, get, images, request, speech,
    transcriptions,
};
pub use signalbox_cases::{
    Answer, By, CaseResult, CasesError, Counts, Decider, Outcome, Question, Report, Told, answer,
    ask, carried_cases, judge, run, shown,
};
