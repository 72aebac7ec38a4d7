//! Runs cases against any policy component, or what stands in for one, the way a host would ask it: the target is
//! canonicalised, the head is decided first, the model second, and the key's fences hold.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\ncases:\n  - \
//!     {name: nothing to list, request: GET /v1/models, expect: {list: []}}\n";
//! let policy = signalbox_policy::read(source).expect("a valid document");
//! let component = signalbox_compiler::compile(&policy, source)?;
//!
//! let runtime = signalbox_runtime::Runtime::new(Default::default())?;
//! let plugin = runtime.load(&component, &Default::default())?;
//! let report = signalbox_cases::run(&plugin, &signalbox_cases::carried_cases(&plugin)?);
//! assert!(report.passed());
//! # Ok(())
//! # }
//! ```
//!
//! Whoever writes a policy takes `signalbox-testkit`, which has this and more.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod ask;
mod judge;
mod report;

use signalbox_policy::Case;
use signalbox_runtime::Plugin;

pub use ask::{Answer, Decider, Question, Told, answer, ask, shown};
pub use judge::judge;
pub use report::{By, CaseResult, Counts, Outcome, Report};

/// The cases a component carries; none if it carries no section.
///
/// # Errors
/// The section is not a JSON array of cases.
pub fn carried_cases(plugin: &Plugin) -> Result<Vec<Case>, CasesError> {
    plugin.cases().map_or_else(
        || Ok(Vec::new()),
        |json| serde_json::from_slice(json).map_err(CasesError),
    )
}

/// Runs every case but those that are skipped. One that cannot be asked is an error, which is not a
/// failure, and stops nothing.
#[must_use]
pub fn run(policy: &impl Decider, cases: &[Case]) -> Report {
    let result = |case: &Case| CaseResult {
        name: case.name.clone(),
        request: case.request.clone(),
        outcome: match &case.skip {
            Some(why) => Outcome::Skipped(why.clone()),
            None => judge(case, answer(policy, case)),
        },
    };
    Report {
        results: cases.iter().map(result).collect(),
    }
}

/// The cases a component carries cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the component's `signalbox:cases` section is not a list of cases")]
pub struct CasesError(#[source] serde_json::Error);
