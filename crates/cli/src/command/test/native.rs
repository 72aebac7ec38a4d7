//! The evaluation of a document itself, in place of the component it compiles to: it says by which
//! rules it decides, and costs nothing to make.

use std::cell::RefCell;

use signalbox_cases::{Answer, Decider};
use signalbox_policy::{
    Case, CatalogueEntry, DecidedBy, Decision, Description, Policy, Request, explain,
};
use signalbox_runtime::DecideError;

/// A policy that is asked natively.
pub(super) struct Native<'p> {
    policy: &'p Policy,
    description: Description,
    catalogue: Vec<CatalogueEntry>,
    by: RefCell<Option<DecidedBy>>,
}

impl<'p> Native<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        Self {
            policy,
            description: policy.description(),
            catalogue: policy.catalogue(),
            by: RefCell::new(None),
        }
    }

    /// What the client of a case would get, and by which rules. If that is `None`, the host refuses
    /// before it asks a policy.
    pub(super) fn answer(&self, case: &Case) -> (Result<Answer, DecideError>, Option<DecidedBy>) {
        self.by.take();
        let answer = signalbox_cases::answer(self, case);
        (answer, self.by.take())
    }
}

impl Decider for Native<'_> {
    fn description(&self) -> &Description {
        &self.description
    }

    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.catalogue.iter()
    }

    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let explained = explain(self.policy, request);
        self.by.replace(Some(explained.by));
        Ok(explained.decision)
    }
}
