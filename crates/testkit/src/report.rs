//! What became of the laws, for people and for programs.

use std::fmt;

use serde_json::{Value, json};

use crate::{Broken, Law, case_line};

/// What became of the laws of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawReport {
    /// What the requests were drawn by.
    pub seed: u64,
    /// How many were drawn.
    pub requests: usize,
    /// One for each law that was looked at.
    pub results: Vec<LawResult>,
}

/// What became of one law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawResult {
    /// Which.
    pub law: Law,
    /// The plainest request that was found to break it.
    pub broken: Option<Broken>,
}

impl LawReport {
    /// Whether no request broke a law.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.broken().next().is_none()
    }

    /// Those that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Broken> {
        self.results.iter().filter_map(|it| it.broken.as_ref())
    }

    /// `{"seed","requests","broken","laws":[{"law","outcome",…}]}`
    #[must_use]
    pub fn to_json(&self) -> Value {
        let law = |result: &LawResult| match &result.broken {
            None => json!({"law": result.law.word(), "outcome": "holds"}),
            Some(broken) => json!({
                "law": result.law.word(),
                "outcome": "broken",
                "message": broken.why,
                "case": broken.to_case(),
            }),
        };
        json!({
            "seed": self.seed,
            "requests": self.requests,
            "broken": self.broken().count(),
            "laws": self.results.iter().map(law).collect::<Vec<_>>(),
        })
    }
}

impl Broken {
    /// The request as a case, under the name of the law.
    #[must_use]
    pub fn to_case(&self) -> signalbox_policy::Case {
        let name = format!("law {}", self.law);
        self.request.to_case(name, self.expect.clone())
    }
}

impl fmt::Display for LawReport {
    /// A line for all, and below it for each broken law what happened, and the request as a case.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (laws, broken) = (self.results.len(), self.broken().count());
        let (requests, seed) = (self.requests, self.seed);
        write!(
            out,
            "laws: {laws}, {broken} broken, {requests} requests, seed {seed}"
        )?;
        for it in self.broken() {
            let case = case_line(&it.to_case());
            write!(out, "\nbroken {}: {}\n         {case}", it.law, it.why)?;
        }
        Ok(())
    }
}
