//! Integration tests of the policy crate: documents, their diagnostics, their laws, and what the
//! repository says in them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod any_terms;
mod cases;
mod catalogue;
mod diagnostics;
mod docs;
mod folder;
mod laws;
mod limits;
mod reformat;
mod run;
mod runbooks;
mod runbooks_page;
mod schema;
mod terms;
mod warnings;
