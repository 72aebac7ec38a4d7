//! What is probably not meant: a document that has it is valid all the same.
//!
//! What is said of a rule that nothing reaches is certain, whatever keys there are: two rules for
//! callers are taken to fit one key unless their keys or labels say that they cannot. A base is
//! written for several documents: what this one does not use of it is not reported.

mod callers;
mod choices;
mod fitting;
mod models;
mod reach;
mod routes;
mod scopes;
mod templates;

use crate::{Document, Policy, Position, diagnostic::Findings};

use reach::Reach;

pub(crate) fn warnings(document: &Document, policy: &Policy, findings: &mut Findings) {
    let reach = Reach::of(policy);
    routes::warnings(document, &reach, findings);
    scopes::warnings(document, &reach, findings);
    models::warnings(document, policy, &reach, findings);
    choices::warnings(document, &reach, findings);
    callers::warnings(document, &reach, findings);
}

/// Whether the document itself says it, and none of its bases.
fn is_own(place: Position) -> bool {
    place.file == 0
}
