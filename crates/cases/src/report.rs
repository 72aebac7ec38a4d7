//! What became of the cases, for people and for programs.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

/// The results of one file's cases, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One for each case.
    pub results: Vec<CaseResult>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The case's request line.
    pub request: String,
    /// How it went.
    pub outcome: Outcome,
}

/// How a case went.
///
/// Exhaustive on purpose: pass, fail, error and skipped are four things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest failed before it could answer.
    Error(String),
    /// The answer was another.
    Fail {
        /// What the case asks for.
        expected: String,
        /// What the answer was.
        actual: String,
        /// What decided that, if it can be told.
        by: Option<By>,
    },
    /// The answer was as expected.
    Pass,
    /// It was not run, and this is why.
    Skipped(String),
}

/// What decided otherwise than a case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Which rule, for people.
    pub rule: String,
    /// Where it is written.
    pub place: Option<String>,
}

impl fmt::Display for By {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(out, "{}, {place}", self.rule),
            None => out.write_str(&self.rule),
        }
    }
}

/// How many cases went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that could not be asked.
    pub errors: usize,
    /// Those with another answer.
    pub failed: usize,
    /// Those with the answer they expect.
    pub passed: usize,
    /// Those that were not run.
    pub skipped: usize,
}

impl Report {
    /// Whether no case failed and none was in error; those that are skipped say nothing.
    #[must_use]
    pub fn passed(&self) -> bool {
        let Counts { errors, failed, .. } = self.counts();
        errors + failed == 0
    }

    /// How many cases went how.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.results {
            *match result.outcome {
                Outcome::Error(_) => &mut counts.errors,
                Outcome::Fail { .. } => &mut counts.failed,
                Outcome::Pass => &mut counts.passed,
                Outcome::Skipped(_) => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// A line a case, and what went wrong below those that did not pass.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for CaseResult {
            name,
            request,
            outcome,
        } in &self.results
        {
            let _ = match outcome {
                Outcome::Pass => writeln!(text, "pass   {name}"),
                Outcome::Skipped(why) => writeln!(text, "skip   {name}\n         {why}"),
                Outcome::Error(why) => writeln!(text, "error  {name}\n         {request}: {why}"),
                Outcome::Fail {
                    expected,
                    actual,
                    by,
                } => {
                    let by = by.as_ref().map(|by| format!("\n         by       {by}"));
                    writeln!(
                        text,
                        "fail   {name}\n         {request}\n         expected {expected}\n         \
                         got      {actual}{}",
                        by.unwrap_or_default()
                    )
                }
            };
        }
        let Counts {
            errors,
            failed,
            passed,
            skipped,
        } = self.counts();
        let _ = write!(text, "{passed} passed, {failed} failed, {errors} errors");
        if skipped > 0 {
            let _ = write!(text, ", {skipped} skipped");
        }
        text
    }

    /// `{"file","passed","failed","errors","skipped","cases":[{"name","request","outcome",…}]}`
    #[must_use]
    pub fn to_json(&self, file: &str) -> Value {
        let Counts {
            errors,
            failed,
            passed,
            skipped,
        } = self.counts();
        let case = |result: &CaseResult| {
            let head = json!({"name": result.name, "request": result.request});
            let tail = match &result.outcome {
                Outcome::Pass => json!({"outcome": "pass"}),
                Outcome::Skipped(why) => json!({"outcome": "skipped", "message": why}),
                Outcome::Error(why) => json!({"outcome": "error", "message": why}),
                Outcome::Fail {
                    expected,
                    actual,
                    by,
                } => json!({
                    "outcome": "fail",
                    "expected": expected,
                    "actual": actual,
                    "by": by.as_ref().map(|by| json!({"rule": by.rule, "place": by.place})),
                }),
            };
            [head, tail]
                .into_iter()
                .filter_map(into_members)
                .flatten()
                .collect::<Value>()
        };
        json!({
            "file": file,
            "passed": passed,
            "failed": failed,
            "errors": errors,
            "skipped": skipped,
            "cases": self.results.iter().map(case).collect::<Vec<_>>(),
        })
    }
}

fn into_members(value: Value) -> Option<serde_json::Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
