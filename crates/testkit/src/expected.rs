//! What an answer must be, and how another differs from it.

mod parts;

use std::{collections::BTreeSet, fmt};

use signalbox_cases::Answer;
use signalbox_runtime::DecideError;

use parts::{KINDS, Parts, in_order, parts};

/// What a client would get, or how the policy failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    request: String,
    answer: Result<Answer, DecideError>,
}

/// What an answer must be.
///
/// A forward and a list are compared whole: what is not said must not be there. Of a refusal the code is compared,
/// and what is said besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    parts: Parts,
    is_whole: bool,
}

/// It goes to GT along this route, `METHOD template`, with nothing else said of it.
#[must_use]
pub fn forward(route: &str) -> Expected {
    let expected = Expected::new("forward", route, true);
    let (_, template) = route.split_once(' ').unwrap_or_default();
    expected.path(template)
}

/// It is answered with a list of these names, in any order.
#[must_use]
pub fn list<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Expected {
    let names = names.into_iter().map(Into::into).collect();
    Expected::new("list", &in_order(names), true)
}

/// It is refused with this code.
#[must_use]
pub fn refuse(code: &str) -> Expected {
    Expected::new("refuse", code, false)
}

impl Expected {
    fn new(what: &str, value: &str, is_whole: bool) -> Self {
        Self {
            parts: Parts::from([(what.to_owned(), value.to_owned())]),
            is_whole,
        }
    }

    fn with(mut self, what: &str, value: impl Into<String>) -> Self {
        self.parts.insert(what.to_owned(), value.into());
        self
    }

    /// The path GT is sent, where the template has parameters.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        self.with("path", path)
    }

    /// The query GT is sent, without `?`.
    #[must_use]
    pub fn query(self, query: &str) -> Self {
        self.with("query", query)
    }

    /// The published name.
    #[must_use]
    pub fn model(self, published: &str) -> Self {
        self.with("model", published)
    }

    /// The name the client sees in answers.
    #[must_use]
    pub fn response_model(self, name: &str) -> Self {
        self.with("response model", name)
    }

    /// What the client is told beside the answer.
    #[must_use]
    pub fn notice(self, notice: &str) -> Self {
        self.with("notice", notice)
    }

    /// A header that the policy sets.
    #[must_use]
    pub fn set_header(self, name: &str, value: &str) -> Self {
        self.with(&format!("set header {name}"), value)
    }

    /// A header that the policy keeps from GT.
    #[must_use]
    pub fn drop_header(self, name: &str) -> Self {
        self.with(&format!("drop header {name}"), "yes")
    }

    /// A word for the log and the metrics.
    #[must_use]
    pub fn label(self, name: &str, value: &str) -> Self {
        self.with(&format!("label {name}"), value)
    }

    /// The status of a refusal.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.with("status", status.to_string())
    }

    /// What the client reads.
    #[must_use]
    pub fn message(self, message: &str) -> Self {
        self.with("message", message)
    }

    /// The field at fault.
    #[must_use]
    pub fn param(self, param: &str) -> Self {
        self.with("param", param)
    }

    /// What stands in the log.
    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        self.with("reason", reason)
    }

    /// How an answer differs, a line a part; nothing if it does not.
    #[must_use]
    pub fn differences(&self, answer: &Answer) -> Vec<String> {
        let actual = parts(answer);
        // Of another kind of answer the other parts say nothing.
        let is_kind = |what: &str| KINDS.contains(&what);
        let is_same_kind = actual
            .keys()
            .any(|it| is_kind(it) && self.parts.contains_key(it));
        let is_compared = |what: &&String| match is_same_kind {
            true => self.is_whole || self.parts.contains_key(*what),
            false => is_kind(what),
        };
        let all: BTreeSet<&String> = self.parts.keys().chain(actual.keys()).collect();
        let all = all.into_iter().filter(is_compared);
        let differ = all.filter(|what| self.parts.get(*what) != actual.get(*what));
        let shown = |value: Option<&String>| match value {
            Some(value) => format!("`{value}`"),
            None => "nothing".to_owned(),
        };
        let line = |what: &String| {
            let (expected, actual) = (shown(self.parts.get(what)), shown(actual.get(what)));
            format!("{what}: expected {expected}, got {actual}")
        };
        differ.map(line).collect()
    }
}

impl Asked {
    pub(crate) const fn new(request: String, answer: Result<Answer, DecideError>) -> Self {
        Self { request, answer }
    }

    /// What the client would get.
    ///
    /// # Errors
    /// The policy failed: a client would get `policy_failed` or `policy_timeout`.
    pub const fn answer(&self) -> Result<&Answer, &DecideError> {
        self.answer.as_ref()
    }

    /// Demands this answer.
    ///
    /// # Panics
    /// It is another, or none: with the differences.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion")]
    #[expect(clippy::needless_pass_by_value, reason = "it is built in place")]
    pub fn is(&self, expected: Expected) {
        let differences = match &self.answer {
            Ok(answer) => expected.differences(answer),
            Err(error) => vec![error_text(error)],
        };
        if !differences.is_empty() {
            panic!("{}\n  {}", self.request, differences.join("\n  "));
        }
    }

    /// Demands that the policy fails, for this [cause](DecideError::cause).
    ///
    /// # Panics
    /// It answers, or fails otherwise.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion")]
    pub fn fails(&self, cause: &str) {
        let got = match &self.answer {
            Err(error) if error.cause() == cause => return,
            Err(error) => error_text(error),
            Ok(answer) => format!("an answer: {:?}", parts(answer)),
        };
        panic!(
            "{}\n  expected the failure `{cause}`, got {got}",
            self.request
        );
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(answer) => write!(out, "{}: {:?}", self.request, parts(answer)),
            Err(error) => write!(out, "{}: {}", self.request, error_text(error)),
        }
    }
}

/// An error with what is below it.
pub(crate) fn error_text(error: &DecideError) -> String {
    match error {
        DecideError::Contract(violation) => format!("{error}: {violation}"),
        other => other.to_string(),
    }
}
