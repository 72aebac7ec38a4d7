//! A request that nobody sends, written as a test writes it.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use signalbox_cases::{Decider, Question};
use signalbox_policy::{
    BodyValue, Caller, Case, Endpoint, Expectation, Names, Purpose, Purposes, RequestedModel,
};

use crate::Asked;

/// A request and the key it comes with. As in a case, what is not said of the key does not limit it: it has no
/// scopes, but every purpose and every name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRequest {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) caller: Caller,
    pub(crate) model: Option<String>,
    pub(crate) body: BTreeMap<String, BodyValue>,
}

/// A request with a method and a target, as a client sends them: with whatever base, and with a query.
#[must_use]
pub fn request(method: impl Into<String>, target: impl Into<String>) -> TestRequest {
    TestRequest {
        method: method.into(),
        target: target.into(),
        headers: BTreeMap::new(),
        caller: Caller {
            id: NOBODYS.to_owned(),
            purposes: Purposes::from_iter(Purpose::ALL),
            scopes: Vec::new(),
            labels: Vec::new(),
            models: Names::All,
            published: Names::All,
            datasets: Names::All,
        },
        model: None,
        body: BTreeMap::new(),
    }
}

/// `GET` of a target.
#[must_use]
pub fn get(target: impl Into<String>) -> TestRequest {
    request("GET", target)
}

/// `POST /v1/chat/completions` with a model.
#[must_use]
pub fn chat(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Chat, model)
}

/// `POST /v1/conversations` with a model.
#[must_use]
pub fn conversations(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Conversations, model)
}

/// `POST /v1/embeddings` with a model.
#[must_use]
pub fn embeddings(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Embeddings, model)
}

/// `POST /v1/images/generations` with a model.
#[must_use]
pub fn images(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Images, model)
}

/// `POST /v1/audio/speech` with a model.
#[must_use]
pub fn speech(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Speech, model)
}

/// `POST /v1/audio/transcriptions` with a model.
#[must_use]
pub fn transcriptions(model: impl Into<String>) -> TestRequest {
    to(Endpoint::Transcriptions, model)
}

fn to(endpoint: Endpoint, model: impl Into<String>) -> TestRequest {
    request("POST", endpoint.template()).model(model)
}

impl TestRequest {
    /// The same with this model in the body. Without one, the body has none.
    #[must_use]
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.model = Some(name.into());
        self
    }

    /// The same with a header; its name is in lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// The same with a whole number as a member of the body.
    #[must_use]
    pub fn number(mut self, name: impl Into<String>, value: u64) -> Self {
        self.body.insert(name.into(), BodyValue::Integer(value));
        self
    }

    /// The same with a string as a member of the body.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.body.insert(name.into(), BodyValue::Text(value.into()));
        self
    }

    /// The same with `null` as a member of the body: it is there, and neither a number nor a string.
    #[must_use]
    pub fn null(mut self, name: impl Into<String>) -> Self {
        self.body.insert(name.into(), BodyValue::Other(()));
        self
    }

    /// The same by a key of this id.
    #[must_use]
    pub fn key(mut self, id: impl Into<String>) -> Self {
        self.caller.id = id.into();
        self
    }

    /// The same by a key with these scopes and no others.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.caller.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The same by a key for these purposes and no others.
    #[must_use]
    pub fn purposes(mut self, purposes: impl IntoIterator<Item = Purpose>) -> Self {
        self.caller.purposes = purposes.into_iter().collect();
        self
    }

    /// The same by a key with one more label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.caller.labels.push((name.into(), value.into()));
        self
    }

    /// The same by a key that may write these names alone; a prefix ends in `*`.
    #[must_use]
    pub fn models<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.caller.models = only(names);
        self
    }

    /// The same by a key that may reach these published names alone.
    #[must_use]
    pub fn published<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.caller.published = only(names);
        self
    }

    /// The same by a key that may write to these datasets alone.
    #[must_use]
    pub fn datasets<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.caller.datasets = only(names);
        self
    }

    /// What the client would get.
    #[must_use]
    pub fn asked(&self, policy: &impl Decider) -> Asked {
        let answer = signalbox_cases::ask(policy, &self.question());
        Asked::new(self.to_string(), answer)
    }

    /// The request as a case, which expects this of it.
    #[must_use]
    pub fn to_case(&self, name: impl Into<String>, expect: Expectation) -> Case {
        let Caller {
            id,
            purposes,
            scopes,
            labels,
            models,
            published,
            datasets,
        } = self.caller.clone();
        Case {
            name: name.into(),
            request: format!("{} {}", self.method, self.target),
            model: self.model.clone(),
            scopes,
            purposes,
            models,
            published,
            datasets,
            key: (id != NOBODYS).then_some(id),
            labels: labels.into_iter().collect(),
            body: self.body.clone(),
            headers: self.headers.clone(),
            skip: None,
            expect,
        }
    }

    pub(crate) fn question(&self) -> Question<'_> {
        let named = self.model.as_deref().map(RequestedModel::Named);
        Question {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            caller: &self.caller,
            model: named.unwrap_or(RequestedModel::Absent),
            body: &self.body,
        }
    }
}

impl From<&Case> for TestRequest {
    fn from(case: &Case) -> Self {
        let (method, target) = case.method_and_target();
        Self {
            headers: case.headers.clone(),
            caller: case.caller(),
            model: case.model.clone(),
            body: case.body.clone(),
            ..request(method, target)
        }
    }
}

impl fmt::Display for TestRequest {
    /// The request line, the model, and the key's scopes.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method, self.target)?;
        if let Some(model) = &self.model {
            write!(out, ", model {model}")?;
        }
        write!(out, ", scopes [{}]", self.caller.scopes.join(", "))
    }
}

/// A case as an entry of a list of cases, on one line: YAML for a document or a case file. What says no more than
/// its absence is left out.
#[must_use]
pub fn case_line(case: &Case) -> String {
    let mut value = serde_json::to_value(case).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        let every = Purposes::from_iter(Purpose::ALL);
        members.retain(|name, value| match name.as_str() {
            "purposes" => case.purposes != every,
            "models" | "published" | "datasets" => value != "all",
            _ => true,
        });
    }
    format!("- {value}")
}

fn only<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Names {
    Names::Only(names.into_iter().map(Into::into).collect())
}

/// The id of a key that no policy names, as in a case.
const NOBODYS: &str = "case";
