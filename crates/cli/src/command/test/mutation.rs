//! Whether the cases of a document notice when one of its rules is another.

use serde_json::{Value, json};
use signalbox_cases::{Outcome, judge};
use signalbox_policy::{Case, Resolved};

use super::{native::Native, subject::Subject};
use crate::output;

/// Every mutant of a document, in the order of its routes, models, sets and callers.
pub(super) struct Mutation {
    pub(super) mutants: Vec<Tried>,
}

/// A mutant, and the first case that fails on it.
pub(super) struct Tried {
    pub(super) rule: String,
    pub(super) change: String,
    /// `file:line:column`
    pub(super) place: String,
    pub(super) help: String,
    pub(super) noticed_by: Option<String>,
}

impl Mutation {
    /// Runs the cases on each mutant. They pass on the document itself.
    pub(super) fn of(subject: &Subject, document: &Resolved, cases: &[Case]) -> Self {
        let mut mutants = Vec::new();
        document.each_mutant(&mut |mutant| {
            let native = Native::of(&mutant.policy);
            let notices = |case: &&Case| {
                let (answer, _) = native.answer(case);
                !matches!(judge(case, answer), Outcome::Pass | Outcome::Skipped(_))
            };
            let noticed_by = cases.iter().find(notices).map(|case| case.name.clone());
            if (mutants.len() + 1).is_multiple_of(TOLD_EVERY) {
                let tried = mutants.len() + 1;
                output::talk(&format!("{}: {tried} mutants tried", subject.name));
            }
            mutants.push(Tried {
                place: subject.place(&mutant.place),
                rule: mutant.rule,
                change: mutant.change,
                help: mutant.help,
                noticed_by,
            });
        });
        Self { mutants }
    }

    pub(super) fn survivors(&self) -> impl Iterator<Item = &Tried> {
        self.mutants.iter().filter(|it| it.noticed_by.is_none())
    }

    /// `{"mutants", "survived", "tried": [{"rule", "change", "place", "outcome", …}]}`
    pub(super) fn to_json(&self) -> Value {
        let tried = |it: &Tried| match &it.noticed_by {
            Some(case) => json!({
                "rule": it.rule, "change": it.change, "place": it.place,
                "outcome": "noticed", "case": case,
            }),
            None => json!({
                "rule": it.rule, "change": it.change, "place": it.place,
                "outcome": "survived", "help": it.help,
            }),
        };
        json!({
            "mutants": self.mutants.len(),
            "survived": self.survivors().count(),
            "tried": self.mutants.iter().map(tried).collect::<Vec<_>>(),
        })
    }
}

/// A document of thousands of models has tens of thousands, and is built for each: that takes minutes.
const TOLD_EVERY: usize = 1_000;
