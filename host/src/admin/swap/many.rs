//! Several policies in one JSON document: one transaction for all of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::Value;

use super::super::error::AdminError;
use super::super::object::{Distinct, Object};
use super::super::upload;
use super::one::{check_digest, check_name};
use super::terms::Written;
use super::{From, MOST_COMPONENT, Policy, Wanted};
use crate::yaml::{present, required};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(deserialize_with = "required")]
    policies: Distinct<Object<Member>>,
    #[serde(default, deserialize_with = "present")]
    mode: Option<String>,
    #[serde(default, deserialize_with = "present")]
    share: Option<String>,
    #[serde(default, deserialize_with = "present")]
    roll_back: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cut: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    promote_after: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    accept: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    #[serde(default, deserialize_with = "present")]
    component: Option<Base64>,
    #[serde(default, deserialize_with = "present")]
    registry: Option<String>,
    #[serde(default, deserialize_with = "present")]
    statement: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    digest: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cases: Option<Vec<Value>>,
}

/// Bytes, decoded as they are read: a component is not held twice. `None` is text that is no base64.
struct Base64(Option<Vec<u8>>);

pub(super) fn read(body: Vec<u8>) -> Result<Wanted, AdminError> {
    let document: Document = upload::parse(&body)?;
    drop(body);
    let policies = document.policies.0;
    if policies.is_empty() || policies.len() > MOST_POLICIES {
        let message = format!("A transaction is about 1 to {MOST_POLICIES} policies.");
        return Err(AdminError::value("policies", message));
    }
    let written = Written {
        mode: document.mode,
        share: document.share,
        roll_back: document.roll_back,
        cut: document.cut,
        promote_after: document.promote_after,
        accept: document.accept.unwrap_or_default(),
    };
    let terms = written.check()?;
    let policies = policies
        .into_iter()
        .map(|(name, Object(member))| member.check(name))
        .collect::<Result<_, _>>()?;
    Ok(Wanted { policies, terms })
}

impl Member {
    fn check(self, name: String) -> Result<Policy, AdminError> {
        let name = check_name("policies", name)?;
        let param = |member: &str| format!("policies.{name}.{member}");
        let from = match (self.component, self.registry) {
            (Some(Base64(Some(component))), None) if component.len() > MOST_COMPONENT => {
                return Err(AdminError::TooLarge {
                    message: format!("A component has at most {MOST_COMPONENT} bytes."),
                    param: Some(param("component")),
                });
            }
            (Some(Base64(Some(component))), None) => From::Body(component),
            (Some(Base64(None)), None) => {
                let message = "`component` is a component in base64.";
                return Err(AdminError::value(param("component"), message));
            }
            (None, Some(reference)) => From::Registry(reference.parse().map_err(|bad| {
                let message = format!("`registry` cannot be used: {bad}.");
                AdminError::value(param("registry"), message)
            })?),
            _ => {
                let message = "Each policy has either `component` or `registry`.";
                return Err(AdminError::value(format!("policies.{name}"), message));
            }
        };
        let digest = self
            .digest
            .map(|text| check_digest(&param("digest"), &text))
            .transpose()?;
        let json = |value: &Value| serde_json::to_vec(value).map_err(|_| AdminError::Internal);
        let statement = self.statement.as_ref().map(json).transpose()?;
        let cases = self.cases.map(Value::Array);
        let cases = cases.as_ref().map(json).transpose()?;
        Ok(Policy {
            name,
            from,
            digest,
            statement,
            cases,
        })
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Base64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text in base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64, E> {
        Ok(Base64(STANDARD.decode(text).ok()))
    }
}

/// More than any host has; each name costs a load of some hundred milliseconds.
const MOST_POLICIES: usize = 64;
