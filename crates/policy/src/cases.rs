//! Cases: what a policy must answer, for people to write and for machines to carry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Names, Purposes};

mod body;
mod form;

pub use body::BodyValue;

/// A request, who asks, and what the answer must be.
///
/// Serialised, it is what a component carries in its `signalbox:cases` section: a JSON array of
/// these. What a case leaves out about the key does not limit it: no scopes, but every purpose
/// and every name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, for people; no two of a document are alike.
    pub name: String,
    /// Method and target as a client sends them, whatever base it uses.
    pub request: String,
    /// The model name in the body; without it the body has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The scopes the key holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the key is for.
    #[serde(default = "form::every_purpose", with = "form::purposes")]
    pub purposes: Purposes,
    /// The model names the key may write.
    #[serde(default = "form::all", with = "form::names")]
    pub models: Names,
    /// The published names the key may reach.
    #[serde(default = "form::all", with = "form::names")]
    pub published: Names,
    /// The dataset targets the key may write to.
    #[serde(default = "form::all", with = "form::names")]
    pub datasets: Names,
    /// Which key it is; without it one that no policy names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The key's labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What else the body says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub body: BTreeMap<String, BodyValue>,
    /// Headers of the request; names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Why it is not run; `None` runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
    /// What the answer must be.
    pub expect: Expectation,
}

/// What the answer to a case must be.
///
/// What is `None` is not looked at; an empty text stands for none at all. Exhaustive on purpose:
/// whoever runs cases must look at each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Expectation {
    /// It goes to GT.
    Forward(ExpectedForward),
    /// It is refused.
    Refuse(ExpectedRefusal),
    /// It is answered with a list of models.
    List {
        /// The names this key sees, in any order.
        #[serde(rename = "list")]
        names: Vec<String>,
    },
}

/// How a request must go to GT.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedForward {
    /// The route, as `METHOD template`.
    #[serde(rename = "forward")]
    pub route: String,
    /// The published name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The name the client sees in answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_model: Option<String>,
    /// The path GT is sent, below `/v1/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The query GT is sent, without `?`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The headers the policy sets, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_headers: Option<BTreeMap<String, String>>,
    /// The headers the policy keeps from GT, all of them, in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_headers: Option<Vec<String>>,
    /// What the client is told beside the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// How a request must be refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRefusal {
    /// The refusal's code.
    #[serde(rename = "refuse")]
    pub code: String,
    /// What the client reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What stands in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Case {
    /// Method and target of the request.
    #[must_use]
    pub fn method_and_target(&self) -> (&str, &str) {
        self.request.split_once(' ').unwrap_or((&self.request, ""))
    }

    /// The key the case speaks of.
    #[must_use]
    pub fn caller(&self) -> crate::Caller {
        crate::Caller {
            id: self.key.clone().unwrap_or_else(|| "case".into()),
            purposes: self.purposes,
            scopes: self.scopes.clone(),
            labels: self.labels.clone().into_iter().collect(),
            models: self.models.clone(),
            published: self.published.clone(),
            datasets: self.datasets.clone(),
        }
    }
}
