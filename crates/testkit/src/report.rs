//! What became of the cases, for people, for programs and for CI systems.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};
use signalbox_policy::Expectation;
use signalbox_runtime::DecideError;

use crate::Answer;

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
/// Exhaustive on purpose: pass, fail and error are three things.
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
    },
    /// The answer was as expected.
    Pass,
}

impl Report {
    /// Whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.outcome == Outcome::Pass)
    }

    /// How many passed, failed and could not be asked.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        self.results
            .iter()
            .fold((0, 0, 0), |(pass, fail, error), result| {
                match result.outcome {
                    Outcome::Error(_) => (pass, fail, error + 1),
                    Outcome::Fail { .. } => (pass, fail + 1, error),
                    Outcome::Pass => (pass + 1, fail, error),
                }
            })
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
                Outcome::Error(why) => writeln!(text, "error  {name}\n         {request}: {why}"),
                Outcome::Fail { expected, actual } => writeln!(
                    text,
                    "fail   {name}\n         {request}\n         expected {expected}\n         \
                     got      {actual}"
                ),
            };
        }
        let (pass, fail, error) = self.counts();
        let _ = write!(text, "{pass} passed, {fail} failed, {error} errors");
        text
    }

    /// `{"file","passed","failed","errors","cases":[{"name","request","outcome",…}]}`
    #[must_use]
    pub fn to_json(&self, file: &str) -> Value {
        let (passed, failed, errors) = self.counts();
        let case = |result: &CaseResult| {
            let head = json!({"name": result.name, "request": result.request});
            let tail = match &result.outcome {
                Outcome::Pass => json!({"outcome": "pass"}),
                Outcome::Error(why) => json!({"outcome": "error", "message": why}),
                Outcome::Fail { expected, actual } => {
                    json!({"outcome": "fail", "expected": expected, "actual": actual})
                }
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
            "cases": self.results.iter().map(case).collect::<Vec<_>>(),
        })
    }

    /// A JUnit `testsuite` element, as CI systems read it.
    #[must_use]
    pub fn to_junit(&self, file: &str) -> String {
        let (_, fail, error) = self.counts();
        let total = self.results.len();
        let file = escape(file);
        let mut xml = format!(
            "<testsuite name=\"{file}\" tests=\"{total}\" failures=\"{fail}\" errors=\"{error}\">\n"
        );
        for CaseResult { name, outcome, .. } in &self.results {
            let open = format!("  <testcase classname=\"{file}\" name=\"{}\"", escape(name));
            let _ = match outcome {
                Outcome::Pass => writeln!(xml, "{open}/>"),
                Outcome::Error(why) => {
                    writeln!(
                        xml,
                        "{open}><error message=\"{}\"/></testcase>",
                        escape(why)
                    )
                }
                Outcome::Fail { expected, actual } => writeln!(
                    xml,
                    "{open}><failure message=\"expected {}, got {}\"/></testcase>",
                    escape(expected),
                    escape(actual)
                ),
            };
        }
        xml.push_str("</testsuite>");
        xml
    }
}

pub(crate) fn judge(expected: &Expectation, answer: Result<Answer, DecideError>) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Outcome::Error(error.to_string()),
    };
    if fits(expected, &answer) {
        return Outcome::Pass;
    }
    Outcome::Fail {
        expected: expectation_text(expected),
        actual: answer_text(&answer),
    }
}

fn fits(expected: &Expectation, answer: &Answer) -> bool {
    match (expected, answer) {
        (Expectation::Forward { route, model }, Answer::Forward { route: to, forward }) => {
            route == to && (model.is_none() || *model == forward.model)
        }
        (Expectation::List { names }, Answer::List(listed)) => {
            names.iter().collect::<BTreeSet<_>>() == listed.iter().collect::<BTreeSet<_>>()
        }
        (Expectation::Refuse { code }, Answer::Refuse { code: actual, .. }) => code == actual,
        _ => false,
    }
}

fn expectation_text(expected: &Expectation) -> String {
    match expected {
        Expectation::Forward { route, model } => forward_text(route, model.as_deref()),
        Expectation::List { names } => format!("list [{}]", names.join(", ")),
        Expectation::Refuse { code } => format!("refuse {code}"),
    }
}

fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Forward { route, forward } => forward_text(route, forward.model.as_deref()),
        Answer::List(names) => format!("list [{}]", names.join(", ")),
        Answer::ReadModel => "read the model".into(),
        Answer::Refuse { code, message } => format!("refuse {code}: {message}"),
    }
}

fn forward_text(route: &str, model: Option<&str>) -> String {
    model.map_or_else(
        || format!("forward {route}"),
        |model| format!("forward {route}, model {model}"),
    )
}

fn into_members(value: Value) -> Option<serde_json::Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn escape(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;");
    escaped
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect()
}
