//! What is written down of decisions and requests.

use serde::{Deserialize, Deserializer};

use signalbox_http::head::is_credential;
use signalbox_policy::gt::CONVERSATION_HEADER;

use super::Problem;
use super::value::whole;
use crate::yaml::list;

/// What is kept of decisions.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RecordSettings {
    /// How many are kept in memory for `/decisions/{id}`; zero keeps none.
    #[serde(deserialize_with = "whole::<0, 1_000_000, _, _>")]
    pub keep: usize,
    /// Whether each is logged.
    pub log: bool,
    /// Lower-case names of headers whose values are kept as they are; all others are hashed.
    #[serde(deserialize_with = "headers")]
    pub headers: Vec<String>,
    /// Whether each request is logged when it has ended.
    pub access: bool,
    /// What of a client's address that line has.
    pub client_address: ClientAddress,
}

/// What is written down of a client's address.
///
/// Exhaustive on purpose: each is less than the one before.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ClientAddress {
    /// All of it.
    Whole,
    /// Its network: 24 bits of IPv4, 48 of IPv6.
    Network,
    /// A hash that tells equal ones apart from others until the host is started anew.
    Hashed,
    /// Nothing.
    Hidden,
}

impl Default for RecordSettings {
    fn default() -> Self {
        // Some seconds of a busy host in about a MiB: enough to look up what just happened.
        Self {
            keep: 1_024,
            // The line at the end says nearly all of it, and `/decisions/{id}` the rest.
            log: false,
            headers: Vec::new(),
            access: true,
            // Whoever is attacked has to know by whom.
            client_address: ClientAddress::Whole,
        }
    }
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(deserializer, |name, _| {
        let lower = name.to_ascii_lowercase();
        if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            return Err(Problem::Name);
        }
        if is_credential(&lower) || lower == CONVERSATION_HEADER {
            return Err(Problem::SecretHeader);
        }
        Ok(lower)
    })
}
