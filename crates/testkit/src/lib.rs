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
//! What holds for any policy are [laws](Law): [`try_laws`] looks for a request that breaks one, and shrinks it.
//!
//! ```
//! # use signalbox_testkit::{Component, Trial, Words, try_laws};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let source = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n";
//! # let bytes = signalbox_compiler::compile(&signalbox_policy::read(source).expect("valid"), source)?;
//! let policy = Component::load(&bytes)?;
//! let report = try_laws(&policy, &Words::of(&policy).with_cases(&policy.cases()?), &Trial::default());
//! assert!(report.holds(), "{report}");
//! # Ok(())
//! # }
//! ```
//!
//! [`requests`] is the strategy behind it, for property tests of your own. The cases of [`signalbox_cases`] are here as
//! well.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod door;
mod expected;
pub mod gate;
mod generate;
#[cfg(feature = "guests")]
pub mod guests;
mod laws;
mod policy;
mod report;
mod request;
mod trial;
mod words;

pub use expected::{Asked, Expected, forward, list, refuse};
pub use generate::requests;
pub use laws::{Broken, Law, check};
pub use policy::{Component, Native, NotLoaded};
pub use report::{LawReport, LawResult};
pub use request::{
    TestRequest, case_line, chat, conversations, embeddings, get, images, request, speech,
    transcriptions,
};
pub use signalbox_cases::{
    Answer, By, CaseResult, CasesError, Counts, Decider, Outcome, Question, Report, Told, answer,
    ask, carried_cases, judge, run, shown,
};
pub use trial::{Trial, try_laws};
pub use words::Words;
