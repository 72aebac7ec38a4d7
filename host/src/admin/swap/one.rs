//! One component as the body, and what the query and the headers say of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use signalbox_runtime::Digest;

use super::super::error::AdminError;
use super::terms::{SwapOptions, Written};
use super::{From, Policy, Wanted, percent};
use crate::config::is_name;
use signalbox_gate::header_values as values;

/// What is known before the body is read.
pub(super) struct Announced {
    pub(super) name: String,
    pub(super) terms: SwapOptions,
    digest: Option<Digest>,
    statement: Option<Vec<u8>>,
}

impl Announced {
    pub(super) fn read(
        mut query: BTreeMap<String, String>,
        headers: &HeaderMap,
    ) -> Result<Self, AdminError> {
        let name = query.remove("policy");
        let digest = query.remove("digest");
        let cut = query.remove("cut");
        let promote_after = query.remove("promote_after");
        let accept = query.remove("accept");
        let written = Written {
            mode: query.remove("mode"),
            share: query.remove("share"),
            roll_back: query.remove("roll_back"),
            cut: cut.map(|text| truth(&text)).transpose()?,
            promote_after: promote_after.map(|text| requests(&text)).transpose()?,
            accept: accept.map_or_else(Vec::new, |text| {
                text.split(',').map(str::to_owned).collect()
            }),
        };
        percent::none(&query)?;
        Ok(Self {
            name: check_name("policy", name.unwrap_or_else(|| DEFAULT.to_owned()))?,
            terms: written.check()?,
            digest: digest
                .map(|text| check_digest("digest", &text))
                .transpose()?,
            statement: statement(headers)?,
        })
    }

    pub(super) fn with(self, component: Vec<u8>) -> Wanted {
        let policy = Policy {
            name: self.name,
            from: From::Body(component),
            digest: self.digest,
            statement: self.statement,
            cases: None,
        };
        Wanted {
            policies: vec![policy],
            terms: self.terms,
        }
    }
}

/// A name keys could use.
pub(super) fn check_name(param: &str, name: String) -> Result<String, AdminError> {
    if is_name(&name) {
        Ok(name)
    } else {
        let message = "A policy's name is 1 to 64 of `A–Z a–z 0–9 - _ .`.";
        Err(AdminError::value(param, message))
    }
}

/// SHA-256 as people write it.
pub(in super::super) fn check_digest(param: &str, text: &str) -> Result<Digest, AdminError> {
    text.parse().map_err(|_| {
        let message = "A digest is the SHA-256 of the component, as 64 hex digits.";
        AdminError::value(param, message)
    })
}

/// The signed statement, whose form is looked at where its signature is.
fn statement(headers: &HeaderMap) -> Result<Option<Vec<u8>>, AdminError> {
    let refuse = |message: &str| Err(AdminError::value(STATEMENT, message));
    match &*values(headers, HeaderName::from_static(STATEMENT)) {
        [] => Ok(None),
        [one] => match STANDARD.decode(one) {
            Ok(envelope) => Ok(Some(envelope)),
            Err(_) => refuse("`x-signalbox-statement` is a DSSE envelope in base64."),
        },
        _ => refuse("The request has more than one `x-signalbox-statement`."),
    }
}

fn truth(text: &str) -> Result<bool, AdminError> {
    text.parse()
        .map_err(|_| AdminError::value("cut", "`cut` is `true` or `false`."))
}

fn requests(text: &str) -> Result<u64, AdminError> {
    text.parse().map_err(|_| {
        let message = "`promote_after` is a number of requests, from 1.";
        AdminError::value("promote_after", message)
    })
}

/// The policy of keys that name none.
const DEFAULT: &str = "default";
const STATEMENT: &str = "x-signalbox-statement";
