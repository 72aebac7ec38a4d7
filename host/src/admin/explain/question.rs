//! What is asked.

use http::Method;
use http::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use signalbox_policy::{BodyMember, BodyValue, Purpose, Purposes};

use super::super::error::AdminError;
use super::super::object::Distinct;
use crate::yaml::{present, required};

/// A request that nobody sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    #[serde(default, deserialize_with = "present")]
    pub(super) policy: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) generation: Option<u64>,
    #[serde(deserialize_with = "required")]
    pub(super) method: String,
    #[serde(deserialize_with = "required")]
    pub(super) path: String,
    /// The name in the body; left out, the body is not read.
    #[serde(default, deserialize_with = "present")]
    pub(super) model: Option<String>,
    /// What else the body says, with the model.
    #[serde(default)]
    body: Distinct<BodyValue>,
    #[serde(default, deserialize_with = "present")]
    key: Option<String>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    purposes: Option<Vec<String>>,
    #[serde(default)]
    labels: Distinct<String>,
    #[serde(default)]
    headers: Distinct<String>,
}

/// Who would send it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A key of the keyring, by its id.
    Key(String),
    /// Somebody with these.
    Anyone {
        scopes: Vec<String>,
        purposes: Purposes,
        labels: Vec<(String, String)>,
    },
}

impl Question {
    /// One of the two ways to say who.
    pub(super) fn who(&self) -> Result<Who, AdminError> {
        match (&self.key, &self.scopes, &self.purposes) {
            (Some(id), None, None) if self.labels.0.is_empty() => Ok(Who::Key(id.clone())),
            (Some(_), ..) => {
                let message =
                    "Say who asks either with `key`, or with `scopes`, `purposes` and `labels`.";
                Err(AdminError::value("key", message))
            }
            (None, None, None) => {
                let message = "Say who asks: `key` with an id of the keyring, or `scopes`.";
                Err(AdminError::shape(message))
            }
            (None, scopes, purposes) => Ok(Who::Anyone {
                scopes: scopes.clone().unwrap_or_default(),
                purposes: purposes.as_ref().map_or_else(
                    || Ok(Purpose::ALL.into_iter().collect()),
                    |words| read(words),
                )?,
                labels: self.labels.0.clone(),
            }),
        }
    }

    /// What could stand in no request is not asked about.
    pub(super) fn check(&self) -> Result<(), AdminError> {
        if Method::from_bytes(self.method.as_bytes()).is_err() {
            return Err(AdminError::value(
                "method",
                "`method` is a method of HTTP, like `POST`.",
            ));
        }
        for (name, value) in &self.headers.0 {
            let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
            if !is_lower || HeaderName::from_bytes(name.as_bytes()).is_err() {
                let message = format!("`{name}` is no header's name in lower case.");
                return Err(AdminError::value("headers", message));
            }
            if HeaderValue::from_str(value).is_err() {
                let message = format!("`{name}` has a value that no header can have.");
                return Err(AdminError::value("headers", message));
            }
        }
        Ok(())
    }

    /// What the body says beside the model, as a policy that asks for it is told.
    pub(super) fn body_members<'q>(
        &'q self,
        wanted: &'q [String],
    ) -> Vec<(&'q str, BodyMember<'q>)> {
        let told = |name: &'q String| {
            let mut body = self.body.0.iter();
            let (_, value) = body.find(|(present, _)| present == name)?;
            Some((name.as_str(), value.told()))
        };
        wanted.iter().filter_map(told).collect()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.0.iter();
        let found = headers.find(|(present, _)| present == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Those a policy asks for.
    pub(super) fn headers<'q>(
        &'q self,
        wanted: &'q [String],
    ) -> impl Iterator<Item = (&'q str, &'q str)> {
        let headers = self.headers.0.iter();
        headers
            .filter(|(name, _)| wanted.contains(name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn read(words: &[String]) -> Result<Purposes, AdminError> {
    let purpose = |word: &String| {
        Purpose::from_word(word).ok_or_else(|| {
            let message = "A purpose is `inference`, `upload` or `conversation`.";
            AdminError::value("purposes", message)
        })
    };
    words.iter().map(purpose).collect()
}
