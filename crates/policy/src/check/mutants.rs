//! A document with one of its rules changed, checked.

use super::{Place, Resolved, check};
use crate::{
    Policy,
    diagnostic::{Code, Findings},
    mutate::changes,
};

/// A policy with one rule changed: a case of the document should fail on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mutant {
    /// Where the rule is written.
    pub place: Place,
    /// Which rule, as in ``route `POST /v1/embeddings` ``.
    pub rule: String,
    /// What was done to it.
    pub change: String,
    /// Which case would notice.
    pub help: String,
    /// What the document is with it, without cases.
    pub policy: Policy,
}

impl Resolved {
    /// Every policy that this document is with one of its rules changed, one after the other and always
    /// in the same order. What [`crate::read`] would refuse is left out, and so is what changes nothing.
    pub fn each_mutant(&self, visit: &mut dyn FnMut(Mutant)) {
        let mut document = self.document().clone();
        // They are run on what others make of it, and are no rules.
        document.cases.clear();
        let original = check(&document, &mut Findings::default());
        for change in changes(&document, &original) {
            let mut changed = document.clone();
            (change.apply)(&mut changed);
            let mut findings = Findings::default();
            let policy = check(&changed, &mut findings);
            let found = findings.sorted();
            let is_valid = found.iter().all(|it| FOLLOWS.contains(&it.code));
            if is_valid && policy != original {
                visit(Mutant {
                    place: self.place(change.position),
                    rule: change.rule,
                    change: change.change,
                    help: change.help,
                    policy,
                });
            }
        }
    }
}

/// What follows elsewhere from a change: an author would correct it there as well.
const FOLLOWS: &[&str] = &[
    Code::BadChoice.word(),
    Code::EndpointWithoutRoute.word(),
    Code::UnknownCallerRoute.word(),
    Code::UnknownModel.word(),
];
